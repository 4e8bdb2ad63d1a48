// The errors with which a connection over MQTT-SN ends.
import { SnCode } from '../codec/mqtt-sn-messages.js'
import { snReturnCode } from '../codec/mqtt-sn-names.js'
import { ConnectionError, ConnectRefused, ExitCode, MqttxError } from '../errors.js'
import type { LossReason } from '../sn/client-types.js'
import { dialError } from '../transport/dial.js'
import type { Address } from '../transport/endpoint.js'
import { connectionLost, sessionLost } from './failures.js'

/** As Reason Codes, which the exit statuses are. */
const reasonCodes: Readonly<Record<number, number>> = {
  [SnCode.accepted]: 0,
  [SnCode.congestion]: 0x97, // Quota exceeded
  [SnCode.invalidTopicId]: 0x90, // Topic Name invalid
}

/** The Reason Code that says the same as a return code: 0x80 and above are refusals. */
export function reasonCodeOf(returnCode: number): number {
  return reasonCodes[returnCode] ?? 0x80
}

/** The return code as text: `the gateway says: Rejected: not supported`. */
export function reasonOf(returnCode: number): string | undefined {
  return returnCode === SnCode.accepted ? undefined : `the gateway says: ${snReturnCode(returnCode)}`
}

/** CONNACK with another code than "accepted". Congestion is that of the server, and may pass. */
export function refusedBy(returnCode: number): MqttxError {
  const message = `Connection Refused: ${snReturnCode(returnCode)}.`
  if (returnCode === SnCode.congestion)
    return new ConnectRefused(message, 3, 'the gateway is busy, or cannot reach its MQTT server')
  return new MqttxError(message, {
    prefix: 'Connection error: ',
    exitCode: returnCode === SnCode.notSupported ? ExitCode.notSupported : ExitCode.protocol,
  })
}

const retryHint =
  'no answer after N_retry retransmissions: is the gateway up? --retry-interval and --retry-count change them'

export function lostBy(reason: LossReason): MqttxError {
  switch (reason) {
    case 'silent':
      return new ConnectionError('The gateway does not answer', {
        exitCode: ExitCode.keepAlive,
        hint: retryHint,
      })
    case 'disconnect':
      return new ConnectionError('The client is not currently connected: DISCONNECT by the gateway', {
        exitCode: ExitCode.notConnected,
        hint: 'it does not know this client, or another has connected with the same Client Identifier',
      })
    case 'session':
      return sessionLost()
  }
}

/** An error that the system reports for the socket. */
export function networkError(
  error: NodeJS.ErrnoException,
  address: Address,
  isConnected: boolean,
): MqttxError {
  const hint =
    error.code === 'ECONNREFUSED'
      ? 'nothing listens there: is the gateway running, are -h and -p right?'
      : undefined
  const failure = dialError(error, address)
  if (isConnected) return connectionLost(hint ?? failure.message, error)
  const { message, prefix, code } = failure
  return new ConnectionError(message, { code, prefix, cause: error, hint: hint ?? failure.hint })
}

/** DISCONNECT has no answer, and messages at QoS 0 were sent before it. */
export function closeUnanswered(count: number): ConnectionError {
  return new ConnectionError('The gateway does not answer DISCONNECT', {
    exitCode: ExitCode.keepAlive,
    hint: `${count === 1 ? 'the last message' : `the last ${count} messages`} at QoS 0 may be lost; with -q 1 they would be acknowledged`,
  })
}

/** Messages at QoS 0 that the gateway has not taken. */
export function droppedMessages(count: number, returnCode: number): MqttxError {
  return new MqttxError(
    `The gateway refused ${count === 1 ? 'a message' : `${count} messages`}: ${snReturnCode(returnCode)}`,
    {
      exitCode: reasonCodeOf(returnCode),
    },
  )
}
