// Holds events of a connection (copies of segments, and gaps) until a decision. Consecutive gaps are merged, so that a
// limit of the count bounds all.
import type { ByteBudget } from './byte-budget.js'
import { Segment } from './segment.js'

/** `key` is a side or a direction. */
interface Gap<K> {
  readonly key: K
  readonly offset: number
  length: number | undefined
  readonly why: string
}

type Event<K> = { readonly key: K; readonly segment: Segment } | Gap<K>

export interface HeldOutput<K> {
  data(key: K, segment: Segment): void
  gap(key: K, offset: number, length: number | undefined, why: string): void
}

export class HeldEvents<K> {
  readonly #budget: ByteBudget
  readonly #events: Event<K>[] = []
  #bytes = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  get count(): number {
    return this.#events.length
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes
  }

  /** The key of the first event. */
  get first(): K | undefined {
    return this.#events[0]?.key
  }

  /** Keeps a copy, so that the chunk can be freed. */
  data(key: K, { bytes, offset, origin, gapBefore, cut }: Segment): void {
    const segment = new Segment(Buffer.from(bytes), offset, origin, gapBefore)
    segment.cut = cut
    this.#events.push({ key, segment })
    this.#bytes = this.#budget.change(this.#bytes, this.#bytes + bytes.length)
  }

  gap(key: K, offset: number, length: number | undefined, why: string): void {
    for (let i = this.#events.length - 1; i >= 0; i--) {
      const event = this.#events[i]!
      if ('segment' in event) break
      if (event.key !== key) continue
      if (event.length === undefined && length === undefined) return
      if (event.length === undefined || length === undefined) break
      if (event.offset + event.length !== offset) break
      event.length += length
      return
    }
    this.#events.push({ key, offset, length, why })
  }

  /** Passes all events to `output` in order, and forgets them. */
  release(output: HeldOutput<K>): void {
    this.#bytes = this.#budget.change(this.#bytes, 0)
    for (const event of this.#events.splice(0)) {
      if ('segment' in event) output.data(event.key, event.segment)
      else output.gap(event.key, event.offset, event.length, event.why)
    }
  }
}
