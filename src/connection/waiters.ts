// Calls that wait for a condition of the connection.

interface Waiter {
  ready(): boolean
  resolve(): void
  reject(error: Error): void
}

export class Waiters {
  #waiting: Waiter[] = []

  /** Resolves when `ready()` is true, now or at a later `wake()`; rejects when `fail` is called before. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ ready, resolve, reject }))
  }

  /** Checks all conditions again. */
  wake(): void {
    if (this.#waiting.length === 0) return
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!waiter.ready()) return true
      waiter.resolve()
      return false
    })
  }

  fail(error: Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }
}
