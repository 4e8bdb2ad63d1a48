// Logs with rows of hexadecimal bytes; the lines before them say in which direction the bytes were sent.

import { type DirectionMark, type DirectionTracker, directionMarkOf } from './direction-tracker.js'
import type { TextLine, TextLineReader } from './line.js'
import { type HexRow, hexRowOf } from './rows.js'

/** Decoration around the rows of Netty, PowerShell and others. */
const frame = /^[\s|+-]*$|^\s*Label: |^\s*Offset Bytes|^[\s|]*(?:0?0 +0?1 +0?2 )/i
/** openssl omits spaces and zeros at the end, and prints only where they end. */
const leftOut = /^([0-9a-f]{4,8}) - <SPACES\/NULS>/i

export function isLog(lines: readonly string[]): boolean {
  return lines.some((line) => !frame.test(line) && hexRowOf(line)?.isLone === false)
}

/** Whether lines have an arrow before the digits. `isHex` accepts these too. */
export function isDirected(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /(?:^|\s)(?:[-=]+>+|<+[-=]+|>+|<+)\s+(?:0x)?[0-9a-f]{2}/i.test(line.slice(0, 300)),
  )
}

export class LogReader implements TextLineReader {
  readonly #tracker: DirectionTracker
  #mark: DirectionMark | undefined
  #begins = true
  /** The previous row was not full: another packet follows. */
  #ended = false
  /** The previous row, held as the offset of the next may show that it has fewer bytes. */
  #held: { row: HexRow; line: TextLine; begins: boolean } | undefined

  constructor(tracker: DirectionTracker) {
    this.#tracker = tracker
  }

  line(line: TextLine): void {
    if (frame.test(line.text)) return
    const end = leftOut.exec(line.text)?.[1]
    if (end !== undefined) return this.#leftOut(Number.parseInt(end, 16))
    const row = hexRowOf(line.text)
    if (row === undefined || (row.isLone && row.prefix !== this.#held?.row.prefix))
      return this.#heading(line.text)
    this.#release(row.offset)
    const mark = row.prefix.trim() === '' ? undefined : directionMarkOf(row.prefix)
    if (mark !== undefined) this.#mark = mark
    const begins = this.#begins || this.#ended || row.offset === 0
    this.#ended = row.offset === undefined && row.bytes.length !== 16
    this.#held = { row, line, begins }
    this.#begins = false
  }

  #heading(text: string): void {
    this.#release(undefined)
    this.#mark = directionMarkOf(text) ?? this.#mark
    this.#begins = true
  }

  #leftOut(end: number): void {
    const { row } = this.#held ?? {}
    this.#release(undefined)
    if (row?.offset === undefined) return
    const missing = end - row.offset - row.bytes.length
    if (missing > 0 && missing < 65_536) this.#tracker.gap(missing, 'left out in the dump')
  }

  /** Passes on the held row, up to the offset of the next. */
  #release(next: number | undefined): void {
    if (this.#held === undefined) return
    const { row, line, begins } = this.#held
    this.#held = undefined
    const room = next === undefined || row.offset === undefined ? 0 : next - row.offset
    const bytes = room > 0 && room < row.bytes.length ? row.bytes.subarray(0, room) : row.bytes
    this.#tracker.data(bytes, this.#mark, begins, { record: line.number, fileOffset: line.fileOffset })
    this.#tracker.leftOut(row.more, line)
  }

  end(): void {
    this.#release(undefined)
  }
}
