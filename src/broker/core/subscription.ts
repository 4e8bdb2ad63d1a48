// The types that routing needs: subscriptions, deliveries, and interfaces of the sessions and connections that receive
// messages. The classes that implement these import this file, and it imports none of them.
import type { AcknowledgeType } from '../../codec/acknowledge.js'
import type { QoS } from '../../codec/publish.js'
import type { Client, Identity } from './caller.js'
import type { Message } from './message.js'

/** Subscription Options (MQTT 5.0, 3.8.3.1) without Retain Handling; `id` is the Subscription Identifier, 0: none. */
export interface SubscriptionOptions {
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly id: number
}

/** One Topic Filter of one client. */
export interface Subscription {
  readonly session: SubscriberSession
  /** As the client has sent it. */
  readonly text: string
  readonly filter: string
  options: SubscriptionOptions
  readonly group: SharedSubscription | undefined
  /** Its place in the list of its node or group. */
  at: number
}

export interface SharedSubscription {
  /** ShareName. */
  readonly name: string
  readonly size: number
  remove(member: Subscription): void
  /** Selects the member for a message of this QoS. */
  choose(qos: QoS): Subscription | undefined
  /** True if a member other than `session` is connected. */
  hasOther(session: SubscriberSession): boolean
}

/** A message in the form in which subscriptions receive it. Receivers of the same form share one object. */
export interface Delivery {
  readonly message: Message
  readonly qos: QoS
  readonly retain: boolean
  /** Subscription Identifiers. */
  readonly ids: readonly number[] | undefined
  /** The shared subscription that it comes from. */
  readonly group: SharedSubscription | undefined
}

export interface SubscriberSession extends Identity {
  readonly connection: SubscriberConnection | undefined
  readonly ended: boolean
  /** True if a message can be sent at once. */
  readonly ready: boolean
  /** Sends a message of QoS 1 or 2, or queues it. */
  offer(delivery: Delivery, now: number): void
}

export interface SubscriberConnection extends Client {
  /** QoS 1 and 2 messages that may be in flight to the client. */
  readonly window: number
  /** True while another message may be sent. */
  readonly room: boolean
  readonly pressure: {
    /** Blocks `publisher` if this client is behind. */
    hold(publisher: SubscriberConnection): void
  }
  /** False if the packet would be larger than the client accepts [MQTT-3.1.2-24]. */
  fits(delivery: Delivery): boolean
  /** Sends a PUBLISH; `messageId` is 0 at QoS 0. The caller has checked `fits`. */
  publish(delivery: Delivery, messageId: number, dup: boolean, now: number): void
  /** Sends a message of QoS 0, unless too many wait already. */
  publishQos0(delivery: Delivery, now: number): void
  acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void
  /** Ends the connection, in MQTT 5 with DISCONNECT and `reasonCode`. `why` is a clause without a full stop. */
  end(reasonCode: number, why: string): void
  /** Stops reading until `unblock`: a subscriber of its messages is behind. */
  block(): void
  unblock(): void
}
