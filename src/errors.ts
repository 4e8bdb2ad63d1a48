// Every way to fail: the exit statuses (one table, printed by --help, the man pages and the README) and the
// error classes that carry them. Numbers are those of mosquitto's clients wherever they define one.
import { shownLine } from './text.js'

/** A row of the table of exit statuses: the number, its name in the code, what it tells a script. */
export const exitStatuses = [
  [0, 'ok', 'Done: everything asked for was delivered, received or printed.'],
  [1, 'usage', 'Bad usage or settings, an unreadable file, or the first connection could not be made.'],
  [2, 'protocol', 'The server broke a rule of MQTT, or refused the Client Identifier (CONNACK 2).'],
  [3, 'unavailable', 'The server is not ready (CONNACK 3).'],
  [
    4,
    'notConnected',
    'Bad user name or password (CONNACK 4), DISCONNECT from the server, or a proxy cannot reach it.',
  ],
  [5, 'notAuthorised', 'Not authorised to connect (CONNACK 5).'],
  [7, 'connectionLost', 'The connection was lost before the work was done.'],
  [8, 'tls', 'TLS broke after the server had accepted us; before that, the status is 1.'],
  [9, 'tooLarge', 'A payload or packet is larger than the protocol or the server allows.'],
  [10, 'notSupported', 'The server or this version of MQTT does not have the feature.'],
  [11, 'auth', 'The proxy refused the login, or the connection.'],
  [14, 'system', 'The operating system reported an error on input or output.'],
  [16, 'proxy', 'The proxy failed.'],
  [19, 'keepAlive', 'The server did not answer in time (keep alive, or the connect timeout).'],
  [21, 'malformed', 'The server sent bytes that are not MQTT.'],
  [24, 'qos', 'The server does not have the QoS that was asked for.'],
  [25, 'packetTooLarge', 'The packet is larger than the server takes (Maximum Packet Size).'],
  [27, 'timeout', 'The time of -W ran out.'],
  [40, 'violations', 'inspect: a rule of MQTT was broken (error or warning).'],
  [41, 'notMqtt', 'inspect: no MQTT was found in the input.'],
  [42, 'findings', 'passwd --audit: something is wrong or weak.'],
  [42, 'bench', 'bench: messages were lost, doubled, refused or not delivered, or clients failed.'],
  [70, 'bug', 'A defect of mqttx itself.'],
  [128, 'refused', 'Refused: a subscription of MQTT 3.1.1; any other Reason Code from 129 on is itself.'],
  [
    130,
    'interrupted',
    'pub -l, rr, inspect or passwd was ended by SIGINT, or sub by a second one (by SIGTERM: 143).',
  ],
  [255, 'beforeConnack', 'sub: ended by a signal or by -W before the server accepted the connection.'],
] as const

type ExitRow = (typeof exitStatuses)[number]

/** Exit statuses by name; 1 to 5 are also the CONNACK Return Codes of MQTT 3.1.1, 128 and above Reason Codes. */
export const ExitCode = Object.fromEntries(exitStatuses.map(([code, name]) => [name, code])) as {
  readonly [Row in ExitRow as Row[1]]: Row[0]
}

export interface ErrorDetails {
  /** What to try next, one line without a full stop at its end; or several such lines. */
  hint?: string | readonly string[] | undefined
  cause?: unknown
  exitCode?: number
  /** See `MqttxError.reasonCode`. */
  reasonCode?: number | undefined
  /** What stands before the message on stderr. Default `Error: `; '' where the reference prints none. */
  prefix?: string
}

/** A failure that a user can understand: what happened, what to try, and the status that tells a script. */
export class MqttxError extends Error {
  override readonly name: string = 'MqttxError'
  readonly exitCode: number
  /** The Reason Code, or Return Code, that the server gave, or that our DISCONNECT gives; undefined where there is none. */
  readonly reasonCode: number | undefined
  /** The message line by line. A line feed within one is not ours, and is shown escaped. */
  readonly lines: readonly string[]
  readonly hints: readonly string[]
  /** The hints in one line. */
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

/** The command line, the options file or the environment is wrong. Never silenced by --quiet. */
export class UsageError extends MqttxError {
  override readonly name = 'UsageError'
}

/** The other side broke a rule of MQTT. `reasonCode` is what a DISCONNECT of ours says (MQTT 5.0, 3.14.2.1). */
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

/** The network failed: `code` is Node's (`ECONNREFUSED`, `ENOTFOUND`, ...) where there is one. */
export class ConnectionError extends MqttxError {
  override readonly name = 'ConnectionError'
  readonly code: string | undefined
  /** Another attempt may help only where a connection to the same server has worked before. */
  readonly onlyReconnect: boolean

  constructor(message: string, details: ConnectionErrorDetails = {}) {
    super(message, details)
    this.code = details.code
    this.onlyReconnect = details.onlyReconnect ?? false
  }
}

/** The server answered CONNECT with a CONNACK that says no; the status is its code, as the reference has it. */
export class ConnectRefused extends MqttxError {
  override readonly name = 'ConnectRefused'
  override readonly reasonCode: number

  constructor(message: string, reasonCode: number, hint?: string) {
    super(message, { exitCode: reasonCode, hint, prefix: 'Connection error: ' })
    this.reasonCode = reasonCode
  }
}

/**
 * The reader of our standard output has gone: `mqttx sub ... | head -1` did what was asked, status 0. An EPIPE from
 * anywhere else, a socket or standard error, is never one of these.
 */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}

/** An error's message as part of a longer sentence: without its full stop. */
export function clause({ message }: Error): string {
  return message.replace(/\.$/, '')
}

/** What stderr shows for an error: the message, then what to try. Never a stack. `paint` colours what marks it. */
export function explain(error: unknown, paint = (text: string): string => text): string {
  if (error instanceof MqttxError) {
    const hints = error.hints.map((hint) => `hint: ${shownLine(hint)}\n`)
    return `${error.prefix && paint(error.prefix)}${error.lines.map(shownLine).join('\n')}\n${hints.join('')}`
  }
  const message = error instanceof Error ? error.message : String(error)
  return `${paint('Error: ')}${shownLine(message)}\nhint: this is a defect of mqttx; please report it with the command line\n`
}
