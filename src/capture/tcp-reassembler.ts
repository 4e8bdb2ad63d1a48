// Reassembles one direction of a TCP connection: orders segments, drops retransmissions, and decides when missing bytes
// are lost (RFC 9293, 3.4 and 3.10). Sequence numbers have 32 bits and are compared by their difference.
import type { ByteBudget } from './byte-budget.js'
import { type Frame, RecordOrigin } from './frame.js'
import { OutOfOrderQueue, type SegmentPart } from './out-of-order.js'
import { Segment } from './segment.js'

/**
 * Bytes after a hole that are kept in one direction. Receive windows are seldom larger: bytes that are still missing then
 * were not captured.
 */
const maxWaitingBytes = 1024 * 1024
/** Segments that are kept in one direction; most are larger than 512 bytes, so that the limit of bytes applies first. */
const maxWaitingPieces = 2048
/** Seconds of capture time until a hole is given up. Retransmission backs off to a minute (RFC 6298). */
const maxWaitSeconds = 30
/**
 * Packets of the connection after an acknowledgement of bytes that were not seen until these count as lost. Captures from
 * several queues or processors reorder packets.
 */
export const graceFrames = 8
/** If the capture starts in mid-stream, segments are held, as an earlier one may follow: limits of bytes, count, seconds. */
const maxUnanchoredBytes = 64 * 1024
const maxUnanchoredPieces = 256
const maxUnanchoredSeconds = 1
/** The largest window (RFC 7323, 2.3). A larger hole is a jump of unknown length. */
const maxHole = 2 ** 30

/** An acknowledgement this far after the last byte that was seen is ignored. */
const maxUnseen = 2 ** 26

export const notCaptured = 'missing from the capture'
export const cutShort = 'cut by the snap length of the capture'
export const midStream = 'the capture starts in mid-stream'

/** Takes the output of a TcpReassembler. */
export interface ReassemblyOutput {
  data(side: 0 | 1, segment: Segment): void
  gap(side: 0 | 1, offset: number, length: number | undefined, why: string): void
  retransmitted(side: 0 | 1, bytes: number): void
  /** A retransmission has other bytes; the first were kept. */
  differs(fileOffset: number): void
}

export class TcpReassembler {
  /** The next sequence number to pass on; invalid until `anchored`. */
  expected = 0
  anchored = false
  /** The initial sequence number; undefined if no SYN was seen. */
  isn: number | undefined
  finished = false
  /** The sequence number of the first packet of this side, if the start of the stream is not known. */
  #firstSeen: number | undefined
  /** Packets of the other side were held, and none of this side came. */
  #isSilent = false
  /** The highest acknowledgement by the other side. */
  #acknowledged = 0
  #hasAcknowledged = false
  /** Sequence number of the FIN. */
  #fin: number | undefined
  readonly #side: 0 | 1
  readonly #output: ReassemblyOutput
  readonly #budget: ByteBudget
  #offset = 0
  #gapBefore: number | undefined
  #waiting: OutOfOrderQueue | undefined
  #since = 0
  /** Packets left until a hole is given up; -1 without evidence that its bytes are lost. */
  #grace = -1

  constructor(side: 0 | 1, output: ReassemblyOutput, budget: ByteBudget) {
    this.#budget = budget
    this.#side = side
    this.#output = output
  }

  /** Segments or a FIN are held, so that `check` must be called. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined || (this.#fin !== undefined && !this.finished)
  }

  /** No byte was passed on or held. */
  get isFresh(): boolean {
    return this.#offset === 0 && this.#waiting === undefined
  }

