// Will Messages (MQTT 5.0, 3.1.2.5): not published after a normal DISCONNECT, published after an abnormal close. A missing
// one is reported only for a subscriber that received other messages of this client on the Will Topic: otherwise the server
// may deny access.
import { type CloseDetail, secondsOf } from '../../capture/stream.js'
import { quoted } from '../../text.js'
import { payloadHash } from '../content-hash.js'
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { type ConnectionState, report } from './state.js'
import type { InspectedSubscriber } from './subscriber.js'

/** Seconds after a DISCONNECT in which a message with the will's content must be the will. */
const soon = 1
/** Seconds a server has to publish a will. */
const patience = 20
const most = 1000
const mostOfTopic = 8

interface Will {
  readonly state: ConnectionState
  readonly topic: string
  readonly hash: number
  readonly qos: number
  readonly delay: number
  /** `unknown`: it is not clear whether the will must be published. */
  end: 'open' | 'normal' | 'abnormal' | 'unknown'
  endedAt: number
  /** Bits of the subscribers that received messages of this client on this topic, and of those that received the will. */
  reached: number
  seen: number
}

/** Whether a subscriber must receive messages of a topic; implemented by its subscriptions. */
export interface Reach {
  /** True if exactly one unchanged subscription of QoS 1 or 2 matches, and no message to the client is unacknowledged. */
  isOpenFor(topic: string): boolean
}

