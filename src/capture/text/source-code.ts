// Bytes in source code and printed values: lists of hexadecimal or decimal numbers, and strings with escapes, of C,
// JavaScript, Python, Go, Rust, Java and Erlang.
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import type { Direction } from '../stream.js'
import { type DirectionMark, DirectionTracker, directionMarkOf } from './direction-tracker.js'
import type { TextLine, TextLineReader } from './line.js'
import { bytesOfLiteral } from './literals.js'

/** A string with an escape for a byte. */
const escaped = /(["'`])(?:\\.|(?!\1)[^\\\n])*\\(?:x[0-9a-f]{2}|[0-7]{1,3}|u\{?00[0-9a-f]{2})/i
/** `bytes.fromhex("1013")` and the like. */
const quotedHex = /(["'])(?:[0-9a-f]{2}[ :-]?){4,}\1/i
const comment = String.raw`(?:\s|//[^\n]*\n|/\*[\s\S]{0,1000}?\*/|#[^\n]*\n)*`
const number = String.raw`(?:0x[0-9a-f]{1,2}|-?\d{1,3})(?:u8|_u8|u)?`
const listStart = new RegExp(String.raw`(?:[[{(]|<<)${comment}(?:\(\w+\)\s*)?${number}\s*,`, 'i')
/** "char peer0_0[] = {": peer 0 is the client of a followed stream. */
const peerName = /peer([01])_\d+\s*\[/
const wrapping = /<Buffer|[<>[\](){}"',;\s]+/g

export function isSourceCode(lines: readonly string[]): boolean {
  const text = lines.join('\n')
  return escaped.test(text) || listStart.test(text) || quotedHex.test(text)
}

/** Whether all are numbers from -128 to 255 without leading zeros, at least one of which is not a pair of hex digits. */
export function isDecimal(lines: readonly string[]): boolean {
  const text = lines.join(' ').replace(/\.\.\. \d+ more (?:items?|bytes?)/g, ' ')
  const tokens = text
    .replace(wrapping, ' ')
    .split(' ')
    .filter((token) => token !== '')
  if (tokens.length < 2) return false
  return (
    tokens.every(
      (token) => /^(?:-?[1-9]\d{0,2}|0)$/.test(token) && Number(token) >= -128 && Number(token) <= 255,
    ) && tokens.some((token) => token.length !== 2 || token.startsWith('-'))
  )
}

const token = new RegExp(
  [
    '(?<comment>//.*|#.*)',
    String.raw`(?<open>/\*)`,
    String.raw`\.\.\. (?<more>\d+) more (?:bytes?|items?)`,
    String.raw`(?<cast>\((?:byte|char|int8|uint8|uint8_t|int8_t|u8|unsigned char)\))`,
    String.raw`(?<letters>[a-z]{0,2})(?<quote>["'\x60])(?<string>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>`,
    String.raw`(?<unclosed>["'\x60])`,
    String.raw`0x(?<hex>[0-9a-f]{1,2})(?:u8|u|_u8)?(?![\w.])`,
    String.raw`(?<decimal>-?\d{1,3})(?:u8|u|_u8)?(?![\w.])`,
    String.raw`(?<word>[\w.]+)`,
    String.raw`(?<gap>[\s,;]+)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'giy',
)

/** Unclosed quotes of a line until its quotes are ignored: each costs a scan of the rest of the line. */
const maxUnclosed = 16
const quotes = /["'\x60]/g

/** The groups of `token`. One is set, or `letters`, `quote` and `string` together. */
type Groups = Partial<
  Record<
    | 'comment'
    | 'open'
    | 'more'
    | 'cast'
    | 'letters'
    | 'quote'
    | 'string'
    | 'unclosed'
    | 'hex'
    | 'decimal'
    | 'word'
    | 'gap'
    | 'other',
    string
  >
>

export class SourceCodeReader implements TextLineReader {
  readonly #tracker: DirectionTracker
  readonly #flow: RawFlow
  #inComment = false
  /** Bytes of a list that are not passed on yet. A list of one number is a length. */
  #run: number[] = []
  #isList = false
  #begins = true
  /** The direction in a followed stream. */
  #peer: Direction | undefined
  #mark: DirectionMark | undefined

  constructor(flow: RawFlow, notes: Notes, direction: Direction | undefined) {
    this.#flow = flow
    this.#tracker = new DirectionTracker(flow, notes, direction)
  }

  line(line: TextLine): void {
    let { text } = line
    let unclosed = 0
    const peer = peerName.exec(text)?.[1]
    if (peer !== undefined) this.#peer = peer === '0' ? 'c2s' : 's2c'
    let at = 0
    while (at < text.length) {
      if (this.#inComment) {
        const end = text.indexOf('*/', at)
        if (end === -1) break
        this.#inComment = false
        at = end + 2
      }
      token.lastIndex = at
      const match = token.exec(text)
      if (match === null) break
      at = token.lastIndex
      if (match.groups!.unclosed !== undefined && ++unclosed === maxUnclosed) text = text.replace(quotes, ' ')
      this.#take(match.groups as Groups, line, text.slice(0, match.index))
    }
    // The list continues in the next line.
    if (this.#isList) this.#emit(line)
  }

  #take(found: Groups, line: TextLine, before: string): void {
    if (found.comment !== undefined || found.gap !== undefined || found.cast !== undefined) return
    if (found.open !== undefined) this.#inComment = true
    else if (found.more !== undefined) this.#more(Number(found.more), line)
    else if (found.string !== undefined) this.#string(found, line, before)
    else if (found.hex !== undefined) this.#number(Number.parseInt(found.hex, 16), before)
    else if (found.decimal !== undefined) this.#decimal(Number(found.decimal), line, before)
    else this.#stop(line)
  }

  #decimal(value: number, line: TextLine, before: string): void {
    if (value >= -128 && value <= 255) return this.#number(value & 255, before)
    this.#stop(line)
  }

  #number(value: number, before: string): void {
    if (this.#run.length === 0 && !this.#isList)
      this.#mark = before.trim() === '' ? this.#mark : (directionMarkOf(before) ?? this.#mark)
    this.#run.push(value)
    if (this.#run.length === 2) this.#isList = true
  }

  #string({ letters = '', quote, string = '' }: Groups, line: TextLine, before: string): void {
    const isCharacter =
      quote === "'" && /^(?:[^\\]|\\.|\\x[0-9a-f]{2}|\\[0-7]{1,3})$/i.test(string) && !/^br?$/i.test(letters)
    const inList = this.#isList || this.#run.length > 0
    if (isCharacter) return this.#number(bytesOfLiteral(string)[0]!, before)
    const isBytes = /^r?b/i.test(letters) || /\\(?:x[0-9a-f]|[0-7]|u\{?00)/i.test(string)
    if (!inList) {
      const mark = directionMarkOf(before)
      if (mark !== undefined) this.#mark = mark
    }
    if (inList || isBytes) {
      this.#isList = true
      for (const byte of bytesOfLiteral(string)) this.#run.push(byte)
      this.#emit(line)
      if (!inList) this.#isList = false
    } else if (/^(?:[0-9a-f]{2}[ :-]?){2,}$/i.test(string)) {
      this.#isList = true
      for (const byte of Buffer.from(string.replace(/[ :-]/g, ''), 'hex')) this.#run.push(byte)
      this.#emit(line)
      this.#isList = false
    }
  }

  #more(count: number, line: TextLine): void {
    this.#emit(line)
    this.#tracker.leftOut(count, line)
  }

  #stop(line: TextLine): void {
    if (this.#isList) this.#emit(line)
    this.#run = []
    this.#isList = false
    this.#begins = true
  }

  #emit(line: TextLine): void {
    const bytes = Buffer.from(this.#run)
    this.#run = []
    const place = { record: line.number, fileOffset: line.fileOffset }
    if (this.#peer !== undefined && bytes.length > 0) this.#flow.data(this.#peer, bytes, place)
    else this.#tracker.data(bytes, this.#mark, this.#begins, place)
    this.#begins = false
  }

  end(): void {}
}
