// Checks of messages from the publishing client to its subscribers (MQTT 5.0, 3.3.1, 3.8.3, 4.3.3, 4.6). Messages are
// matched by topic and content hash. A publisher outside the capture could explain almost any delivery, so a suspicion is
// held until the subscriber's connection ends, and dropped if that subscriber received a message that no captured client
// published, or an unexplained duplicate.
import { boundedKey, payloadHash } from '../content-hash.js'
import { publish } from '../names.js'
import type { Packet } from '../packet.js'
import type { PropertyBag } from '../properties.js'
import { violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import { alteredProperty, forwarded } from './forwarded.js'
import { type Generation, Publications, publication } from './publications.js'
import type { ConnectionState } from './state.js'
import { InspectedSubscriber } from './subscriber.js'
import type { WillChecks } from './wills.js'

/** Subscribers of a server; each has one bit of a 32-bit integer. */
const mostSubscribers = 30
const mostTopics = 20_000
const mostPublishers = 16
const noLocal = 4

/** The last delivery of a topic, by publisher and QoS. */
export type LastDelivered = Map<number, { sequence: number; published: number; delivered: number }>

/** How a client's subscriptions match the topic of a delivered message. */
export interface Match {
  /** The matching subscription, if it is the only explanation for the delivery. */
  readonly only: { readonly options: number } | undefined
  last: LastDelivered | undefined
}

export class DeliveryChecks {
  readonly #wills: WillChecks
  readonly #subscribers: InspectedSubscriber[] = []
  readonly #topics = new Map<string, number>()
  #lastTopic = 0
  #sequence = 0
  #publications: Publications | undefined
  /** A connection to this server was not captured in full: its publications may be unknown. */
  incomplete = false
  /** A client sent its PUBRELs in another order than its PUBLISH packets; either may be the order of publication. */
  unordered = false
  #echoes = 0

  constructor(wills: WillChecks) {
    this.#wills = wills
  }

  /** Adds a client that has subscribed; undefined if there are already 30. */
  join(state: ConnectionState): InspectedSubscriber | undefined {
    let taken = 0
    for (const { bit } of this.#subscribers) taken |= bit
    for (let i = 0; i < mostSubscribers; i++) {
      if ((taken & (1 << i)) !== 0) continue
      const subscriber = new InspectedSubscriber(state, 1 << i)
      this.#subscribers.push(subscriber)
      return subscriber
    }
    return undefined
  }

  /** The subscriber's connection has ended: returns the suspicions that hold. */
  leave(subscriber: InspectedSubscriber): LateViolation[] {
    this.#subscribers.splice(this.#subscribers.indexOf(subscriber), 1)
    this.#publications?.forget(subscriber.bit)
    if (this.#subscribers.length === 0) this.#publications = undefined
    if (this.incomplete || subscriber.doubtful || !subscriber.state.sure) return []
    const late: LateViolation[] = []
    for (const { key, packet, message, echo, witness } of subscriber.suspicions) {
      if (echo !== undefined && witness?.doubtful !== false) continue
      const found = violation(key, subscriber.state.version, 0, message)
      if (found !== undefined) late.push({ ...found, packet, direction: 's2c' })
    }
    return late
  }

  /** Records a PUBLISH of a client. `again`: it repeats a message whose exchange has not reached PUBREL. */
  published(state: ConnectionState, packet: Packet, again: boolean): void {
    if (this.#subscribers.length === 0 || this.incomplete || packet.topic === undefined) return
    const hash = payloadHash(packet)
    if (hash === 0) return void this.#doubtAll()
    this.#publications ??= new Publications()
    const publications = this.#publications
    const topic = this.#topicOf(packet.topic)
    const { dup, qos, packetIdentifier } = packet
    if (publications.find(hash, topic)) {
      const { table, at } = publications
      const same = dup && table.identifier[at] === packetIdentifier
      if (!same) {
        table.flags[at]! |= publication.repeated
        table.connection[at] = packet.connection
      } else table.flags[at]! |= publication.resent | (again && qos === 2 ? publication.resentInExchange : 0)
      return
    }
    publications.add(hash, topic)
    const { table, at } = publications
    table.sequence[at] = ++this.#sequence
    table.flags[at] = qos | (dup || !state.whole ? publication.unsure : 0)
    table.identifier[at] = packetIdentifier
    table.connection[at] = packet.connection
    table.number[at] = packet.number
    table.properties[at] = forwarded(packet.properties)
  }

  /** Checks a message to `subscriber` that is not a retained message. */
  delivered(subscriber: InspectedSubscriber, packet: Packet, match: Match): void {
    if (subscriber.doubtful || this.incomplete || packet.topic === undefined || packet.type !== publish)
      return
    const hash = payloadHash(packet)
    if (hash === 0) return subscriber.doubt()
    const topic = this.#topicOf(packet.topic)
    const publications = this.#publications
    if (publications?.find(hash, topic) !== true) {
      if (!this.#wills.explain(subscriber, packet, hash)) subscriber.doubt()
      return
    }
    const { table, at } = publications
    const flags = table.flags[at]!
    this.#wills.reached(subscriber, packet, table.connection[at]!)
    if ((flags & publication.repeated) !== 0 || match.only === undefined) return
    if ((table.received[at]! & subscriber.bit) !== 0)
      return this.#copy(subscriber, packet, flags, table.number[at]!)
    table.received[at]! |= subscriber.bit
    if (this.#echoes > 0 && (flags & publication.echoed) !== 0) this.#witness(subscriber, hash, topic)
    if ((flags & publication.unsure) !== 0) return
    const number = table.number[at]!
    if (table.connection[at] === packet.connection) {
      if (packet.version === 5 && (match.only.options & noLocal) !== 0) {
        table.flags[at]! |= publication.echoed
        this.#echo(subscriber, packet, { hash, topic, number, received: table.received[at]! })
      }
      return
    }
    if ((flags & publication.resent) === 0 && !packet.dup) this.#order(subscriber, packet, match, table, at)
    this.#properties(subscriber, packet, table.properties[at], number)
  }

  /** The message was already sent to this subscriber. */
  #copy(subscriber: InspectedSubscriber, packet: Packet, flags: number, number: number): void {
    if (packet.dup) return
    if ((flags & publication.resent) === 0) return subscriber.doubt()
    if ((flags & publication.resentInExchange) === 0 || packet.qos !== 2) return
    subscriber.suspect('qos2-duplicate', packet, `already delivered; #${number} was resent before its PUBREL`)
  }

  #order(subscriber: InspectedSubscriber, packet: Packet, match: Match, table: Generation, at: number): void {
    const qos = table.flags[at]! & publication.qos
    if (qos === 2 && this.unordered) return
    const publisher = table.connection[at]! * 16 + qos * 4 + packet.qos
    const sequence = table.sequence[at]!
    const published = table.number[at]!
    match.last ??= new Map()
    const last = match.last.get(publisher)
    if (last === undefined) {
      if (match.last.size >= mostPublishers) match.last.clear()
      match.last.set(publisher, { sequence, published, delivered: packet.number })
    } else if (sequence > last.sequence) {
      last.sequence = sequence
      last.published = published
      last.delivered = packet.number
    } else {
      const detail = `published as #${published}, before #${last.published}, which was delivered first, as #${last.delivered}`
      subscriber.suspect('delivery-order', packet, detail)
    }
  }

  #properties(
    subscriber: InspectedSubscriber,
    packet: Packet,
    published: PropertyBag | undefined,
    number: number,
  ): void {
    if (published === undefined || packet.version !== 5) return
    const altered = alteredProperty(published, packet.properties)
    if (altered === undefined) return
    subscriber.suspect('props-altered', packet, `${altered}; published as #${number}`)
  }

  /**
   * The publisher received its own message in spite of No Local. Another client may have published the same content, so
   * a third client that received it exactly once is needed as a witness.
   */
  #echo(
    subscriber: InspectedSubscriber,
    packet: Packet,
    { hash, topic, number, received }: { hash: number; topic: number; number: number; received: number },
  ): void {
    const detail = `published by this client as #${number}; its subscription has No Local`
    subscriber.suspect('nolocal-broken', packet, detail, { hash, topic })
    this.#echoes++
    const others = received & ~subscriber.bit
    for (const other of this.#subscribers) {
      if ((others & other.bit) !== 0) return this.#witness(other, hash, topic)
    }
  }

  #witness(witness: InspectedSubscriber, hash: number, topic: number): void {
    for (const { suspicions } of this.#subscribers) {
      for (const suspicion of suspicions) {
        const { echo } = suspicion
        if (echo?.hash === hash && echo.topic === topic) suspicion.witness ??= witness
      }
    }
  }

  #doubtAll(): void {
    for (const subscriber of this.#subscribers) subscriber.doubt()
  }

  #topicOf(topic: string): number {
    const key = boundedKey(topic)
    const known = this.#topics.get(key)
    if (known !== undefined) return known
    if (this.#topics.size >= mostTopics) this.#topics.clear()
    this.#topics.set(key, ++this.#lastTopic)
    return this.#lastTopic
  }
}
