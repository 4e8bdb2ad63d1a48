// Waits until a time or a condition, whichever is first. One timer, however often `wake` is called.
import type { Clock } from './clock.js'

const never = () => false
const longestSleepMs = 60_000 // then the clock is read again

export class Waiter {
  readonly #clock: Clock
  #check: (() => void) | undefined
  #interrupted = false
  #failure: { readonly error: unknown } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the current wait and all later ones, except with `uninterruptible`. */
  interrupt(): void {
    this.#interrupted = true
    this.wake()
  }

  /** Rejects the current wait and all later ones with `error`; the first error counts. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.wake()
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  /** Checks the condition of the current wait. */
  wake(): void {
    this.#check?.()
  }

  /**
   * Resolves at `time`, or earlier when `condition` is true or, unless `uninterruptible`, after an interrupt.
   * @throws the error that `fail` was called with
   */
  until(
    time: number,
    {
      condition = never,
      uninterruptible = false,
    }: { condition?: () => boolean; uninterruptible?: boolean } = {},
  ) {
    const over = () => this.#failure !== undefined || condition() || (this.#interrupted && !uninterruptible)
    return new Promise<void>((resolve, reject) => {
      let cancel = () => {}
      const end = () => {
        cancel()
        this.#check = undefined
        if (this.#failure === undefined) resolve()
        else reject(this.#failure.error)
      }
      const sleep = () => {
        const left = time - this.#clock.now()
        if (left <= 0 || over()) end()
        else cancel = this.#clock.after(Math.min(left, longestSleepMs), sleep)
      }
      this.#check = () => void (over() && end())
      sleep()
    })
  }
}
