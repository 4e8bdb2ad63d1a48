// Will Messages (MQTT 5.0, 3.1.2.5 and 3.1.3.2).
import type { QoS } from '../../codec/publish.js'
import { type Message, messageFrom, type PassedProperties } from './message.js'

export interface Will {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: QoS
  readonly retain: boolean
  readonly properties: PassedProperties
  /** Will Delay Interval in seconds. */
  readonly delay: number
}

/** The Message Expiry Interval begins now [MQTT-3.1.3-10]. */
export function willMessage({ topic, payload, qos, retain, properties }: Will, now: number): Message {
  return messageFrom(topic, payload, { qos, retain, now, properties })
}
