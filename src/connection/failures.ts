// The ways in which a connection ends against our will, in the reference's words where it has some.
import { reasonText } from '../codec/reason-codes.js'
import { pairsOf } from '../codec/user-properties.js'
import { ConnectionError, ExitCode, MqttxError, ProtocolError } from '../errors.js'
import { shown } from '../text.js'
import { addressText } from '../transport/endpoint.js'
import type { ConnectOptions } from './options.js'

export function connectionLost(
  hint: string,
  cause?: Error,
  message = 'The connection was lost',
): ConnectionError {
  return new ConnectionError(message, { exitCode: ExitCode.connectionLost, hint, cause })
}

/** No attempt mends this: what was exchanged in the lost Session can be neither finished nor begun again. */
export function sessionLost(): MqttxError {
  return new MqttxError('The connection was lost', {
    exitCode: ExitCode.connectionLost,
    hint: 'the server has not kept the Session, without which QoS 2 cannot be resumed: use -i and -c',
  })
}

export function connectTimeout({ endpoint, connectTimeoutMs }: ConnectOptions): ConnectionError {
  const where = addressText(endpoint.address)
  return new ConnectionError(
    `Unable to connect (no CONNACK from ${where} within ${connectTimeoutMs / 1000} s).`,
    {
      exitCode: ExitCode.keepAlive,
      prefix: '',
      hint: 'the server accepts connections but does not answer, or drops them: is this an MQTT port?',
    },
  )
}

export function keepAliveExceeded(): ConnectionError {
  return new ConnectionError('Keepalive exceeded', {
    exitCode: ExitCode.keepAlive,
    hint: 'no answer to PINGREQ: the server or the network between hangs',
  })
}

/** Not all that was written before the end has been taken: the server was stuck, or has closed too early. */
export function notTaken(closed: 'stuck' | 'lost'): ConnectionError {
  if (closed === 'lost') return connectionLost('the server did not take all that was sent')
  return new ConnectionError('Keepalive exceeded', {
    exitCode: ExitCode.keepAlive,
    hint: 'the server stopped reading: not all that was sent has reached it',
  })
}

/** A connection that was lost and could not be made again: the status says lost, the text why. */
export function notMadeAgain(error: Error): Error {
  if (!(error instanceof ConnectionError) || error.exitCode !== ExitCode.usage) return error
  const { message, hint } = error
  return connectionLost(
    hint ?? message,
    error,
    `The connection was lost and could not be made again: ${message}`,
  )
}

/** A packet that only a server that has accepted the connection may send. */
export function beforeConnack(what: string): ProtocolError {
  return new ProtocolError(`${what} where CONNACK must be first [MQTT-3.2.0-1]`, 0x82)
}

/** What a server said beside a Reason Code, in one line; undefined when nothing. */
export function told(properties: Told | undefined): string | undefined {
  if (properties === undefined) return undefined
  const parts: string[] = []
  if (properties.reasonString !== undefined) parts.push(`the server says: ${properties.reasonString}`)
  if (properties.serverReference !== undefined) parts.push(`another server: ${properties.serverReference}`)
  for (const [name, value] of pairsOf(properties.userProperties ?? {})) parts.push(`${name}: ${value}`)
  return parts.length === 0 ? undefined : shown(parts.join('; '))
}

interface Told {
  readonly reasonString?: string
  readonly serverReference?: string
  readonly userProperties?: Readonly<Record<string, string | string[]>>
}

/** The server has sent DISCONNECT (MQTT 5.0, 3.14). */
export function disconnected(reasonCode: number, properties: Told | undefined): MqttxError {
  const why = reasonCode === 0 ? '0x00 Normal disconnection' : reasonText(reasonCode)
  const message = `The client is not currently connected: ${why}`
  const hint = told(properties) ?? disconnectHints[reasonCode]
  const details = { exitCode: ExitCode.notConnected, reasonCode, hint }
  return final.has(reasonCode) ? new MqttxError(message, details) : new ConnectionError(message, details)
}

/**
 * Reasons that another attempt would only meet again: we broke a rule, may not, or should go elsewhere; and whoever
 * comes back after having been replaced (0x8e) throws the other one out, for ever.
 */
const final = new Set([
  0x81, 0x82, 0x87, 0x8a, 0x8c, 0x8e, 0x90, 0x94, 0x95, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0xa1, 0xa2,
])

const disconnectHints: Readonly<Record<number, string>> = {
  142: 'another client has connected with the same Client Identifier: choose another -i',
}

/** `answer`: the first bytes from the server, which are not those of CONNACK. */
export function connackMissing(answer: Buffer): ProtocolError {
  const message = 'Something else where CONNACK must be first [MQTT-3.2.0-1]'
  return new ProtocolError(message, isHeader(answer[0]!) ? 0x82 : 0x81, { hint: speaker(answer) })
}

/** True for the first byte of some Control Packet (MQTT 5.0, 2.1.3). */
function isHeader(byte: number): boolean {
  const type = byte >> 4
  return type === 3 || (type !== 0 && (byte & 15) === (type === 6 || type === 8 || type === 10 ? 2 : 0))
}

/** A guess at who answered. */
function speaker(answer: Buffer): string {
  const text = answer.toString('latin1', 0, 4)
  if (text === 'HTTP') return 'the server speaks HTTP: is it a WebSocket port (--ws), or a web server?'
  if (text.startsWith('SSH-')) return 'the server speaks SSH: is this the right port?'
  if (answer[0] === 0x15 && answer[1] === 3)
    return 'the server speaks TLS: use mqtts:// in -L, --cafile or --tls-use-os-certs'
  return 'is this an MQTT port?'
}
