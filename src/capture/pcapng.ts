// pcapng files (draft-ietf-opsawg-pcapng): blocks with their length at both ends, in sections that each have their own byte
// order and interfaces.
import { count, shown } from '../text.js'
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import { type FrameStage, maxRecordLength, u32 } from './pcap.js'
import { TickClock } from './pcapng-clock.js'
import { unknownSecond } from './stream.js'
import type { UnitParser } from './unit-reader.js'

export const sectionHeader = 0x0a0d0d0a
const byteOrderMagic = 0x1a2b3c4d

/** Type, length, and length again: what every block has. */
const minBlockLength = 12
/** A packet with its header and options. */
const maxBlockLength = maxRecordLength + 128 * 1024
/** Interfaces of a section; real machines have some dozens. */
const maxInterfaces = 4096
/** Failed attempts to find the next block after a damaged one, until the file is given up. */
const maxAttempts = 1000
/** The largest block accepted during that search, as each attempt collects a block. */
const maxFoundLength = 256 * 1024
/** Bytes of a comment that are shown. */
const maxComment = 1024

interface Interface {
  readonly link: number
  readonly snapLength: number
  /** Bytes of a frame check sequence at the end of each frame. */
  readonly checkLength: number
  readonly clock: TickClock
}

export interface PcapngStages {
  readonly next: FrameStage
  readonly notes: Notes
  /** Takes the text of a Decryption Secrets Block. */
  readonly secrets: (text: string) => void
}

export class PcapngParser implements UnitParser {
  needed = minBlockLength
  readonly #frame: Frame
  readonly #stages: PcapngStages
  #little = true
  #interfaces: Interface[] = []
  /** File offset of the damaged block while the next one is searched for; otherwise -1. */
  #lostAt = -1
  #attempts = 0
  #broken = false

  constructor(frame: Frame, stages: PcapngStages) {
    this.#frame = frame
    this.#stages = stages
  }

  parse(bytes: Buffer, start: number, base: number): number {
    let at = start
    while (!this.#broken && bytes.length - at >= minBlockLength) {
      const length = this.#blockLength(bytes, at)
      if (length === 0) {
        if (this.#lostAt === -1) this.#lostAt = base + at
        at += 1
        continue
      }
      if (bytes.length - at < length) {
        this.needed = length
        return at
      }
      if (u32(bytes, at + length - 4, this.#little) !== length) {
        this.#refuse(base + at)
        at += 1
        continue
      }
      this.#found(base + at)
      this.#block(bytes, at, { length, base })
      at += length
    }
    this.needed = minBlockLength
    return this.#broken ? bytes.length : at
  }

  /** The length of the block at `at`, or 0 if there can be no block. A Section Header Block sets the byte order. */
  #blockLength(bytes: Buffer, at: number): number {
    const isSection = u32(bytes, at, false) === sectionHeader
    if (isSection) {
      const little = u32(bytes, at + 8, true) === byteOrderMagic
      if (!little && u32(bytes, at + 8, false) !== byteOrderMagic) return 0
      this.#little = little
    }
    const length = u32(bytes, at + 4, this.#little)
    if (length < minBlockLength || length > maxBlockLength || length % 4 !== 0) return 0
    if (this.#lostAt === -1 || isSection) return length
    // Zeros and text can look like blocks: only a packet or an interface ends a search.
    const type = u32(bytes, at, this.#little)
    return (type === 1 || type === 6) && length <= maxFoundLength ? length : 0
  }

  /** The two lengths of the block differ. */
  #refuse(fileOffset: number): void {
    if (this.#lostAt === -1) this.#lostAt = fileOffset
    this.#attempts += 1
    if (this.#attempts <= maxAttempts) return
    this.#broken = true
    this.#say(`a block's length is wrong, and no valid block was found after it; the rest was not read`)
  }

  #found(fileOffset: number): void {
    if (this.#lostAt === -1) return
    this.#say(
      `a block's length is wrong; skipped ${count(fileOffset - this.#lostAt, 'byte')} to the next block`,
    )
    this.#lostAt = -1
    this.#attempts = 0
  }

  #say(text: string): void {
    this.#stages.notes.say('damaged block', text, this.#lostAt)
  }

  end(fileOffset: number): void {
    if (this.#lostAt === -1 || this.#broken) return
    this.#say(
      `a block's length is wrong; ${count(fileOffset - this.#lostAt, 'byte')} to the end of the file were not read`,
    )
  }

  #block(bytes: Buffer, at: number, { length, base }: { length: number; base: number }): void {
    const type = u32(bytes, at, this.#little)
    const end = at + length - 4
    const frame = this.#frame
    frame.bytes = bytes
    frame.base = base
    frame.isJoined = false
    if (type === 6) return this.#packet(at + 8, end, true)
    if (type === 3) return this.#simplePacket(at + 8, end)
    if (type === 2) return this.#packet(at + 8, end, false)
    if (type === 1) return this.#interface(bytes, at + 8, end)
    if (type === sectionHeader) this.#interfaces = []
    if (type === 10) this.#decryptionSecrets(bytes, at + 8, end)
  }

  /** An Enhanced Packet Block, or the obsolete Packet Block, which has a 16-bit interface and a drop count. */
  #packet(at: number, end: number, enhanced: boolean): void {
    const frame = this.#frame
    const { bytes } = frame
    const little = this.#little
    frame.record += 1
    if (end - at < 20) return this.#badPacket(at, 'is too short for a packet')
    const number = u32(bytes, at, little)
    const from = this.#interfaces[enhanced ? number : little ? number & 0xffff : number >>> 16]
    if (from === undefined) return this.#badPacket(at, 'names an interface that the file does not describe')
    const captured = u32(bytes, at + 12, little)
    const room = end - at - 20
    if (captured > room)
      this.#badPacket(at, `claims ${count(captured, 'byte')} and has room for ${room}; these were read`)
    from.clock.read(u32(bytes, at + 4, little), u32(bytes, at + 8, little))
    frame.second = from.clock.second
    frame.nanos = from.clock.nanos
    frame.start = at + 20
    frame.end = frame.start + Math.min(captured, room)
    frame.wireEnd = Math.max(frame.end, frame.start + u32(bytes, at + 16, little))
    const options = frame.start + ((captured + 3) & ~3)
    if (captured <= room && end - options >= 8) this.#comments(bytes, options, end)
    this.#emit(from)
  }

  #badPacket(at: number, what: string): void {
    const { record, base } = this.#frame
    this.#stages.notes.say('damaged packet block', `the block of record ${record} ${what}`, base + at - 8)
  }

  #simplePacket(at: number, end: number): void {
    const frame = this.#frame
    const from = this.#interfaces[0]
    frame.record += 1
    if (from === undefined) return this.#badPacket(at, 'comes before the description of any interface')
    const wire = u32(frame.bytes, at, this.#little)
    const limit = from.snapLength === 0 ? wire : Math.min(wire, from.snapLength)
    frame.start = at + 4
    frame.end = Math.min(end, frame.start + limit)
    frame.wireEnd = Math.max(frame.end, frame.start + wire)
    frame.second = unknownSecond
    frame.nanos = 0
    this.#emit(from)
  }

  #emit({ link, checkLength }: Interface): void {
    const frame = this.#frame
    frame.link = link
    if (checkLength > 0) {
      frame.wireEnd = Math.max(frame.start, frame.wireEnd - checkLength)
      if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
    }
    this.#stages.next.push(frame)
  }

