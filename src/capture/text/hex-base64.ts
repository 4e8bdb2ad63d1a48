// Hex and base64 without offsets: plain hex in any grouping, `\x10\x0c`, `0x10, 0x0c`, `<Buffer 10 0c>`, and Wireshark's
// YAML.

import { countAre } from '../../text.js'
import type { Notes } from '../notes.js'
import type { RawFlow } from '../raw.js'
import type { Direction } from '../stream.js'
import { decoration, isIndented, isTwoWay, type TextHead } from './dump.js'
import type { TextLine, TextLineReader } from './line.js'

/** Characters around bytes. */
const wrapping = /<Buffer|[<>[\](){}"'`,;:\-\s]|\\x|\b0x|\bb(?=["'])/gi

/** Node prints at most 50 bytes of a Buffer, then the number of the others. */
const moreBytes = /\.\.\. (\d+) more bytes?(?=>|\s*$)/

/** Whether only hex digits remain without `wrapping`. */
export function isHex(lines: readonly string[]): boolean {
  const data = lines.filter((line) => !decoration.test(line))
  if (data.length === 0) return false
  return data.every((line) => /^[0-9a-f]*$/i.test(line.replace(moreBytes, '').replace(wrapping, '')))
}

export class HexReader implements TextLineReader {
  readonly #flow: RawFlow
  readonly #notes: Notes
  readonly #twoWay: boolean
  #direction: Direction
  #decided: boolean

  constructor(flow: RawFlow, notes: Notes, { head, direction }: TextHead) {
    this.#flow = flow
    this.#notes = notes
    this.#twoWay = isTwoWay(head, (line) => !decoration.test(line))
    this.#direction = direction ?? 'c2s'
    this.#decided = direction !== undefined
  }

  line(line: TextLine): void {
    if (decoration.test(line.text)) return
    const more = moreBytes.exec(line.text)
    const text = more === null ? line.text : line.text.slice(0, more.index)
    if (this.#twoWay) this.#setDirection(isIndented(line.text) ? 's2c' : 'c2s')
    const bytes = this.#bytes(line, text)
    if (bytes.length === 0) return
    if (!this.#decided) this.#setDirection(this.#flow.directionOf(bytes) ?? 'c2s')
    this.#flow.data(this.#direction, bytes, { record: line.number, fileOffset: line.fileOffset })
    if (more === null || Number(more[1]) === 0) return
    this.#flow.gap(this.#direction, Math.min(Number(more[1]), 2 ** 28), 'left out in the text')
    const note = `${countAre(Number(more[1]), 'byte')} left out in line ${line.number}`
    this.#notes.say('left out', note, line.fileOffset + more.index)
  }

  #setDirection(direction: Direction): void {
    this.#direction = direction
    this.#decided = true
  }

  #bytes({ number, fileOffset }: TextLine, text: string): Buffer {
    const words = text.replace(wrapping, ' ').split(' ')
    let hex = ''
    for (const word of words) {
      if (word === '') continue
      if (!/^[0-9a-f]+$/i.test(word)) {
        const shown = word.slice(0, 20)
        this.#notes.say('not hex', `"${shown}" in line ${number} is not hex; it was ignored`, fileOffset)
      } else {
        if (word.length % 2 === 1) this.#odd(number, fileOffset)
        hex += word.slice(0, word.length & ~1)
      }
    }
    return Buffer.from(hex, 'hex')
  }

  #odd(number: number, fileOffset: number): void {
    const text = `line ${number} has an odd number of hex digits; the last one was ignored`
    this.#notes.say('odd hex digits', text, fileOffset)
  }

  end(): void {}
}

/** Whether all characters are base64 or base64url, with or without padding. */
export function isBase64(lines: readonly string[]): boolean {
  const joined = lines.map((line) => line.trim()).join('')
  return joined.length >= 4 && /^[\w+/-]+={0,2}$/.test(joined)
}

export class Base64Reader implements TextLineReader {
  readonly #flow: RawFlow
  readonly #notes: Notes
  #direction: Direction | undefined
  /** Characters of a group of four that continues in the next line. */
  #rest = ''

  constructor(flow: RawFlow, notes: Notes, direction: Direction | undefined) {
    this.#flow = flow
    this.#notes = notes
    this.#direction = direction
  }

  line(line: TextLine): void {
    const text = line.text.trim()
    if (!/^[\w+/=-]*$/.test(text)) {
      const note = `line ${line.number} is not base64; it was ignored`
      this.#notes.say('not base64', note, line.fileOffset)
      return
    }
    const characters = this.#rest + text
    const whole = characters.length & ~3
    this.#rest = characters.slice(whole)
    this.#emit(characters.slice(0, whole), line)
  }

  #emit(characters: string, { number, fileOffset }: Omit<TextLine, 'text'>): void {
    const bytes = Buffer.from(characters, 'base64')
    if (bytes.length === 0) return
    this.#direction ??= this.#flow.directionOf(bytes) ?? 'c2s'
    this.#flow.data(this.#direction, bytes, { record: number, fileOffset })
  }

  end(): void {
    this.#emit(this.#rest, { number: 1, fileOffset: 0 }) // without its padding
  }
}

/** Wireshark's "Show data as YAML": `peer: 0`, then `data: !!binary |` and lines of base64. */
export class YamlReader implements TextLineReader {
  readonly #readers: Record<Direction, Base64Reader>
  #direction: Direction = 'c2s'
  #inData = false

  constructor(flow: RawFlow, notes: Notes) {
    this.#readers = { c2s: new Base64Reader(flow, notes, 'c2s'), s2c: new Base64Reader(flow, notes, 's2c') }
  }

  line(line: TextLine): void {
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
