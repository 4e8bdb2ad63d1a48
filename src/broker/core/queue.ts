// The queue of QoS 1 and 2 messages of a session, and the memory that all queues together hold.
import type { Message } from './message.js'

/** Overhead of a queued message in bytes: objects, a place in the queue. */
export const messageOverhead = 400

/** Counts the bytes of all queues: a message in several queues once, its overhead for each. */
export class Holding {
  readonly #most: number
  bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  /** False if there is no room. `always`: for a message sent at once, whatever the queues hold. */
  add(message: Message, always: boolean): boolean {
    const cost = messageOverhead + (message.holders === 0 ? message.size : 0)
    if (!always && this.bytes + cost > this.#most) return false
    message.holders++
    this.bytes += cost
    return true
  }

  remove(message: Message): void {
    this.bytes -= messageOverhead + (--message.holders === 0 ? message.size : 0)
  }
}

/** First in, first out, in constant time. */
export class Fifo<T> {
  #items: T[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (this.#head >= this.#items.length) return undefined
    this.#items[this.#head++] = undefined as T
    if (this.#head === this.#items.length || this.#head >= 1024) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Removes and returns all items for which `wanted` is true, in order. */
  extract(wanted: (item: T) => boolean): T[] {
    const found: T[] = []
    const rest: T[] = []
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at]!
      if (wanted(item)) found.push(item)
      else rest.push(item)
    }
    this.#items = rest
    this.#head = 0
    return found
  }
}
