// Frames one direction of a stream: turns segments into Control Packets. Bytes missing inside a packet become a hole in it.
// After any other loss, searches for the next packet boundary and reports the bytes skipped.
import { type Direction, type Origin, type StreamSegment, segmentOf } from '../capture/stream.js'
import { afterInteger, incomplete, integerAt, tooLong } from '../codec/variable-byte-integer.js'
import { BoundarySearch, type Budget } from './boundary-search.js'
import { headerAt } from './fixed-header.js'
import { Packet } from './packet.js'

export interface AssemblerSink {
  packet(packet: Packet): void
  /** A range without packets. `at`: the segment it begins in, if not the current one. */
  skipped(direction: Direction, offset: number, length: number | undefined, why: string, at?: Origin): void
}

/** Bytes of a packet that are kept; the rest of its payload is only counted. */
export const defaultKeep = 1024 * 1024
const firstCapacity = 256

/** Bytes kept of a packet when the budget is spent, and when it is overdrawn. */
const cutHead = 4096
const shortHead = 512
const overdraft = -16 * 1024 * 1024

export interface AssemblerOptions {
  readonly synchronised: boolean
  readonly budget: Budget
  readonly showUnfinished: boolean
  readonly keep?: number | undefined
  readonly version?: () => number
}

const unknownVersion = (): number => 0

/** Position of a byte range: `base` is the stream offset of index 0. Bytes before `boundary` come from `first`. */
interface Place {
  readonly base: number
  readonly first: Origin
  readonly last: Origin
  readonly boundary: number
}

export class Assembler {
  readonly #direction: Direction
  readonly #sink: AssemblerSink
  readonly #keep: number
  /** Show a packet that the end of the input cuts off: bytes given with --hex, or a raw stream. */
  readonly #showUnfinished: boolean
  /** Returns the protocol version of the connection; 0 while it is unknown. */
  readonly #version: () => number
  readonly #budget: Budget
  /** The next packet boundary is known: not in mid-stream, and not after unframed bytes. */
  #synchronised: boolean
  /** The incomplete packet. */
  #bytes: Buffer = empty
  #filled = 0
  /** Bytes of the packet that have arrived or are known to be missing; more than `filled` if not all were kept. */
  #have = 0
  /** Total length of the packet; 0 while its Fixed Header is incomplete. */
  #need = 0
  #offset = 0
  #first: Origin | undefined
  #holes: { offset: number; length: number }[] | undefined
  /** Set while searching for a packet boundary. */
  #looking: BoundarySearch | undefined
  /** Bytes after a packet that could not be framed. */
  #rest: StreamSegment | undefined

  constructor(direction: Direction, sink: AssemblerSink, options: AssemblerOptions) {
    this.#direction = direction
    this.#sink = sink
    this.#synchronised = options.synchronised
    this.#budget = options.budget
    this.#keep = options.keep ?? defaultKeep
    this.#showUnfinished = options.showUnfinished
    this.#version = options.version ?? unknownVersion
  }

  get synchronised(): boolean {
    return this.#synchronised
  }

  /** True while bytes are buffered in which no packet boundary has been found. */
  get isSearching(): boolean {
    return this.#looking !== undefined && this.#looking.length > 0
  }

