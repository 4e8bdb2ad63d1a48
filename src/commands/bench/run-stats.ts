// The counts and histograms of a run in progress.

import { LatencyHistogram } from '../latency-histogram.js'
import { IntervalHistograms } from './interval-histograms.js'

/** Counts; those of threads and shards are added up. */
export const countNames = [
  'offered', // messages that were due, or that a closed loop decided to send
  'sent',
  'acked', // at QoS 1 and 2
  'received', // distinct messages
  'expected', // acknowledgements, responses or deliveries that the offered messages should cause
  'done', // completed before the end of the measurement window
  'lost',
  'duplicated',
  'reordered',
  'late', // sent more than `lateMs` after the intended time
  'skipped', // not sent: the client was disconnected
  'unsent', // not sent: the server did not take them before the end
  'unacked', // sent at QoS 1 or 2, but not acknowledged at the end
  'connected',
  'disconnected', // connections lost, including those that were re-established
  'churned', // times that a client was due to disconnect and reconnect
  'reconnected', // times that it did
] as const

export type Counts = Record<(typeof countNames)[number], number>

export function noCounts(): Counts {
  return Object.fromEntries(countNames.map((name) => [name, 0])) as Counts
}

/** One second of the run. */
export interface Second {
  sent: number
  /** Acknowledged, or received if there are subscribers. */
  done: number
  /** The largest latency in milliseconds. */
  maxMs: number
}

/** Messages sent later than this count as late. */
export const lateMs = 10

export class RunStats {
  readonly counts = noCounts()
  /** By Reason Code, or by error code for network errors. */
  readonly failed: Record<string, number> = {}
  /** Why connections were lost, by the same names; includes those that were re-established. */
  readonly disconnects: Record<string, number> = {}
  /** From the intended time. */
  readonly latency = new LatencyHistogram()
  /** From the time of sending. */
  readonly service = new LatencyHistogram()
  /** How late messages were sent while their connection was ready: caused by this program. */
  readonly lag = new LatencyHistogram()
  /** From dialling to CONNACK. */
  readonly connect = new LatencyHistogram()
  /** The latency over time. */
  readonly intervals = new IntervalHistograms()
  readonly seconds: Second[] = []
  /** When the first second begins, on the clock. */
  start = 0
  /** When the last message completed, on the clock. */
  lastDone = 0
  #windowEnded = false

  fail(reason: string): void {
    this.failed[reason] = (this.failed[reason] ?? 0) + 1
  }

  /** Counts a lost connection. */
  disconnect(reason: string): void {
    this.counts.disconnected++
    this.disconnects[reason] = (this.disconnects[reason] ?? 0) + 1
  }

  second(now: number): Second {
    const index = Math.max(0, Math.floor((now - this.start) / 1000))
    while (this.seconds.length <= index) this.seconds.push({ sent: 0, done: 0, maxMs: 0 })
    return this.seconds[index]!
  }

  /** Ends the measurement window: messages that complete later do not count for the rate. */
  endWindow(): void {
    this.#windowEnded = true
  }

  /** A measured message completed at `now`; its latency is unknown. */
  arrived(now: number): Second {
    if (!this.#windowEnded) this.counts.done++
    this.lastDone = now
    const second = this.second(now)
    second.done++
    return second
  }

  /** A measured message completed at `now`. */
  done(now: number, intended: number, sent: number): void {
    const latency = now - intended
    this.latency.record(latency)
    this.service.record(now - sent)
    this.intervals.record(now - this.start, latency)
    const second = this.arrived(now)
    if (latency > second.maxMs) second.maxMs = latency
  }
}
