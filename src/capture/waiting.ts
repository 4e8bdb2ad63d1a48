// Segments that came before their turn, in the order of their sequence numbers and without overlap. What came first
// stays, as most systems do it.
import type { Budget } from './budget.js'
import type { RecordOrigin } from './frame.js'

/** A captured range of a direction. */
export interface Piece {
  readonly seq: number
  /** What was captured: less than `length` where the snap length cut. */
  readonly bytes: Buffer
  /** Bytes on the wire. */
  readonly length: number
  readonly origin: RecordOrigin
}

/** What came of a piece: how much of it was there before, and whether it said the same. */
export interface Insertion {
  repeated: number
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

  /** Captured bytes that are held. */
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

  /** The first piece that ends behind `seq`; found from the end, where most arrive. */
  #placeFor(seq: number): number {
    let index = this.#pieces.length
    while (index > 0) {
      const { seq: start, length } = this.#pieces[index - 1]!
      if (((start + length - seq) | 0) <= 0) break
      index -= 1
    }
    return index
  }

  /** A copy of a part: what waits must not keep the chunk alive that it came in. */
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
