// Limits concurrent hashes to fewer than libuv has threads, so that file access and DNS still work meanwhile, and
// memory use stays low.
import { availableParallelism } from 'node:os'

class Slots {
  /** At most 2, leaving a core to the main thread. Bulk hashing raises it to all cores. */
  limit = Math.max(1, Math.min(2, availableParallelism() - 1))
  #busy = 0
  readonly #waiting: (() => void)[] = []

  /** Calls `work` when a slot is free, in order of calls. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#busy++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift() // takes over this slot
      if (next === undefined) this.#busy--
      else next()
    }
  }
}

export const slots = new Slots()
