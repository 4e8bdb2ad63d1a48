// When to send a message again that has no answer yet (MQTT-SN 1.2, 6.13). Client and gateway use it.

/** T_retry and N_retry by default (MQTT-SN 1.2, 7.2). */
export const defaultRetryMs = 10_000
export const defaultRetries = 3

export interface RetrySettings {
  /** T_retry in milliseconds */
  readonly retryMs: number
  /** N_retry: how often the message is sent again. */
  readonly retries: number
}

/** The timer and the counter of one outstanding message. Times are milliseconds of any monotonic clock. */
export class Retransmission {
  readonly #settings: RetrySettings
  #deadline = Number.POSITIVE_INFINITY
  #left = 0

  constructor(settings: RetrySettings) {
    this.#settings = settings
  }

  /** When to call `tick` next; Infinity: nothing is outstanding. */
  get deadline(): number {
    return this.#deadline
  }

  get running(): boolean {
    return this.#deadline !== Number.POSITIVE_INFINITY
  }

  /** A message has been sent for the first time. */
  start(now: number): void {
    this.#left = this.#settings.retries
    this.#deadline = now + this.#settings.retryMs
  }

  /** The answer is there, or is not awaited any more. */
  stop(): void {
    this.#deadline = Number.POSITIVE_INFINITY
  }

  /** What is due at `now`: send it again, or give up after N_retry times. */
  tick(now: number): 'again' | 'silent' | undefined {
    if (now < this.#deadline) return undefined
    if (this.#left === 0) {
      this.stop()
      return 'silent'
    }
    this.#left--
    this.#deadline = now + this.#settings.retryMs
    return 'again'
  }
}
