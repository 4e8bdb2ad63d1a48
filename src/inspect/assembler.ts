// Frames one direction: segments become Control Packets, wherever the segments were cut. Bytes that are missing within a
// packet become a hole in it. After any other loss the next packet boundary is looked for, and what was passed over is
// reported.
import { type Direction, type Origin, type StreamSegment, segmentOf } from '../capture/stream.js'
import { Packet } from './packet.js'
import { headerAt } from './resync.js'
import { Search } from './search.js'

export interface AssemblerSink {
  packet(packet: Packet): void
  /** No packets were found in a range. `at`: where it begins, if that is not the segment at hand. */
  skipped(direction: Direction, offset: number, length: number | undefined, why: string, at?: Origin): void
}

/** More of a packet is not kept; the rest of its payload is counted. */
export const defaultKeep = 1024 * 1024
const firstCapacity = 256

/** Bytes of unfinished packets of all streams: how many more may be kept. Where there are none only heads are. */
export interface Budget {
  left: number
}

/** The head of a packet that is kept when the budget is spent, and when twice as much is wanted. */
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

/** Where bytes are that packets are looked for in: `base` is the offset in the stream of the first of all. */
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
  /** A packet that the end of the input cuts off is a packet: it was typed in, or is all there is. */
  readonly #showUnfinished: boolean
  /** Of the connection's packets; 0 while it is unknown. */
  readonly #version: () => number
  readonly #budget: Budget
  /** Whether packets begin where we think: not in mid-stream, and not after what could not be framed. */
  #synchronised: boolean
  /** The packet, or the bytes of a search, that is not complete. */
  #bytes: Buffer = empty
  #filled = 0
  /** Bytes of the packet that have come or are known to be missing; more than `filled` where not all was kept. */
  #have = 0
  /** Its whole length; 0 while its Fixed Header is not complete. */
  #need = 0
  #offset = 0
  #first: Origin | undefined
  #holes: { offset: number; length: number }[] | undefined
  /** Only where a packet boundary is looked for. */
  #looking: Search | undefined
  /** What follows a packet that could not be framed. */
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

  /** Bytes are held in which no packet boundary was found yet. */
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

  /** Bytes are missing from the stream. */
  gap(offset: number, length: number | undefined, why: string): void {
    if (this.#synchronised && this.#need > 0) {
      const inside = Math.min(length ?? Number.POSITIVE_INFINITY, this.#need - this.#have)
      this.#miss(inside)
      if (length === inside) return
      offset += inside
      if (length !== undefined) length -= inside
    } else this.#abandon(why, offset)
    // That the capture starts in mid-stream is said of the connection.
    if (length !== undefined || this.#synchronised) this.#sink.skipped(this.#direction, offset, length, why)
    this.#synchronised = false
  }

  /** The next `length` bytes of the packet at hand are missing. */
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

  /** The stream is at its end. */
  end(): void {
    this.#forgetSearch('no packet boundary found')
    if (this.#have === 0) return
    if (this.#need > 0 && this.#showUnfinished) return this.#emit(this.#first)
    const why =
      this.#need > 0
        ? `the packet here has ${this.#need} bytes, the stream ends before`
        : 'the stream ends within a Fixed Header'
    this.#sink.skipped(this.#direction, this.#offset, this.#have, why)
    this.#clear()
  }

  /** Completes the packet at hand; returns how far the segment was taken, -1 when that is all of it. */
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

  /** A Fixed Header that was cut: the few bytes that are there are put before the segment. */
  #completeHeader(bytes: Uint8Array, origin: Origin): number {
    const head = this.#filled
    const joined = Buffer.concat([this.#bytes.subarray(0, head), bytes])
    const place = { base: this.#offset, first: this.#first ?? origin, last: origin, boundary: head }
    this.#clear()
    this.#parse(joined, 0, joined.length, place)
    return -1
  }

  /** The bytes from `from` to `limit`. Before `boundary` they are from `first`, behind it from `last`. */
  #parse(bytes: Uint8Array, from: number, limit: number, place: Place): void {
    let at = from
    while (at < limit) {
      let body = at + 1
      let length = 0
      let byte = 128
      for (let scale = 1; byte >= 128 && body < limit && scale < 268_435_456; scale *= 128) {
        byte = bytes[body++]!
        length += (byte & 0x7f) * scale
      }
      const broken = byte >= 128 && body - at === 5
      if (byte >= 128 && !broken) return this.#start(bytes.subarray(at, limit), at, 0, place)
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

  /** Type 0, or a Remaining Length of five bytes: shown, and then nobody knows where the next packet begins. */
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

  /** What is there of a packet: `need` is its length, 0 where that is not known. */
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

  /** Looks for a packet boundary in `#rest`, and reads on from there; it may be lost again at once. */
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

  /** The segments from the packet boundary on; none while it was not found. */
  #search(segment: StreamSegment): readonly StreamSegment[] {
    this.#looking ??= new Search(this.#budget, this.#version())
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

  /** Says that the bytes at hand lead nowhere, because of what happened at `offset`. */
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

  /** How many more bytes of the packet at hand may be kept. */
  #room(): number {
    const { left } = this.#budget
    const most = left > 0 ? this.#keep : Math.min(this.#keep, left > overdraft ? cutHead : shortHead)
    return Math.max(0, most - this.#filled)
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const filled = this.#filled + end - start
    if (filled > this.#bytes.length) {
      // Not the whole packet at once: its length may lie, and its rest may never come.
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
    this.#bytes = empty // views of it may live on
    this.#filled = 0
    this.#have = 0
    this.#need = 0
    this.#holes = undefined
  }
}

const empty = Buffer.alloc(0)
