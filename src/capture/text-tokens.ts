// Hex and base64 without offsets: plain hex in any grouping, `\x10\x0c`, `0x10, 0x0c`, `<Buffer 10 0c>`, arrays of C as
// Wireshark and xxd -i write them, and Wireshark's YAML.
import type { Notes } from './notes.js'
import type { RawFlow } from './raw.js'
import type { Direction } from './stream.js'
import type { Line, LineReader } from './text.js'
import { decoration, isIndented, isTwoWay, type TextHead } from './text-dump.js'

/** `char peer0_0[] = {`: peer 0 is the client of a followed stream. */
const arrayStart = /\[\d*\]\s*=\s*\{/
const peerName = /peer([01])_\d+\s*\[/
/** What may stand around bytes. */
const wrapping = /<Buffer|[<>[\](){}"'`,;:\-\s]|\\x|\b0x/gi

/** Nothing but hex is left when wrapping is taken away; for C, nothing but hex within the braces. */
export function isHex(lines: readonly string[]): boolean {
  const data = lines.filter((line) => !decoration.test(line))
  if (data.length === 0) return false
  if (data.some((line) => arrayStart.test(line))) return true
  return data.every(
    (line) => /^[0-9a-f]+$/i.test(line.replace(wrapping, '')) || line.replace(wrapping, '') === '',
  )
}

export class TokenReader implements LineReader {
  readonly #flow: RawFlow
  readonly #notes: Notes
  readonly #isArray: boolean
  readonly #twoWay: boolean
  #direction: Direction
  #decided: boolean
  #inBraces = false

  constructor(flow: RawFlow, notes: Notes, { head, direction }: TextHead) {
    this.#flow = flow
    this.#notes = notes
    this.#isArray = head.some((line) => arrayStart.test(line))
    this.#twoWay = !this.#isArray && isTwoWay(head, (line) => !decoration.test(line))
    this.#direction = direction ?? 'c2s'
    this.#decided = direction !== undefined
  }

  line(line: Line): void {
    if (decoration.test(line.text)) return
    const text = this.#isArray ? this.#withinBraces(line.text) : line.text
    if (this.#twoWay) this.#setDirection(isIndented(line.text) ? 's2c' : 'c2s')
    const bytes = this.#bytes(line, text)
    if (bytes.length === 0) return
    if (!this.#decided) this.#setDirection([2, 9, 11, 13].includes(bytes[0]! >> 4) ? 's2c' : 'c2s')
    this.#flow.data(this.#direction, bytes, { record: line.number, fileOffset: line.fileOffset })
  }

  #setDirection(direction: Direction): void {
    this.#direction = direction
    this.#decided = true
  }

  /** The part of a line of C that is an array's content. */
  #withinBraces(text: string): string {
    const peer = peerName.exec(text)?.[1]
    if (peer !== undefined) this.#setDirection(peer === '0' ? 'c2s' : 's2c')
    let code = text.replace(/\/\*.*?\*\//g, ' ')
    if (!this.#inBraces) {
      const start = code.indexOf('{')
      if (start === -1) return ''
      this.#inBraces = true
      code = code.slice(start + 1)
    }
    const end = code.indexOf('}')
    if (end === -1) return code
    this.#inBraces = false
    return code.slice(0, end)
  }

  #bytes({ number, fileOffset }: Line, text: string): Buffer {
    const words = text.replace(wrapping, ' ').split(' ')
    let hex = ''
    for (const word of words) {
      if (word === '') continue
      if (!/^[0-9a-f]+$/i.test(word)) {
        const shown = word.slice(0, 20)
        this.#notes.say('not hex', `"${shown}" in line ${number} is not hex; it was left out`, fileOffset)
      } else if (word.length === 1 && this.#isArray) hex += `0${word}`
      else {
        if (word.length % 2 === 1) this.#odd(number, fileOffset)
        hex += word.slice(0, word.length & ~1)
      }
    }
    return Buffer.from(hex, 'hex')
  }

  #odd(number: number, fileOffset: number): void {
    const text = `line ${number} has an odd number of hex digits; the last one was left out`
    this.#notes.say('odd hex digits', text, fileOffset)
  }

  end(): void {}
}

/** Only characters of base64, or of its URL form, padded or not. */
export function isBase64(lines: readonly string[]): boolean {
  const joined = lines.map((line) => line.trim()).join('')
  return joined.length >= 4 && /^[\w+/-]+={0,2}$/.test(joined)
}

export class Base64Reader implements LineReader {
  readonly #flow: RawFlow
  readonly #notes: Notes
  #direction: Direction | undefined
  /** Characters of a group of four that goes on in the next line. */
  #rest = ''

  constructor(flow: RawFlow, notes: Notes, direction: Direction | undefined) {
    this.#flow = flow
    this.#notes = notes
    this.#direction = direction
  }

  line(line: Line): void {
    const text = line.text.trim()
    if (!/^[\w+/=-]*$/.test(text)) {
      const note = `line ${line.number} is not base64; it was left out`
      this.#notes.say('not base64', note, line.fileOffset)
      return
    }
    const characters = this.#rest + text
    const whole = characters.length & ~3
    this.#rest = characters.slice(whole)
    this.#emit(characters.slice(0, whole), line)
  }

  #emit(characters: string, { number, fileOffset }: Omit<Line, 'text'>): void {
    const bytes = Buffer.from(characters, 'base64')
    if (bytes.length === 0) return
    this.#direction ??= [2, 9, 11, 13].includes(bytes[0]! >> 4) ? 's2c' : 'c2s'
    this.#flow.data(this.#direction, bytes, { record: number, fileOffset })
  }

  end(): void {
    this.#emit(this.#rest, { number: 1, fileOffset: 0 }) // without its padding
  }
}

/** Wireshark's "Show data as YAML": `peer: 0`, then `data: !!binary |` and lines of base64. */
export class YamlReader implements LineReader {
  readonly #readers: Record<Direction, Base64Reader>
  #direction: Direction = 'c2s'
  #inData = false

  constructor(flow: RawFlow, notes: Notes) {
    this.#readers = { c2s: new Base64Reader(flow, notes, 'c2s'), s2c: new Base64Reader(flow, notes, 's2c') }
  }

  line(line: Line): void {
    const peer = /^\s*(?:-\s*)?peer:\s*([01])\s*$/.exec(line.text)?.[1]
    if (peer !== undefined) this.#direction = peer === '0' ? 'c2s' : 's2c'
    if (/:|^\s*-/.test(line.text)) this.#inData = line.text.includes('!!binary')
    else if (this.#inData) this.#readers[this.#direction].line(line)
  }

  end(): void {
    this.#readers.c2s.end()
    this.#readers.s2c.end()
  }
}
