// Hands a stream of chunks to a parser that wants whole units (headers, records, blocks), without joining chunks: only
// the unit that a cut goes through is copied.

/** Reads whole units of a file. */
export interface UnitParser {
  /**
   * Bytes that the next unit needs before `parse` can do anything with it. Grows when a header tells the length; never
   * beyond a bound that the parser sets.
   */
  readonly needed: number
  /**
   * Consumes whole units of `bytes` from `start` on, and returns the position after the last. `base` is the file offset
   * of `bytes[0]`. What it returned is not seen again.
   */
  parse(bytes: Buffer, start: number, base: number): number
}

/** A unit that was cut is collected in steps: a length that lies costs no more than the bytes that are really there. */
const firstCapacity = 4096

export class Units {
  readonly #parser: UnitParser
  #unit: Buffer = Buffer.alloc(0)
  #filled = 0
  /** File offset of the next byte pushed. */
  #position: number

  constructor(parser: UnitParser, position = 0) {
    this.#parser = parser
    this.#position = position
  }

  /** Bytes of an unfinished unit that are kept. */
  get waiting(): number {
    return this.#filled
  }

  get position(): number {
    return this.#position
  }

  /** Gives what is kept to `last`, which tells how much of it was read. */
  finish(last: (unit: Buffer, base: number) => number): void {
    const unit = this.#unit.subarray(0, this.#filled)
    const consumed = last(unit, this.#position - unit.length)
    this.#filled = 0
    this.#unit = Buffer.alloc(0)
    if (consumed < unit.length) this.#keep(unit, consumed)
  }

  push(chunk: Buffer): void {
    let start = 0
    while (this.#filled > 0) {
      start = this.#collect(chunk, start)
      if (this.#filled > 0 && start === chunk.length) break
    }
    const base = this.#position
    this.#position += chunk.length
    if (this.#filled > 0) return
    const rest = this.#parser.parse(chunk, start, base)
    if (rest < chunk.length) this.#keep(chunk, rest)
  }

  /** Completes the unit that was cut with the head of `chunk`; returns how far that was taken. */
  #collect(chunk: Buffer, start: number): number {
    const wanted = Math.max(this.#parser.needed - this.#filled, 1)
    const taken = Math.min(wanted, chunk.length - start)
    if (taken > 0) this.#append(chunk, start, start + taken)
    if (taken < wanted) return chunk.length
    const base = this.#position + start + taken - this.#filled
    const unit = this.#unit.subarray(0, this.#filled)
    const consumed = this.#parser.parse(unit, 0, base)
    if (consumed > 0) {
      // Views of the unit may live on: its memory is not used again.
      this.#unit = Buffer.alloc(0)
      this.#filled = 0
      if (consumed < unit.length) this.#keep(unit, consumed)
    }
    return start + taken
  }

  #keep(bytes: Buffer, start: number): void {
    this.#unit = Buffer.allocUnsafe(Math.max(firstCapacity, bytes.length - start))
    this.#filled = bytes.copy(this.#unit, 0, start)
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const filled = this.#filled + end - start
    if (filled > this.#unit.length) {
      const larger = Buffer.allocUnsafe(Math.max(filled, this.#unit.length * 2))
      this.#unit.copy(larger, 0, 0, this.#filled)
      this.#unit = larger
    }
    chunk.copy(this.#unit, this.#filled, start, end)
    this.#filled = filled
  }
}
