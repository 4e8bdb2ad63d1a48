// Classic pcap files (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes and a packet each.

import { count } from '../text.js'
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import type { UnitParser } from './unit-reader.js'

/**
 * The largest packet accepted in one record. libpcap's limit is 256 KiB, which captures of offloaded or USB traffic
 * exceed; a larger length than this is damaged.
 */
export const maxRecordLength = 16 * 1024 * 1024

const fileHeaderLength = 24
const recordHeaderLength = 16

/** libpcap's limit. A longer record is accepted if another one follows it. */
const usualLength = 256 * 1024
/** Seconds between two records; a longer interval needs more evidence. */
const maxLeap = 86_400
/** Consecutive records that end a search. Random bytes pass as a header once in 10^12. */
const chainLength = 3
/** The shortest packet that a search accepts: an IPv4 header. */
const minPacket = 20
const damaged = -1

/** NetBSD's link types of raw IP: the low half is the address family, which the packet also has. Read as LINKTYPE_RAW. */
const netBsdRaw = 0x0224
const rawIp = 101

/** Takes frames; `frame.start` is the header that this stage reads. */
export interface FrameStage {
  push(frame: Frame): void
}

/** By magic number, its four bytes read as big-endian. */
const magics: Record<number, { little: boolean; unit: 1 | 1000 }> = {
  3569595041: { little: true, unit: 1000 },
  2712847316: { little: false, unit: 1000 },
  1295823521: { little: true, unit: 1 },
  2712812621: { little: false, unit: 1 },
}

export function isPcap(magic: number): boolean {
  return magic in magics
}

