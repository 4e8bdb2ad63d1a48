// What has passed and is not decoded yet. It is decoded in turns between which bytes are forwarded; its size has a bound.
import type { LiveConnections } from '../inspect/live.js'
import type { Direction } from './fault-language.js'

/** Bytes that may wait to be decoded; more are left out. */
const mostBytes = 64 * 1024 * 1024
/** Entries of the queue, each for a piece of bytes or the begin or end of a connection. */
const mostEntries = 250_000
/**
 * Bytes that are decoded without a look at the clock: the number is halved when they took longer than `longPiece`
 * milliseconds and doubled when they took less than a quarter of it. Small packets take a thousand times as long as a
 * large payload.
 */
const [leastPiece, mostPiece] = [512, 64 * 1024]
const longPiece = 0.2
/** Milliseconds of decoding at a time: while bytes arrive (and half of the limit is reached), and while none do. */
const [shortTurn, longTurn] = [0.15, 0.25]
/** Milliseconds between two calls of `flush` while there is more to decode. */
const flushEvery = 2

interface Piece {
  readonly id: number
  readonly direction: Direction
  readonly bytes: Buffer
  readonly time: number
  /** Where the part begins that is not decoded. */
  at: number
}

type Event = Piece | ((live: LiveConnections) => void)

export class Backlog {
  readonly #live: LiveConnections
  readonly #transport: 'tcp' | 'udp'
  readonly #flush: () => Promise<void> | undefined
  /** Taken from `#next` on; then the two lists change places, so that nothing is moved. */
  #taken: (Event | undefined)[] = []
  #next = 0
  #added: Event[] = []
  #bytes = 0
  #busy = false
  /** Bytes have arrived since the last turn. */
  #arriving = false
  #pieceSize = leastPiece
  #flushed = 0
  #failure: unknown
  /** Bytes that were left out. */
  missed = 0
  /** The last entry for a connection and direction, while it is for bytes that were left out; more are added to it. */
  readonly #gaps = new Map<string, { length: number }>()
  /** Open connections that began when the queue was full: none of their bytes are decoded. */
  readonly #unseen = new Set<number>()

  /** `flush` is called from time to time and when all is decoded; the next turn waits for the promise it returns. `udp`:
   * what passes is datagrams, which are not divided. */
  constructor(
    live: LiveConnections,
    flush: () => Promise<void> | undefined,
    transport: 'tcp' | 'udp' = 'tcp',
  ) {
    this.#live = live
    this.#transport = transport
    this.#flush = flush
  }

  opened(id: number, client: string, server: string): void {
    if (this.#isFull(0)) this.#unseen.add(id)
    else this.#add((live) => live.opened(id, client, server, this.#transport))
  }

  passed(id: number, direction: Direction, bytes: Buffer): void {
    if (this.#failure !== undefined) return
    const time = performance.timeOrigin + performance.now()
    const { length } = bytes
    if (this.#unseen.size > 0 && this.#unseen.has(id)) this.missed += length
    else if (this.#isFull(length)) this.#leaveOut(id, direction, length)
    else {
      if (this.#gaps.size > 0) this.#gaps.delete(`${id} ${direction}`)
      this.#bytes += length
      this.#arriving = true
      this.#add({ id, direction, bytes, time, at: 0 })
    }
  }

  doubt(id: number): void {
    if (!this.#unseen.has(id)) this.#add((live) => live.doubt(id))
  }

  closed(id: number, how: 'fin' | 'rst' | 'timeout'): void {
    for (const direction of ['c2s', 's2c']) this.#gaps.delete(`${id} ${direction}`)
    if (!this.#unseen.delete(id)) this.#add((live) => live.closed(id, how))
  }

  #isFull(length: number): boolean {
    return this.#bytes + length > mostBytes || this.#waiting >= mostEntries
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

  get #waiting(): number {
    return this.#added.length + this.#taken.length - this.#next
  }

  /** Decodes what waits. @throws the failure of an output */
  async end(): Promise<void> {
    while (this.#busy || this.#waiting > 0) {
      if (!this.#busy) await this.#turn(Number.POSITIVE_INFINITY)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #add(event: Event): void {
    if (this.#failure !== undefined) return
    this.#added.push(event)
    if (!this.#busy) this.#again()
  }

  #again(): void {
    this.#busy = true
    setImmediate(this.#work)
  }

  readonly #work = (): void => {
    const isBusy = this.#arriving
    this.#arriving = false
    const turn =
      isBusy && this.#bytes <= mostBytes / 2 ? undefined : this.#turn(isBusy ? shortTurn : longTurn)
    if (turn === undefined) this.#rest()
    else void turn.then(() => this.#rest())
  }

  #rest(): void {
    this.#busy = false
    if (this.#waiting > 0) this.#again()
  }

  /** Decodes for so many milliseconds. Returns what the next turn waits for. */
  #turn(ms: number): Promise<void> | undefined {
    try {
      const start = performance.now()
      for (let now = start; this.#waiting > 0 && now - start < ms; ) now = this.#decode(now)
      if (this.#waiting > 0 && start - this.#flushed < flushEvery) return undefined
      this.#flushed = start
      return this.#flush()?.catch((error) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  /** Decodes the next piece. `now` and the result are the time. */
  #decode(now: number): number {
    if (this.#next === this.#taken.length) {
      this.#taken = this.#added
      this.#added = []
      this.#next = 0
    }
    const event = this.#taken[this.#next]!
    if (typeof event === 'function') {
      this.#taken[this.#next++] = undefined
      event(this.#live)
      return performance.now()
    }
    const { id, direction, bytes, time, at } = event
    const end = this.#transport === 'udp' ? bytes.length : Math.min(at + this.#pieceSize, bytes.length)
    if (end === bytes.length) this.#taken[this.#next++] = undefined
    event.at = end
    this.#bytes -= end - at
    this.#live.passed(id, direction, end - at === bytes.length ? bytes : bytes.subarray(at, end), time)
    const after = performance.now()
    if (after - now > longPiece) this.#pieceSize = Math.max(leastPiece, this.#pieceSize / 2)
    else if (end - at === this.#pieceSize && after - now < longPiece / 4)
      this.#pieceSize = Math.min(mostPiece, this.#pieceSize * 2)
    return after
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#taken = []
    this.#added = []
    this.#next = 0
    this.#gaps.clear()
  }
}
