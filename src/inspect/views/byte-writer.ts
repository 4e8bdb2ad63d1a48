// Builds output as bytes. The text for a packet is mostly digits and short words, for which writing bytes is faster than
// concatenating strings.
import { Buffer } from 'node:buffer'
import { bufferOf } from '../utf8.js'
import type { TextSink } from './view.js'

/** Sinks copy ranges of up to 16 KiB (TextSink), so the buffer can be reused at once. */
const size = 8192
/** Bytes up to which a loop is faster than TypedArray.set. */
const loopUpTo = 16
const zero = 48
const quote = 34
const backslash = 92

export class ByteWriter {
  readonly #sink: TextSink
  /** Bytes not flushed yet. Write to them between `reserve` and `commit`, or with the methods below. */
  readonly bytes: Uint8Array = Buffer.allocUnsafeSlow(size)
  #at = 0

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  /** Passes the bytes written to the sink. */
  flush(): void {
    const length = this.#at
    this.#at = 0
    if (length > 0) this.#sink.range(this.bytes, 0, length)
  }

  /** Makes room for `length` bytes, at most 1000, and returns the index of the first. */
  reserve(length: number): number {
    if (this.#at + length > size) this.flush()
    return this.#at
  }

  /** Ends a write after `reserve`; `at` is the index after the last byte written. */
  commit(at: number): void {
    this.#at = at
  }

  /** Writes `text`, which must be ASCII. */
  ascii(text: string): void {
    const { length } = text
    if (!this.#hasRoom(length)) return this.#sink.text(text)
    this.#at = putAscii(this.bytes, this.#at, text)
  }

  /** Writes bytes that do not change later, such as those of `encoded`. */
  encoded(bytes: Uint8Array): void {
    const { length } = bytes
    if (!this.#hasRoom(length)) return this.#sink.range(bytes, 0, length)
    this.#at = putBytes(this.bytes, this.#at, bytes)
  }

  /** Writes any text. */
  text(text: string): void {
    if (!this.#hasRoom(text.length * 3)) return this.#sink.text(text)
    this.#at += bufferOf(this.bytes).write(text, this.#at)
  }

  /** Writes an integer in decimal. */
  number(value: number): void {
    this.commit(putNumber(this.bytes, this.reserve(longestNumber), value))
  }

  /**
   * Writes bytes that need no escaping inside quotes: printable ASCII without quotes and backslashes. If there are other
   * bytes, or too many, writes nothing and returns false.
   */
  plainBytes(from: Uint8Array, start: number, end: number): boolean {
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

  /** Like `plainBytes`, for a string. */
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

  /** Makes room; false if `length` exceeds even the empty buffer, which is then flushed. */
  #hasRoom(length: number): boolean {
    if (this.#at + length <= size) return true
    this.flush()
    return length <= size
  }
}

/** The bytes of a text that is written often. */
export function encoded(text: string): Uint8Array {
  return Buffer.from(text)
}

// Functions that take the write position and return the position after the bytes written.

/** Digits, and a sign. */
const longestNumber = 24

export function putAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
  return at
}

export function putBytes(bytes: Uint8Array, at: number, from: Uint8Array): number {
  const { length } = from
  if (length > loopUpTo) bytes.set(from, at)
  else for (let i = 0; i < length; i++) bytes[at + i] = from[i]!
  return at + length
}

/** An integer in decimal. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (!(value >= 0 && value < 1e9)) return putAscii(bytes, at, String(value))
  let width = 1
  for (let limit = 10; value >= limit; limit *= 10) width++
  return putDigits(bytes, at, value, width)
}

/** The last `width` decimal digits of a non-negative integer below 10^9, with leading zeros. */
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

/** The text that `put` writes; at most 64 bytes of ASCII. */
export function shortText(put: (bytes: Uint8Array, at: number) => number): string {
  return short.toString('latin1', 0, put(short, 0))
}

let collected = ''
const scratch = new ByteWriter({
  text(text) {
    collected += text
  },
  range(bytes, start, end) {
    collected += bufferOf(bytes).toString('utf8', start, end)
  },
})

/** The text that `put` writes. */
export function textOf(put: (out: ByteWriter) => void): string {
  put(scratch)
  scratch.flush()
  const text = collected
  collected = ''
  return text
}
