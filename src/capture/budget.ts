// One bound for all that is held back, over all connections: what each may hold times the number of connections would be
// gigabytes.

/** Bytes. Of real traffic some kilobytes are held at a time; this leaves room for a network that loses a lot. */
const maxHeld = 64 * 1024 * 1024

export class Budget {
  #held = 0
  readonly #limit: number

  constructor(limit = maxHeld) {
    this.#limit = limit
  }

  /** A holder that held `before` bytes holds `now`; returns that. */
  change(before: number, now: number): number {
    this.#held += now - before
    return now
  }

  /** Nothing more should be held back, by nobody. */
  get isSpent(): boolean {
    return this.#held > this.#limit
  }
}
