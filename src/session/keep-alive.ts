// When to send PINGREQ, and when to give up on the server (MQTT 5.0, 3.1.2.10).

/** PINGREQ goes out this long before the interval ends, in milliseconds, but at most a tenth of the interval. */
const longestLead = 5000

/**
 * Times are milliseconds of any monotonic clock. PINGREQ is due shortly before one Keep Alive has passed without a
 * packet in either direction [MQTT-3.1.2-20], so that a proxy whose idle time-out equals the Keep Alive sees traffic
 * first. The server is given up half a Keep Alive after it could have read the PINGREQ: within 1.5 intervals.
 */
export class KeepAlive {
  readonly #interval: number
  readonly #lead: number
  #sent: number
  #received: number
  /** Since when the answer to PINGREQ is awaited. */
  #pinged: number | undefined = undefined
  /** PINGREQ waits behind bytes that the system has not taken. */
  #queued = false
  #suspended = false

  /** `seconds` 0 switches it off. */
  constructor(seconds: number, now: number) {
    this.#interval = seconds * 1000
    this.#lead = Math.min(longestLead, this.#interval / 10)
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

  /** The system has taken bytes. Until it has taken the PINGREQ, that is a sign of life: the server reads. */
  progressed(now: number): void {
    if (this.#queued && this.#pinged !== undefined) this.#pinged = now
  }

  /** The system has taken the PINGREQ: from now on only an answer counts. */
  pingTaken(now: number): void {
    this.progressed(now)
    this.#queued = false
  }

  /** While nothing is read, the answer may be among what is not read: the server is not given up. */
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
    this.#queued = true
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
    return silence + this.#interval - this.#lead
  }
}
