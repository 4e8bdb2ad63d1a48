// What a gateway core is given and what it asks for: addresses, the server's side of a client, settings, events.
import type { PredefinedTopics } from './predefined.js'

/** Where datagrams come from and go to. The core compares keys only. */
export interface Source {
  readonly key: string
  /** Bytes of a datagram that are not for the message. */
  readonly overhead?: number
}

export interface Will {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** A message from the server. `payload` is valid during the call only. */
export interface Incoming {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** The server has sent it before. */
  readonly dup: boolean
}

/** Asks for a client's connection to the server. */
export interface UpstreamRequest {
  readonly clientId: string
  readonly clean: boolean
  readonly will: Will | undefined
  readonly source: Source
}

/** A client's connection to the server, which is restored by itself after a loss. */
export interface UpstreamLink {
  /** The server has accepted the connection, and it is not lost. */
  readonly up: boolean
  /** False: it takes no more messages of QoS 0 until some have been written. */
  readonly writable: boolean
  /**
   * Called while `up`. The payload is used during the call only at QoS 0; at QoS 1 and 2 it is kept.
   * @returns a number that `settled` reports at QoS 1 and 2; at QoS 0 below 0 if the message is lost
   */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1 | 2, retain: boolean): number
  /** Called while `up`. @returns a number that `suback` reports; undefined if the server would refuse it */
  subscribe(filter: string, qos: 0 | 1 | 2): number | undefined
  /** Called while `up`. @returns a number that `unsuback` reports */
  unsubscribe(filter: string): number
  /** The client takes no further messages, or takes some again: the server is not read meanwhile. */
  hold(full: boolean): void
  /** The client has disconnected: DISCONNECT. No event follows. */
  close(): void
  /** The client is lost: no DISCONNECT, so that the server publishes the will. No event follows. */
  cut(): void
}

/** What happens on an UpstreamLink. None is called before `open` has returned. */
export interface UpstreamEvents {
  /** The server has accepted the connection: the first, or one after a loss. */
  accepted(sessionPresent: boolean): void
  /** The first attempt has failed, or the connection cannot be restored. `busy`: another attempt may succeed. */
  refused(busy: boolean, why: string): void
  /** A PUBLISH at QoS 1 or 2 has its last acknowledgement. */
  settled(token: number, accepted: boolean): void
  /** 0, 1, 2, or 0x80 and above */
  suback(token: number, granted: number): void
  unsuback(token: number): void
  /** `writable` again */
  drained(): void
  /**
   * `done` allows the acknowledgement to the server; undefined at QoS 0. A message that is not done, and that the server sends
   * again on a connection that was restored, is not reported again.
   */
  message(message: Incoming, done: (() => void) | undefined): void
}

export interface Upstream {
  /** A connection for a client. The core calls it once for each CONNECT. */
  open(request: UpstreamRequest, events: UpstreamEvents): UpstreamLink
  /** Sends a message at QoS 0 of a client that is not connected. False: it is lost. */
  publish(topic: string, payload: Uint8Array, retain: boolean): boolean
}

/** Bounds, per gateway unless they say otherwise. */
export interface GatewayLimits {
  /** Clients, those included that are away and have a session. */
  readonly clients: number
  /** Messages that wait for a client. */
  readonly queueMessages: number
  /** Bytes of messages that wait for a client. */
  readonly queueBytes: number
  /** Bytes of messages that wait for all clients. */
  readonly allQueueBytes: number
  /** Topic names with an identifier for a client. */
  readonly topics: number
  /** Bytes of topic names and Topic Filters of a client. */
  readonly topicBytes: number
  /** The same of all clients. */
  readonly allTopicBytes: number
}

export const defaultLimits: GatewayLimits = {
  clients: 10_000,
  queueMessages: 1000,
  queueBytes: 1024 * 1024,
  allQueueBytes: 64 * 1024 * 1024,
  topics: 2000,
  topicBytes: 256 * 1024,
  allTopicBytes: 64 * 1024 * 1024,
}

export interface GatewaySettings {
  /** GwId of ADVERTISE and GWINFO, 0 to 255. */
  readonly gatewayId: number
  /** T_retry: how long an answer is awaited, in milliseconds (7.2). */
  readonly retryMs: number
  /** N_retry: how often a message is sent again. */
  readonly retries: number
  /** T_ADV in seconds; undefined: no ADVERTISE. */
  readonly advertise?: number | undefined
  readonly predefined: PredefinedTopics
  readonly limits: GatewayLimits
}

/** How a client's session on the gateway ended. */
export type Leaving = 'disconnected' | 'lost' | 'replaced' | 'refused' | 'server' | 'evicted' | 'stopped'

/** What a log can tell. Texts from outside are not escaped. */
export interface GatewayEvents {
  connected(client: { clientId: string; source: Source; clean: boolean; keepAlive: number }): void
  refused(clientId: string, source: Source, why: string): void
  left(clientId: string, how: Leaving, detail?: string): void
  slept(clientId: string, seconds: number): void
  moved(clientId: string, source: Source): void
  /** Messages were dropped: those for a client whose queue is full (first of a row) or that refused one, or its own at QoS 0. */
  dropped(clientId: string, why: string): void
  /** A datagram that is no message, or that has no meaning now. */
  ignored(source: Source, why: string): void
}

export interface GatewayOptions {
  readonly settings: GatewaySettings
  readonly upstream: Upstream
  readonly events: GatewayEvents
  /** A number from 0 to 65,535 that a stranger cannot guess. */
  random(): number
  /** Milliseconds of any monotonic clock. */
  now(): number
  send(to: Source, bytes: Uint8Array): void
  /** To everybody in reach. */
  broadcast(bytes: Uint8Array): void
}
