// The interfaces of `Connection` and `Broker` for the modules that handle packets. The classes import those modules, and
// these import only this file.
import type { AcknowledgeType } from '../../codec/acknowledge.js'
import type { Timers } from '../../session/timers.js'
import type { TopicAliases } from '../../session/topic-alias.js'
import type { Authorize, Events } from './caller.js'
import type { ConnectRequest } from './connect.js'
import type { Counters } from './counters.js'
import type { PublishEncoder } from './encode.js'
import type { Retained } from './retained.js'
import type { Router } from './router.js'
import type { Session } from './session.js'
import type { Sessions } from './sessions.js'
import type { Limits, Settings } from './settings.js'
import type { Steps } from './steps.js'
import type { SubscriberConnection } from './subscription.js'
import type { Subscriptions } from './subscriptions.js'
import type { TopicNames } from './topic-names.js'

export interface ClientConnection extends SubscriberConnection {
  readonly broker: Core
  /** While the connection is open. */
  readonly session: Session | undefined
  maxPacketSize: number
  /** The Topic Aliases that the client sets. */
  readonly aliases: TopicAliases
  readonly open: boolean
  keepAlive: number
  /** Accepts the client with the parameters of its CONNECT. */
  begin(session: Session, request: ConnectRequest): void
  /** Refuses a client before it is accepted, with CONNACK if its CONNECT was read. */
  reject(reasonCode: number, why: string): void
  /** Handles DISCONNECT. */
  disconnected(reasonCode: number): void
  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, now: number): void
  /** Called when the client has taken bytes or messages: continues sending. */
  moved(now: number): void
  /** Sends an encoded packet; undefined: larger than the client accepts, not sent. */
  send(packet: Uint8Array | undefined): void
  flush(): void
  /** Runs `steps` before the next packet is handled. */
  inSteps(steps: Steps): void
  /** Runs another turn, after `Core.later`. */
  step(now: number): void
}

export interface Core {
  readonly settings: Settings
  readonly limits: Limits
  readonly events: Events
  readonly authorize: Authorize | undefined
  readonly assignIdentifier: () => string
  readonly counters: Counters
  readonly timers: Timers
  readonly subscriptions: Subscriptions
  readonly encoder: PublishEncoder
  readonly topicNames: TopicNames
  readonly retained: Retained
  readonly router: Router
  readonly sessions: Sessions
  /** The time of the current call. */
  readonly now: number
  /** The largest packets that clients may send, by Control Packet type. */
  readonly packetSizes: readonly number[]
  /** True if other connections should be served now. */
  readonly exhausted: boolean
  /** Wraps every call from outside: at the end of the outermost, batches are written. */
  during(now: number, work: () => void): void
  /** Registers that `connection` has bytes to write. */
  touch(connection: ClientConnection): void
  /** Registers that `connection` has work left: its `step` is called later. */
  later(connection: ClientConnection): void
  isLater(connection: ClientConnection): boolean
  /** Counts work that takes as long as handing a message to `units` clients. */
  worked(units: number): void
}
