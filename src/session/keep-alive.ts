// Keep Alive: when to send PINGREQ, and when the server counts as lost (MQTT 5.0, 3.1.2.10).

/** PINGREQ is sent so many milliseconds before the interval ends, but at most a tenth of the interval. */
const maxLead = 5000

/**
 * Times are milliseconds of any monotonic clock. PINGREQ is due shortly before one Keep Alive has passed without a
 * packet in either direction [MQTT-3.1.2-20], in time for a proxy with the same idle timeout. The server is lost half a
 * Keep Alive after it could have read the PINGREQ: within 1.5 intervals.
 */
export class KeepAlive {
  readonly #interval: number
  readonly #lead: number
  #sent: number
  #received: number
  /** When the wait for an answer to PINGREQ began. */
  #pinged: number | undefined = undefined
  /** The operating system has not taken the PINGREQ yet. */
  #queued = false
  #suspended = false

  /** `seconds` 0: off. */
  constructor(seconds: number, now: number) {
    this.#interval = seconds * 1000
    this.#lead = Math.min(maxLead, this.#interval / 10)
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

  /** The operating system has taken bytes. Until it has taken the PINGREQ, this shows that the server reads. */
  progressed(now: number): void {
    if (this.#queued && this.#pinged !== undefined) this.#pinged = now
  }

  /** The operating system has taken the PINGREQ: from now on only an answer counts. */
  pingTaken(now: number): void {
    this.progressed(now)
    this.#queued = false
  }

  /** Nothing is read, so an answer may be waiting: the server does not count as lost. */
  suspend(): void {
    this.#suspended = true
  }

  resume(now: number): void {
    this.#suspended = false
    this.received(now)
  }

  /** The action due at `now`. After 'ping' the caller sends PINGREQ and calls `sent`. */
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

  /** When to call `tick` next; Infinity: never. */
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
