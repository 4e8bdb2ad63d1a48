// Passes on output in whole lines, so that those of several commands do not mix.

const lineFeed = 0x0a
/** The beginning of a line that is kept, in bytes; a longer one is passed on as it comes. */
const longest = 64 * 1024

export class WholeLines {
  readonly #write: (bytes: Buffer) => void
  /** The beginning of a line. */
  #begun: Buffer = Buffer.alloc(0)

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  add(chunk: Buffer): void {
    const end = chunk.lastIndexOf(lineFeed) + 1
    if (end > 0) this.#pass(chunk.subarray(0, end))
    this.#begun = Buffer.concat([this.#begun, chunk.subarray(end)])
    if (this.#begun.length > longest) this.#pass(Buffer.alloc(0))
  }

  /** Passes on a last line without a line feed. */
  end(): void {
    if (this.#begun.length > 0) this.#pass(Buffer.alloc(0))
  }

  #pass(bytes: Buffer): void {
    this.#write(this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]))
    this.#begun = Buffer.alloc(0)
  }
}
