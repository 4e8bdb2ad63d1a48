// The errors with which a connection ends, with mosquitto's texts where it has them.
import { fixedFlags, publish } from '../codec/control-packets.js'
import { reasonText } from '../codec/reason-codes.js'
import { pairsOf } from '../codec/user-properties.js'
import { ConnectionError, ExitCode, MqttxError, ProtocolError } from '../errors.js'
import { shown } from '../text.js'
import { silenceHint } from '../transport/dial.js'
import { addressText, type Endpoint } from '../transport/endpoint.js'
import type { ConnectOptions } from './options.js'

export function connectionLost(
  hint: string,
  cause?: Error,
  message = 'The connection was lost',
): ConnectionError {
  return new ConnectionError(message, { exitCode: ExitCode.connectionLost, hint, cause })
}

/** Not retryable: QoS 2 exchanges of the lost Session can be neither finished nor started again. */
export function sessionLost(): MqttxError {
  return new MqttxError('The connection was lost', {
    exitCode: ExitCode.connectionLost,
    hint: 'the server has lost the Session, which QoS 2 messages in flight need: use -i and -c',
  })
}

/** The hint if the server takes a connection and sends nothing. */
export const noAnswerHint =
  'the server accepts connections but does not answer, or closes them: is this an MQTT port?'

/** `isOpen`: the connection was open and CONNECT was sent. */
export function connectTimeout(
  { endpoint, connectTimeoutMs }: ConnectOptions,
  isOpen: boolean,
): ConnectionError {
  const where = addressText(endpoint.address)
  return new ConnectionError(
    `Unable to connect (no CONNACK from ${where} within ${connectTimeoutMs / 1000} s).`,
    {
      exitCode: ExitCode.keepAlive,
      prefix: '',
      hint: isOpen || hasLayers(endpoint) ? noAnswerHint : silenceHint,
    },
  )
}

/** More is needed than a socket. */
function hasLayers({ proxy, tls, webSocket }: Endpoint): boolean {
  return proxy !== undefined || tls !== undefined || webSocket !== undefined
}

export function keepAliveExceeded(): ConnectionError {
  return new ConnectionError('Keepalive exceeded', {
    exitCode: ExitCode.keepAlive,
    hint: 'no answer to PINGREQ: the server or the network hangs',
  })
}

/** The server stopped reading, or closed, before it had read everything. */
export function closeIncomplete(closed: 'stuck' | 'lost'): ConnectionError {
  if (closed === 'lost') return connectionLost('the server closed before it had read everything')
  return new ConnectionError('Keepalive exceeded', {
    exitCode: ExitCode.keepAlive,
    hint: 'the server stopped reading, and has not received everything',
  })
}

/** The last reconnect failed: exit status of a lost connection, with the text of the failure. */
export function reconnectFailed(error: Error): Error {
  if (!(error instanceof ConnectionError) || error.exitCode !== ExitCode.usage) return error
  const { message, hint } = error
  return connectionLost(
    hint ?? message,
    error,
    `The connection was lost, and reconnecting failed: ${message}`,
  )
}

/** A packet that the server may send only after CONNACK. */
export function beforeConnack(what: string): ProtocolError {
  return new ProtocolError(`${what} before CONNACK [MQTT-3.2.0-1]`, 0x82)
}

/** Reason String, Server Reference and User Properties in one line of text; undefined if there are none. */
export function serverReason(properties: ReasonProperties | undefined): string | undefined {
  if (properties === undefined) return undefined
  const parts: string[] = []
  if (properties.reasonString !== undefined) parts.push(`the server says: ${properties.reasonString}`)
  if (properties.serverReference !== undefined)
    parts.push(`use another server: ${properties.serverReference}`)
  for (const [name, value] of pairsOf(properties.userProperties ?? {})) parts.push(`${name}: ${value}`)
  return parts.length === 0 ? undefined : shown(parts.join('; '))
}

/** The properties that explain a Reason Code. */
export interface ReasonProperties {
  readonly reasonString?: string
  readonly serverReference?: string
  readonly userProperties?: Readonly<Record<string, string | string[]>>
}

/** The server has sent DISCONNECT (MQTT 5.0, 3.14). */
export function disconnected(reasonCode: number, properties: ReasonProperties | undefined): MqttxError {
  const why = reasonCode === 0 ? '0x00 Normal disconnection' : reasonText(reasonCode)
  const message = `The client is not currently connected: ${why}`
  const hint = serverReason(properties) ?? disconnectHints[reasonCode]
  const details = { exitCode: ExitCode.notConnected, reasonCode, hint }
  return permanentCodes.has(reasonCode)
    ? new MqttxError(message, details)
    : new ConnectionError(message, details)
}

/**
 * Reason Codes that are not retried: we broke a rule, are not authorized, or are to use another server. After Session
 * taken over (0x8e) two clients would disconnect each other for ever.
 */
const permanentCodes = new Set([
  0x81, 0x82, 0x87, 0x8a, 0x8c, 0x8e, 0x90, 0x94, 0x95, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0xa1, 0xa2,
])

const disconnectHints: Readonly<Record<number, string>> = {
  142: 'another client has connected with the same Client Identifier: use another -i',
}

/** `answer`: the first bytes from the server, which are not those of a CONNACK. */
export function connackMissing(answer: Buffer): ProtocolError {
  const message = 'Expected CONNACK as the first packet [MQTT-3.2.0-1]'
  const [first = 0] = answer
  const type = first >> 4
  const isHeader = type === publish || (type !== 0 && (first & 15) === fixedFlags(type)) // MQTT 5.0, 2.1.3
  return new ProtocolError(message, isHeader ? 0x82 : 0x81, { hint: protocolHint(answer) })
}

/** A guess at the protocol of the answer. */
function protocolHint(answer: Buffer): string {
  const text = answer.toString('latin1', 0, 4)
  if (text === 'HTTP') return 'the server speaks HTTP: is it a WebSocket port (--ws), or a web server?'
  if (text.startsWith('SSH-')) return 'the server speaks SSH: is this the right port?'
  if (answer[0] === 0x15 && answer[1] === 3)
    return 'the server speaks TLS: use mqtts:// in -L, --cafile or --tls-use-os-certs'
  return 'is this an MQTT port?'
}
