// The interfaces of `Connection` and `Broker` for the modules that handle packets. The classes import those modules, and
// these import only this file.
import type { AcknowledgeType } from '../../codec/acknowledge.js'
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
import type { Timers } from './timers.js'
import type { TopicNames } from './topic-names.js'

export interface ClientConnection extends SubscriberConnection {
  readonly broker: Core
  /** While the connection is open. */
  readonly session: Session | undefined
  maxPacketSize: number
  /** Those that the client chooses. */
  readonly aliases: TopicAliases
  readonly open: boolean
  keepAlive: number
  /** The client is accepted, with what its CONNECT asks for. */
  begin(session: Session, request: ConnectRequest): void
  /** Refuses a client that has not been accepted, with a CONNACK if its CONNECT was read. */
  reject(reasonCode: number, why: string): void
  /** The client has sent DISCONNECT. */
  disconnected(reasonCode: number): void
  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, now: number): void
  /** The client has taken bytes or messages: what waits may go on. */
  moved(now: number): void
  /** Sends a packet that is encoded; undefined: the client takes none of that size. */
  send(packet: Uint8Array | undefined): void
  flush(): void
  /** Does `steps` before it looks at another packet. */
  inSteps(steps: Steps): void
  /** Another turn: `Core.later` was called. */
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
  /** The time of the call that is being dealt with. */
  readonly now: number
  /** The largest packets that clients may send, by Control Packet type. */
  readonly packetSizes: readonly number[]
  /** True when the others should have their turn. */
  readonly exhausted: boolean
  /** Every call from outside goes through here: when the outermost has done its work, the bytes leave. */
  during(now: number, work: () => void): void
  /** `connection` has something to write. */
  touch(connection: ClientConnection): void
  /** `connection` has work left: its `step` is called. */
  later(connection: ClientConnection): void
  isLater(connection: ClientConnection): boolean
  /** Something has been done that takes as long as handing a message to `units` clients. */
  worked(units: number): void
}
