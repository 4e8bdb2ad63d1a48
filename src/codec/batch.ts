// Collects encoded packets so that a chunk of input becomes one write to the socket.

/** What a Batch writes into: says false when it wants no more until it has drained. */
export type BatchSink = (bytes: Uint8Array) => boolean

const batchSize = 64 * 1024 // as much as one read of standard input brings
const firstSize = 128 // enough for a connection that only idles: a load generator has thousands of them
const growth = 8
const nothing = Buffer.alloc(0)
const viewFrom = 16 * 1024 // a payload of this size is written as it is: a copy would cost more than a write

/** Bytes waiting to be written. A full batch is written by itself, the rest by `flush()`. It starts small and grows. */
export class Batch {
  /** What is being filled; bytes before `offset` are taken. Encoders write here after `reserve()`. */
  buffer: Buffer = nothing
  offset = 0
  /** False while the sink has asked to wait. The owner sets it to true again when the sink has drained. */
  writable = true
  readonly #sink: BatchSink
  /** Bytes before it were handed to the sink, which may keep them until the network takes them. */
  #written = 0

  constructor(sink: BatchSink) {
    this.#sink = sink
  }

  /** Bytes that were collected and not written. */
  get pending(): number {
    return this.offset - this.#written
  }

  /** Makes room for `size` bytes in `buffer` at `offset`. */
  reserve(size: number): void {
    if (this.offset + size <= this.buffer.length) return
    const { pending, buffer } = this
    const room = Math.min(batchSize, Math.max(firstSize, buffer.length * growth))
    const fits = pending + size <= room
    if (!fits) this.flush()
    const kept = fits ? buffer.subarray(this.#written, this.offset) : nothing
    this.buffer = Buffer.allocUnsafeSlow(Math.max(room, size))
    this.buffer.set(kept)
    this.offset = kept.length
    this.#written = 0
  }

  /** Appends `bytes` from `start` to `end`; long ones go to the sink as a view, without a copy. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length >= viewFrom) {
      this.flush()
      this.#write(bytes.subarray(start, end))
      return
    }
    this.reserve(length)
    copy(bytes, start, end, this.buffer, this.offset)
    this.offset += length
  }

  /** Forgets what has been collected. */
  discard(): void {
    this.#written = this.offset
  }

  /** Writes what has been collected. */
  flush(): void {
    if (this.offset === this.#written) return
    const bytes = this.buffer.subarray(this.#written, this.offset)
    this.#written = this.offset
    this.#write(bytes)
  }

  #write(bytes: Uint8Array): void {
    if (!this.#sink(bytes)) this.writable = false
  }
}

/** Copies a range; for a short one a loop is faster than the call into the runtime. */
export function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 48) {
    to.set(from.subarray(start, end), at)
    return
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!
}
