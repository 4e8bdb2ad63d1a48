// The bytes in which the next packet is looked for, while nobody knows where packets begin.
import type { Direction } from '../capture/stream.js'
import { findBoundary } from './resync.js'

/** In which a packet boundary is looked for; without one the older half is passed over. */
const window = 64 * 1024

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

  constructor(direction: Direction) {
    this.#direction = direction
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
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    const boundary = findBoundary(this.#bytes, this.#direction, { from: 0, starts: this.#starts })
    if (boundary === undefined) return undefined
    const found = { bytes: this.#bytes, offset: this.#offset, ...boundary }
    this.clear()
    return found
  }

  /** Forgets the older half of what has become too much; returns how many bytes that were. */
  drop(): number {
    if (this.#bytes.length <= window) return 0
    const half = this.#bytes.length >> 1
    this.#bytes = Buffer.from(this.#bytes.subarray(half))
    this.#offset += half
    this.#starts = new Set([...this.#starts].filter((start) => start >= half).map((start) => start - half))
    return half
  }

  clear(): void {
    this.#bytes = empty
    this.#starts.clear()
  }
}
