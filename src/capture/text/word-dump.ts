// Dumps of words, as plain `hexdump` and `od` print them: little-endian words in hexadecimal, octal or decimal, and bytes
// in octal, decimal or as characters.

import { countAre } from '../../text.js'
import { couldBePacket } from '../mqtt-packets.js'
import type { Notes } from '../notes.js'
import type { DirectionTracker } from './direction-tracker.js'
import type { RepeatBudget } from './dump.js'
import type { TextLine, TextLineReader } from './line.js'
import { bytesOfLiteral } from './literals.js'

/** The base of the numbers, and the bytes of each. */
interface Kind {
  readonly base: 8 | 10 | 16 | 'characters'
  readonly size: 1 | 2 | 4 | 8
}

/** A trimmed line: an offset, optional numbers. */
const rowText = /^([0-9a-f]{6,16})(?:\s+(.*))?$/i
/** The digits of numbers, by base. */
const digits = { 8: /^[0-7]{1,11}$/, 10: /^-?\d{1,10}$/, 16: /^[0-9a-f]{1,16}$/i }

/** Whether the first column has offsets: they begin with 0 or increase by the length of a row. */
function hasOffsets(lines: readonly string[]): boolean {
  const [first = '', second] = lines
    .map((line) => line.trim().split(/\s/, 1)[0]!)
    .filter((word) => word !== '')
    .slice(0, 2)
  if (second === '*' || /^0+$/.test(first)) return true
  if (second === undefined) return false
  return [8, 10, 16].some((base) => {
    const step = Number.parseInt(second, base) - Number.parseInt(first, base)
    return step > 0 && step <= maxRow
  })
}

/** Bytes in a row. */
const maxRow = 64

/** Returns undefined if this is not such a dump. */
export function wordDumpKind(lines: readonly string[]): Kind | undefined {
  const rows = lines.map((line) => line.trim()).filter((line) => line !== '' && line !== '*')
  const [first] = rows
  const match = first === undefined ? null : rowText.exec(first)
  if (match?.[2] === undefined || !rows.every((line) => rowText.test(line)) || !hasOffsets(lines))
    return undefined
  const numbers = rows
    .flatMap((line) => (rowText.exec(line)?.[2] ?? '').split(/\s+/))
    .filter((text) => text !== '')
  const all = (pattern: RegExp) => numbers.every((text) => pattern.test(text))
  if (all(/^[0-3][0-7]{2}$/)) return { base: 8, size: 1 }
  if (all(/^[01][0-7]{5}$/)) return { base: 8, size: 2 }
  if (all(/^[0-3][0-7]{10}$/)) return { base: 8, size: 4 }
  if (all(/^[0-9a-f]{4}$/i)) return { base: 16, size: 2 }
  if (all(/^[0-9a-f]{8}$/i)) return { base: 16, size: 4 }
  if (all(/^[0-9a-f]{16}$/i)) return { base: 16, size: 8 }
  // Numbers of two digits may be hexadecimal bytes.
  const isDecimal = all(/^(?:0|-?[1-9]\d*|\d{5})$/) && !all(/^\d\d$/)
  if (isDecimal && all(/^-?\d{1,5}$/)) {
    const isByte = numbers.every((text) => Number(text) >= -128 && Number(text) <= 255)
    return { base: 10, size: isByte && !all(/^\d{5}$/) ? 1 : 2 }
  }
  if (isDecimal && all(/^-?\d{1,10}$/)) return { base: 10, size: 4 }
  return rows.every(isColumns) ? { base: 'characters', size: 1 } : undefined
}

/** od -c and hexdump -c: columns of four characters, each with one character or its escape. */
function isColumns(row: string): boolean {
  return row.length < 1024 && /^[0-9a-f]{6,16}(?: {3}[ -~]| {2}\\[0abtnvfr]| [0-3][0-7]{2})*\s*$/i.test(row)
}

export class WordDumpReader implements TextLineReader {
  readonly #kind: Kind
  readonly #tracker: DirectionTracker
  readonly #notes: Notes
  readonly #budget: RepeatBudget
  #base: 8 | 10 | 16 | undefined
  #isBig: boolean | undefined
  #held: { offset: string; bytes: Buffer; line: TextLine } | undefined
  #repeating = false
  #begins = true

