// Callers that wait until the connection can take more, or has nothing left to do, or has failed for good.

interface Waiter {
  ready(): boolean
  resolve(): void
  reject(error: Error): void
}

export class Waiters {
  #waiting: Waiter[] = []
  #failure: Error | undefined

  /** Resolves when `ready()` is true at a `wake()`, or at once; rejects when `fail` is or was called. */
  until(ready: () => boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (ready()) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ ready, resolve, reject }))
  }

  /** Something has changed: look again. */
  wake(): void {
    if (this.#waiting.length === 0) return
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!waiter.ready()) return true
      waiter.resolve()
      return false
    })
  }

  fail(error: Error): void {
    this.#failure = error
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }
}
