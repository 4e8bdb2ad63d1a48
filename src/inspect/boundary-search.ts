// Searches for a packet boundary in a stream that starts in the middle of a packet. Payloads contain many bytes that look
// like Fixed Headers, so a boundary is accepted only if several packets follow one another from it. Each byte is tried once;
// an incomplete candidate is continued when more bytes arrive.
import { type Origin, type StreamSegment, segmentOf } from '../capture/stream.js'
import { hasLegalFlags, none, packetAt } from './plausible.js'
import { bufferOf } from './utf8.js'

/** Bytes that may still be kept for unfinished packets of all streams. At 0 only their first bytes are kept. */
export interface Budget {
  left: number
}

/** Bytes kept; if they contain no boundary, the older half is dropped. */
const window = 64 * 1024
/** Bytes kept when the budget of all streams is spent. */
const smallWindow = 2048
const enough = 3 // packets in a row
const enoughAtEnd = 2 // when the last of them ends where a segment ends
/** Candidates that wait for more bytes; further ones are ignored. */
const mostChains = 256

/** A candidate: consecutive packets. */
interface Chain {
  /** Start of the first packet. */
  at: number
  count: number
  /** Start of the next packet. */
  next: number
  /** Bytes the window must have before the chain can be continued. */
  need: number
  readonly version: number
}

export interface Found {
  /** Segments from the boundary on, each with its own origin. */
  readonly segments: readonly StreamSegment[]
  /** Offset and origin of the first byte searched, and the number of bytes before the boundary. */
  readonly offset: number
  readonly origin: Origin
  readonly skipped: number
  /** The reason for accepting the boundary, for the user. */
  readonly evidence: string
}

const empty = Buffer.alloc(0)
const both = [4, 5] as const

export class BoundarySearch {
  readonly #budget: Budget
  readonly #versions: readonly number[]
  /** A buffer of this search with spare capacity, or the first segment's bytes while only that is searched. */
  #bytes: Buffer = empty
  #isBorrowed = false
  #length = 0
  #offset = 0
  /** Start of each segment in `#bytes`. */
  #starts: number[] = []
  #origins: Origin[] = []
  /** Position up to which all bytes were tried. */
  #next = 0
  #chains: Chain[] = []
  /** Smallest `need` of all chains. */
  #need = Number.POSITIVE_INFINITY

  /** `version`: protocol version of the connection, 0 if unknown. */
  constructor(budget: Budget, version: number) {
    this.#budget = budget
    this.#versions = version === 0 ? both : [Math.max(version, 4)]
  }

  get length(): number {
    return this.#length
  }

  /** Origin of the first segment. */
  get origin(): Origin | undefined {
    return this.#origins[0]
  }

  get offset(): number {
    return this.#offset
  }

