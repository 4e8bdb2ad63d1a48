// Limits the bytes that several readers buffer together.
import type { Readable } from 'node:stream'

export class HeldBytes {
  readonly #limit: number
  /** Bytes by reader, oldest first. */
  readonly #held = new Map<Readable, number>()
  #sum = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `bytes` more of `from` are buffered. Above the limit all but the oldest reader are paused, so that it can finish. */
  keep(from: Readable, bytes: number): void {
    this.#held.set(from, (this.#held.get(from) ?? 0) + bytes)
    this.#sum += bytes
    if (this.#sum > this.#limit && from !== this.#oldest) from.pause()
  }

  /** The bytes of `from` are released. */
  free(from: Readable): void {
    this.#sum -= this.#held.get(from) ?? 0
    this.#held.delete(from)
    if (this.#sum > this.#limit) this.#oldest?.resume()
    else for (const reader of this.#held.keys()) reader.resume()
  }

  get #oldest(): Readable | undefined {
    return this.#held.keys().next().value
  }
}
