// Bytes on their way to the operating system, in pieces, so that a long payload shows progress.
import type { Duplex } from 'node:stream'

/** The largest single write in bytes: what a peer must take within the deadline to count as alive. */
const pieceSize = 128 * 1024

interface Waiting {
  readonly bytes: Uint8Array
  readonly taken: () => void
}

export interface WriterEvents {
  /** The system has taken another piece. */
  progressed(): void
  /** `write` may be called again after it returned false. */
  drained(): void
}

export class Writer {
  readonly #stream: Duplex
  readonly #events: WriterEvents
  /** What follows a piece that the system has not taken yet. */
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  /** Bytes of `#waiting[0]` that were handed to the stream. */
  #offset = 0
  #ending = false

  constructor(stream: Duplex, events: WriterEvents) {
    this.#stream = stream
    this.#events = events
    stream.on('drain', () => {
      if (this.#waiting.length === 0) events.drained()
    })
  }

  /** Bytes that the system has not taken. */
  get unsent(): number {
    return this.#waitingBytes + this.#stream.writableLength
  }

  /** True while what was written last is not complete on its way: nothing else may be written past it. */
  get busy(): boolean {
    return this.#waiting.length > 0
  }

  /** Returns false where `drained` is to be awaited. `taken` is called when the system has all of `bytes`. */
  write(bytes: Uint8Array, taken: () => void): boolean {
    if (this.#waiting.length === 0 && bytes.length <= pieceSize) return this.#send(bytes, taken)
    this.#waiting.push({ bytes, taken })
    this.#waitingBytes += bytes.length
    if (this.#waiting.length === 1) this.#next()
    return false
  }

  /** FIN, after all that was written. */
  end(): void {
    this.#ending = true
    if (this.#waiting.length === 0) this.#stream.end()
  }

  /** Sends short writes at once, and of a long one the next piece; the piece after it when that has been taken. */
  #next(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { bytes, taken } = first
      const start = this.#offset
      const end = Math.min(bytes.length, start + pieceSize)
      this.#waitingBytes -= end - start
      if (end < bytes.length) {
        this.#offset = end
        this.#send(bytes.subarray(start, end), () => this.#next())
        return
      }
      this.#offset = 0
      this.#waiting.shift()
      this.#send(bytes.subarray(start, end), taken)
    }
    if (this.#ending) this.#stream.end()
    else if (!this.#stream.writableNeedDrain) this.#events.drained()
  }

  #send(bytes: Uint8Array, taken: () => void): boolean {
    return this.#stream.write(bytes, (error) => {
      if (error) return
      taken()
      this.#events.progressed()
    })
  }
}
