// Wills (MQTT 5.0, 3.1.2.5): one must not come after a normal DISCONNECT, and must come after an abnormal close. That it
// does not come is told only to a subscriber that got other messages of this client on this topic: else the server may
// keep them from it.
import { type CloseDetail, secondsOf } from '../../capture/stream.js'
import { quoted } from '../../text.js'
import { payloadPrint } from '../content.js'
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import type { Subscriber } from './deliveries.js'
import { type State, wrong } from './state.js'

/** A will that comes within so many seconds of a DISCONNECT was not published by somebody else. */
const soon = 1
/** A server had so many seconds to publish it. */
const patience = 20
const most = 1000
const mostOfTopic = 8

interface Will {
  readonly state: State
  readonly topic: string
  readonly print: number
  readonly qos: number
  readonly delay: number
  /** `unknown`: whether it is to be published cannot be told. */
  end: 'open' | 'normal' | 'abnormal' | 'unknown'
  endedAt: number
  /** Subscribers that got messages of this client on this topic, and those that got this one, or its like. */
  reached: number
  seen: number
}

/** What a subscriber's subscriptions and exchanges say about a topic. */
export interface Reach {
  /** One subscription with QoS above 0 that nothing has changed, and nothing is under way to the subscriber. */
  isOpenFor(topic: string): boolean
}

export class Wills {
  readonly #topics = new Map<string, Will[]>()
  /** The last of each Client Identifier. */
  readonly #clients = new Map<string, Will>()
  /** Those that have to come. */
  readonly #due = new Set<Will>()

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  /** A client was accepted; its earlier connection is over. */
  accepted(state: State, packet: Packet): void {
    const { clientId, willTopic: topic, willPrint: print, willQos: qos, willProperties } = state.connect!
    const before = this.#clients.get(clientId)
    if (before?.end === 'open') before.end = 'unknown'
    if (before?.end === 'abnormal' && packet.seconds < before.endedAt + before.delay + soon)
      before.end = 'unknown'
    this.#clients.delete(clientId)
    if (topic === undefined || print === 0 || clientId === '' || !state.sure) return
    const delay = Number(willProperties?.get(propertyId.willDelay)?.[0] ?? 0)
    const reached = before?.topic === topic ? before.reached : 0
    const will: Will = { state, topic, print, qos, delay, end: 'open', endedAt: -1, reached, seen: 0 }
    if (this.#clients.size >= most) dropFirst(this.#clients)
    this.#clients.set(clientId, will)
    const others = this.#topics.get(topic) ?? []
    if (others.length === 0 && this.#topics.size >= most) dropFirst(this.#topics)
    if (others.length >= mostOfTopic) others.shift()
    others.push(will)
    this.#topics.set(topic, others)
  }

  /** DISCONNECT from a client: its will is off, unless its Reason Code wants it published. */
  disconnected(state: State, packet: Packet): void {
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

  /** The connection has ended. Only where the client has closed it first, and without DISCONNECT, it is clear why. */
  closed(state: State, how: string, detail: CloseDetail | undefined): void {
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

  /** A message, retained or not, goes to `subscriber`. */
  delivered(subscriber: Subscriber, packet: Packet): void {
    const wills = this.#topics.get(packet.topic ?? '')
    if (wills === undefined) return
    const print = payloadPrint(packet)
    for (const will of wills) if (print === 0 || will.print === print) will.seen |= subscriber.bit
  }

  /** What the client of the connection with this number has published goes to `subscriber`. */
  reached(subscriber: Subscriber, packet: Packet, publisher: number): void {
    if (this.#topics.size === 0) return
    for (const will of this.#topics.get(packet.topic ?? '') ?? []) {
      if (will.state.connection.number === publisher) will.reached |= subscriber.bit
    }
  }

  /** Nobody was seen to publish it: true where a will explains it, rightly or wrongly. */
  explain(subscriber: Subscriber, packet: Packet, print: number): boolean {
    const wills = this.#topics.get(packet.topic ?? '')?.filter((will) => will.print === print) ?? []
    if (wills.length === 0) return false
    const off = wills.find(({ end, endedAt, delay }) => {
      return end === 'normal' && isSoon(packet.seconds - endedAt, delay)
    })
    if (off === undefined || wills.some(({ end }) => end === 'abnormal' || end === 'unknown')) return true
    const { connect, connection } = off.state
    const detail = `the will of ${quoted(connect!.clientId)}, which has sent DISCONNECT on connection ${connection.number}`
    subscriber.suspect('will-after-disconnect', packet, detail)
    return true
  }

  /** `packet` shows that the server still talks to `subscriber`: what should have come by now? */
  judge(subscriber: Subscriber, packet: Packet, reach: Reach): void {
    if (this.#due.size === 0 || packet.seconds < 0) return
    for (const will of this.#due) {
      if (will.end !== 'abnormal' || will.reached === 0) this.#due.delete(will)
      else if ((will.reached & subscriber.bit) === 0) continue
      else if (packet.seconds - will.endedAt >= patience + will.delay)
        this.#judge(will, subscriber, packet, reach)
    }
  }

  #judge(will: Will, subscriber: Subscriber, packet: Packet, reach: Reach): void {
    const { connect, connection, whole } = will.state
    const { state, bit } = subscriber
    will.reached &= ~bit
    if ((will.seen & bit) !== 0 || !whole || !state.fresh || !reach.isOpenFor(will.topic)) return
    if (state.limits.s2c.maximumPacketSize !== Number.POSITIVE_INFINITY) return
    const since = Math.floor(packet.seconds - will.endedAt)
    const who = `connection ${connection.number} of ${quoted(connect!.clientId)}`
    wrong(packet, 'will-missing', `${since} s after the end of ${who} its will has not come`)
  }

  /** Its bit will stand for another. */
  forget(bit: number): void {
    for (const wills of this.#topics.values()) {
      for (const will of wills) {
        will.reached &= ~bit
        will.seen &= ~bit
      }
    }
  }

  #of(state: State): Will | undefined {
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
