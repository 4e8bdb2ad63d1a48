// Dumps with offsets: xxd, hexdump -C, od -tx1, and the "Hex Dump" of Wireshark's and tshark's Follow Stream, where the
// second side is indented and each side counts offsets of its own.

import { countAre } from '../../text.js'
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import type { Direction } from '../stream.js'
import type { Line, LineReader } from './text.js'

/** How many bytes a "*" may stand for: what od and hexdump print for lines like the one before. */
const maxRepeated = 1024 * 1024
/** And how many of them all of a text together, whatever its size. */
const maxRepeatedInAll = 4 * 1024 * 1024
/** Of a large text, a byte of it may stand for so many more. */
const repeatedPerByte = 16

/** Bounds what "*" stands for: beyond it the range is missing, so that some lines of text cannot become gigabytes. */
export class RepeatBudget {
  #left = maxRepeatedInAll

  /** Text of this length was read. */
  earn(length: number): void {
    this.#left = Math.min(this.#left + length * repeatedPerByte, maxRepeatedInAll)
  }

  /** How many of `wanted` bytes may be made. */
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
/** What tshark prints around a followed stream. */
export const decoration = /^\s*(=+|(Follow|Filter): .*|Node \d: .*)?$/

export interface TextHead {
  readonly head: readonly string[]
  /** What a text of one direction is, if somebody knows. */
  readonly direction: Direction | undefined
}

/** The first line that is not decoration decides; its bytes are pairs, or xxd's groups after a colon. */
export function isDump(lines: readonly string[]): boolean {
  const first = lines.find((line) => !decoration.test(line))
  if (first === undefined) return false
  const match = dumpLine.exec(first)
  if (match === null) return false
  return match[2] === ':' || /^[0-9a-f]{2}(\s|$)/i.test(first.slice(match[0].length))
}

/** How far each line is indented, without which lines it is nobody's. */
export function isTwoWay(lines: readonly string[], isData: (line: string) => boolean): boolean {
  const indents = lines.filter(isData).map(isIndented)
  return indents.includes(true) && indents.includes(false)
}

/** Wireshark indents by four spaces, tshark by a tab. */
export function isIndented(line: string): boolean {
  return /^(\t| {4})/.test(line)
}

/** One side of the conversation in the text. */
interface SideState {
  /** The offset that the next line should have; -1 before the first. */
  expected: number
  /** The offset and the bytes of the line before. */
  last: string
  lastBytes: Buffer
  base: 8 | 10 | 16 | undefined
  repeating: boolean
}

export class DumpReader implements LineReader {
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

  line(line: Line): void {
    const { text } = line
    this.#budget.earn(text.length)
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

  /** The pairs of a line up to its column of characters. */
  #bytes({ text, fileOffset }: Line, start: number, grouped: boolean): Buffer {
    const rest = text.slice(start)
    // xxd: groups with one space between, then two. The others: pairs with one or two between, then three, "|" or ">".
    const hex = (
      grouped ? /^[0-9a-f]+(?: [0-9a-f]+)*/i : /^[0-9a-f]{2}(?: {1,2}[0-9a-f]{2}(?![^\s|>]))*/i
    ).exec(rest)
    const digits = (hex?.[0] ?? '').replaceAll(' ', '')
    if (digits.length % 2 === 1) {
      const where = fileOffset + start + (hex?.[0].length ?? 0) - 1
      this.#notes.say('odd hex digits', 'a hex digit stands alone: it was left out', where)
    }
    return Buffer.from(digits.slice(0, digits.length & ~1), 'hex')
  }

  /** Compares the offset of a line with what came before: repeated lines, jumps, dumps that start again. */
  #advance(line: Line, offset: string, bytes: Buffer): void {
    const side = this.#sides[this.#direction]
    if (side.expected !== -1) side.base ??= baseOf(side, offset)
    const at = Number.parseInt(offset, side.base ?? 16)
    const missing = at - side.expected
    if (side.expected !== -1 && missing > 0 && Number.isSafeInteger(missing)) this.#fill(line, side, missing)
    if (side.expected !== -1 && missing < 0 && at !== 0) {
      const text = `line ${line.number} has offset ${offset}, which is before the end of what came before; it was read on`
      this.#notes.say('offset goes back', text, line.fileOffset)
    }
    side.repeating = false
    if (bytes.length === 0) return
    side.expected = (Number.isSafeInteger(at) ? at : 0) + bytes.length
    side.last = offset
    side.lastBytes = bytes
  }

  #fill(line: Line, side: SideState, missing: number): void {
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

  #skip({ number, fileOffset }: Line): void {
    this.#notes.say('no dump', `line ${number} is no line of a hex dump; it was left out`, fileOffset)
  }

  end(): void {}
}

function newSide(): SideState {
  return { expected: -1, last: '', lastBytes: Buffer.alloc(0), base: undefined, repeating: false }
}

/** od counts in octal, with -Ad in decimal, everybody else in hexadecimal: the second line tells. */
function baseOf(side: SideState, offset: string): 8 | 10 | 16 {
  const bytes = side.lastBytes.length
  const step = (base: number) => Number.parseInt(offset, base) - Number.parseInt(side.last, base)
  const fitting = ([16, 8, 10] as const).find((base) => step(base) === bytes) ?? 16
  side.expected = Number.parseInt(side.last, fitting) + bytes
  return fitting
}
