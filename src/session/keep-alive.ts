// When to ask the server whether it is still there, and when to give up on it (MQTT 5.0, 3.1.2.10).

/**
 * Times are milliseconds of any monotonic clock. PINGREQ is due when one Keep Alive has passed without a packet in
 * either direction; the server is given up half a Keep Alive later, so that a half-open connection is noticed
 * within 1.5 intervals.
 */
export class KeepAlive {
  readonly #interval: number
  #sent: number
  #received: number
  #pinged: number | undefined = undefined
  #suspended = false

  /** `seconds` 0 switches it off. */
  constructor(seconds: number, now: number) {
    this.#interval = seconds * 1000
    this.#sent = now
    this.#received = now
  }

  sent(now: number): void {
    this.#sent = now
  }

  received(now: number): void {
    this.#received = now
    this.#pinged = undefined
  }

  /** While we do not read, the answer may wait behind what we refuse to read: nobody is given up then. */
  suspend(): void {
    this.#suspended = true
  }

  resume(now: number): void {
    this.#suspended = false
    this.received(now)
  }

  /** What is due at `now`. After 'ping' the caller sends PINGREQ and calls `sent`. */
  tick(now: number): 'ping' | 'lost' | undefined {
    if (this.#interval === 0) return undefined
    if (this.#pinged !== undefined && !this.#suspended) {
      if (now - this.#pinged >= this.#interval / 2) return 'lost'
    }
    if (now < this.#pingAt()) return undefined
    this.#pinged ??= now
    return 'ping'
  }

  /** When `tick` is to be called next; Infinity when never. */
  deadline(): number {
    if (this.#interval === 0) return Number.POSITIVE_INFINITY
    if (this.#pinged === undefined || this.#suspended) return this.#pingAt()
    return Math.min(this.#pinged + this.#interval / 2, this.#pingAt())
  }

  #pingAt(): number {
    const silence =
      this.#pinged === undefined && !this.#suspended ? Math.min(this.#sent, this.#received) : this.#sent
    return silence + this.#interval
  }
}
