// Text that is put together as bytes. What a view says of a packet is digits and short words for the most part: a string
// made of twenty parts costs more than their bytes do.
import { Buffer } from 'node:buffer'
import { bufferOf } from '../utf8.js'
import type { TextSink } from './view.js'

/** Sinks copy so much (TextSink), so that the buffer can be used again at once. */
const size = 8192
/** Up to here a loop costs less than a call into the runtime. */
const loopUpTo = 16
const zero = 48
const quote = 34
const backslash = 92

export class Ink {
  readonly #sink: TextSink
  /** What has not been handed on: written by way of `room` and `commit`, or by the methods below. */
  readonly bytes: Uint8Array = Buffer.allocUnsafeSlow(size)
  #at = 0

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  /** Hands on what has been written. */
  flush(): void {
    const length = this.#at
    this.#at = 0
    if (length > 0) this.#sink.range(this.bytes, 0, length)
  }

  /** Makes room for `length` bytes, at most 1000; they begin at the position that is returned. */
  room(length: number): number {
    if (this.#at + length > size) this.flush()
    return this.#at
  }

  /** Says where those that were written end. */
  commit(at: number): void {
    this.#at = at
  }

  /** Writes `text`, which is ASCII. */
  ascii(text: string): void {
    const { length } = text
    if (!this.#hasRoom(length)) return this.#sink.text(text)
    this.#at = putAscii(this.bytes, this.#at, text)
  }

  /** Writes what `encoded` has made: of long words the cheaper way. */
  word(word: Uint8Array): void {
    const { length } = word
    if (!this.#hasRoom(length)) return this.#sink.range(word, 0, length)
    this.#at = putWord(this.bytes, this.#at, word)
  }

  /** Writes any text. */
  text(text: string): void {
    if (!this.#hasRoom(text.length * 3)) return this.#sink.text(text)
    this.#at += bufferOf(this.bytes).write(text, this.#at)
  }

  /** Writes an integer in decimal. */
  number(value: number): void {
    this.commit(putNumber(this.bytes, this.room(longestNumber), value))
  }

  /**
   * Writes bytes that say the same within quotes of every kind: printable ASCII without quotes and backslashes. Where
   * others are among them, or they are too many, it writes nothing and returns false.
   */
  plain(from: Uint8Array, start: number, end: number): boolean {
    if (!this.#hasRoom(end - start)) return false
    const bytes = this.bytes
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
    const bytes = this.bytes
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

// The same for who keeps the position: it stays in a register from one to the next. All return where they end.

/** Digits, and a sign. */
const longestNumber = 24

export function putAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
  return at
}

export function putWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  const { length } = word
  if (length > loopUpTo) bytes.set(word, at)
  else for (let i = 0; i < length; i++) bytes[at + i] = word[i]!
  return at + length
}

/** An integer in decimal. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (!(value >= 0 && value < 1e9)) return putAscii(bytes, at, String(value))
  let width = 1
  for (let limit = 10; value >= limit; limit *= 10) width++
  return putDigits(bytes, at, value, width)
}

/** The last `width` decimal digits of a non-negative integer below 10^9, with zeros in front. */
export function putDigits(bytes: Uint8Array, at: number, value: number, width: number): number {
  let rest = value | 0
  for (let i = at + width - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0
    bytes[i] = zero + rest - tenth * 10
    rest = tenth
  }
  return at + width
}

const short = Buffer.alloc(64)

/** What `put` writes, as a string; at most 64 bytes of ASCII. */
export function shortText(put: (bytes: Uint8Array, at: number) => number): string {
  return short.toString('latin1', 0, put(short, 0))
}

let collected = ''
const scratch = new Ink({
  text(text) {
    collected += text
  },
  range(bytes, start, end) {
    collected += bufferOf(bytes).toString('utf8', start, end)
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
