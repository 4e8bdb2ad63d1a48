// Calls that wait until the connection can take what they have: one wait for all of them, and each in its turn.
import type { Connection } from '../connection/connection.js'

interface Call {
  run(): void
  reject(error: Error): void
}

export class Calls {
  readonly #connection: Pick<Connection, 'ready' | 'drain'>
  readonly #taken: () => void
  readonly #waiting = new Set<Call>()
  #draining = false
  /** Why no other call is taken. */
  #refusal: Error | undefined

  /** `taken` is called when some that waited have been taken. */
  constructor(connection: Pick<Connection, 'ready' | 'drain'>, taken: () => void) {
    this.#connection = connection
    this.#taken = taken
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Calls `action` while the connection is ready, now or later, and resolves as it does.
   * @throws what `refuse` or `end` was told, or the error that ended the connection for good
   */
  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#waiting.size === 0 && this.#connection.ready) return action()
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(action())
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.add({ run, reject })
      this.#drain()
    })
  }

  /** No other call is taken; those that wait still are. */
  refuse(error: Error): void {
    this.#refusal ??= error
  }

  /** Nobody waits any longer. */
  end(error: Error): void {
    this.#refusal = error
    for (const call of this.#waiting) call.reject(error)
    this.#waiting.clear()
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    this.#connection.drain().then(
      () => {
        this.#draining = false
        this.#run()
      },
      (error: Error) => this.end(error),
    )
  }

  #run(): void {
    for (const call of this.#waiting) {
      if (!this.#connection.ready) break
      this.#waiting.delete(call)
      call.run()
    }
    if (this.#waiting.size > 0) this.#drain()
    this.#taken()
  }
}
