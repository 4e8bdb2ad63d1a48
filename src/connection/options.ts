// Makes ConnectOptions of the command-line arguments.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { textToBytes } from '../byte-text.js'
import type { ProtocolVersion, QoS } from '../codec/publish.js'
import type { Host } from '../host.js'
import type { Endpoint, TlsSettings } from '../transport/endpoint.js'
import type { ClientConnection } from './client-connection.js'
import { endpoint, tlsOf } from './endpoint.js'
import type { EndpointArgs, Passphrases } from './endpoint-args.js'
import type { ConnectionEvents } from './events.js'
import { type LoginArgs, password } from './login.js'
import type { Trace } from './trace.js'

/** Messages in flight in each direction by default, as in mosquitto. */
export const defaultWindow = 20

export interface Will {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: QoS
  readonly retain: boolean
}

/** Properties by packet, under mqtt-packet's names. */
export interface PropertySets {
  readonly connect?: Readonly<Record<string, unknown>>
  readonly publish?: Readonly<Record<string, unknown>>
  readonly subscribe?: Readonly<Record<string, unknown>>
  readonly unsubscribe?: Readonly<Record<string, unknown>>
  readonly disconnect?: Readonly<Record<string, unknown>>
  readonly will?: Readonly<Record<string, unknown>>
}

/** What a Connection needs to connect and to reconnect. */
export interface ConnectOptions {
  readonly endpoint: Endpoint
  readonly version: ProtocolVersion
  /** Empty: the server assigns one. */
  readonly clientId: string
  readonly cleanStart: boolean
  /** Seconds. */
  readonly keepAlive: number
  readonly username: string | undefined
  readonly password: Buffer | undefined
  readonly will: Will | undefined
  /** Empty before MQTT 5. */
  readonly properties: PropertySets
  /** Session Expiry Interval of CONNECT in seconds (MQTT 5); 0: not sent. */
  readonly sessionExpiry: number
  /** Receive Maximum of CONNECT (MQTT 5), 1..65535. */
  readonly receiveMaximum: number
  /** Our own limit of outgoing messages in flight, 1..65535. */
  readonly maxInFlight: number
  /** Time limit from opening the connection to CONNACK. */
  readonly connectTimeoutMs: number
  /** Further attempts if the first connection fails. */
  readonly retries: number
  /** Attempts in a row after a loss; 0: no reconnect. */
  readonly reconnects: number
  /** Reads password, certificate and key again, before each attempt but the first; undefined: they cannot change. */
  readonly renew?: ((signal: AbortSignal) => Promise<Renewed>) | undefined
  /** Opens a stream instead of a network connection to `endpoint`. */
  readonly openStream?: (() => Duplex) | undefined
  /** Called with the stream of each network connection before anything is read or written. */
  readonly observe?: ((stream: Duplex) => void) | undefined
  /** The same for a socket of UDP. */
  readonly observeDatagrams?: ((ends: Ends) => DatagramObserver) | undefined
  /** Makes another connection than that over TCP. */
  readonly create?:
    | ((options: ConnectOptions, events: ConnectionEvents, trace: Trace | undefined) => ClientConnection)
    | undefined
}

/** The ends of a network connection as `address:port`. */
export interface Ends {
  readonly client: string
  readonly server: string
}

/** Is given the datagrams of a socket, which must not change afterwards. */
export interface DatagramObserver {
  sent(datagram: Uint8Array): void
  received(datagram: Uint8Array): void
  closed(): void
}

export interface Renewed {
  readonly password: Buffer | undefined
  readonly tls: TlsSettings | undefined
}

/** The connection options of the command line. */
export interface ConnectionArgs extends EndpointArgs, LoginArgs {
  readonly id?: string | undefined
  readonly idPrefix?: string | undefined
  readonly keepalive: number
  readonly disableCleanSession: boolean
  readonly protocolVersion: ProtocolVersion
  readonly nodelay: boolean
  readonly connectTimeout: number
  readonly retry: number
  /** Attempts in a row after a loss; undefined: the command's default. */
  readonly retryMax?: number
  readonly noReconnect?: boolean
  readonly properties?: PropertySets
  readonly sessionExpiry?: number
  readonly willTopic?: string | undefined
  readonly willPayload?: string | undefined
  readonly willQos: QoS
  readonly willRetain: boolean
}

/** Settings that differ between commands. */
export interface CommandNeeds {
  readonly pid: number
  readonly maxInFlight: number
  readonly receiveMaximum: number
  readonly reconnects: number
  /**
   * Sets TCP_NODELAY also without --nodelay. A subscriber's acknowledgements are batched already; delayed by the system
   * as well, they are so late that a broker with a short queue drops messages.
   */
  readonly noDelay: boolean
}

/**
 * Reads the files that the arguments name, and prompts for secrets.
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

/** Reads files and commands again, as tokens expire and certificates are rotated. Does not prompt again. */
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

/** -c alone means a Session that never expires; 0 is the default of the server. */
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
