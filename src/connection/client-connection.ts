// What pub and sub need of a connection, over TCP or MQTT-SN.
import type { PublishTemplate } from '../codec/publish.js'
import type { SubscribeOptions } from './events.js'

/** See `Connection` for the members. */
export interface ClientConnection {
  readonly ready: boolean
  readonly up: boolean
  readonly inFlight: number
  readonly lost: number
  connect(): Promise<void>
  publish(template: PublishTemplate, payload: Uint8Array, start?: number, end?: number): number
  flush(): void
  drain(): Promise<void>
  idle(): Promise<void>
  released(): Promise<void>
  ended(): Promise<void>
  subscribe(filters: readonly string[], options: SubscribeOptions): number
  unsubscribe(filters: readonly string[]): number
  discard(): void
  stopDelivery(): void
  close(reasonCode?: number, limitMs?: number): Promise<void>
  abort(error: Error): void
  destroy(): void
}