export class WillChecks {
  readonly #topics = new Map<string, Will[]>()
  /** The latest will of each Client Identifier. */
  readonly #clients = new Map<string, Will>()
  /** Wills that must be published. */
  readonly #due = new Set<Will>()

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  /** A client was accepted, which ends its earlier connection. */
  accepted(state: ConnectionState, packet: Packet): void {
    const { clientId, willTopic: topic, willHash: hash, willQos: qos, willProperties } = state.connect!
    const before = this.#clients.get(clientId)
    if (before?.end === 'open') before.end = 'unknown'
    if (before?.end === 'abnormal' && packet.seconds < before.endedAt + before.delay + soon)
      before.end = 'unknown'
    this.#clients.delete(clientId)
    if (topic === undefined || hash === 0 || clientId === '' || !state.sure) return
    const delay = Number(willProperties?.get(propertyId.willDelay)?.[0] ?? 0)
    const reached = before?.topic === topic ? before.reached : 0
    const will: Will = { state, topic, hash, qos, delay, end: 'open', endedAt: -1, reached, seen: 0 }
    if (this.#clients.size >= most) dropFirst(this.#clients)
    this.#clients.set(clientId, will)
    const others = this.#topics.get(topic) ?? []
    if (others.length === 0 && this.#topics.size >= most) dropFirst(this.#topics)
    if (others.length >= mostOfTopic) others.shift()
    others.push(will)
    this.#topics.set(topic, others)
  }

  /** DISCONNECT deletes the will, unless its Reason Code is 0x04. */
  disconnected(state: ConnectionState, packet: Packet): void {
    const will = this.#of(state)
    if (will === undefined) return
    will.endedAt = packet.seconds
    const { keepAlive } = state.connect!
    const silence = packet.seconds - state.lastTime.c2s
    const timely = keepAlive === 0 || silence <= keepAlive
    const clean = timely && state.sure && !state.faulty && state.disconnected.s2c === undefined
    if (!clean || packet.seconds < 0) will.end = 'unknown'
    else if (packet.version < 5 || packet.reasonCode === 0) will.end = 'normal'
    else if (packet.reasonCode === 4) this.#abnormal(will)
    else will.end = 'unknown'
  }

  /** The connection ended. The will must be published for sure only if the client closed first, without DISCONNECT. */
  closed(state: ConnectionState, how: string, detail: CloseDetail | undefined): void {
    const will = this.#of(state)
    if (will === undefined || will.end !== 'open') return
    const byClient =
      how === 'fin' ? detail?.direction === 's2c' : how === 'rst' && detail?.direction === 'c2s'
    will.endedAt = detail === undefined ? -1 : secondsOf(detail.origin)
    if (byClient && will.endedAt >= 0 && state.sure && !state.faulty) this.#abnormal(will)
    else will.end = 'unknown'
  }

  #abnormal(will: Will): void {
    will.end = 'abnormal'
    if (will.qos > 0 && will.reached !== 0 && this.#due.size < most) this.#due.add(will)
  }

  /** Notes a message, retained or not, to `subscriber`. */
  delivered(subscriber: InspectedSubscriber, packet: Packet): void {
    const wills = this.#topics.get(packet.topic ?? '')
    if (wills === undefined) return
    const hash = payloadHash(packet)
    for (const will of wills) if (hash === 0 || will.hash === hash) will.seen |= subscriber.bit
  }

  /** `subscriber` receives a message published on the connection with number `publisher`. */
  reached(subscriber: InspectedSubscriber, packet: Packet, publisher: number): void {
    if (this.#topics.size === 0) return
    for (const will of this.#topics.get(packet.topic ?? '') ?? []) {
      if (will.state.connection.number === publisher) will.reached |= subscriber.bit
    }
  }

  /** True if a will explains a message that no captured client published, whether the will was due or not. */
  explain(subscriber: InspectedSubscriber, packet: Packet, hash: number): boolean {
    const wills = this.#topics.get(packet.topic ?? '')?.filter((will) => will.hash === hash) ?? []
    if (wills.length === 0) return false
    const off = wills.find(({ end, endedAt, delay }) => {
      return end === 'normal' && isSoon(packet.seconds - endedAt, delay)
    })
    if (off === undefined || wills.some(({ end }) => end === 'abnormal' || end === 'unknown')) return true
    const { connect, connection } = off.state
    const detail = `will of ${quoted(connect!.clientId)}, which sent DISCONNECT on connection ${connection.number}`
    subscriber.suspect('will-after-disconnect', packet, detail)
    return true
  }

  /** Reports wills that are overdue when the server sends `packet` to `subscriber`. */
  judge(subscriber: InspectedSubscriber, packet: Packet, reach: Reach): void {
    if (this.#due.size === 0 || packet.seconds < 0) return
    for (const will of this.#due) {
      if (will.end !== 'abnormal' || will.reached === 0) this.#due.delete(will)
      else if ((will.reached & subscriber.bit) === 0) continue
      else if (packet.seconds - will.endedAt >= patience + will.delay)
        this.#judge(will, subscriber, packet, reach)
    }
  }

  #judge(will: Will, subscriber: InspectedSubscriber, packet: Packet, reach: Reach): void {
    const { connect, connection, whole } = will.state
    const { state, bit } = subscriber
    will.reached &= ~bit
    if ((will.seen & bit) !== 0 || !whole || !state.fresh || !reach.isOpenFor(will.topic)) return
    if (state.limits.s2c.maximumPacketSize !== Number.POSITIVE_INFINITY) return
    const since = Math.floor(packet.seconds - will.endedAt)
    const ended = `connection ${connection.number} of ${quoted(connect!.clientId)} ended`
    report(packet, 'will-missing', `${ended} ${since} s ago, its will was not published`)
  }

  /** Clears the bit of a subscriber that has disconnected; another will use it. */
  forget(bit: number): void {
    for (const wills of this.#topics.values()) {
      for (const will of wills) {
        will.reached &= ~bit
        will.seen &= ~bit
      }
    }
  }

  #of(state: ConnectionState): Will | undefined {
    const will = this.#clients.get(state.connect?.clientId ?? '')
    return will?.state === state ? will : undefined
  }
}

function isSoon(since: number, delay: number): boolean {
  return (since >= 0 && since < soon) || (delay > 0 && since >= delay && since < delay + soon)
}

function dropFirst(map: Map<string, unknown>): void {
  map.delete(map.keys().next().value!)
}
