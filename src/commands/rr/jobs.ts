// Runs asynchronous jobs, a limited number at a time; the others queue.
import { type Resolvers, withResolvers } from '../../io/promises.js'

export class Jobs {
  readonly #limit: number
  #running = 0
  #waiting: (() => Promise<void>)[] = []
  #relieved: Resolvers<void> | undefined
  #done: Resolvers<void> | undefined

  /** `limit`: jobs at a time. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs `job` when a place is free. `job` must not reject. */
  add(job: () => Promise<void>): void {
    this.#waiting.push(job)
    this.#start()
  }

  /** Discards the jobs that have not started. */
  drop(): void {
    this.#waiting = []
    this.#tell()
  }

  /** While jobs are queued: resolves when none is. Otherwise undefined. */
  relieved(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined
    this.#relieved ??= withResolvers()
    return this.#relieved.promise
  }

  /** Resolves when no job is running or queued. */
  async done(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return
    this.#done ??= withResolvers()
    return this.#done.promise
  }

  #start(): void {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      this.#running++
      const job = this.#waiting.shift()!
      void job().finally(() => {
        this.#running--
        this.#start()
        this.#tell()
      })
    }
  }

  #tell(): void {
    if (this.#waiting.length > 0) return
    this.#relieved?.resolve()
    this.#relieved = undefined
    if (this.#running > 0) return
    this.#done?.resolve()
    this.#done = undefined
  }
}
