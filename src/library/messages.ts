// Messages that wait for whoever takes them, one by one.
import type { Message } from './types.js'

interface Taker {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: Error): void
}

const limit = 1000

export class Messages {
  #waiting: Message[] = []
  /** How many of `waiting` were taken: shifting an array of 1,000 for each would cost more than the message. */
  #taken = 0
  readonly #takers: Taker[] = []
  #over: { readonly error: Error | undefined } | undefined
  readonly #taking: () => void

  /** `taking` is called when there is room again after there was none. */
  constructor(taking: () => void) {
    this.#taking = taking
  }

  get full(): boolean {
    return this.#waiting.length - this.#taken >= limit
  }

  push(message: Message): void {
    if (this.#over !== undefined) return
    const taker = this.#takers.shift()
    if (taker === undefined) this.#waiting.push(message)
    else taker.resolve({ value: message, done: false })
  }

  /** What waits is still taken; then comes the end, or `error`, once. */
  end(error?: Error): void {
    if (this.#over !== undefined) return
    this.#over = { error }
    for (const taker of this.#takers.splice(0)) this.#finish(taker)
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    return new Promise((resolve, reject) => {
      const wasFull = this.full
      const message = this.#waiting[this.#taken]
      if (message !== undefined) {
        if (++this.#taken === this.#waiting.length || this.#taken === limit) {
          this.#waiting = this.#waiting.slice(this.#taken)
          this.#taken = 0
        }
        resolve({ value: message, done: false })
        if (wasFull && !this.full) this.#taking()
      } else if (this.#over !== undefined) this.#finish({ resolve, reject })
      else this.#takers.push({ resolve, reject })
    })
  }

  #finish({ resolve, reject }: Taker): void {
    const { error } = this.#over!
    this.#over = { error: undefined }
    if (error === undefined) resolve({ value: undefined, done: true })
    else reject(error)
  }
}
