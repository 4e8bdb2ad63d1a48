// ERF files (Endace Extensible Record Format): records without a file header.
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import type { FrameStage } from './pcap.js'
import type { UnitParser } from './unit-reader.js'

const headerLength = 16
const linkErf = 197
/** Types are numbered from 1; PAD is the highest. */
const maxType = 48
/** 1990 and 2100, in seconds since 1970. */
const [earliest, latest] = [631_152_000, 4_102_444_800]

/** Whether `looksLikeErf` needs more bytes, to see two records. */
export function mayBeErf(head: Buffer): boolean {
  return isRecord(head, 0) && head.length < head.readUInt16BE(10) + headerLength
}

/** Whether `head` is exactly one record, or begins with two records of about the same time. */
export function looksLikeErf(head: Buffer): boolean {
  if (!isRecord(head, 0)) return false
  const next = head.readUInt16BE(10)
  if (next === head.length) return true
  if (!isRecord(head, next)) return false
  return Math.abs(head.readUInt32LE(next + 4) - head.readUInt32LE(4)) <= 86_400
}

function isRecord(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < headerLength) return false
  const type = bytes[at + 8]! & 0x7f
  const seconds = bytes.readUInt32LE(at + 4)
  const length = bytes.readUInt16BE(at + 10)
  return type >= 1 && type <= maxType && length >= headerLength && seconds >= earliest && seconds <= latest
}

export class ErfParser implements UnitParser {
  needed = headerLength
  readonly #frame: Frame
  readonly #next: FrameStage
  readonly #notes: Notes
  #broken = false

  constructor(frame: Frame, next: FrameStage, notes: Notes) {
    this.#frame = frame
    this.#next = next
    this.#notes = notes
  }

  parse(bytes: Buffer, start: number, base: number): number {
    const frame = this.#frame
    let at = start
    while (!this.#broken && bytes.length - at >= headerLength) {
      if (!isRecord(bytes, at)) {
        this.#broken = true
        const text = `record ${frame.record + 1} is damaged; the rest of the file was not read`
        this.#notes.say('damaged record', text, base + at)
        break
      }
      const length = bytes.readUInt16BE(at + 10)
      this.needed = length
      if (bytes.length - at < length) return at
      frame.bytes = bytes
      frame.base = base
      frame.isJoined = false
      frame.link = linkErf
      frame.start = at
      frame.end = at + length
      frame.wireEnd = frame.end
      frame.record += 1
      frame.second = bytes.readUInt32LE(at + 4)
      // The fraction is in units of 2^-32 s.
      frame.nanos = Math.floor((bytes.readUInt32LE(at) * 1e9) / 2 ** 32)
      this.#next.push(frame)
      at += length
    }
    this.needed = headerLength
    return this.#broken ? bytes.length : at
  }
}
