// One subscribing client: records the messages it receives, their latency and order.
import type { Publish } from '../../codec/publish.js'
import type { Clock } from '../clock.js'
import type { RunStats } from './run-stats.js'
import { SequenceTracker } from './sequence-tracker.js'
import { readStamp } from './stamp.js'
import type { Shard } from './workload.js'

export interface SubscriberSettings {
  readonly stats: RunStats
  readonly clock: Clock
  readonly host: number
  /** Count only messages of this run from publishers of this shard; undefined: all messages. */
  readonly own: { readonly run: number; readonly shard: Shard } | undefined
  /** The only publisher it receives from; undefined: all. */
  readonly publisher?: number
  /** Called after each measured message. */
  changed(): void
}

export class BenchSubscriber {
  readonly #settings: SubscriberSettings
  readonly sequences = new SequenceTracker()
  /** Messages from other hosts, whose clock is not comparable. */
  foreign = 0

  constructor(settings: SubscriberSettings) {
    this.#settings = settings
  }

  get publisher(): number | undefined {
    return this.#settings.publisher
  }

  /** Records a message. False: not from this run, or a duplicate. */
  message(publish: Publish): boolean {
    const { stats, clock, host, own, changed } = this.#settings
    const stamp = readStamp(publish.bytes, publish.payloadStart, publish.payloadEnd)
    if (stamp === undefined) {
      if (own !== undefined) return false
      stats.counts.received++
      stats.arrived(clock.now())
      changed()
      return true
    }
    const { run, client, sequence, measured } = stamp
    const { run: ownRun, shard } = own ?? {}
    if (ownRun !== undefined && (run !== ownRun || client % shard!.of !== shard!.index)) return false
    if (!measured) return true
    const isNew =
      own === undefined
        ? this.sequences.note(`${run}/${client}`, sequence)
        : this.sequences.note(client, sequence, 0)
    if (!isNew) return false
    stats.counts.received++
    const now = clock.now()
    if (stamp.host === host) stats.done(now, stamp.intended, stamp.sent)
    else {
      this.foreign++
      stats.arrived(now)
    }
    changed()
    return true
  }
}
