// Runs asynchronous jobs, a limited number at a time, and those with the same key one after another; the others queue.
import { type Resolvers, withResolvers } from '../io/promises.js'

/**
 * Must not reject. If it resolves to a number: run the job again after so many milliseconds. Until then its place is free
 * for others, but not for those with its key.
 */
export type Job = () => Promise<unknown>

interface Queued {
  readonly job: Job
  readonly key: string | undefined
}

export class Jobs {
  readonly #limit: number
  #running = 0
  /** Jobs that wait for a place. */
  #waiting: Queued[] = []
  /** By key, while a job with it runs or waits for a place: the jobs after it. */
  readonly #behind = new Map<string, Queued[]>()
  /** How many jobs are in `#behind`. */
  #blocked = 0
  /** Jobs that run again later. */
  readonly #pauses = new Set<NodeJS.Timeout>()
  #relieved: Resolvers<void> | undefined
  #done: Resolvers<void> | undefined

  /** `limit`: jobs at a time. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Jobs that have not started. */
  get queued(): number {
    return this.#waiting.length + this.#blocked
  }

  /** Runs `job` when a place is free and the earlier jobs with the same `key` have ended. */
  add(job: Job, key?: string): void {
    const queued = { job, key }
    if (key !== undefined) {
      const behind = this.#behind.get(key)
      if (behind !== undefined) {
        behind.push(queued)
        this.#blocked++
        return
      }
      this.#behind.set(key, [])
    }
    this.#waiting.push(queued)
    this.#start()
  }

  /** Discards the jobs that have not started, and those that would run again. */
  drop(): void {
    for (const pause of this.#pauses) clearTimeout(pause)
    this.#pauses.clear()
    this.#waiting = []
    this.#behind.clear()
    this.#blocked = 0
    this.#tell()
  }

  /** While jobs are queued: resolves when none is. Otherwise undefined. */
  relieved(): Promise<void> | undefined {
    if (this.queued === 0) return undefined
    this.#relieved ??= withResolvers()
    return this.#relieved.promise
  }

  /** Resolves when no job runs, is queued or will run again. */
  async done(): Promise<void> {
    if (this.#idle) return
    this.#done ??= withResolvers()
    return this.#done.promise
  }

  get #idle(): boolean {
    return this.#running === 0 && this.queued === 0 && this.#pauses.size === 0
  }

  #start(): void {
    while (this.#running < this.#limit && this.#waiting.length > 0) {
      this.#running++
      const queued = this.#waiting.shift()!
      void queued.job().then((again) => {
        this.#running--
        if (typeof again === 'number') this.#pause(queued, again)
        else this.#next(queued.key)
        this.#start()
        this.#tell()
      })
    }
  }

  /** The last job with `key` has ended: the one after it waits for a place. */
  #next(key: string | undefined): void {
    const behind = key === undefined ? undefined : this.#behind.get(key)
    if (behind === undefined) return
    const next = behind.shift()
    if (next === undefined) return void this.#behind.delete(key!)
    this.#blocked--
    this.#waiting.push(next)
  }

  #pause(queued: Queued, ms: number): void {
    const pause = setTimeout(() => {
      this.#pauses.delete(pause)
      this.#waiting.push(queued)
      this.#start()
    }, ms)
    this.#pauses.add(pause)
  }

  #tell(): void {
    if (this.queued > 0) return
    this.#relieved?.resolve()
    this.#relieved = undefined
    if (!this.#idle) return
    this.#done?.resolve()
    this.#done = undefined
  }
}
