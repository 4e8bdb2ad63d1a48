// What has passed and is not decoded yet. It is decoded in turns between which bytes are forwarded; its size has a bound.
import type { LiveConnections } from '../inspect/live.js'
import type { Direction } from './fault-language.js'

/** Bytes that may wait to be decoded; more are left out. */
const mostBytes = 64 * 1024 * 1024
/** Entries of the queue, each for a piece of bytes or the begin or end of a connection. */
const mostEntries = 250_000
/** Bytes that are decoded without a look at the clock. */
const sliceSize = 8 * 1024
/** Milliseconds of decoding at a time: while bytes arrive (and half of the limit is reached), and while none do. */
const [shortTurn, longTurn] = [0.15, 2]

type Event = (live: LiveConnections) => void

export class Backlog {
  readonly #live: LiveConnections
  readonly #flush: () => Promise<void>
  #events: Event[] = []
  #next = 0
  #bytes = 0
  #busy = false
  /** Bytes have arrived since the last turn. */
  #arriving = false
  #failure: unknown
  /** Bytes that were left out. */
  missed = 0
  /** The last entry for a connection and direction, while it is for bytes that were left out; more are added to it. */
  readonly #gaps = new Map<string, { length: number }>()
  /** Open connections that began when the queue was full: none of their bytes are decoded. */
  readonly #unseen = new Set<number>()

  /** `flush` is called after each turn; the next waits for it. */
  constructor(live: LiveConnections, flush: () => Promise<void>) {
    this.#live = live
    this.#flush = flush
  }

  opened(id: number, client: string, server: string): void {
    if (this.#isFull(0)) this.#unseen.add(id)
    else this.#add((live) => live.opened(id, client, server))
  }

  passed(id: number, direction: Direction, bytes: Buffer): void {
    if (this.#failure !== undefined) return
    const time = performance.timeOrigin + performance.now()
    const { length } = bytes
    if (this.#unseen.has(id)) this.missed += length
    else if (this.#isFull(length)) this.#leaveOut(id, direction, length)
    else {
      this.#gaps.delete(`${id} ${direction}`)
      this.#bytes += length
      this.#arriving = true
      for (let start = 0; start < length; start += sliceSize) {
        const slice = length <= sliceSize ? bytes : bytes.subarray(start, start + sliceSize)
        this.#add((live) => {
          this.#bytes -= slice.length
          live.passed(id, direction, slice, time)
        })
      }
    }
  }

  doubt(id: number): void {
    if (!this.#unseen.has(id)) this.#add((live) => live.doubt(id))
  }

  closed(id: number, how: 'fin' | 'rst'): void {
    for (const direction of ['c2s', 's2c']) this.#gaps.delete(`${id} ${direction}`)
    if (!this.#unseen.delete(id)) this.#add((live) => live.closed(id, how))
  }

  #isFull(length: number): boolean {
    return this.#bytes + length > mostBytes || this.#events.length - this.#next >= mostEntries
  }

  #leaveOut(id: number, direction: Direction, length: number): void {
    this.missed += length
    const key = `${id} ${direction}`
    const known = this.#gaps.get(key)
    if (known !== undefined) {
      known.length += length
      return
    }
    const gap = { length }
    this.#gaps.set(key, gap)
    this.#add((live) => {
      if (this.#gaps.get(key) === gap) this.#gaps.delete(key)
      live.missed(id, direction, gap.length, 'they came faster than they were decoded')
    })
  }

  /** Decodes what waits. @throws the failure of an output */
  async end(): Promise<void> {
    while (this.#busy || this.#next < this.#events.length) {
      if (!this.#busy) await this.#turn(Number.POSITIVE_INFINITY)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #add(event: Event): void {
    if (this.#failure !== undefined) return
    this.#events.push(event)
    if (this.#busy) return
    this.#busy = true
    setImmediate(() => void this.#work())
  }

  async #work(): Promise<void> {
    const isBusy = this.#arriving
    this.#arriving = false
    if (!isBusy || this.#bytes > mostBytes / 2) await this.#turn(isBusy ? shortTurn : longTurn)
    this.#busy = false
    if (this.#next < this.#events.length) {
      this.#busy = true
      setImmediate(() => void this.#work())
    }
  }

  async #turn(ms: number): Promise<void> {
    const until = performance.now() + ms
    try {
      do this.#events[this.#next++]?.(this.#live)
      while (this.#next < this.#events.length && performance.now() < until)
      if (this.#next >= this.#events.length || this.#next > 1000) {
        this.#events = this.#events.slice(this.#next)
        this.#next = 0
      }
      await this.#flush()
    } catch (error) {
      this.#failure = error
      this.#events = []
      this.#next = 0
      this.#gaps.clear()
    }
  }
}
