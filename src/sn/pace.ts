// Paces PUBLISH at QoS 0: no message acknowledges them, and a receiver drops datagrams that its socket buffer has no room
// for. So PINGREQ is sent after some of them, and further ones wait until PINGRESP says that they have been read.

/** Bytes that a datagram takes in the buffer of a socket beside its own, on Linux. */
const overhead = 768
/** Datagrams up to this size take no more than the overhead. */
const small = 192
/** Three quarters of the receive buffer that Linux gives a socket by default (net.core.rmem_default, 212,992 bytes). */
const window = 160 * 1024
/** The first wait for PINGRESP in milliseconds; doubled up to T_retry. */
const firstWaitMs = 100

export class Pace {
  readonly #longestWaitMs: number
  /** Bytes that have been sent since the last datagram that is known to have been read. */
  #unread = 0
  /** The same when PINGREQ was sent. */
  #pinged = 0
  /** Messages, of which the same is known. */
  #unconfirmed = 0
  #pingedMessages = 0
  #waitMs = firstWaitMs
  #deadline = Number.POSITIVE_INFINITY

  constructor(longestWaitMs: number) {
    this.#longestWaitMs = longestWaitMs
  }

  /** No further PUBLISH at QoS 0 until PINGRESP. */
  get full(): boolean {
    return this.#unread >= window
  }

  /** Messages that the gateway may not have read. */
  get unconfirmed(): number {
    return this.#unconfirmed
  }

  /** When PINGREQ is to be sent again; Infinity: none is outstanding. */
  get deadline(): number {
    return this.#deadline
  }

  /** A datagram of `bytes` has been sent. @returns true if PINGREQ is due */
  sent(bytes: number): boolean {
    this.#unread += overhead + (bytes > small ? bytes + bytes : 0)
    this.#unconfirmed++
    return this.isDue
  }

  /** PINGREQ is due, and none is outstanding. */
  get isDue(): boolean {
    return this.#unread >= window / 2 && this.#deadline === Number.POSITIVE_INFINITY
  }

  /** PINGREQ is sent. */
  ping(now: number): void {
    this.#pinged = this.#unread
    this.#pingedMessages = this.#unconfirmed
    this.#deadline = now + this.#waitMs
  }

  /** PINGREQ is due again at `now`. */
  tick(now: number): boolean {
    if (now < this.#deadline) return false
    this.#waitMs = Math.min(this.#longestWaitMs, this.#waitMs * 2)
    this.ping(now)
    return true
  }

  /** A PINGRESP has been received. */
  answered(): void {
    this.#unread -= this.#pinged
    this.#pinged = 0
    this.#unconfirmed -= this.#pingedMessages
    this.#pingedMessages = 0
    this.#waitMs = firstWaitMs
    this.#deadline = Number.POSITIVE_INFINITY
  }

  reset(): void {
    this.answered()
    this.#unread = 0
    this.#unconfirmed = 0
  }
}
