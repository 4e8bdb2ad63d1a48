// Waiting for a time or for something to become true, whichever is first: one timer, however often one is woken.
import type { Clock } from './client.js'

const never = () => false
const longest = 60_000 // one sleep, in milliseconds: after that the clock is looked at again

export class Waiter {
  readonly #clock: Clock
  #look: (() => void) | undefined
  #interrupted = false
  #failure: { readonly error: unknown } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on nothing is waited for but what is `patient`. */
  interrupt(): void {
    this.#interrupted = true
    this.wake()
  }

  /** Whoever waits now or later is given `error`, the first one. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.wake()
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  /** Something has changed. */
  wake(): void {
    this.#look?.()
  }

  /**
   * Resolves at `time`, or earlier when `enough` says true or, unless `patient`, after an interruption.
   * @throws what `fail` was called with
   */
  until(
    time: number,
    { enough = never, patient = false }: { enough?: () => boolean; patient?: boolean } = {},
  ) {
    const over = () => this.#failure !== undefined || enough() || (this.#interrupted && !patient)
    return new Promise<void>((resolve, reject) => {
      let off = () => {}
      const end = () => {
        off()
        this.#look = undefined
        if (this.#failure === undefined) resolve()
        else reject(this.#failure.error)
      }
      const sleep = () => {
        const left = time - this.#clock.now()
        if (left <= 0 || over()) end()
        else off = this.#clock.after(Math.min(left, longest), sleep)
      }
      this.#look = () => void (over() && end())
      sleep()
    })
  }
}
