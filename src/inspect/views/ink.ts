// Text that is put together as bytes. What a view says of a packet is digits and short words for the most part: a string
// made of twenty parts costs more than their bytes do.
import { Buffer } from 'node:buffer'
import type { TextSink } from './view.js'

/** Sinks copy so much; the buffer is used again at once. */
const size = 8192
/** Up to here a loop costs less than a call into the runtime. */
const loopUpTo = 16
const zero = 48
const quote = 34
const backslash = 92

export class Ink {
  readonly #sink: TextSink
  readonly #bytes = Buffer.allocUnsafeSlow(size)
  #at = 0

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  /** Hands on what has been written. */
  flush(): void {
    const { length } = this
    this.#at = 0
    if (length > 0) this.#sink.range(this.#bytes, 0, length)
  }

  /** Bytes that have not been handed on. */
  get length(): number {
    return this.#at
  }

  /** Writes `text`, which is ASCII. */
  ascii(text: string): void {
    const { length } = text
    if (!this.#hasRoom(length)) return this.#sink.text(text)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i)
    this.#at = at
  }

  /** Writes what `encoded` has made: of long words the cheaper way. */
  word(word: Uint8Array): void {
    const { length } = word
    if (!this.#hasRoom(length)) return this.#sink.range(word, 0, length)
    const bytes = this.#bytes
    if (length > loopUpTo) bytes.set(word, this.#at)
    else for (let i = 0, at = this.#at; i < length; i++) bytes[at++] = word[i]!
    this.#at += length
  }

  /** Writes any text. */
  text(text: string): void {
    if (!this.#hasRoom(text.length * 3)) return this.#sink.text(text)
    this.#at += this.#bytes.write(text, this.#at)
  }

  /** Writes an integer in decimal. */
  number(value: number): void {
    if (!(value >= 0 && value < 1e9)) return this.ascii(String(value))
    let width = 1
    for (let limit = 10; value >= limit; limit *= 10) width++
    this.digits(value, width)
  }

  /** Writes the last `width` decimal digits of a non-negative integer below 10^9, with zeros in front. */
  digits(value: number, width: number): void {
    this.#hasRoom(width)
    const bytes = this.#bytes
    let rest = value | 0
    for (let at = this.#at + width - 1; at >= this.#at; at--) {
      const tenth = (rest / 10) | 0
      bytes[at] = zero + rest - tenth * 10
      rest = tenth
    }
    this.#at += width
  }

  /**
   * Writes bytes that say the same within quotes of every kind: printable ASCII without quotes and backslashes. Where
   * others are among them, or they are too many, it writes nothing and returns false.
   */
  plain(from: Uint8Array, start: number, end: number): boolean {
    if (!this.#hasRoom(end - start)) return false
    const bytes = this.#bytes
    let at = this.#at
    for (let i = start; i < end; i++) {
      const byte = from[i]!
      if (byte < 0x20 || byte > 0x7e || byte === quote || byte === backslash) return false
      bytes[at++] = byte
    }
    this.#at = at
    return true
  }

  /** The same of a text. */
  plainText(text: string): boolean {
    const { length } = text
    if (!this.#hasRoom(length)) return false
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return false
      bytes[at++] = code
    }
    this.#at = at
    return true
  }

  /** Makes room; false where there is no room for so much even in an empty buffer, which it is then. */
  #hasRoom(length: number): boolean {
    if (this.#at + length <= size) return true
    this.flush()
    return length <= size
  }
}

/** A word that is written often. */
export function encoded(text: string): Uint8Array {
  return Buffer.from(text)
}

let collected = ''
const scratch = new Ink({
  text(text) {
    collected += text
  },
  range(bytes, start, end) {
    collected += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end)
  },
})

/** What `put` writes, as a string. */
export function written(put: (ink: Ink) => void): string {
  put(scratch)
  scratch.flush()
  const text = collected
  collected = ''
  return text
}
