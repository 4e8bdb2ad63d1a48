// A limit on the bytes that several readers hold together.
import type { Readable } from 'node:stream'

export class HeldBytes {
  readonly #limit: number
  /** Bytes by reader, in the order of their first bytes. */
  readonly #held = new Map<Readable, number>()
  #sum = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `from` has given `bytes` more, which are kept. Above the limit only the oldest reader goes on, so that it can end. */
  keep(from: Readable, bytes: number): void {
    this.#held.set(from, (this.#held.get(from) ?? 0) + bytes)
    this.#sum += bytes
    if (this.#sum > this.#limit && from !== this.#oldest) from.pause()
  }

  /** What `from` has given is no longer kept. */
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
