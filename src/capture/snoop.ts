// snoop files (RFC 1761), as Solaris writes them: a header of 16 bytes, then records of 24 bytes, a packet and padding.

import { count } from '../text.js'
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import { type FrameStage, maxRecordLength, u32 } from './pcap.js'
import type { UnitParser } from './unit-reader.js'

/** The first four of the eight bytes "snoop". */
export const snoopMagic = 0x736e6f6f

const fileHeaderLength = 16
const recordHeaderLength = 24

/** LINKTYPE_ numbers of the data link types, RFC 1761 and Solaris' dlpi.h. */
const links: Record<number, number> = { 0: 1, 4: 1, 5: 9, 18: 100, 26: 242 }

export class SnoopParser implements UnitParser {
  needed = fileHeaderLength
  readonly #frame: Frame
  readonly #next: FrameStage
  readonly #notes: Notes
  #started = false
  #broken = false

  constructor(frame: Frame, next: FrameStage, notes: Notes) {
    this.#frame = frame
    this.#next = next
    this.#notes = notes
  }

  parse(bytes: Buffer, start: number, base: number): number {
    let at = start
    if (!this.#started) {
      if (bytes.length - at < fileHeaderLength) return at
      this.#header(bytes, at, base)
      at += fileHeaderLength
    }
    while (!this.#broken && bytes.length - at >= recordHeaderLength) {
      const length = u32(bytes, at + 8, false)
      if (!this.#isSound(bytes, at)) {
        this.#broken = true
        const { record } = this.#frame
        const text = `record ${record + 1} is damaged, it claims ${count(length, 'byte')}; the rest of the file was not read`
        this.#notes.say('damaged record', text, base + at)
        break
      }
      this.needed = length
      if (bytes.length - at < length) return at
      this.#record(bytes, at, base)
      at += length
    }
    this.needed = recordHeaderLength
    return this.#broken ? bytes.length : at
  }

  #header(bytes: Buffer, at: number, base: number): void {
    this.#started = true
    const version = u32(bytes, at + 8, false)
    const link = u32(bytes, at + 12, false)
    this.#frame.link = links[link] ?? 0
    // Version 1 has other records; versions 3 to 5 are by Shomiti, with other link types.
    this.#broken = version !== 2 || links[link] === undefined
    if (!this.#broken) return
    const text = `this is a snoop file of version ${version} and data link type ${link}, which is not supported`
    this.#notes.say('unknown format', text, base + at)
  }

  /** Checks the record length, the included length, the original length and the microseconds. */
  #isSound(bytes: Buffer, at: number): boolean {
    const included = u32(bytes, at + 4, false)
    const length = u32(bytes, at + 8, false)
    return (
      length >= recordHeaderLength + included &&
      length <= maxRecordLength &&
      included <= u32(bytes, at, false) &&
      u32(bytes, at + 20, false) < 1e6
    )
  }

  #record(bytes: Buffer, at: number, base: number): void {
    const frame = this.#frame
    frame.bytes = bytes
    frame.base = base
    frame.isJoined = false
    frame.start = at + recordHeaderLength
    frame.end = frame.start + u32(bytes, at + 4, false)
    frame.wireEnd = frame.start + u32(bytes, at, false)
    frame.record += 1
    frame.second = u32(bytes, at + 16, false)
    frame.nanos = u32(bytes, at + 20, false) * 1000
    this.#next.push(frame)
  }
}