  push(segment: StreamSegment): Found | undefined {
    if (this.#length === 0) this.#offset = segment.offset
    this.#starts.push(this.#length)
    this.#origins.push(segment.origin)
    if (this.#length === 0) this.#borrow(segment)
    else this.#append(segment)
    const evidence = this.#continue() ?? this.#try()
    if (evidence !== undefined) {
      const found = this.#found(evidence)
      this.clear()
      return found
    }
    if (this.#isBorrowed) this.#own()
    return undefined
  }

  /** Drops the older half, or more, if the window is too large; returns the number of bytes dropped. */
  drop(): number {
    const most = this.#budget.left > 0 ? window : smallWindow
    if (this.#length <= most) return 0
    const half = Math.max(this.#length >> 1, this.#length - most)
    const kept = this.#bytes.subarray(half, this.#length)
    if (most === window && this.#bytes.length <= 4 * window) this.#bytes.set(kept)
    else this.#replace(Buffer.from(kept))
    this.#length = kept.length
    this.#offset += half
    this.#next = Math.max(0, this.#next - half)
    // The first segment may begin before the window.
    const first = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= half),
    )
    this.#starts = this.#starts.slice(first).map((start) => start - half)
    this.#origins = this.#origins.slice(first)
    this.#chains = this.#chains.filter(({ at }) => at >= half)
    for (const chain of this.#chains) {
      chain.at -= half
      chain.next -= half
      chain.need -= half
    }
    this.#need -= half
    return half
  }

  clear(): void {
    this.#replace(empty)
    this.#length = 0
    this.#starts = []
    this.#origins = []
    this.#next = 0
    this.#chains = []
    this.#need = Number.POSITIVE_INFINITY
  }

  #borrow({ bytes }: StreamSegment): void {
    this.#bytes = bufferOf(bytes)
    this.#length = bytes.length
    this.#isBorrowed = true
  }

  #own(): void {
    const bytes = Buffer.from(this.#bytes)
    this.#bytes = empty
    this.#isBorrowed = false
    this.#replace(bytes)
  }

  #append({ chunk, start, end }: StreamSegment): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, Math.min(this.#bytes.length * 2, 2 * window)))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#replace(larger)
    }
    this.#bytes.set(chunk.subarray(start, end), this.#length)
    this.#length = length
  }

  #replace(bytes: Buffer): void {
    if (this.#isBorrowed) this.#bytes = empty
    this.#isBorrowed = false
    this.#budget.left -= bytes.length - this.#bytes.length
    this.#bytes = bytes
  }

  /** Continues the chains whose bytes have arrived; the first that is accepted wins. */
  #continue(): Evidence | undefined {
    if (this.#need > this.#length) return undefined
    let need = Number.POSITIVE_INFINITY
    const open: Chain[] = []
    for (const chain of this.#chains) {
      if (chain.need <= this.#length) {
        const why = this.#follow(chain)
        if (why === 'no') continue
        if (why !== 'open') return { at: chain.at, why }
      }
      open.push(chain)
      if (chain.need < need) need = chain.need
    }
    this.#chains = open
    this.#need = need
    return undefined
  }

  /** Tries the positions not tried yet. */
  #try(): Evidence | undefined {
    for (; this.#next < this.#length; this.#next++) {
      if (!hasLegalFlags(this.#bytes[this.#next]!)) continue
      for (const version of this.#versions) {
        const end = packetAt(this.#bytes, this.#next, this.#length, version)
        if (end === none) continue
        const chain: Chain = { at: this.#next, count: 0, next: this.#next, need: 0, version }
        const why = this.#follow(chain, end)
        if (why === 'no') continue
        if (why !== 'open') return { at: chain.at, why }
        if (this.#chains.length >= mostChains) continue
        this.#chains.push(chain)
        if (chain.need < this.#need) this.#need = chain.need
      }
    }
    return undefined
  }

  /** Returns the reason for accepting the chain, 'open' if it needs more bytes, or 'no'. */
  #follow(chain: Chain, first = packetAt(this.#bytes, chain.next, this.#length, chain.version)): string {
    const length = this.#length
    for (let end = first; ; end = packetAt(this.#bytes, chain.next, length, chain.version)) {
      if (end === none || end - chain.at > window) return 'no'
      if (end > length) {
        chain.need = end
        return 'open'
      }
      chain.next = end
      chain.count++
      if (chain.count === enough || end === length) break
    }
    if (chain.count >= enough) return `${enough} packets in a row decode from here`
    if (chain.count >= enoughAtEnd) return `${chain.count} packets fill the segment from here`
    if (chain.count === 1 && this.#isStart(chain.at)) return 'one packet fills a segment'
    chain.need = length + 1
    return 'open'
  }

  #isStart(at: number): boolean {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! < at) low = middle + 1
      else high = middle
    }
    return this.#starts[low] === at
  }

  #found({ at, why }: Evidence): Found {
    const segments: StreamSegment[] = []
    this.#starts.forEach((start, i) => {
      const from = Math.max(start, at)
      const to = this.#starts[i + 1] ?? this.#length
      if (from >= to) return
      segments.push(segmentOf(this.#bytes.subarray(from, to), this.#offset + from, this.#origins[i]!))
    })
    return { segments, offset: this.#offset, origin: this.#origins[0]!, skipped: at, evidence: why }
  }
}

interface Evidence {
  readonly at: number
  readonly why: string
}
