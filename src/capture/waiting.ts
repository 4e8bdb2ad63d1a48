// Out-of-order segments of one direction, sorted by sequence number, without overlap. The bytes that came first are kept,
// as most operating systems do.
import type { Budget } from './budget.js'
import type { RecordOrigin } from './frame.js'

/** A segment, or a part of one. */
export interface Piece {
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

export class Waiting {
  readonly #pieces: Piece[] = []
  #bytes = 0
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get count(): number {
    return this.#pieces.length
  }

  /** Captured bytes of all pieces. */
  get bytes(): number {
    return this.#bytes
  }

  first(): Piece | undefined {
    return this.#pieces[0]
  }

  last(): Piece | undefined {
    return this.#pieces.at(-1)
  }

  shift(): void {
    const piece = this.#pieces.shift()
    if (piece !== undefined) this.#bytes = this.#budget.change(this.#bytes, this.#bytes - piece.bytes.length)
  }

  insert(piece: Piece): Insertion {
    const result: Insertion = { repeated: 0, differs: false }
    const end = (piece.seq + piece.length) | 0
    let at = piece.seq
    let index = this.#placeFor(at)
    for (; index < this.#pieces.length; index++) {
      const own = this.#pieces[index]!
      const room = (own.seq - at) | 0
      if (((own.seq - end) | 0) >= 0) break
      if (room > 0) {
        this.#pieces.splice(index, 0, this.#cut(piece, at, room))
        index += 1
        at = own.seq
      }
      const ownEnd = (own.seq + own.length) | 0
      const common = Math.min((ownEnd - at) | 0, (end - at) | 0)
      if (common <= 0) continue
      result.repeated += common
      result.differs ||= !agree(piece, own, { at, length: common })
      at = (at + common) | 0
    }
    const rest = (end - at) | 0
    if (rest > 0) this.#pieces.splice(index, 0, this.#cut(piece, at, rest))
    return result
  }

  /** The index of the first piece that ends after `seq`; searched from the end, where most arrive. */
  #placeFor(seq: number): number {
    let index = this.#pieces.length
    while (index > 0) {
      const { seq: start, length } = this.#pieces[index - 1]!
      if (((start + length - seq) | 0) <= 0) break
      index -= 1
    }
    return index
  }

  /** A copy of a part, so that the chunk can be freed. */
  #cut(piece: Piece, seq: number, length: number): Piece {
    const skipped = (seq - piece.seq) | 0
    const bytes = Buffer.from(piece.bytes.subarray(skipped, skipped + length))
    this.#bytes = this.#budget.change(this.#bytes, this.#bytes + bytes.length)
    return { seq, bytes, length, origin: piece.origin.at(piece.origin.fileOffset + skipped) }
  }
}

function agree(a: Piece, b: Piece, { at, length }: { at: number; length: number }): boolean {
  const fromA = (at - a.seq) | 0
  const fromB = (at - b.seq) | 0
  const known = Math.min(length, a.bytes.length - fromA, b.bytes.length - fromB)
  return known <= 0 || a.bytes.compare(b.bytes, fromB, fromB + known, fromA, fromA + known) === 0
}
