// The subscriptions of a client, and checks of the messages it receives against them (MQTT 5.0, 3.8, 3.9, 4.7).
import { matches } from '../../session/topic-filter.js'
import { boundedKey } from '../content-hash.js'
import { publish, suback, subscribe, unsuback, unsubscribe } from '../names.js'
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { filterOfShared } from '../topics.js'
import type { LateViolation } from '../views/view.js'
import type { DeliveryChecks, Match } from './deliveries.js'
import type { ExchangeChecks } from './exchanges.js'
import type { Pending } from './in-flight.js'
import { RetainedChecks, type RetainRequest } from './retained.js'
import { type ConnectionState, report } from './state.js'
import type { InspectedSubscriber } from './subscriber.js'

/** Seconds after UNSUBACK in which messages sent before it may arrive. */
const settled = 60
/** Seconds after SUBSCRIBE; a message published while the server receives it may be captured before it. */
const justSubscribed = 2
const mostTopics = 20_000
const mostFilters = 10_000
const mostIdentifiers = 16

interface Subscribed extends RetainRequest {
  readonly filter: string
  /** Highest QoS requested so far: messages sent before a new SUBSCRIBE may still arrive. */
  qos: number
  /** Subscription Options of all SUBSCRIBEs for it, and-ed and or-ed. */
  options: number
  anyOptions: number
  /** Number of SUBSCRIBEs for it. */
  times: number
  triggers: number
  secondTrigger: number
  lastTrigger: number
  readonly shared: boolean
  /** All Subscription Identifiers it ever had; 0 for a SUBSCRIBE without one. Empty if there were too many. */
  readonly identifiers: number[]
  granted: boolean
  /** UNSUBSCRIBE was sent. */
  left: boolean
  removedAt: number | undefined
}

/** The subscriptions that match a topic. */
interface Topic extends Match {
  readonly matching: readonly Subscribed[]
}

export class SubscriptionChecks {
  readonly #state: ConnectionState
  readonly #exchanges: ExchangeChecks
  readonly #filters = new Map<string, Subscribed>()
  /** Cache by topic; cleared when the subscriptions change. */
  readonly #topics = new Map<string, Topic>()
  readonly #retained: RetainedChecks
  #lastSubscribe = -1
  #settledAt = 0
  /** There are too many Topic Filters to keep: the checks are off. */
  #overflow = false
  /** Set when this client subscribes, unless the server has too many subscribers. */
  subscriber: InspectedSubscriber | undefined

  constructor(state: ConnectionState, exchanges: ExchangeChecks) {
    this.#state = state
    this.#exchanges = exchanges
    this.#retained = new RetainedChecks(state)
  }

  /** `request` is the packet that a SUBACK or UNSUBACK answers. */
  packet(packet: Packet, request: Pending | undefined, deliveries: DeliveryChecks): void {
    const { type, direction } = packet
    if (type === publish) {
      if (direction === 's2c' && this.#state.fresh && !this.#overflow) this.#delivered(packet, deliveries)
    } else if (type === subscribe && direction === 'c2s') {
      this.#asked(packet)
      if (this.#state.fresh) this.subscriber ??= deliveries.join(this.#state)
    } else if (type === unsubscribe && direction === 'c2s') this.#leaving(packet)
    else if (request === undefined) return
    else if (type === suback) this.#granted(packet, request)
    else if (type === unsuback) this.#removed(packet, request)
  }

  /** True if exactly one unchanged subscription of QoS 1 or 2 matches, and no message to the client is unacknowledged. */
  isOpenFor(topic: string): boolean {
    if (this.#overflow || !this.#exchanges.isQuiet('s2c')) return false
    const { matching, only } = this.#of(topic)
    return only !== undefined && matching[0]!.granted && matching[0]!.qos > 0 && matching[0]!.times === 1
  }

  /** Retained messages that had not arrived when the connection ended. */
  missing(): Iterable<LateViolation> {
    if (this.#overflow || !this.#exchanges.isQuiet('s2c')) return []
    const filters = new Set(this.#filters.values())
    return this.#retained.missing((asking) => {
      const one = filters.has(asking as Subscribed) ? (asking as Subscribed) : undefined
      return one?.granted === true && !one.left ? one : undefined
    })
  }

  #asked(packet: Packet): void {
    this.#topics.clear()
    this.#lastSubscribe = packet.seconds
    this.#settledAt = packet.seconds + justSubscribed
    const identifier = Number(packet.property(propertyId.subscriptionIdentifier) ?? 0)
    for (const { filter, options } of packet.subscriptions ?? []) this.#ask(filter, options, identifier)
    if (this.#filters.size <= mostFilters) return
    this.#overflow = true
    this.#filters.clear()
    this.subscriber?.doubt()
  }

  #ask(filter: string, options: number, identifier: number): void {
    let one = this.#filters.get(filter)
    if (one === undefined) {
      const counts = { times: 0, triggers: 0, secondTrigger: -1, lastTrigger: -1 }
      const now = { granted: false, left: false, removedAt: undefined }
      const shared = filter.startsWith('$share/')
      one = { filter, qos: 0, options: 0xff, anyOptions: 0, ...counts, shared, identifiers: [], ...now }
      this.#filters.set(filter, one)
    }
    const handling = this.#state.version < 5 ? 0 : (options >> 4) & 3
    if (handling !== 2 && (handling !== 1 || one.times === 0 || one.left)) {
      one.triggers++
      if (one.triggers === 2) one.secondTrigger = this.#lastSubscribe
      one.lastTrigger = this.#lastSubscribe
    }
    one.qos = Math.max(options & 3, one.qos)
    one.options &= options
    one.anyOptions |= options
    one.times++
    if (!one.identifiers.includes(identifier)) one.identifiers.push(identifier)
    if (one.identifiers.length > mostIdentifiers) one.identifiers.length = 0
    one.granted = false
    one.removedAt = undefined
  }

  #granted(packet: Packet, { subscriptions = [] }: Pending): void {
    const { codes = [] } = packet
    if (codes.length !== subscriptions.length) {
      const detail = `${codes.length} codes for ${subscriptions.length} Topic Filters`
      return report(packet, 'suback-count', detail, 4)
    }
    codes.forEach((code, i) => {
      const { filter, options } = subscriptions[i]!
      const known = this.#filters.get(filter)
      if (known === undefined) return
      if (code < 0x80) known.granted = true
      else if (known.times === 1) this.#filters.delete(filter)
      if (code < 0x80 && code > (options & 3)) {
        const detail = `QoS ${code} granted, QoS ${options & 3} requested`
        report(packet, 'suback-code', detail, packet.length - codes.length + i)
      }
      if (code < known.qos && known.times === 1) known.qos = code
    })
    this.#topics.clear()
  }

  #leaving(packet: Packet): void {
    this.#topics.clear()
    for (const { filter } of packet.subscriptions ?? []) {
      const known = this.#filters.get(filter)
      if (known !== undefined) known.left = true
    }
  }

