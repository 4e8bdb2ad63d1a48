// Out-of-order segments of one direction, sorted by sequence number, without overlap. The bytes that came first are kept,
// as most operating systems do.
import type { ByteBudget } from './byte-budget.js'
import type { RecordOrigin } from './frame.js'

/** A segment, or a part of one. */
export interface SegmentPart {
  readonly seq: number
  /** The captured bytes: less than `length` if cut by the snap length. */
  readonly bytes: Buffer
  /** Bytes on the wire. */
  readonly length: number
  readonly origin: RecordOrigin
}

/** The result of `insert`. */
export interface Insertion {
  /** Bytes that were already there. */
  repeated: number
  /** Some of these have other values. */
  differs: boolean
}

export class OutOfOrderQueue {
  readonly #parts: SegmentPart[] = []
  #bytes = 0
  readonly #budget: ByteBudget

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  get count(): number {
    return this.#parts.length
  }

  /** Captured bytes of all parts. */
  get bytes(): number {
    return this.#bytes
  }

  first(): SegmentPart | undefined {
    return this.#parts[0]
  }

  shift(): void {
    const part = this.#parts.shift()
    if (part !== undefined) this.#bytes = this.#budget.change(this.#bytes, this.#bytes - part.bytes.length)
  }

  insert(part: SegmentPart): Insertion {
    const result: Insertion = { repeated: 0, differs: false }
    const end = (part.seq + part.length) | 0
    let at = part.seq
    let index = this.#placeFor(at)
    for (; index < this.#parts.length; index++) {
      const own = this.#parts[index]!
      const room = (own.seq - at) | 0
      if (((own.seq - end) | 0) >= 0) break
      if (room > 0) {
        this.#parts.splice(index, 0, this.#cut(part, at, room))
        index += 1
        at = own.seq
      }
      const ownEnd = (own.seq + own.length) | 0
      const common = Math.min((ownEnd - at) | 0, (end - at) | 0)
      if (common <= 0) continue
      result.repeated += common
      result.differs ||= !agree(part, own, { at, length: common })
      at = (at + common) | 0
    }
    const rest = (end - at) | 0
    if (rest > 0) this.#parts.splice(index, 0, this.#cut(part, at, rest))
    return result
  }

  /** The index of the first part that ends after `seq`; searched from the end, where most arrive. */
  #placeFor(seq: number): number {
    let index = this.#parts.length
    while (index > 0) {
      const { seq: start, length } = this.#parts[index - 1]!
      if (((start + length - seq) | 0) <= 0) break
      index -= 1
    }
    return index
  }

  /** A copy of a part, so that the chunk can be freed. */
  #cut(part: SegmentPart, seq: number, length: number): SegmentPart {
    const skipped = (seq - part.seq) | 0
    const bytes = Buffer.from(part.bytes.subarray(skipped, skipped + length))
    this.#bytes = this.#budget.change(this.#bytes, this.#bytes + bytes.length)
    return { seq, bytes, length, origin: part.origin.at(part.origin.fileOffset + skipped) }
  }
}

function agree(a: SegmentPart, b: SegmentPart, { at, length }: { at: number; length: number }): boolean {
  const fromA = (at - a.seq) | 0
  const fromB = (at - b.seq) | 0
  const known = Math.min(length, a.bytes.length - fromA, b.bytes.length - fromB)
  return known <= 0 || a.bytes.compare(b.bytes, fromB, fromB + known, fromA, fromA + known) === 0
}
