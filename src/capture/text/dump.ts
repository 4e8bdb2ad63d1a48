// Dumps with offsets: xxd, hexdump -C, od -tx1, and "Hex Dump" of Follow Stream in Wireshark and tshark, in which the
// second direction is indented and each direction has its own offsets.

import { countAre } from '../../text.js'
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import type { Direction } from '../stream.js'
import type { TextLine, TextLineReader } from './line.js'

/** Bytes that one "*" may stand for, which od and hexdump print in place of repeated lines. */
const maxRepeated = 1024 * 1024
/** Bytes that all "*" of a text may stand for, at any time. */
const maxRepeatedInAll = 4 * 1024 * 1024
/** Each byte of text allows this many more, up to that limit. */
const repeatedPerByte = 16

/** Bounds the bytes that "*" stands for, so that some lines of text cannot become gigabytes; the rest is a gap. */
export class RepeatBudget {
  #left = maxRepeatedInAll

  /** Call for each line of this length. */
  addText(length: number): void {
    this.#left = Math.min(this.#left + length * repeatedPerByte, maxRepeatedInAll)
  }

  /** Returns how many of `wanted` bytes may be generated. */
  take(wanted: number): number {
    const taken = Math.min(wanted, maxRepeated, this.#left)
    this.#left -= taken
    return taken
  }
}

/** Offset, an optional colon, then at least one byte. */
const dumpLine = /^\s*(?:0x)?([0-9a-f]{4,16})(:?)\s+(?=[0-9a-f]{2})/i
/** The last line of hexdump and od is an offset alone. */
const bareOffset = /^\s*(?:0x)?([0-9a-f]{6,16}):?\s*$/i
/** Lines that tshark prints around a followed stream. */
export const decoration = /^\s*(=+|(Follow|Filter): .*|Node \d: .*)?$/

export interface TextHead {
  readonly head: readonly string[]
  /** The direction of a text with one direction, if the user gave it. */
  readonly direction: Direction | undefined
}

/** Whether the first line that is not decoration has an offset, then pairs, or groups after a colon as xxd prints. */
export function isDump(lines: readonly string[]): boolean {
  const first = lines.find((line) => !decoration.test(line))
  if (first === undefined) return false
  const match = dumpLine.exec(first)
  if (match === null) return false
  return match[2] === ':' || /^[0-9a-f]{2}(\s|$)/i.test(first.slice(match[0].length))
}

/** Whether some data lines are indented and others are not: the two directions. */
export function isTwoWay(lines: readonly string[], isData: (line: string) => boolean): boolean {
  const indents = lines.filter(isData).map(isIndented)
  return indents.includes(true) && indents.includes(false)
}

/** Wireshark indents by four spaces, tshark by a tab. */
export function isIndented(line: string): boolean {
  return /^(\t| {4})/.test(line)
}

/** One direction of the text. */
interface SideState {
  /** Expected offset of the next line; -1 before the first. */
  expected: number
  /** Offset and bytes of the previous line. */
  last: string
  lastBytes: Buffer
  base: 8 | 10 | 16 | undefined
  repeating: boolean
}

export class DumpReader implements TextLineReader {
  readonly #flow: RawFlow
  readonly #notes: Notes
  readonly #twoWay: boolean
  readonly #single: Direction | undefined
  readonly #sides = { c2s: newSide(), s2c: newSide() }
  readonly #budget = new RepeatBudget()
  #direction: Direction = 'c2s'
  #decided = false

  constructor(flow: RawFlow, notes: Notes, { head, direction }: TextHead) {
    this.#flow = flow
    this.#notes = notes
    this.#twoWay = isTwoWay(head, (line) => dumpLine.test(line))
    this.#single = direction
  }

