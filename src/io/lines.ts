// Cuts standard input into lines: bytes, not text; a line is a range of its chunk.

/** How a line that is longer than the protocol can carry ends. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

const lineFeed = 10
const empty = Buffer.alloc(0)

/**
 * Pull, not callback, so that the reader can stop between two lines. After `next()` has said true the line is
 * `bytes` from `start` to `end`, without its line feed; a carriage return before that belongs to the line. Pieces are
 * joined only for a line that crosses chunks, once, when its end is there.
 */
export class LineSplitter {
  bytes: Buffer = empty
  start = 0
  end = 0
  #offset = 0
  #pieces: Buffer[] = []
  #collected = 0
  #chunk: Buffer = empty
  readonly #maxLength: number

  /** `maxLength` in bytes: what is kept of a line that does not end. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The chunk before must have been read to its end: `next()` has said false. */
  push(chunk: Buffer): void {
    this.#chunk = chunk
    this.#offset = 0
  }

  /** @throws LineTooLong */
  next(): boolean {
    const chunk = this.#chunk
    const start = this.#offset
    const end = chunk.indexOf(lineFeed, start)
    if (end === -1) {
      this.#keep(chunk, start)
      return false
    }
    this.#offset = end + 1
    if (this.#collected > 0) this.#join(chunk.subarray(start, end))
    else {
      this.bytes = chunk
      this.start = start
      this.end = end
    }
    if (this.end - this.start > this.#maxLength) throw new LineTooLong()
    return true
  }

  /** After the last chunk: true when there is a last line that has no line feed. */
  rest(): boolean {
    if (this.#collected === 0) return false
    this.#join(empty)
    return true
  }

  #keep(chunk: Buffer, start: number): void {
    if (start < chunk.length) {
      this.#pieces.push(chunk.subarray(start))
      this.#collected += chunk.length - start
      if (this.#collected > this.#maxLength) throw new LineTooLong()
    }
    this.#chunk = empty
    this.#offset = 0
  }

  #join(last: Buffer): void {
    this.#pieces.push(last)
    this.bytes = Buffer.concat(this.#pieces)
    this.start = 0
    this.end = this.bytes.length
    this.#pieces = []
    this.#collected = 0
  }
}
