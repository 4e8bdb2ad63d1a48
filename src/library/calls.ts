// Calls that wait until the connection can take what they have: one wait for all of them, and each in its turn.
import type { Connection } from '../connection/connection.js'
import { unlessAborted } from './abort.js'

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
   * @throws what `refuse` or `end` was told, the error that ended the connection for good, or the reason of `signal`:
   * then an action that still waits is not called
   */
  async take<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#refusal !== undefined) throw this.#refusal
    if (this.#waiting.size === 0 && this.#connection.ready) return unlessAborted(signal, action())
    let call: Call | undefined
    const taken = new Promise<T>((resolve, reject) => {
      const run = () => {
        try {
          resolve(action())
        } catch (error) {
          reject(error)
        }
      }
      call = { run, reject }
      this.#waiting.add(call)
      this.#drain()
    })
    return unlessAborted(signal, taken, () => {
      if (this.#waiting.delete(call!)) this.#taken()
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
