// What a client has subscribed to, and whether it gets that and nothing else (MQTT 5.0, 3.8, 3.9, 4.7).
import { matches } from '../../session/topic-filter.js'
import { publish, suback, subscribe, unsuback } from '../names.js'
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { filterOfShared } from '../topics.js'
import type { Waiting } from './published.js'
import { type State, wrong } from './state.js'

const aSecond = 1_000_000_000n
/** So long after a SUBSCRIBE retained messages may come, so long after UNSUBACK those that were under way. */
const settled = 60n * aSecond
const mostTopics = 20_000

interface Subscribed {
  readonly filter: string
  /** Highest ever asked for: messages from before a new SUBSCRIBE may be under way. */
  qos: number
  options: number
  /** How often it was asked for; identifiers change with it. */
  times: number
  identifier: number | undefined
  granted: boolean
  removedAt: bigint | undefined
}

export class Subscriptions {
  readonly #state: State
  readonly #filters = new Map<string, Subscribed>()
  /** What matches a topic, until the subscriptions change. */
  readonly #matching = new Map<string, readonly Subscribed[]>()
  #lastSubscribe = -1n

  constructor(state: State) {
    this.#state = state
  }

  /** `request` is what a SUBACK or UNSUBACK answers. */
  packet(packet: Packet, request: Waiting | undefined): void {
    const { type, direction } = packet
    if (type === publish) {
      if (direction === 's2c' && this.#state.fresh) this.#delivered(packet)
    } else if (type === subscribe && direction === 'c2s') this.#asked(packet)
    else if (request === undefined) return
    else if (type === suback) this.#granted(packet, request)
    else if (type === unsuback) this.#removed(packet, request)
  }

  #asked(packet: Packet): void {
    this.#matching.clear()
    this.#lastSubscribe = packet.time
    const identifier = packet.property(propertyId.subscriptionIdentifier)
    for (const { filter, options } of packet.subscriptions ?? []) {
      const known = this.#filters.get(filter)
      const qos = Math.max(options & 3, known?.qos ?? 0)
      const times = (known?.times ?? 0) + 1
      const rest = { granted: false, removedAt: undefined, identifier: identifier as number | undefined }
      this.#filters.set(filter, { filter, qos, options, times, ...rest })
    }
  }

  #granted(packet: Packet, { subscriptions = [] }: Waiting): void {
    const { codes = [] } = packet
    if (codes.length !== subscriptions.length) {
      const detail = `${codes.length} codes for ${subscriptions.length} Topic Filters`
      return wrong(packet, 'suback-count', detail, 4)
    }
    codes.forEach((code, i) => {
      const { filter, options } = subscriptions[i]!
      const known = this.#filters.get(filter)
      if (known === undefined) return
      if (code >= 0x80) this.#filters.delete(filter)
      else known.granted = true
      if (code < 0x80 && code > (options & 3)) {
        const detail = `QoS ${code} granted, QoS ${options & 3} was asked for`
        wrong(packet, 'suback-code', detail, packet.length - codes.length + i)
      }
      if (code < known.qos && known.times === 1) known.qos = code
    })
    this.#matching.clear()
  }

  #removed(packet: Packet, { subscriptions = [] }: Waiting): void {
    const { codes, version } = packet
    if (version === 5 && codes?.length !== subscriptions.length) {
      wrong(
        packet,
        'unsuback-codes',
        `${codes?.length ?? 0} codes for ${subscriptions.length} Topic Filters`,
        4,
      )
    }
    for (const { filter } of subscriptions) {
      const known = this.#filters.get(filter)
      if (known !== undefined) known.removedAt = packet.time
    }
    this.#matching.clear()
  }

  #delivered(packet: Packet): void {
    const { topic, qos } = packet
    if (topic === undefined || topic === '') return
    const matching = this.#of(topic)
    if (matching.length === 0) return this.#unasked(packet, topic)
    let most = 0
    let active = false
    for (const { qos: granted, removedAt } of matching) {
      if (granted > most) most = granted
      if (removedAt === undefined) active = true
    }
    if (qos > most && qos < 3) wrong(packet, 'qos-above-granted', `QoS ${qos}, QoS ${most} was granted`)
    if (!active) this.#afterRemoval(packet, matching)
    else if (packet.retain) this.#retained(packet, matching)
    if (packet.version === 5 && matching.length === 1) this.#identifier(packet, matching[0]!)
  }

  #unasked(packet: Packet, topic: string): void {
    if (!topic.startsWith('$')) return wrong(packet, 'topic-unsubscribed')
    const byWildcard = [...this.#filters.keys()].some((filter) => /^[+#]/.test(filter))
    wrong(packet, byWildcard ? 'dollar-match' : 'topic-unsubscribed')
  }

  #afterRemoval(packet: Packet, matching: readonly Subscribed[]): void {
    const late = matching.every(
      ({ removedAt }) => removedAt !== undefined && packet.time - removedAt > settled,
    )
    if (late && packet.qos === 0) wrong(packet, 'publish-after-unsub')
  }

  /** A bridge asks for RETAIN as published by a bit of its level, MQTT 5 by Retain As Published. */
  #retained(packet: Packet, matching: readonly Subscribed[]): void {
    const { connect } = this.#state
    if (connect === undefined || connect.level >= 0x80) return
    if (packet.version === 5 && matching.some(({ options }) => (options & 8) !== 0)) return
    if (
      packet.version === 5 &&
      matching.every(({ options, times }) => times === 1 && (options & 0x30) === 0x20)
    ) {
      return wrong(packet, 'retain-handling', 'no retained messages were asked for (Retain Handling 2)')
    }
    if (packet.time >= 0n && packet.time - this.#lastSubscribe > settled) wrong(packet, 'retain-on-live')
  }

  #identifier(packet: Packet, { identifier, granted, times, filter }: Subscribed): void {
    if (identifier === undefined || !granted || times > 1 || filter.startsWith('$share/')) return
    const told = packet.properties?.get(propertyId.subscriptionIdentifier)
    if (told?.includes(identifier) !== true) wrong(packet, 's2c-subscription-id', `it lacks ${identifier}`)
  }

  #of(topic: string): readonly Subscribed[] {
    const known = this.#matching.get(topic)
    if (known !== undefined) return known
    if (this.#matching.size > mostTopics) this.#matching.clear()
    const found = [...this.#filters.values()].filter(({ filter }) => {
      return matches(filter.startsWith('$share/') ? (filterOfShared(filter) ?? filter) : filter, topic)
    })
    this.#matching.set(topic, found)
    return found
  }
}
