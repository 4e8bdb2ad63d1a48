// Writes to the stream in pieces, so that a long payload shows progress.
import type { Duplex } from 'node:stream'

/** The largest single write in bytes: the peer must take as much within the keep alive deadline to count as alive. */
const pieceSize = 128 * 1024

interface Pending {
  readonly bytes: Uint8Array
  readonly taken: () => void
}

export interface WriterEvents {
  /** The operating system has taken a piece. */
  progressed(): void
  /** `write` may be called again after it has returned false. */
  drained(): void
}

export class Writer {
  readonly #stream: Duplex
  readonly #events: WriterEvents
  /** Writes whose last piece has not been handed to the stream. */
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  /** Bytes of `#pending[0]` handed to the stream. */
  #offset = 0
  #ending = false

  constructor(stream: Duplex, events: WriterEvents) {
    this.#stream = stream
    this.#events = events
    stream.on('drain', () => {
      if (this.#pending.length === 0) events.drained()
    })
  }

  /** Bytes that the operating system has not taken. */
  get unsent(): number {
    return this.#pendingBytes + this.#stream.writableLength
  }

  /** True while a write is only partly handed to the stream: nothing may be written to the stream directly. */
  get busy(): boolean {
    return this.#pending.length > 0
  }

  /** Returns false if the caller is to wait for `drained`. `taken` is called when the system has all of `bytes`. */
  write(bytes: Uint8Array, taken: () => void): boolean {
    if (this.#pending.length === 0 && bytes.length <= pieceSize) return this.#send(bytes, taken)
    this.#pending.push({ bytes, taken })
    this.#pendingBytes += bytes.length
    if (this.#pending.length === 1) this.#next()
    return false
  }

  /** Sends FIN after all writes. */
  end(): void {
    this.#ending = true
    if (this.#pending.length === 0) this.#stream.end()
  }

  /** Sends short writes at once, and the next piece of a long one; the rest follows when that piece has been taken. */
  #next(): void {
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const { bytes, taken } = first
      const start = this.#offset
      const end = Math.min(bytes.length, start + pieceSize)
      this.#pendingBytes -= end - start
      if (end < bytes.length) {
        this.#offset = end
        this.#send(bytes.subarray(start, end), () => this.#next())
        return
      }
      this.#offset = 0
      this.#pending.shift()
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
