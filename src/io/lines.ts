// Splits chunks of bytes into lines.

/** A line is longer than the limit. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

const lineFeed = 10
const empty = Buffer.alloc(0)

/**
 * When `next()` has returned true, the line is `bytes` from `start` to `end`, without its line feed; a carriage return
 * is part of the line. Only a line that crosses chunks is copied, once. Pulling lets the caller pause between two lines.
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

  /** `maxLength`: the longest line in bytes. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Call it after `next()` has returned false for the chunk before. */
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

  /** After the last chunk: true if there is a last line without a line feed. */
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
