// Builds SUBSCRIBE and UNSUBSCRIBE (3.8 and 3.10 of MQTT 3.1.1 and MQTT 5.0).
import type { ISubscribePacket, IUnsubscribePacket } from 'mqtt-packet'
import type { SubscribeOptions } from './events.js'
import type { PropertySets } from './options.js'

/** One packet with all filters. Options and properties of MQTT 5 are left out for older versions, as in mosquitto. */
export function subscribePacket(
  messageId: number,
  filters: readonly string[],
  { options, version }: { options: SubscribeOptions; version: number },
): ISubscribePacket {
  const { qos, noLocal = false, retainAsPublished = false, retainHandling = 0, properties } = options
  const five = version === 5
  const flags = { nl: noLocal, rap: retainAsPublished, rh: retainHandling }
  const subscriptions = filters.map((topic) => ({ topic, qos, ...(five && flags) }))
  return { cmd: 'subscribe', messageId, subscriptions, ...(five && properties && { properties }) }
}

export function unsubscribePacket(
  messageId: number,
  filters: readonly string[],
  { unsubscribe: properties }: PropertySets,
): IUnsubscribePacket {
  return { cmd: 'unsubscribe', messageId, unsubscriptions: [...filters], ...(properties && { properties }) }
}

/** The byte of Subscription Options without the QoS (MQTT 5.0, 3.8.3.1). */
export function optionsByte(options: SubscribeOptions, version: number): number {
  if (version < 5) return 0
  const { noLocal = false, retainAsPublished = false, retainHandling = 0 } = options
  return (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4)
}
