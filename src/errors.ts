// Exit statuses and error classes. Help, the man pages and README print the table of statuses from here. The numbers
// are those of mosquitto's clients where they define one.
import { shownLine } from './text.js'

/** Exit statuses: the number, its name in the code, its description in the documents. */
export const exitStatuses = [
  [0, 'ok', 'Success: every message was delivered, received or printed as requested.'],
  [1, 'usage', 'Usage error, unreadable file or recording, or the first connection failed.'],
  [2, 'protocol', 'Protocol error by the server, or Client Identifier rejected (CONNACK 2).'],
  [3, 'unavailable', 'Server unavailable (CONNACK 3).'],
  [
    4,
    'notConnected',
    'Bad user name or password (CONNACK 4), DISCONNECT from the server, or the proxy cannot reach it.',
  ],
  [5, 'notAuthorised', 'Not authorised to connect (CONNACK 5).'],
  [7, 'connectionLost', 'Connection lost before the work was done.'],
  [8, 'tls', 'TLS error after CONNACK. Before CONNACK the status is 1.'],
  [9, 'tooLarge', 'Payload or packet larger than the protocol or the server allows.'],
  [10, 'notSupported', 'Feature not supported by the server or by this version of MQTT.'],
  [11, 'auth', 'The proxy refused the login or the connection.'],
  [14, 'system', 'Input or output error reported by the operating system.'],
  [16, 'proxy', 'Proxy error.'],
  [19, 'keepAlive', 'No response from the server in time (keep alive or connect timeout).'],
  [21, 'malformed', 'The server sent bytes that are not MQTT.'],
  [24, 'qos', 'The server does not support the requested QoS.'],
  [25, 'packetTooLarge', "The packet exceeds the server's Maximum Packet Size."],
  [27, 'timeout', 'Timed out (-W).'],
  [40, 'violations', 'inspect, tap: packets violate MQTT (error or warning).'],
  [41, 'notMqtt', 'inspect, tap: no MQTT found.'],
  [42, 'findings', 'passwd --audit: problems found.'],
  [42, 'check', 'check: a value beyond --crit, no fresh message, or a statement of MQTT violated.'],
  [42, 'work', 'sub --exec: a command failed for good without a dead letter, or messages were lost.'],
  [42, 'bench', 'bench: messages lost, duplicated, refused or not delivered, or clients failed.'],
  [42, 'left', 'retained rm: topics were published to meanwhile, or still have their message.'],
  [70, 'bug', 'Internal error: please report it.'],
  [128, 'refused', 'Subscription refused (MQTT 3.1.1). From 129 on, the status is the Reason Code.'],
  [
    130,
    'interrupted',
    'Ended by SIGINT (pub -l, rr, replay, inspect, passwd), or by a second one (sub, top). SIGTERM: 143.',
  ],
  [255, 'beforeConnack', 'sub, top: ended by a signal, sub also by -W, before CONNACK.'],
] as const

type ExitRow = (typeof exitStatuses)[number]

/** Exit statuses by name. 1 to 5 are the CONNACK Return Codes of MQTT 3.1.1; 128 and above are Reason Codes. */
export const ExitCode = Object.fromEntries(exitStatuses.map(([code, name]) => [name, code])) as {
  readonly [Row in ExitRow as Row[1]]: Row[0]
}

export interface ErrorDetails {
  /** What to try next: one or several lines, each without a full stop. */
  hint?: string | readonly string[] | undefined
  cause?: unknown
  exitCode?: number
  /** See `MqttxError.reasonCode`. */
  reasonCode?: number | undefined
  /** Printed before the message on stderr. Default `Error: `; '' where mosquitto prints no prefix. */
  prefix?: string
}

/** An expected failure: message, hint and exit status. */
export class MqttxError extends Error {
  override readonly name: string = 'MqttxError'
  readonly exitCode: number
  /** The Reason Code or Return Code from the server, or the one our DISCONNECT sends. */
  readonly reasonCode: number | undefined
  /** The message, line by line. A line feed inside a line comes from outside and is printed escaped. */
  readonly lines: readonly string[]
  readonly hints: readonly string[]
  /** All hints in one line. */
  readonly hint: string | undefined
  readonly prefix: string

  constructor(message: string | readonly string[], details: ErrorDetails = {}) {
    const lines = [message].flat()
    super(lines.join('\n'), details.cause === undefined ? undefined : { cause: details.cause })
    this.exitCode = details.exitCode ?? ExitCode.usage
    this.reasonCode = details.reasonCode
    this.lines = lines
    this.hints = [details.hint ?? []].flat()
    this.hint = this.hints.length === 0 ? undefined : this.hints.join('; ')
    this.prefix = details.prefix ?? 'Error: '
  }
}

/** An error in the command line, the options file or the environment. Printed even with --quiet. */
export class UsageError extends MqttxError {
  override readonly name = 'UsageError'
}

/** The server violated MQTT. `reasonCode` goes into our DISCONNECT (MQTT 5.0, 3.14.2.1). */
export class ProtocolError extends MqttxError {
  override readonly name = 'ProtocolError'
  override readonly reasonCode: number

  constructor(message: string, reasonCode: number, details: ErrorDetails = {}) {
    super(message, { exitCode: reasonCode === 0x81 ? ExitCode.malformed : ExitCode.protocol, ...details })
    this.reasonCode = reasonCode
  }
}

interface ConnectionErrorDetails extends ErrorDetails {
  readonly code?: string | undefined
  readonly onlyReconnect?: boolean
}

/** A network error. `code` is Node's (`ECONNREFUSED`, `ENOTFOUND`, ...), if any. */
export class ConnectionError extends MqttxError {
  override readonly name = 'ConnectionError'
  readonly code: string | undefined
  /** Retry only if a connection to this server has succeeded before. */
  readonly onlyReconnect: boolean

  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, details)
    this.code = details.code
    this.onlyReconnect = details.onlyReconnect ?? false
  }
}

/** The server refused CONNECT. The exit status is the code of the CONNACK, as in mosquitto. */
export class ConnectRefused extends MqttxError {
  override readonly name = 'ConnectRefused'
  override readonly reasonCode: number

  constructor(message: string, reasonCode: number, hint?: string) {
    // 6 to 127 do not exist in CONNACK: as exit statuses they have other meanings.
    const exitCode = reasonCode > 5 && reasonCode < 128 ? ExitCode.protocol : reasonCode
    super(message, { exitCode, hint, prefix: 'Connection error: ' })
    this.reasonCode = reasonCode
  }
}

/** EPIPE on standard output, as in `mqttx sub ... | head -1`: status 0. Never used for EPIPE on a socket or stderr. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}

/** The message of an error without its full stop, for use in a longer sentence. */
export function clause({ message }: Error): string {
  return message.replace(/\.$/, '')
}

/** The text of an error for stderr: message and hints, escaped, no stack. `paint` colours the prefix. */
export function explain(error: unknown, paint = (text: string): string => text): string {
  if (error instanceof MqttxError) {
    const hints = error.hints.map((hint) => `hint: ${shownLine(hint)}\n`)
    return `${error.prefix && paint(error.prefix)}${error.lines.map(shownLine).join('\n')}\n${hints.join('')}`
  }
  const message = error instanceof Error ? error.message : String(error)
  return `${paint('Error: ')}${shownLine(message)}\nhint: internal error: please report it with the command line\n`
}