  #interface(bytes: Buffer, at: number, end: number): void {
    if (end - at < 8 || this.#interfaces.length === maxInterfaces) return
    const word = u32(bytes, at, this.#little)
    let resolution = 6
    let offset = 0n
    let checkLength = 0
    this.#options(bytes, at + 8, end, (code, start, length) => {
      if (code === 9 && length >= 1) resolution = bytes[start]!
      if (code === 13 && length >= 1) checkLength = bytes[start]!
      if (code === 14 && length >= 8) {
        offset = this.#little ? bytes.readBigInt64LE(start) : bytes.readBigInt64BE(start)
      }
    })
    this.#interfaces.push({
      link: this.#little ? word & 0xffff : word >>> 16,
      snapLength: u32(bytes, at + 4, this.#little),
      checkLength,
      clock: new TickClock({ resolution, offset }),
    })
  }

  /** Shows comments on a packet: opt_comment, code 1. */
  #comments(bytes: Buffer, at: number, end: number): void {
    this.#options(bytes, at, end, (code, start, length) => {
      if (code !== 1 || length === 0) return
      const text = bytes.toString('utf8', start, start + Math.min(length, maxComment))
      const { record, base } = this.#frame
      this.#stages.notes.say('comment', `comment on record ${record}: ${shown(text)}`, base + start)
    })
  }

  #options(
    bytes: Buffer,
    start: number,
    end: number,
    take: (code: number, start: number, length: number) => void,
  ): void {
    const u16 = (at: number) =>
      this.#little ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!
    for (let at = start; end - at >= 4; ) {
      const code = u16(at)
      const length = u16(at + 2)
      if (code === 0 || at + 4 + length > end) return
      take(code, at + 4, length)
      at += 4 + ((length + 3) & ~3)
    }
  }

  #decryptionSecrets(bytes: Buffer, at: number, end: number): void {
    const tlsKeyLog = 0x544c534b
    if (end - at < 8 || u32(bytes, at, this.#little) !== tlsKeyLog) return
    const length = Math.min(u32(bytes, at + 4, this.#little), end - at - 8)
    this.#stages.secrets(bytes.toString('latin1', at + 8, at + 8 + length))
  }
}
