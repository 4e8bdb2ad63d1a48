// Back-pressure from a slow subscriber. Publishers wait while it makes progress. When it stops, they continue after a
// while: QoS 0 messages to it are dropped and others queued. If it takes no byte for a long time, it is disconnected.

import { Timer, type Timers } from '../../session/timers.js'
import { fullAt, longQueue, overfullAt } from './settings.js'
import type { SubscriberConnection } from './subscription.js'

export interface PressureOptions {
  readonly patienceMs: number
  readonly stallMs: number
  readonly timers: Timers
}

/** The watched connection. */
interface Watched extends SubscriberConnection {
  /** Bytes that the network has not taken. */
  readonly unsent: number
  /** True while its packets wait for a subscriber that is behind. */
  readonly blocked: boolean
  /** `waiting`: messages not yet sent. */
  readonly session: { readonly waiting: number } | undefined
}

export class Pressure {
  readonly #connection: Watched
  readonly #options: PressureOptions
  readonly #timer: Timer
  /** The interval of the checks, in milliseconds. */
  readonly #interval: number
  /** Publishers that wait for this client. */
  #waiters: Set<SubscriberConnection> | undefined
  #movedAt = 0
  /** It has taken nothing for too long: publishers no longer wait for it. */
  #still = false

  constructor(connection: Watched, options: PressureOptions) {
    this.#connection = connection
    this.#options = options
    this.#interval = Math.min(options.patienceMs, options.stallMs)
    this.#timer = new Timer((now) => this.#check(now))
  }

  /** True if QoS 0 messages to it are dropped. */
  get overfull(): boolean {
    const { unsent } = this.#connection
    return unsent >= overfullAt || (this.#still && unsent >= fullAt)
  }

  /** Starts watching whether the client takes bytes; called after a message was sent or queued. */
  watch(now: number): void {
    if (this.#timer.index >= 0) return
    this.#movedAt = now
    this.#options.timers.set(this.#timer, now + this.#interval)
  }

  /** Blocks `publisher` if this client is behind, until it has caught up. */
  hold(publisher: SubscriberConnection): void {
    if (this.#still || !this.#behind(1)) return
    // A client that publishes to itself: its acknowledgements come after its messages.
    if (publisher === this.#connection && this.#connection.unsent < fullAt) return
    const waiters = (this.#waiters ??= new Set())
    if (waiters.has(publisher)) return
    waiters.add(publisher)
    publisher.block()
  }

  /** Called when the client has taken bytes or acknowledged a message. */
  moved(now: number): void {
    this.#movedAt = now
    if (this.#still) this.#options.timers.set(this.#timer, now + this.#interval)
    this.#still = false
    if (this.#waiters !== undefined && !this.#behind(0.5)) this.release()
  }

  /** Unblocks all publishers. */
  release(): void {
    const waiters = this.#waiters
    this.#waiters = undefined
    for (const publisher of waiters ?? []) publisher.unblock()
  }

  /** Called when the connection has ended. */
  end(): void {
    this.#options.timers.clear(this.#timer)
    this.release()
  }

  #behind(factor: number): boolean {
    const { unsent, session, blocked } = this.#connection
    return unsent >= fullAt * factor || (!blocked && (session?.waiting ?? 0) >= longQueue * factor)
  }

  #check(now: number): void {
    const { unsent, session } = this.#connection
    if (unsent === 0 && (session?.waiting ?? 0) === 0) return
    const { patienceMs, stallMs, timers } = this.#options
    const idle = now - this.#movedAt
    if (unsent > 0 && idle >= stallMs) {
      return this.#connection.end(0x97, `it took nothing for ${Math.ceil(stallMs / 1000)} s`)
    }
    if (idle < patienceMs) return timers.set(this.#timer, this.#movedAt + this.#interval)
    this.#still = true
    this.release()
    timers.set(this.#timer, Math.max(now + this.#interval, this.#movedAt + stallMs))
  }
}
