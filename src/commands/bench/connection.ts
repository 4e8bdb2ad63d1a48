// The part of a Connection that the load generator uses. Tests pass a fake one.
import type { PublishTemplate } from '../../codec/publish.js'
import type { ConnectionEvents, SubscribeOptions } from '../../connection/events.js'

export interface BenchConnection {
  readonly ready: boolean
  readonly inFlight: number
  /** QoS 0 PUBLISH packets that were queued when a connection was lost. */
  readonly lost: number
  connect(): Promise<void>
  /** Returns the Packet Identifier. */
  publish(template: PublishTemplate, payload: Uint8Array): number
  flush(): void
  drain(): Promise<void>
  subscribe(filters: readonly string[], options: SubscribeOptions): void
  ended(): Promise<void>
  close(): Promise<void>
  destroy(): void
}

export interface Identity {
  readonly clientId: string
  /** The client number; selects the server when there are several. */
  readonly index: number
}

/** Creates a connection that is not connected yet. */
export type Dial = (identity: Identity, events: ConnectionEvents) => BenchConnection
