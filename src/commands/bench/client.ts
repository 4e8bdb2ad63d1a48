// What the bench needs of the world: connections and a clock. Tests hand in others.
import type { PublishTemplate } from '../../codec/publish.js'
import { reasonText } from '../../codec/reason-codes.js'
import type { ConnectionEvents, SubscribeOptions } from '../../connection/events.js'
import { ConnectionError, ConnectRefused, type MqttxError } from '../../errors.js'

/** The part of a Connection that a load generator uses. */
export interface BenchConnection {
  readonly ready: boolean
  readonly inFlight: number
  /** The Packet Identifier of the last PUBLISH. */
  readonly lastMessageId: number
  /** PUBLISH packets at QoS 0 that went down with a connection. */
  readonly lost: number
  connect(): Promise<void>
  publish(template: PublishTemplate, payload: Uint8Array): boolean
  flush(): void
  drain(): Promise<void>
  subscribe(filters: readonly string[], options: SubscribeOptions): void
  ended(): Promise<void>
  close(): Promise<void>
  destroy(): void
}

export interface Identity {
  readonly clientId: string
  /** The number of the client, which says to which of many servers it goes. */
  readonly index: number
}

/** Makes a connection that is not connected yet. */
export type Dial = (identity: Identity, events: ConnectionEvents) => BenchConnection

export interface Clock {
  /** Milliseconds, monotonic, the same for all processes of a host. */
  now(): number
  /** Calls `action` in `ms` milliseconds, or a little later; returns what calls it off. */
  after(ms: number, action: () => void): () => void
  /** Calls `action` when what has come over the network has been handled. */
  soon(action: () => void): void
}

/** performance.now() counts from the start of its thread, the clock below it from that of the host. */
const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now()

export const systemClock: Clock = {
  now: () => performance.now() + offset,
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
  soon: (action) => void setImmediate(action),
}

/** Under which name a failure is counted. */
export function reasonOf(error: MqttxError): string {
  if (error instanceof ConnectRefused) return `CONNACK ${codeText(error.reasonCode)}`
  if (error instanceof ConnectionError && error.code !== undefined) return error.code
  return error.message.split('\n')[0]!.replace(/[.:]$/, '')
}

/** Return Codes of MQTT 3.1.1 are small, and have other names. */
export function codeText(code: number): string {
  return code < 0x80 ? `0x${code.toString(16).padStart(2, '0')}` : reasonText(code)
}
