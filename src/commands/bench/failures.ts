// The names under which failures are counted.
import { reasonText } from '../../codec/reason-codes.js'
import { ConnectionError, ConnectRefused, type MqttxError } from '../../errors.js'

/** CONNACK and its code, the error code of the system, or the first line of the message. */
export function failureName(error: MqttxError): string {
  if (error instanceof ConnectRefused) return `CONNACK ${reasonCodeText(error.reasonCode)}`
  if (error instanceof ConnectionError && error.code !== undefined) return error.code
  return error.message.split('\n')[0]!.replace(/[.:]$/, '')
}

/** A Reason Code with its name. The Return Codes of MQTT 3.1.1 (below 0x80) have other meanings: number only. */
export function reasonCodeText(code: number): string {
  return code < 0x80 ? `0x${code.toString(16).padStart(2, '0')}` : reasonText(code)
}
