// Bytes on their way to a client: aedes writes a packet in several pieces, which leave together.
import type { Duplex } from 'node:stream'
import type { Meter } from './meter.js'

/** Small enough that even over a slow connection progress shows before anybody calls it stalled. */
const batchSize = 64 * 1024

export interface OutboxOptions {
  readonly meter: Meter
  now(): number
  /** A batch has left, there is room again. */
  moved(): void
}

export class Outbox {
  readonly #raw: Duplex
  readonly #options: OutboxOptions
  #chunks: Buffer[] = []
  #bytes = 0
  #writing = 0
  #scheduled = false
  #movedAt: number

  constructor(raw: Duplex, options: OutboxOptions) {
    this.#raw = raw
    this.#options = options
    this.#movedAt = options.now()
  }

  /** Bytes that the connection has not taken. */
  get waiting(): number {
    return this.#raw.destroyed ? 0 : this.#bytes + this.#writing
  }

  /** When a batch was last taken, or the first one began to wait. */
  get movedAt(): number {
    return this.#movedAt
  }

  add(chunks: readonly { chunk: Buffer }[]): void {
    if (this.#raw.destroyed) return
    if (this.waiting === 0) this.#movedAt = this.#options.now()
    for (const { chunk } of chunks) {
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
    }
    if (this.#scheduled || this.#writing > 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** What has not been written yet, which is then no longer ours. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    this.#options.meter.push(rest)
    return rest
  }

  /** One batch to the connection; the next when this one has left. */
  #pump(): void {
    if (this.#writing > 0 || this.#bytes === 0 || this.#raw.destroyed) return
    const batch = this.#nextBatch()
    this.#writing = batch.length
    this.#options.meter.push(batch)
    this.#raw.write(batch, () => {
      this.#writing = 0
      this.#movedAt = this.#options.now()
      this.#pump()
      this.#options.moved()
    })
  }

  #nextBatch(): Buffer {
    const parts: Buffer[] = []
    let room = batchSize
    let taken = 0
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, room)
      parts.push(part)
      room -= part.length
      if (part.length < chunk.length) {
        this.#chunks[taken] = chunk.subarray(part.length)
        break
      }
      taken++
    }
    this.#chunks.splice(0, taken)
    this.#bytes -= batchSize - room
    return Buffer.concat(parts)
  }
}
