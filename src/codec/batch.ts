// Collects encoded packets, so that a chunk of input causes one write to the socket.

/** Receives the bytes of a Batch. Returns false if the caller should wait until it has drained. */
export type BatchSink = (bytes: Uint8Array) => boolean

const batchSize = 64 * 1024 // the size of a read from standard input
const firstSize = 128 // enough for an idle connection; a load generator has thousands of them
const growth = 8
const empty = Buffer.alloc(0)
const viewFrom = 16 * 1024 // from this size on, a separate write is cheaper than a copy

/** A full batch is written automatically, the rest by `flush()`. The buffer starts small and grows. */
export class Batch {
  /** Encoders write here at `offset` after `reserve()`. */
  buffer: Buffer = empty
  offset = 0
  /** False when the sink has returned false. The owner sets it to true again when the sink has drained. */
  writable = true
  readonly #sink: BatchSink
  /** Bytes before this offset are with the sink, which may still use them. */
  #written = 0

  constructor(sink: BatchSink) {
    this.#sink = sink
  }

  /** Bytes collected and not written. */
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
    const kept = fits ? buffer.subarray(this.#written, this.offset) : empty
    this.buffer = Buffer.allocUnsafeSlow(Math.max(room, size))
    this.buffer.set(kept)
    this.offset = kept.length
    this.#written = 0
  }

  /** Appends `bytes` from `start` to `end`. From 16 KiB on they are written as a view, not copied. */
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

  /** Drops the collected bytes. */
  discard(): void {
    this.#written = this.offset
  }

  /** Writes the collected bytes. */
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

/** Copies a range. For a short one a loop is faster than a call into the runtime. */
export function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 48) {
    to.set(from.subarray(start, end), at)
    return
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!
}
