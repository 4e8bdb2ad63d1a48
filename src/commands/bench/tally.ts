// What is counted while a run is under way.
import { Histogram } from './histogram.js'
import { Stretches } from './stretches.js'

/** Sums that shards and threads add up to those of the whole. */
export const countNames = [
  'offered', // messages whose time came, or that a closed loop decided to send
  'sent',
  'acked', // at QoS 1 and 2
  'received', // distinct messages
  'expected', // acknowledgements, responses or messages at subscribers that the offered messages should bring
  'done', // went all the way before the end of the window that `rate` is of
  'lost',
  'duplicated',
  'reordered',
  'late', // sent more than `lateMs` after the intended time
  'skipped', // never sent: the client was not connected any more
  'unsent', // never sent: the server did not take them before the end
  'unacked', // sent at QoS 1 and 2, and not acknowledged at the end
  'connected',
  'disconnected', // connections lost, whether or not they were made again
  'churned', // times that it was a client's turn to disconnect and connect again
  'reconnected', // and that it was connected again
] as const

export type Counts = Record<(typeof countNames)[number], number>

export function noCounts(): Counts {
  return Object.fromEntries(countNames.map((name) => [name, 0])) as Counts
}

/** One second of the run. */
export interface Second {
  sent: number
  /** Acknowledged, or received where there are subscribers. */
  done: number
  /** The largest latency in milliseconds. */
  maxMs: number
}

/** A message is late when a person would see it in a plot of milliseconds. */
export const lateMs = 10

export class Tally {
  readonly counts = noCounts()
  /** By Reason Code, or by the error's code where the network failed. */
  readonly failed: Record<string, number> = {}
  /** Why connections were lost, as in `failed`; those that were made again too. */
  readonly disconnects: Record<string, number> = {}
  /** From the intended time. */
  readonly latency = new Histogram()
  /** From the time of sending. */
  readonly service = new Histogram()
  /** How late messages were sent while their connection could take them: our own fault. */
  readonly lag = new Histogram()
  /** From dialling to CONNACK. */
  readonly connect = new Histogram()
  /** The latency as it went on. */
  readonly stretches = new Stretches()
  readonly seconds: Second[] = []
  /** When the first second begins. */
  start = 0
  /** When the last message went all the way. */
  lastDone = 0
  /** The window that `rate` is of has ended: what comes now is late. */
  #over = false

  fail(reason: string): void {
    this.failed[reason] = (this.failed[reason] ?? 0) + 1
  }

  /** A connection was lost. */
  disconnect(reason: string): void {
    this.counts.disconnected++
    this.disconnects[reason] = (this.disconnects[reason] ?? 0) + 1
  }

  second(now: number): Second {
    const index = Math.max(0, Math.floor((now - this.start) / 1000))
    while (this.seconds.length <= index) this.seconds.push({ sent: 0, done: 0, maxMs: 0 })
    return this.seconds[index]!
  }

  /** Ends the window that `rate` is of. */
  endWindow(): void {
    this.#over = true
  }

  /** A message that counts went all the way at `now`; its latency is not known. */
  arrived(now: number): Second {
    if (!this.#over) this.counts.done++
    this.lastDone = now
    const second = this.second(now)
    second.done++
    return second
  }

  /** A message that counts went all the way at `now`. */
  done(now: number, intended: number, sent: number): void {
    const latency = now - intended
    this.latency.record(latency)
    this.service.record(now - sent)
    this.stretches.record(now - this.start, latency)
    const second = this.arrived(now)
    if (latency > second.maxMs) second.maxMs = latency
  }
}
