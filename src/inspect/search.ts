// The bytes in which the next packet is looked for, while nobody knows where packets begin.
import type { Direction } from '../capture/stream.js'
import type { Budget } from './assembler.js'
import { findBoundary } from './resync.js'

/** In which a packet boundary is looked for; without one the older half is passed over. */
const window = 64 * 1024
/** The same where too much is kept in all. */
const smallWindow = 2048

export interface Found {
  readonly bytes: Buffer
  /** Of `bytes` in the stream. */
  readonly offset: number
  /** Where the packet begins in `bytes`. */
  readonly at: number
  readonly evidence: string
}

const empty = Buffer.alloc(0)

export class Search {
  readonly #direction: Direction
  #bytes: Buffer = empty
  #offset = 0
  /** Where segments begin in the bytes. */
  #starts = new Set<number>()

  readonly #budget: Budget

  constructor(direction: Direction, budget: Budget) {
    this.#direction = direction
    this.#budget = budget
  }

  get length(): number {
    return this.#bytes.length
  }

  get offset(): number {
    return this.#offset
  }

  push(bytes: Uint8Array, offset: number): Found | undefined {
    if (this.#bytes.length === 0) this.#offset = offset
    this.#starts.add(this.#bytes.length)
    this.#set(Buffer.concat([this.#bytes, bytes]))
    const boundary = findBoundary(this.#bytes, this.#direction, { from: 0, starts: this.#starts })
    if (boundary === undefined) return undefined
    const found = { bytes: this.#bytes, offset: this.#offset, ...boundary }
    this.clear()
    return found
  }

  /** Forgets the older half, or more, of what has become too much; returns how many bytes that were. */
  drop(): number {
    const most = this.#budget.left > 0 ? window : smallWindow
    if (this.#bytes.length <= most) return 0
    const half = Math.max(this.#bytes.length >> 1, this.#bytes.length - most)
    this.#set(Buffer.from(this.#bytes.subarray(half)))
    this.#offset += half
    this.#starts = new Set([...this.#starts].filter((start) => start >= half).map((start) => start - half))
    return half
  }

  clear(): void {
    this.#set(empty)
    this.#starts.clear()
  }

  #set(bytes: Buffer): void {
    this.#budget.left -= bytes.length - this.#bytes.length
    this.#bytes = bytes
  }
}