/** Reads an unsigned 32-bit integer without a bounds check; twice as fast as Buffer's readers. */
export function u32(bytes: Buffer, at: number, little: boolean): number {
  return little
    ? (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** What every record of a file should agree with; a header that does not needs more evidence. */
interface Expectations {
  little: boolean
  /** Nanoseconds of one unit of the fraction. */
  readonly unit: number
  /** The fraction of a second, in units, is below this. */
  fractions: number
  /** 0 if the file does not say. */
  snapLength: number
}

export class PcapParser implements UnitParser {
  needed = fileHeaderLength
  readonly #frame: Frame
  readonly #next: FrameStage
  readonly #notes: Notes
  #started = false
  /** No more bytes will come. */
  #isEnd = false
  #expected: Expectations = { little: true, unit: 1000, fractions: 1e6, snapLength: 0 }
  #link = 0
  /** Bytes of a frame check sequence at the end of each frame. */
  #checkLength = 0
  /** Time of the last record; -1 before the first. */
  #seconds = -1
  /** While searching for the next record: the file offset of the damaged one, and its description. Otherwise -1. */
  #lostAt = -1
  #damage = ''

  constructor(frame: Frame, next: FrameStage, notes: Notes) {
    this.#frame = frame
    this.#next = next
    this.#notes = notes
  }

  parse(bytes: Buffer, start: number, base: number): number {
    let at = start
    if (!this.#started) {
      if (bytes.length - at < fileHeaderLength) return at
      this.#header(bytes, at)
      at += fileHeaderLength
    }
    for (;;) {
      if (this.#lostAt !== -1) at = this.#search(bytes, at, base)
      if (this.#lostAt !== -1) return at
      at = this.#records(bytes, at, base)
      if (this.#lostAt !== -1) continue
      if (!isFileHeader(bytes, at)) return at
      if (bytes.length - at < fileHeaderLength) {
        this.needed = fileHeaderLength
        return at
      }
      this.#header(bytes, at) // another file, appended with cat
      at += fileHeaderLength
    }
  }

  /** At the end of the file: reads `bytes`, which are what is left of it. Returns how many of them were read. */
  finish(bytes: Buffer, base: number): number {
    this.#isEnd = true
    const at = this.parse(bytes, 0, base)
    if (this.#lostAt === -1) return at
    const rest = base + bytes.length - this.#lostAt
    this.#say(`the ${count(rest, 'byte')} to the end of the file were not read, as they hold no valid record`)
    return bytes.length
  }

  #header(bytes: Buffer, at: number): void {
    const { little, unit } = magics[u32(bytes, at, false)] ?? { little: true, unit: 1000 }
    this.#expected = { little, unit, fractions: 1e9 / unit, snapLength: u32(bytes, at + 16, little) }
    // draft-ietf-opsawg-pcap, 4: the length of the frame check sequence in 16-bit words, a bit that is set if the length
    // is given, 10 reserved bits, the link type.
    const link = u32(bytes, at + 20, little)
    this.#link = ((link >>> 16) & 0x03ff) === netBsdRaw ? rawIp : link & 0xffff
    this.#checkLength = (link & 0x0400_0000) === 0 ? 0 : (link >>> 28) * 2
    this.#started = true
    this.needed = recordHeaderLength
  }

  #time(seconds: number, fraction: number): void {
    const nanos = fraction * this.#expected.unit
    const more = nanos < 1e9 ? 0 : Math.floor(nanos / 1e9) // a damaged record, if it is one
    this.#frame.second = seconds + more
    this.#frame.nanos = nanos - more * 1e9
  }

  #records(bytes: Buffer, start: number, base: number): number {
    const frame = this.#frame
    const { little, fractions } = this.#expected
    const limit = bytes.length
    frame.link = this.#link
    let at = start
    while (limit - at >= recordHeaderLength) {
      const seconds = u32(bytes, at, little)
      const fraction = u32(bytes, at + 4, little)
      const length = u32(bytes, at + 8, little)
      const wire = u32(bytes, at + 12, little)
      const isUsual = this.#isUsual(length, wire) && fraction < fractions
      if (!isUsual || Math.abs(seconds - this.#seconds) > maxLeap) {
        if (isFileHeader(bytes, at)) return at
        const wanted = this.#examine(bytes, at, length)
        if (wanted === damaged) return this.#startSearch(at, base, length)
        if (wanted > limit - at) {
          this.needed = wanted
          return at
        }
      }
      const packet = at + recordHeaderLength
      if (limit - packet < length) {
        if (this.#isEnd && this.#find(bytes, at + 1) < limit) return this.#startSearch(at, base, length)
        this.needed = recordHeaderLength + length
        return at
      }
      frame.bytes = bytes
      frame.base = base
      frame.isJoined = false
      frame.start = packet
      frame.end = packet + length
      // Some writers give an original length below the captured length: then the captured length is used.
      frame.wireEnd = packet + Math.max(length, wire)
      if (this.#checkLength !== 0) this.#dropCheckSequence(frame)
      frame.record += 1
      this.#time(seconds, fraction)
      this.#seconds = seconds
      this.#next.push(frame)
      at = packet + length
    }
    this.needed = recordHeaderLength
    return at
  }

  #dropCheckSequence(frame: Frame): void {
    frame.wireEnd = Math.max(frame.start, frame.wireEnd - this.#checkLength)
    if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
  }

  /**
   * An unusual record is read if a usual one or the end of the file follows it. Returns `damaged`, or the number of bytes
   * from its start that the decision needs: if they are available, the record is to be read.
   */
  #examine(bytes: Buffer, at: number, length: number): number {
    if (length > maxRecordLength) return damaged
    const { little } = this.#expected
    const seconds = u32(bytes, at, little)
    const wire = u32(bytes, at + 12, little)
    // Zeros, as a crash leaves in a file, look like a chain of empty records.
    if (length === 0 && this.#seconds !== -1 && Math.abs(seconds - this.#seconds) > maxLeap) return damaged
    const next = at + recordHeaderLength + length
    const wanted = next + recordHeaderLength - at
    if (bytes.length - at < wanted) {
      if (!this.#isEnd) return wanted
      const isLast = next === bytes.length && this.#isUsual(length, wire)
      return !isLast && this.#find(bytes, at + 1) < bytes.length ? damaged : 0
    }
    const isNear = (place: number) =>
      this.#isHeader(bytes, place, seconds) || this.#isHeader(bytes, place, this.#seconds)
    // If the length is unusual and records are found within it, the length is wrong.
    if (!this.#isUsual(length, wire)) {
      const within = this.#find(bytes, at + 1, next)
      if (within < 0) return ~within - at + chainLength * (recordHeaderLength + usualLength)
      if (within < next) return damaged
    }
    if (isNear(next) || isFileHeader(bytes, next)) return wanted
    // Records weeks apart can only be recognised by their lengths.
    const isWhole = (place: number) => {
      const captured = u32(bytes, place + 8, little)
      return captured >= minPacket && this.#isUsual(captured, u32(bytes, place + 12, little))
    }
    return isWhole(at) && isWhole(next) && this.#isHeader(bytes, next, -1) ? wanted : damaged
  }

  /** Whether the packet was captured completely or cut to the snap length. */
  #isUsual(length: number, wire: number): boolean {
    return (length === wire || length === this.#expected.snapLength) && length <= usualLength
  }

  /** Whether this may be the header of a record captured near `seconds`; -1 for any time. */
  #isHeader(bytes: Buffer, at: number, seconds: number): boolean {
    const { little, fractions, snapLength } = this.#expected
    const length = u32(bytes, at + 8, little)
    if (length > Math.max(usualLength, Math.min(snapLength, maxRecordLength))) return false
    if (u32(bytes, at + 4, little) >= fractions) return false
    return seconds === -1 || Math.abs(u32(bytes, at, little) - seconds) <= maxLeap
  }

  /** Searches for a chain of records; returns its start, or the position from which it needs more bytes. */
  #search(bytes: Buffer, start: number, base: number): number {
    const at = this.#find(bytes, start)
    if (at < 0 || at === bytes.length) {
      // More than one position needs, so that bytes are not collected for each position.
      this.needed = chainLength * (recordHeaderLength + usualLength)
      return at < 0 ? ~at : Math.max(start, bytes.length - recordHeaderLength + 1)
    }
    const skipped = base + at - this.#lostAt
    this.#say(`skipped ${count(skipped, 'byte')} to the next valid records, at offset ${base + at}`)
    this.#lostAt = -1
    return at
  }

  /** The start of a chain of records before `limit`; `limit` if there is none; `~at` if position `at` needs more bytes. */
  #find(bytes: Buffer, start: number, limit = bytes.length): number {
    const last = Math.min(limit, bytes.length - recordHeaderLength + 1)
    for (let at = start; at < last; at++) {
      const found = this.#isChain(bytes, at)
      if (found === true) return at
      if (found === undefined) return ~at
    }
    return limit
  }

  /** Undefined if more bytes are needed. */
  #isChain(bytes: Buffer, start: number): boolean | undefined {
    const { little } = this.#expected
    let at = start
    let seconds = this.#seconds
    for (let count = 0; count < chainLength; count++) {
      if (at === bytes.length && this.#isEnd) return true
      if (bytes.length - at < recordHeaderLength) return this.#isEnd ? false : undefined
      if (!this.#isHeader(bytes, at, seconds)) return false
      const length = u32(bytes, at + 8, little)
      const wire = u32(bytes, at + 12, little)
      if (length < minPacket || wire < length || wire > maxRecordLength) return false
      seconds = u32(bytes, at, little)
      at += recordHeaderLength + length
    }
    return true
  }

  #startSearch(at: number, base: number, length: number): number {
    this.#lostAt = base + at
    this.#damage = `record ${this.#frame.record + 1} is damaged, it claims ${count(length, 'byte')}`
    return at + 1
  }

  #say(outcome: string): void {
    this.#notes.say('damaged record', `${this.#damage}; ${outcome}`, this.#lostAt)
  }
}

/** Whether there is a magic number and version 2, instead of a record. */
function isFileHeader(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < recordHeaderLength) return false
  const kind = magics[u32(bytes, at, false)]
  if (kind === undefined) return false
  const version = kind.little ? bytes.readUInt16LE(at + 4) : bytes.readUInt16BE(at + 4)
  return version === 2
}
