// A byte limit shared by all connections: the limit of each connection times their number would be gigabytes.

/** Bytes. Real traffic buffers a few kilobytes at a time; the rest is for networks with heavy loss. */
const maxHeld = 64 * 1024 * 1024

export class ByteBudget {
  #held = 0
  readonly #limit: number

  constructor(limit = maxHeld) {
    this.#limit = limit
  }

  /** A buffer went from `before` to `now` bytes; returns `now`. */
  change(before: number, now: number): number {
    this.#held += now - before
    return now
  }

  /** The limit is exceeded: buffers must be released. */
  get isSpent(): boolean {
    return this.#held > this.#limit
  }
}
