// Counts the buffered bytes of all connections against one limit: separate limits could add up to gigabytes.

/** In bytes. Traffic normally needs a few kilobytes; a capture with heavy packet loss needs more. */
const defaultLimit = 64 * 1024 * 1024

export class ByteBudget {
  #held = 0
  readonly #limit: number

  /** @param limit in bytes; not enforced, see `isSpent` */
  constructor(limit = defaultLimit) {
    this.#limit = limit
  }

  /** Records that a buffer has grown or shrunk from `before` to `now` bytes; returns `now`. */
  change(before: number, now: number): number {
    this.#held += now - before
    return now
  }

  /** True if the limit is exceeded: the caller must release buffers. */
  get isSpent(): boolean {
    return this.#held > this.#limit
  }
}
