// Writes JSON in cJSON's two layouts: compact, or indented with tabs (--pretty).
import { jsonOf } from '../text.js'
import type { ByteSink } from './message.js'

const chunkSize = 65_536 // characters per write to the sink, and per piece of a long string

type TextSink = Pick<ByteSink, 'text'>

/** Writes one JSON value from tokens. The caller keeps to the grammar and calls `end` last. */
export class JsonWriter {
  readonly #sink: TextSink
  readonly #pretty: boolean
  readonly #open: ('{' | '[')[] = []
  #out = ''
  /** True until the innermost object or array has its first member. */
  #first = true
  /** True between a key and its value. */
  #keyed = false

  constructor(sink: TextSink, pretty: boolean) {
    this.#sink = sink
    this.#pretty = pretty
  }

  open(bracket: '{' | '['): void {
    this.#append(this.#comma() + bracket)
    this.#open.push(bracket)
    this.#first = true
  }

  /** Closes the innermost object or array. */
  close(): void {
    const bracket = this.#open.pop()
    if (bracket === '{') this.#append(this.#pretty ? `\n${'\t'.repeat(this.#open.length)}}` : '}')
    else this.#append(']')
    this.#first = false
  }

  /** The name of the next member, as JSON text (in quotes). */
  key(json: string): void {
    const comma = this.#first ? '' : ','
    const line = this.#pretty ? `\n${'\t'.repeat(this.#open.length)}` : ''
    this.#append(`${comma}${line}${json}${this.#pretty ? ':\t' : ':'}`)
    this.#keyed = true
  }

  /** A value as JSON text. */
  value(json: string): void {
    this.#append(this.#comma() + json)
    this.#first = false
  }

  /** A string from its characters, in pieces: with escapes it may exceed the longest JavaScript string. */
  string(text: string): void {
    if (text.length <= chunkSize) {
      this.value(jsonOf(text))
      return
    }
    this.value('"')
    for (let at = 0; at < text.length; ) {
      const end = at + chunkSize - (isHighSurrogate(text, at + chunkSize - 1) ? 1 : 0)
      this.#append(jsonOf(text.slice(at, end)).slice(1, -1))
      at = end
    }
    this.#append('"')
  }

  end(): void {
    this.#sink.text(this.#out)
    this.#out = ''
  }

  /** The separator before a value; before a member of an object, `key` has written it. */
  #comma(): string {
    const comma = this.#first || this.#keyed ? '' : this.#pretty ? ', ' : ','
    this.#keyed = false
    return comma
  }

  #append(json: string): void {
    this.#out += json
    if (this.#out.length >= chunkSize) this.end()
  }
}

function isHighSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800
}