  #removed(packet: Packet, { subscriptions = [] }: Pending): void {
    const { codes, version } = packet
    if (version === 5 && codes?.length !== subscriptions.length) {
      const detail = `${codes?.length ?? 0} codes for ${subscriptions.length} Topic Filters`
      report(packet, 'unsuback-codes', detail, 4)
    }
    subscriptions.forEach(({ filter }, i) => {
      const known = this.#filters.get(filter)
      if (known !== undefined && (codes?.[i] ?? 0) < 0x80) known.removedAt = packet.seconds
    })
    this.#topics.clear()
  }

  #delivered(packet: Packet, deliveries: DeliveryChecks): void {
    const { topic, qos } = packet
    if (topic === undefined || topic === '') return
    const known = this.#of(topic)
    const { matching } = known
    if (matching.length === 0) return this.#unasked(packet, topic)
    let most = 0
    let active = false
    for (const { qos: granted, removedAt } of matching) {
      if (granted > most) most = granted
      if (removedAt === undefined) active = true
    }
    if (qos > most && qos < 3) report(packet, 'qos-above-granted', `QoS ${qos}, QoS ${most} was granted`)
    if (!active) this.#afterRemoval(packet, matching)
    else if (packet.retain) {
      this.#retained.delivered(packet, topic, { matching, lastSubscribe: this.#lastSubscribe })
    } else if (this.subscriber !== undefined && packet.seconds > this.#settledAt) {
      if (!topic.startsWith('$')) deliveries.delivered(this.subscriber, packet, known)
    }
    if (packet.version === 5) this.#identifiers(packet, matching)
  }

  #unasked(packet: Packet, topic: string): void {
    if (!topic.startsWith('$')) return report(packet, 'topic-unsubscribed')
    const byWildcard = [...this.#filters.keys()].some((filter) => /^[+#]/.test(filter))
    report(packet, byWildcard ? 'dollar-match' : 'topic-unsubscribed')
  }

  /** Older messages may be delayed by the receive window, and by the network. */
  #afterRemoval(packet: Packet, matching: readonly Subscribed[]): void {
    const { s2c } = this.#state.lastTime
    const late = matching.every(({ removedAt }) => removedAt !== undefined && s2c - removedAt > settled)
    if (!late || packet.dup || (packet.qos > 0 && !this.#exchanges.isAlone('s2c'))) return
    report(packet, 'publish-after-unsub')
  }

  /**
   * A message carries the identifiers of the subscriptions it is sent for: one of those that match, or all of them
   * [MQTT-3.3.4-3] [MQTT-3.3.4-4].
   */
  #identifiers(packet: Packet, matching: readonly Subscribed[]): void {
    const told = packet.properties?.get(propertyId.subscriptionIdentifier) ?? []
    const known = matching.map(({ identifiers }) => identifiers)
    if (known.some((identifiers) => identifiers.length === 0)) return
    const foreign = told.find((one) => !known.some((identifiers) => identifiers.includes(Number(one))))
    if (foreign !== undefined) {
      return report(
        packet,
        's2c-subscription-id',
        `no matching subscription has identifier ${String(foreign)}`,
      )
    }
    const plain = matching.every(({ shared, granted }) => granted && !shared)
    if (!plain || told.length > 0 || known.some((identifiers) => identifiers.includes(0))) return
    report(
      packet,
      's2c-subscription-id',
      `missing ${known.map((identifiers) => identifiers.join(' or ')).join(' or ')}`,
    )
  }

  #of(topic: string): Topic {
    const key = boundedKey(topic)
    const known = this.#topics.get(key)
    if (known !== undefined) return known
    if (this.#topics.size > mostTopics) this.#topics.clear()
    const matching = [...this.#filters.values()].filter(({ filter }) => {
      return matches(filter.startsWith('$share/') ? (filterOfShared(filter) ?? filter) : filter, topic)
    })
    const [one] = matching
    const plain = matching.length === 1 && !one!.shared && !one!.left
    const found = { matching, only: plain ? one : undefined, last: undefined }
    this.#topics.set(key, found)
    return found
  }
}
