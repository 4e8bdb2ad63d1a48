// How many passwords are hashed at a time: fewer than the thread pool of libuv has threads, so that files and names are
// still read while passwords are verified, and little memory is used.
import { availableParallelism } from 'node:os'

class Slots {
  /** At most 2, and a core is left to the main thread; bulk work takes all cores. */
  limit = Math.max(1, Math.min(2, availableParallelism() - 1))
  #busy = 0
  readonly #waiting: (() => void)[] = []

  /** Calls `work` when there is a slot for it, in order. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#busy++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift() // gets this slot
      if (next === undefined) this.#busy--
      else next()
    }
  }
}

export const slots = new Slots()
