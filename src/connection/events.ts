// What a Connection tells the command that opened it, and what it is asked to subscribe to.
import type { ISubscribePacket } from 'mqtt-packet'
import type { Publish, QoS } from '../codec/publish.js'
import type { MqttxError } from '../errors.js'

/** What a server may say beside a Reason Code. */
export interface Answer {
  readonly messageId: number
  /** The Reason String of MQTT 5, and its User Properties, for people. */
  readonly reason: string | undefined
}

/** Keeps the acknowledgement of a message at QoS 1 or 2 back. */
export interface Acknowledging {
  /** To be called while the message is handed over; acknowledges it, after those before it, when called in turn. */
  withhold(): () => void
}

/** What a command wants to know. All are called synchronously while a chunk from the server is handled. */
export interface ConnectionEvents {
  /** A message has come; at QoS 2 once. Copy what outlives the call. */
  message?(publish: Publish, acknowledging: Acknowledging): void
  /** The messages of a chunk have been handed over: a promise holds reading and acknowledging back until it resolves. */
  chunkEnd?(): Promise<void> | undefined
  /** The server has accepted the connection, for the first time or again: subscribe here. */
  connected?(sessionPresent: boolean): void
  /** A PUBLISH at QoS 1 or 2 was answered; 0x80 and above: refused. */
  settled?(reasonCode: number, answer: Answer): void
  /** The Reason Codes of a SUBACK, in the order of the Topic Filters. */
  suback?(granted: readonly number[], answer: Answer): void
  /** The Reason Codes of an UNSUBACK, none before MQTT 5. */
  unsuback?(codes: readonly number[], answer: Answer): void
  /** The server has broken a rule of MQTT, and the connection goes on; each kind once a connection. */
  remark?(text: string): void
  /** The connection was lost or could not be made; the next attempt comes in `delayMs`. */
  retrying?(error: MqttxError, delayMs: number): void
}

/** Subscription Options (MQTT 5.0, 3.8.3.1); all but `qos` are left out before MQTT 5. */
export interface SubscribeOptions {
  readonly qos: QoS
  readonly noLocal?: boolean
  readonly retainAsPublished?: boolean
  readonly retainHandling?: 0 | 1 | 2
  readonly properties?: ISubscribePacket['properties']
}
