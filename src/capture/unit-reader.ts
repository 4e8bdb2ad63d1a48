// Passes chunks to a parser that needs whole units (headers, records, blocks). Chunks are not joined: only a unit that
// continues in the next chunk is copied.

/** Reads whole units of a file. */
export interface UnitParser {
  /** Bytes that `parse` needs of the next unit. Grows when the length in a header is known; bounded by the parser. */
  readonly needed: number
  /**
   * Reads whole units of `bytes` from `start`, and returns the position after the last. `base` is the file offset of
   * `bytes[0]`. Bytes before the returned position are not passed again.
   */
  parse(bytes: Buffer, start: number, base: number): number
}

/** The buffer of a cut unit grows by doubling, so that a wrong length costs no more memory than the bytes received. */
const firstCapacity = 4096

export class UnitReader {
  readonly #parser: UnitParser
  #unit: Buffer = Buffer.alloc(0)
  #filled = 0
  /** File offset of the next byte pushed. */
  #position: number

  constructor(parser: UnitParser, position = 0) {
    this.#parser = parser
    this.#position = position
  }

  /** Bytes of the incomplete unit. */
  get waiting(): number {
    return this.#filled
  }

  get position(): number {
    return this.#position
  }

  /** At the end of the file: passes the incomplete unit to `last`, which returns how many bytes it read. */
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

  /** Completes the cut unit from `chunk`; returns the position after the bytes taken. */
  #collect(chunk: Buffer, start: number): number {
    const wanted = Math.max(this.#parser.needed - this.#filled, 1)
    const taken = Math.min(wanted, chunk.length - start)
    if (taken > 0) this.#append(chunk, start, start + taken)
    if (taken < wanted) return chunk.length
    const base = this.#position + start + taken - this.#filled
    const unit = this.#unit.subarray(0, this.#filled)
    const consumed = this.#parser.parse(unit, 0, base)
    if (consumed > 0) {
      // Not reused, as there may be views of it.
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
