// Queues calls until the connection is ready, in order, with a single wait on the connection.
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
  /** The error with which new calls reject. */
  #refusal: Error | undefined

  /** `taken` is called when queued calls have run or were aborted. */
  constructor(connection: Pick<Connection, 'ready' | 'drain'>, taken: () => void) {
    this.#connection = connection
    this.#taken = taken
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Calls `action` when the connection is ready and settles like it.
   * @throws the error of `refuse` or `end`, the error that ended the connection, or the reason of `signal`; a queued
   * action is then not called
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

  /** Rejects new calls with `error`; queued calls still run. */
  refuse(error: Error): void {
    this.#refusal ??= error
  }

  /** Rejects queued and new calls with `error`. */
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