  line(line: TextLine): void {
    const { text } = line
    this.#budget.addText(text.length)
    if (/^\s*\*\s*$/.test(text)) {
      this.#sides[this.#direction].repeating = true
      return
    }
    const match = dumpLine.exec(text)
    const offset = match?.[1] ?? bareOffset.exec(text)?.[1]
    if (offset === undefined) {
      if (!decoration.test(text)) this.#skip(line)
      return
    }
    const bytes = match === null ? Buffer.alloc(0) : this.#bytes(line, match[0].length, match[2] === ':')
    if (this.#twoWay) this.#direction = isIndented(text) ? 's2c' : 'c2s'
    else if (!this.#decided) this.#direction = this.#single ?? this.#flow.directionOf(bytes) ?? 'c2s'
    this.#decided = true
    this.#advance(line, offset, bytes)
    this.#flow.data(this.#direction, bytes, { record: line.number, fileOffset: line.fileOffset })
  }

  /** The bytes of a line, without its column of characters. */
  #bytes({ text, fileOffset }: TextLine, start: number, grouped: boolean): Buffer {
    const rest = text.slice(start)
    // xxd: groups separated by one space, then two spaces. Others: pairs separated by one or two spaces, then three
    // spaces, "|" or ">".
    const hex = (
      grouped ? /^[0-9a-f]+(?: [0-9a-f]+)*/i : /^[0-9a-f]{2}(?: {1,2}[0-9a-f]{2}(?![^\s|>]))*/i
    ).exec(rest)
    const digits = (hex?.[0] ?? '').replaceAll(' ', '')
    if (digits.length % 2 === 1) {
      const where = fileOffset + start + (hex?.[0].length ?? 0) - 1
      this.#notes.say('odd hex digits', 'an odd number of hex digits; the last one was ignored', where)
    }
    return Buffer.from(digits.slice(0, digits.length & ~1), 'hex')
  }

  /** Compares the offset of a line with the expected one: repeated lines, jumps, dumps that start again. */
  #advance(line: TextLine, offset: string, bytes: Buffer): void {
    const side = this.#sides[this.#direction]
    if (side.expected !== -1) side.base ??= baseOf(side, offset)
    const at = Number.parseInt(offset, side.base ?? 16)
    const missing = at - side.expected
    if (side.expected !== -1 && missing > 0 && Number.isSafeInteger(missing)) this.#fill(line, side, missing)
    if (side.expected !== -1 && missing < 0 && at !== 0) {
      const text = `line ${line.number} has offset ${offset}, which is before the end of the previous line; its bytes were read`
      this.#notes.say('offset goes back', text, line.fileOffset)
    }
    side.repeating = false
    if (bytes.length === 0) return
    side.expected = (Number.isSafeInteger(at) ? at : 0) + bytes.length
    side.last = offset
    side.lastBytes = bytes
  }

  #fill(line: TextLine, side: SideState, missing: number): void {
    const place = { record: line.number, fileOffset: line.fileOffset }
    let rest = missing
    if (side.repeating && side.lastBytes.length > 0) {
      const repeated = this.#budget.take(missing)
      this.#flow.data(this.#direction, Buffer.alloc(repeated, side.lastBytes), place)
      rest -= repeated
    }
    if (rest === 0) return
    this.#flow.gap(this.#direction, rest, 'left out in the dump')
    const text = `the offset in line ${line.number} jumps: ${countAre(rest, 'byte')} missing before it`
    this.#notes.say('offset jumps', text, line.fileOffset)
  }

  #skip({ number, fileOffset }: TextLine): void {
    this.#notes.say(
      'not a hex dump',
      `line ${number} is not a line of a hex dump; it was ignored`,
      fileOffset,
    )
  }

  end(): void {}
}

function newSide(): SideState {
  return { expected: -1, last: '', lastBytes: Buffer.alloc(0), base: undefined, repeating: false }
}

/** The base of offsets: octal for od, decimal for od -Ad, otherwise hexadecimal. Decided by the second line. */
function baseOf(side: SideState, offset: string): 8 | 10 | 16 {
  const bytes = side.lastBytes.length
  const step = (base: number) => Number.parseInt(offset, base) - Number.parseInt(side.last, base)
  const fitting = ([16, 8, 10] as const).find((base) => step(base) === bytes) ?? 16
  side.expected = Number.parseInt(side.last, fitting) + bytes
  return fitting
}