  push(segment: StreamSegment): void {
    if (this.#synchronised) this.#take(segment)
    else this.#rest = segment
    if (this.#rest !== undefined) this.#resynchronise()
  }

  #take(segment: StreamSegment): void {
    const { chunk, start, end, origin } = segment
    let at = start
    if (this.#have > 0) {
      at = this.#continue(segment)
      if (at < 0) return
    }
    const base = segment.offset - start
    this.#parse(chunk, at, end, { base, first: origin, last: origin, boundary: 0 })
  }

  /** Handles `length` missing bytes at `offset`; undefined if the number is unknown. */
  gap(offset: number, length: number | undefined, why: string): void {
    if (this.#synchronised && this.#need > 0) {
      const inside = Math.min(length ?? Number.POSITIVE_INFINITY, this.#need - this.#have)
      this.#miss(inside)
      if (length === inside) return
      offset += inside
      if (length !== undefined) length -= inside
    } else this.#abandon(why, offset)
    // A capture that starts in mid-stream is reported for the connection.
    if (length !== undefined || this.#synchronised) this.#sink.skipped(this.#direction, offset, length, why)
    this.#synchronised = false
  }

  /** The next `length` bytes of the current packet are missing. */
  #miss(length: number): void {
    this.#holes ??= []
    const last = this.#holes.at(-1)
    if (last !== undefined && last.offset + last.length === this.#have) last.length += length
    else this.#holes.push({ offset: this.#have, length })
    this.#have += length
    if (this.#have === this.#need) return this.#emit(this.#first)
    const kept = Math.min(length, this.#room())
    if (kept > 0) this.#append(new Uint8Array(kept), 0, kept)
  }

  /** The stream has ended. */
  end(): void {
    this.#forgetSearch('no packet boundary found')
    if (this.#have === 0) return
    if (this.#need > 0 && this.#showUnfinished) return this.#emit(this.#first)
    const why =
      this.#need > 0
        ? `the stream ends inside a packet of ${this.#need} bytes`
        : 'the stream ends inside a Fixed Header'
    this.#sink.skipped(this.#direction, this.#offset, this.#have, why)
    this.#clear()
  }

  /** Continues the current packet; returns the position after the bytes used, -1 if that is the whole segment. */
  #continue(segment: StreamSegment): number {
    const { chunk, start, end, origin } = segment
    if (this.#need === 0) return this.#completeHeader(segment.bytes, origin)
    const taken = Math.min(this.#need - this.#have, end - start)
    const kept = Math.min(taken, this.#room())
    if (kept > 0) this.#append(chunk, start, start + kept)
    this.#have += taken
    if (this.#have < this.#need) return -1
    this.#emit(origin)
    return start + taken
  }

  /** A Fixed Header split between segments: prepends its first bytes to the segment. */
  #completeHeader(bytes: Uint8Array, origin: Origin): number {
    const head = this.#filled
    const joined = Buffer.concat([this.#bytes.subarray(0, head), bytes])
    const place = { base: this.#offset, first: this.#first ?? origin, last: origin, boundary: head }
    this.#clear()
    this.#parse(joined, 0, joined.length, place)
    return -1
  }

  /** Parses the packets in `bytes` from `from` to `limit`. */
  #parse(bytes: Uint8Array, from: number, limit: number, place: Place): void {
    let at = from
    while (at < limit) {
      const length = integerAt(bytes, at + 1, limit)
      if (length === incomplete) return this.#start(bytes.subarray(at, limit), at, 0, place)
      const broken = length === tooLong
      const body = broken ? at + 5 : afterInteger(bytes, at + 1)
      if (bytes[at]! < 16 || broken) {
        const end = Math.min(limit, broken ? body : body + length)
        return this.#unframed(new Packet(bytes, at, Math.min(body, end), end, end - at), limit, place)
      }
      const end = body + length
      if (end > limit) return this.#start(bytes.subarray(at, limit), at, end - at, place)
      const packet = new Packet(bytes, at, body, end, end - at)
      packet.direction = this.#direction
      packet.offset = place.base + at
      packet.first = at < place.boundary ? place.first : place.last
      packet.last = place.last
      this.#sink.packet(packet)
      at = end
    }
  }

  /** Type 0, or a Remaining Length of five bytes: shown, but the next packet boundary is then unknown. */
  #unframed(packet: Packet, limit: number, { base, last }: Place): void {
    const { bytes, start, end } = packet
    packet.direction = this.#direction
    packet.offset = base + start
    packet.first = last
    packet.last = last
    this.#synchronised = false
    this.#sink.packet(packet)
    if (end < limit) this.#rest = segmentOf(bytes.subarray(end, limit), base + end, last)
  }

  /** Buffers the beginning of a packet. `need` is its total length, 0 if unknown. */
  #start(bytes: Uint8Array, at: number, need: number, { base, boundary, first, last }: Place): void {
    this.#offset = base + at
    this.#need = need
    this.#first = at < boundary ? first : last
    this.#append(bytes, 0, Math.min(bytes.length, this.#room()))
    this.#have = bytes.length
  }

  #emit(last: Origin | undefined): void {
    const bytes = this.#bytes.subarray(0, this.#filled)
    const header = headerAt(bytes, 0)
    const body = typeof header === 'string' ? bytes.length : header.body
    const packet = new Packet(bytes, 0, body, bytes.length, this.#need)
    packet.direction = this.#direction
    packet.offset = this.#offset
    packet.first = this.#first
    packet.last = last
    if (this.#holes !== undefined) packet.holes = this.#holes
    this.#clear()
    this.#sink.packet(packet)
  }

  /** Searches `#rest` for a packet boundary and continues there. Framing may fail again at once. */
  #resynchronise(): void {
    const todo: StreamSegment[] = []
    for (let segment = this.#rest; segment !== undefined; segment = todo.pop()) {
      this.#rest = undefined
      if (this.#synchronised) this.#take(segment)
      else {
        const found = this.#search(segment)
        for (let i = found.length - 1; i >= 0; i--) todo.push(found[i]!)
      }
      if (this.#rest !== undefined) todo.push(this.#rest)
    }
  }

  /** Returns the segments from the packet boundary on; none while it has not been found. */
  #search(segment: StreamSegment): readonly StreamSegment[] {
    this.#looking ??= new BoundarySearch(this.#budget, this.#version())
    const search = this.#looking
    const found = search.push(segment)
    if (found === undefined) {
      const { offset: from, origin } = search
      const dropped = search.drop()
      if (dropped > 0) this.#sink.skipped(this.#direction, from, dropped, 'no packet boundary found', origin)
      return []
    }
    this.#looking = undefined
    this.#synchronised = true
    const { segments, offset, origin, skipped, evidence } = found
    if (skipped > 0) {
      this.#sink.skipped(this.#direction, offset, skipped, `not synchronised; ${evidence}`, origin)
    }
    return segments
  }

  /** Reports the buffered bytes as skipped, because of the loss at `offset`. */
  #abandon(why: string, offset: number): void {
    this.#forgetSearch(`cut off: ${why}`)
    if (this.#have > 0)
      this.#sink.skipped(this.#direction, this.#offset, offset - this.#offset, `cut off: ${why}`)
    this.#clear()
  }

  #forgetSearch(why: string): void {
    if (this.#looking === undefined) return
    const { offset, length, origin } = this.#looking
    if (length > 0) this.#sink.skipped(this.#direction, offset, length, why, origin)
    this.#looking.clear()
  }

  /** How many more bytes of the current packet may be kept. */
  #room(): number {
    const { left } = this.#budget
    const most = left > 0 ? this.#keep : Math.min(this.#keep, left > overdraft ? cutHead : shortHead)
    return Math.max(0, most - this.#filled)
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const filled = this.#filled + end - start
    if (filled > this.#bytes.length) {
      // Do not allocate the whole packet: its length may be wrong, and the rest may never come.
      const larger = Buffer.allocUnsafe(Math.max(filled, this.#bytes.length * 2, firstCapacity))
      this.#bytes.copy(larger, 0, 0, this.#filled)
      this.#budget.left -= larger.length - this.#bytes.length
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(start, end), this.#filled)
    this.#filled = filled
  }

  #clear(): void {
    this.#budget.left += this.#bytes.length
    this.#bytes = empty // subarrays of it may still be in use
    this.#filled = 0
    this.#have = 0
    this.#need = 0
    this.#holes = undefined
  }
}

const empty = Buffer.alloc(0)
