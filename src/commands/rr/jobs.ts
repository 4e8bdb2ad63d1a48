// Work that takes time, a bounded part of it at once; the rest waits in line.

export class Jobs {
  readonly #most: number
  #running = 0
  #waiting: (() => Promise<void>)[] = []
  #relieved: { promise: Promise<void>; resolve(): void } | undefined
  #done: { promise: Promise<void>; resolve(): void } | undefined

  /** `most` at once. */
  constructor(most: number) {
    this.#most = most
  }

  /** Runs `job` when there is room. It takes care of its own failures. */
  add(job: () => Promise<void>): void {
    this.#waiting.push(job)
    this.#start()
  }

  /** Forgets what has not begun. */
  drop(): void {
    this.#waiting = []
    this.#tell()
  }

  /** A promise while some job waits for room: until none does. */
  relieved(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined
    this.#relieved ??= pending()
    return this.#relieved.promise
  }

  /** Resolves when nothing runs or waits. */
  async done(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return
    this.#done ??= pending()
    return this.#done.promise
  }

  #start(): void {
    while (this.#running < this.#most && this.#waiting.length > 0) {
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

function pending(): { promise: Promise<void>; resolve(): void } {
  let resolve!: () => void
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
