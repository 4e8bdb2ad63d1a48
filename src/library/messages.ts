// The bounded message queue of a subscription.
import type { Acknowledging } from '../connection/events.js'
import type { Message } from './types.js'

interface Taker {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: Error): void
}

/** A message beyond the bound, at QoS 1 or 2, acknowledged only when `release` is called. */
interface Held {
  /** Its sequence number in the queue. */
  readonly number: number
  readonly qos: 1 | 2
  release(): void
}

/** Queued messages that are acknowledged at once. */
const limit = 1000
/** Further messages with a withheld acknowledgement: a server has no more Packet Identifiers. */
const mostHeld = 65_535

export class Messages {
  #waiting: Message[] = []
  /** Messages taken from the front of `waiting`, which is shifted in batches for speed. */
  #taken = 0
  /** The sequence number of the first message in `waiting`. */
  #first = 0
  #held: Held[] = []
  /** True if the queue was full when the current chunk began: messages at QoS 0 are dropped. */
  #shut = false
  #dropped = 0
  readonly #takers: Taker[] = []
  #over: { readonly error: Error | undefined } | undefined
  readonly #relieved: () => void

  /** `relieved` is called when the queue has room again or an acknowledgement was released. */
  constructor(relieved: () => void) {
    this.#relieved = relieved
  }

  get full(): boolean {
    return this.#waiting.length - this.#taken >= limit
  }

  /** The number of dropped messages. */
  get dropped(): number {
    return this.#dropped
  }

  push(message: Message, acknowledging: Acknowledging): void {
    if (this.#over !== undefined) return
    const taker = this.#takers.shift()
    if (taker !== undefined) return taker.resolve({ value: message, done: false })
    if (this.full && !this.#holdBack(message.qos, acknowledging)) this.#dropped++
    else this.#waiting.push(message)
  }

  /** Called after the messages of a chunk have been pushed. */
  chunkEnd(): void {
    this.#shut = this.full
  }

  /** Called after a reconnect. With `sessionPresent` the server resends unacknowledged messages. */
  renewed(sessionPresent: boolean): void {
    const again = new Set<number>()
    // A QoS 2 message is recognised by its Packet Identifier when it is resent.
    if (sessionPresent) for (const { number, qos } of this.#held) if (qos === 1) again.add(number)
    this.#held = []
    if (again.size === 0) return
    this.#waiting = this.#waiting.filter((_, index) => !again.has(this.#first + index))
  }

  /** Ends the queue: after the queued messages the iterator ends, or throws `error` once. */
  end(error?: Error): void {
    if (this.#over !== undefined) return
    this.#over = { error }
    for (const taker of this.#takers.splice(0)) this.#finish(taker)
  }

  /** Discards the queue and releases all withheld acknowledgements. */
  abandon(): void {
    for (const { release } of this.#held.splice(0)) release()
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    return new Promise((resolve, reject) => {
      const message = this.#waiting[this.#taken]
      if (message !== undefined) {
        const wasFull = this.full
        this.#taken++
        resolve({ value: message, done: false })
        if (wasFull) this.#makeRoom()
        if (this.#taken === this.#waiting.length || this.#taken === limit) this.#compact()
      } else if (this.#over !== undefined) this.#finish({ resolve, reject })
      else this.#takers.push({ resolve, reject })
    })
  }

  /** @returns false if the message must be dropped */
  #holdBack(qos: Message['qos'], acknowledging: Acknowledging): boolean {
    if (qos === 0) return !this.#shut
    if (this.#held.length >= mostHeld) return false
    const number = this.#first + this.#waiting.length
    this.#held.push({ number, qos, release: acknowledging.withhold() })
    return true
  }

  #makeRoom(): void {
    const within = this.#first + this.#taken + limit
    let released = 0
    while (this.#held[released] !== undefined && this.#held[released]!.number < within)
      this.#held[released++]!.release()
    if (released > 0) this.#held.splice(0, released)
    if (!this.full) this.#shut = false
    if (released > 0 || !this.full) this.#relieved()
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#taken)
    this.#first += this.#taken
    this.#taken = 0
  }

  #finish({ resolve, reject }: Taker): void {
    const { error } = this.#over!
    this.#over = { error: undefined }
    if (error === undefined) resolve({ value: undefined, done: true })
    else reject(error)
  }
}
