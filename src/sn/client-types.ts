// What a client of MQTT-SN is given, and what it calls.
import type { Buffer } from 'node:buffer'
import type { SnMessage, SnTopic } from '../codec/mqtt-sn-messages.js'
import type { PredefinedTopics } from './predefined.js'
import type { RetrySettings } from './retransmission.js'

export interface SnWill {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

export interface SnClientSettings extends RetrySettings {
  /** 1 to 23 characters (5.3.1) */
  readonly clientId: string
  readonly cleanSession: boolean
  /** Seconds, 0 to 65,535; 0: no PINGREQ */
  readonly keepAlive: number
  readonly will: SnWill | undefined
  readonly predefined: PredefinedTopics
  /** Sleep for so many seconds whenever nothing is outstanding (6.14); undefined: stay awake. */
  readonly sleep?: number | undefined
}

/** What a client publishes or subscribes to. */
export type SnTarget =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'short'; readonly name: string }
  | { readonly kind: 'predefined'; readonly id: number }

export interface SnPublication {
  readonly target: SnTarget
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** Kept, not copied, until the message is acknowledged. */
  readonly data: Uint8Array
}

/** A message from the gateway. */
export interface SnDelivery {
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  readonly messageId: number
  /** A view of the datagram. */
  readonly data: Uint8Array
}

export type LossReason =
  /** No answer after N_retry retransmissions (6.13). */
  | 'silent'
  /** The gateway has sent DISCONNECT. */
  | 'disconnect'
  /** CleanSession, and the exchange of a message at QoS 2 had begun on the lost connection. */
  | 'session'

/** Called synchronously by the methods of `SnClient`. */
export interface SnClientSink {
  /** Sends a datagram to the gateway. */
  send(datagram: Buffer, message: SnMessage): void
  /** CONNACK: accepted. */
  connected(): void
  /** CONNACK with another code; the client is where it was before `connect`. */
  refused(returnCode: number): void
  /** Further calls have no effect before `connect`. */
  lost(reason: LossReason): void
  /** A message, at QoS 2 once. It is acknowledged by `acknowledge`. */
  message(delivery: SnDelivery): void
  /** A message at QoS 1 or 2 has its last acknowledgement; a code other than 0: it was refused. */
  settled(messageId: number, returnCode: number): void
  /** The answer to SUBSCRIBE, with the granted QoS, or to UNSUBSCRIBE (0). */
  answered(messageId: number, returnCode: number, qos: number): void
  /** A message at QoS 0 is lost, as the gateway has refused its topic. */
  dropped(returnCode: number): void
  /** The gateway is congested: the same is sent again after so many milliseconds. */
  congested(waitMs: number): void
  /** The client sleeps, and wakes after so many milliseconds. */
  asleep(waitMs: number): void
  /** The answer to DISCONNECT; false: there was none. */
  closed(isAnswered: boolean): void
}

/** The TopicId of an acknowledgement (5.4.13): of a short topic, its two octets. */
export function topicIdOf(topic: SnTopic): number {
  if (topic.kind !== 'short') return topic.id
  const [first = 0, second = 0] = new TextEncoder().encode(topic.name)
  return (first << 8) | second
}
