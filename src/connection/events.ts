// The event callbacks of a Connection, and the Subscription Options.
import type { IConnackPacket, ISubscribePacket } from 'mqtt-packet'
import type { Publish, QoS } from '../codec/publish.js'
import type { MqttxError } from '../errors.js'

/** Details of a server's answer. */
export interface Answer {
  readonly messageId: number
  /** Reason String and User Properties (MQTT 5) as one line of text. */
  readonly reason: string | undefined
}

/** Delays the acknowledgement of a message at QoS 1 or 2. */
export interface Acknowledging {
  /**
   * Call it within `message`; the returned function allows the acknowledgement, sent after those of earlier messages.
   * Without `isRepeated` it has no effect after the loss of the network connection. With it, the same message is not
   * delivered again, on this connection or on the next one if the Session is resumed, and is acknowledged when allowed.
   * At QoS 1 `isRepeated` says if a PUBLISH with the same Packet Identifier is that message.
   */
  withhold(isRepeated?: (publish: Publish) => boolean): () => void
}

/** All callbacks are called synchronously while a chunk from the server is handled. */
export interface ConnectionEvents {
  /** A message has been received; at QoS 2 once. Copy what must outlive the call. */
  message?(publish: Publish, acknowledging: Acknowledging): void
  /** All messages of a chunk have been delivered. Reading and acknowledging wait for a promise that is returned. */
  chunkEnd?(): Promise<void> | undefined
  /** The server has accepted the connection, with these properties of CONNACK, also after a reconnect: subscribe here. */
  connected?(sessionPresent: boolean, properties?: IConnackPacket['properties']): void
  /** A PUBLISH at QoS 1 or 2 is done; 0x80 and above: refused. */
  settled?(reasonCode: number, answer: Answer): void
  /** The Reason Codes of a SUBACK, in the order of the Topic Filters. */
  suback?(granted: readonly number[], answer: Answer): void
  /** The Reason Codes of an UNSUBACK; none before MQTT 5. */
  unsuback?(codes: readonly number[], answer: Answer): void
  /** A harmless protocol violation by the server. Reported once per kind and connection. */
  remark?(text: string): void
  /** The connection was lost or an attempt has failed; the next attempt is in `delayMs` milliseconds. */
  retrying?(error: MqttxError, delayMs: number): void
}

/** Subscription Options (MQTT 5.0, 3.8.3.1). Before MQTT 5 only `qos` is sent. */
export interface SubscribeOptions {
  readonly qos: QoS
  readonly noLocal?: boolean
  readonly retainAsPublished?: boolean
  readonly retainHandling?: 0 | 1 | 2
  readonly properties?: ISubscribePacket['properties']
}
