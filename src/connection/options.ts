// What was typed becomes what is meant: the endpoint, the Client Identifier, the CONNECT packet.
import { randomBytes } from 'node:crypto'
import { textToBytes } from '../byte-text.js'
import type { ProtocolVersion, QoS } from '../codec/publish.js'
import type { Host } from '../host.js'
import type { Endpoint, TlsSettings } from '../transport/endpoint.js'
import { type EndpointArgs, endpoint, type Passphrases, tlsOf } from './endpoint.js'
import { type LoginArgs, password } from './login.js'

/** Messages in flight each way unless asked: the reference's, which every broker's defaults can take. */
export const defaultWindow = 20

export interface Will {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: QoS
  readonly retain: boolean
}

/** By packet, then by mqtt-packet's names. */
export interface PropertySets {
  readonly connect?: Readonly<Record<string, unknown>>
  readonly publish?: Readonly<Record<string, unknown>>
  readonly subscribe?: Readonly<Record<string, unknown>>
  readonly unsubscribe?: Readonly<Record<string, unknown>>
  readonly disconnect?: Readonly<Record<string, unknown>>
  readonly will?: Readonly<Record<string, unknown>>
}

/** All that a Connection must know to connect, and to connect again. */
export interface ConnectOptions {
  readonly endpoint: Endpoint
  readonly version: ProtocolVersion
  /** Empty: the server chooses one. */
  readonly clientId: string
  readonly cleanStart: boolean
  /** Seconds. */
  readonly keepAlive: number
  readonly username: string | undefined
  readonly password: Buffer | undefined
  readonly will: Will | undefined
  /** Properties of MQTT 5 by packet, under mqtt-packet's names. */
  readonly properties: PropertySets
  /** Session Expiry Interval to ask a MQTT 5 server for, in seconds; 0: none is sent. */
  readonly sessionExpiry: number
  /** What we tell a MQTT 5 server: QoS 1 and 2 messages that it may send before we acknowledge, 1..65535. */
  readonly receiveMaximum: number
  /** Our own limit for messages in flight the other way, 1..65535. */
  readonly maxInFlight: number
  /** From dialling to CONNACK. */
  readonly connectTimeoutMs: number
  /** Further attempts when the first connection cannot be made. */
  readonly retries: number
  /** Attempts in a row after a loss; 0: a loss is the end. */
  readonly reconnects: number
  /** Reads what may have been renewed since, before each attempt but the first; undefined: there is nothing. */
  readonly renew?: ((signal: AbortSignal) => Promise<Renewed>) | undefined
}

export interface Renewed {
  readonly password: Buffer | undefined
  readonly tls: TlsSettings | undefined
}

/** The connection options as the command line has them. */
export interface ConnectionArgs extends EndpointArgs, LoginArgs {
  readonly id?: string | undefined
  readonly idPrefix?: string | undefined
  readonly keepalive: number
  readonly disableCleanSession: boolean
  readonly protocolVersion: ProtocolVersion
  readonly nodelay: boolean
  readonly connectTimeout: number
  readonly retry: number
  /** Attempts in a row after a loss; undefined: the command's own number. */
  readonly retryMax?: number
  readonly noReconnect?: boolean
  readonly properties?: PropertySets
  readonly sessionExpiry?: number
  readonly willTopic?: string | undefined
  readonly willPayload?: string | undefined
  readonly willQos: QoS
  readonly willRetain: boolean
}

/** What differs from command to command. */
export interface CommandNeeds {
  readonly pid: number
  readonly maxInFlight: number
  readonly receiveMaximum: number
  readonly reconnects: number
  /**
   * TCP_NODELAY whether asked for or not. A subscriber's acknowledgements are batched already; held back by the
   * system as well, they come so late that a broker with a short queue drops what it has for us.
   */
  readonly noDelay: boolean
}

/**
 * Reads the files that the arguments name, and asks for the secrets that are to be asked for.
 * @throws MqttxError
 */
export async function connectOptions(
  args: ConnectionArgs,
  needs: CommandNeeds,
  host: Host,
): Promise<ConnectOptions> {
  const version = args.protocolVersion
  const passphrases = new Map<string, string>()
  const made = await endpoint(args, { noDelay: args.nodelay || needs.noDelay, host, passphrases })
  const login = await password(args, host)
  return {
    endpoint: made,
    version,
    clientId: clientId(args, needs.pid),
    cleanStart: !args.disableCleanSession,
    keepAlive: args.keepalive,
    username: args.username,
    password: login,
    will: will(args),
    properties: version === 5 ? (args.properties ?? {}) : {},
    sessionExpiry: version === 5 ? sessionExpiry(args) : 0,
    receiveMaximum: needs.receiveMaximum,
    maxInFlight: needs.maxInFlight,
    connectTimeoutMs: args.connectTimeout * 1000,
    retries: args.retry,
    reconnects: args.noReconnect ? 0 : (args.retryMax ?? needs.reconnects),
    renew: renewal(args, { password: login, tls: made.tls }, { host, passphrases }),
  }
}

/** Tokens expire, certificates are rotated: a file or a command is asked again, a person or argv is not. */
function renewal(
  args: ConnectionArgs,
  first: Renewed,
  { host, passphrases }: { host: Host; passphrases: Passphrases },
): ConnectOptions['renew'] {
  const byFile = args.passwordFile !== undefined || args.passwordCommand !== undefined
  const identity = first.tls !== undefined && args.cert !== undefined
  if (!byFile && !identity) return undefined
  return async (signal) => ({
    password: byFile ? await password(args, host, signal) : first.password,
    tls: identity ? await tlsOf(args, { host, passphrases }) : first.tls,
  })
}

const never = 0xffffffff

/** -c alone means a session that never expires; 0 is what a server assumes without being told. */
function sessionExpiry(args: ConnectionArgs): number {
  if (args.properties?.connect?.sessionExpiryInterval !== undefined) return 0
  return args.sessionExpiry ?? (args.disableCleanSession ? never : 0)
}

function clientId(args: ConnectionArgs, pid: number): string {
  if (args.idPrefix !== undefined) return args.idPrefix + pid
  if (args.id !== undefined) return args.id
  // MQTT 3.1 has no empty Client Identifier, and at most 23 characters of it (MQTT 3.1, 3.1).
  return args.protocolVersion === 3 ? `mqttx-${randomBytes(8).toString('hex')}` : ''
}

function will(args: ConnectionArgs): Will | undefined {
  if (args.willTopic === undefined) return undefined
  const payload = textToBytes(args.willPayload ?? '')
  return { topic: args.willTopic, payload, qos: args.willQos, retain: args.willRetain }
}