  constructor(kind: Kind, tracker: DirectionTracker, settings: { notes: Notes; budget: RepeatBudget }) {
    this.#kind = kind
    this.#tracker = tracker
    this.#notes = settings.notes
    this.#budget = settings.budget
  }

  line(line: TextLine): void {
    const { text } = line
    if (/^\s*\*\s*$/.test(text)) {
      this.#repeating = true
      return
    }
    this.#budget.addText(text.length)
    const [, offset, rest = ''] = rowText.exec(text.trim()) ?? []
    const bytes = offset === undefined ? undefined : this.#bytes(text, offset, rest)
    if (offset === undefined || bytes === undefined) {
      if (text.trim() === '') return
      this.#notes.say(
        'not a dump',
        `line ${line.number} is not a line of a dump; it was ignored`,
        line.fileOffset,
      )
      return
    }
    this.#release(offset)
    if (bytes.length > 0) this.#held = { offset, bytes, line }
  }

  /** Returns undefined if something other than numbers follows the offset. */
  #bytes(text: string, offset: string, rest: string): Buffer | undefined {
    const { base, size } = this.#kind
    // Not trimmed: spaces are part of the columns.
    if (base === 'characters')
      return isColumns(text) ? characters(text.slice(text.indexOf(offset) + offset.length)) : undefined
    const numbers = rest.split(/\s+/).filter((number) => number !== '')
    if (!numbers.every((number) => digits[base].test(number))) return undefined
    const bytes = Buffer.alloc(numbers.length * size)
    numbers.forEach((number, index) => {
      let value = base === 16 ? BigInt(`0x${number}`) : base === 8 ? BigInt(`0o${number}`) : BigInt(number)
      for (let at = 0; at < size; at++, value >>= 8n) bytes[index * size + at] = Number(value & 255n)
    })
    this.#isBig ??= size > 1 && !couldBePacket(bytes[0] ?? 0) && couldBePacket(bytes[size - 1] ?? 0)
    if (this.#isBig) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
    return bytes
  }

  /** Passes on the held row, up to the offset of the next. */
  #release(next: string | undefined): void {
    if (this.#held === undefined) return
    const { offset, line } = this.#held
    let { bytes } = this.#held
    const place = { record: line.number, fileOffset: line.fileOffset }
    this.#held = undefined
    const step = next === undefined ? bytes.length : this.#step(offset, next, bytes.length)
    if (step > 0 && step < bytes.length) bytes = bytes.subarray(0, step)
    this.#tracker.data(bytes, undefined, this.#begins, place)
    this.#begins = false
    let missing = step - bytes.length
    if (missing > 0 && this.#repeating && bytes.length > 0) {
      const repeated = this.#budget.take(missing)
      if (repeated > 0) this.#tracker.data(Buffer.alloc(repeated, bytes), undefined, false, place)
      missing -= repeated
    }
    this.#repeating = false
    if (missing > 0 && Number.isSafeInteger(missing)) {
      this.#tracker.gap(missing, 'left out in the dump')
      const text = `the offset after line ${line.number} jumps: ${countAre(missing, 'byte')} missing`
      this.#notes.say('offset jumps', text, line.fileOffset)
    }
  }

  /** Offsets are octal in od, unless it has -A, and hexadecimal in hexdump. The first two decide. */
  #step(from: string, to: string, length: number): number {
    const step = (base: number) => Number.parseInt(to, base) - Number.parseInt(from, base)
    this.#base ??= ([16, 8, 10] as const).find(
      (base) => step(base) <= length && step(base) > length - this.#kind.size,
    )
    return step(this.#base ?? 16)
  }

  end(): void {
    this.#release(undefined)
  }
}

function characters(rest: string): Buffer {
  const columns = rest.match(/.{4}/g) ?? []
  return Buffer.concat(
    columns.map((column) => {
      const text = column.trimStart()
      if (text.length === 3) return Buffer.from([Number.parseInt(text, 8)])
      return text === '' ? Buffer.from(' ') : text.startsWith('\\') ? bytesOfLiteral(text) : Buffer.from(text)
    }),
  )
}