  anchor(seq: number): void {
    this.expected = seq | 0
    this.anchored = true
    if (this.#waiting !== undefined) this.#drain()
  }

  /**
   * Whether bytes before `seq` were not seen, or no packet of this side was: it may come after the packet that
   * acknowledges it. A single byte is ignored: it may be a FIN. False if the distance is implausible.
   */
  lacksBefore(seq: number): boolean {
    const next = this.anchored ? this.expected : this.#firstSeen
    if (next === undefined) return !this.#isSilent
    const missing = (seq - next) | 0
    return missing > 1 && missing <= maxUnseen && !this.finished
  }

  /** Notes the sequence number of a packet while the start of the stream is not known. */
  noteSequence(seq: number): void {
    this.#firstSeen ??= seq
  }

  /** Reports the bytes before `seq` as missing. */
  skipTo(seq: number, why: string): void {
    if (!this.anchored) {
      this.#isSilent = this.#firstSeen === undefined
      if (!this.lacksBefore(seq)) return
      this.#startHere(this.#firstSeen!)
    }
    while (this.lacksBefore(seq)) {
      const first = this.#waiting?.first()
      let end = first !== undefined && ((first.seq - seq) | 0) < 0 ? first.seq : seq
      if (this.#fin !== undefined && ((end - this.#fin) | 0) > 0) end = this.#fin
      if (((end - this.expected) | 0) <= 0) return
      this.#grace = -1
      this.#reportMissing((end - this.expected) | 0, why)
      this.#drain()
    }
  }

  /** Takes a segment: `start` to `frame.end` are its captured bytes, `frame.wireEnd` is its end on the wire. */
  push(frame: Frame, seq: number, start: number): void {
    const length = frame.wireEnd - start
    const end = Math.max(start, frame.end)
    const origin = new RecordOrigin(frame, frame.fileOffsetOf(start))
    if (!this.anchored && this.#hasAcknowledged && this.#acknowledged === seq) this.#startHere(seq)
    if (this.anchored && seq === this.expected && this.#waiting === undefined && !this.finished) {
      const segment = new Segment(frame.bytes, this.#offset, origin, this.#gapBefore)
      segment.start = start
      segment.end = end
      this.#deliver(segment, length)
      if (this.#fin !== undefined) this.#reachFin()
      return
    }
    this.#insert({ seq, bytes: frame.bytes.subarray(start, end), length, origin })
  }

  #insert(part: SegmentPart): void {
    const before = this.anchored ? (this.expected - part.seq) | 0 : 0
    if (before === 1 && part.length === 1) return // a keep-alive probe, RFC 9293 (3.8.4)
    if (before > 0) {
      this.#output.retransmitted(this.#side, Math.min(before, part.length))
      if (before >= part.length) return
    }
    if (this.finished) return // after the FIN
    if (before > 0) {
      part = {
        seq: this.expected,
        bytes: part.bytes.subarray(before),
        length: part.length - before,
        origin: part.origin.at(part.origin.fileOffset + before),
      }
    }
    if (this.#waiting === undefined) {
      this.#waiting = new OutOfOrderQueue(this.#budget)
      this.#since = part.origin.seconds
    }
    const { repeated, differs } = this.#waiting.insert(part)
    if (repeated > 0) this.#output.retransmitted(this.#side, repeated)
    if (differs) this.#output.differs(part.origin.fileOffset)
    this.#drain()
  }

  /** The other side has received everything before `seq`. */
  acknowledge(seq: number): void {
    if (this.#hasAcknowledged && ((seq - this.#acknowledged) | 0) <= 0) return
    this.#acknowledged = seq
    this.#hasAcknowledged = true
  }

  fin(seq: number, seconds: number): void {
    if (this.#fin !== undefined) return
    this.#fin = seq | 0
    if (this.#waiting === undefined) this.#since = seconds
    this.#reachFin()
  }

  /** Passes on what no longer has to wait. Call it for each packet of the connection while `isWaiting`. */
  check(seconds: number): void {
    while (this.isWaiting && this.#isOver(seconds)) {
      if (!this.#giveUp(notCaptured)) return
      this.#since = seconds
    }
  }

  #isOver(seconds: number): boolean {
    const first = this.#waiting?.first()
    const waited = seconds - this.#since
    if (first !== undefined && this.#budget.isSpent) return true
    if (!this.anchored && this.#waiting !== undefined && first !== undefined) {
      if (this.#isAcknowledged(first.seq)) return true
      const { bytes, count } = this.#waiting
      return bytes > maxUnanchoredBytes || count > maxUnanchoredPieces || waited > maxUnanchoredSeconds
    }
    if (this.#waiting !== undefined) {
      const { bytes, count } = this.#waiting
      if (bytes > maxWaitingBytes || count > maxWaitingPieces || waited > maxWaitSeconds) return true
    }
    const end = first?.seq ?? this.#fin
    if (end === undefined || !this.#isAcknowledged(end)) return false
    if (this.#grace === -1) this.#grace = graceFrames
    if (this.#grace === 0) return true
    this.#grace -= 1
    return false
  }

  #isAcknowledged(seq: number): boolean {
    return this.#hasAcknowledged && ((this.#acknowledged - seq) | 0) >= 0
  }

  /** At the end of the stream: passes on all that is held, with gaps. */
  flush(why: string): void {
    while (this.#giveUp(why)) {
      // One hole at a time.
    }
    if (this.#hasAcknowledged) this.skipTo(this.#acknowledged, why)
  }

  /** Gives up the first hole; returns false if there is none. */
  #giveUp(why: string): boolean {
    this.#grace = -1
    const first = this.#waiting?.first()
    const end = first?.seq ?? (this.anchored ? this.#fin : undefined)
    if (end === undefined) return false
    if (this.anchored) {
      const missing = (end - this.expected) | 0
      if (missing <= 0 && first === undefined) return false
      this.#reportMissing(missing, why)
    } else this.#startHere(end)
    this.#drain()
    return true
  }

  #startHere(seq: number): void {
    this.#output.gap(this.#side, 0, undefined, midStream)
    this.anchor(seq)
  }

  #reportMissing(length: number, why: string): void {
    if (length === 0) return
    const known = length > 0 && length <= maxHole
    this.#output.gap(this.#side, this.#offset, known ? length : undefined, why)
    this.expected = (this.expected + length) | 0
    if (!known) return
    this.#offset += length
    this.#gapBefore = (this.#gapBefore ?? 0) + length
  }

  #drain(): void {
    const waiting = this.#waiting
    if (waiting !== undefined && this.anchored) {
      for (let part = waiting.first(); part?.seq === this.expected; part = waiting.first()) {
        waiting.shift()
        this.#grace = -1
        this.#deliver(new Segment(part.bytes, this.#offset, part.origin, this.#gapBefore), part.length)
      }
      if (waiting.count === 0) this.#waiting = undefined
    }
    this.#reachFin()
  }

  #reachFin(): void {
    if (this.#fin !== undefined && this.anchored && ((this.expected - this.#fin) | 0) >= 0)
      this.finished = true
  }

  /** `length` is that on the wire. */
  #deliver(segment: Segment, length: number): void {
    const { length: captured } = segment
    if (captured > 0) {
      this.#output.data(this.#side, segment)
      this.#gapBefore = undefined
      this.#offset += captured
      this.expected = (this.expected + captured) | 0
    }
    if (captured < length) this.#reportMissing(length - captured, cutShort)
  }
}
