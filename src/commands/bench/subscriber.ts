// One subscribing client: notes what comes, when, and in which order.
import type { Publish } from '../../codec/publish.js'
import type { Clock } from './client.js'
import { Ledger } from './ledger.js'
import { readStamp } from './stamp.js'
import type { Tally } from './tally.js'
import type { Shard } from './workload.js'

export interface SubscriberSettings {
  readonly tally: Tally
  readonly clock: Clock
  readonly host: number
  /** Only messages of this run count, and of publishers of this shard; undefined: everything that comes. */
  readonly own: { readonly run: number; readonly shard: Shard } | undefined
  /** The only publisher that it can hear; undefined: it hears all of them. */
  readonly publisher?: number
  /** Called after each message that counts. */
  changed(): void
}

export class Subscriber {
  readonly #settings: SubscriberSettings
  readonly ledger = new Ledger()
  /** Messages from hosts whose clock is not ours. */
  foreign = 0

  constructor(settings: SubscriberSettings) {
    this.#settings = settings
  }

  get publisher(): number | undefined {
    return this.#settings.publisher
  }

  /** Notes a message; false: it was not for us, or it has come before. */
  message(publish: Publish): boolean {
    const { tally, clock, host, own, changed } = this.#settings
    const stamp = readStamp(publish.bytes, publish.payloadStart, publish.payloadEnd)
    if (stamp === undefined) {
      if (own !== undefined) return false
      tally.counts.received++
      tally.arrived(clock.now())
      changed()
      return true
    }
    const { run, client, sequence, counts } = stamp
    const { run: ownRun, shard } = own ?? {}
    if (ownRun !== undefined && (run !== ownRun || client % shard!.of !== shard!.index)) return false
    if (!counts) return true
    const isNew =
      own === undefined
        ? this.ledger.note(`${run}/${client}`, sequence)
        : this.ledger.note(client, sequence, 0)
    if (!isNew) return false
    tally.counts.received++
    const now = clock.now()
    if (stamp.host === host) tally.done(now, stamp.intended, stamp.sent)
    else {
      this.foreign++
      tally.arrived(now)
    }
    changed()
    return true
  }
}
