// The text of a view as a string.
import type { TextSink } from './view.js'

export class CollectedText implements TextSink {
  #text = ''
  readonly #decoder = new TextDecoder()

  text(text: string): void {
    this.#text += text
  }

  range(bytes: Uint8Array, start: number, end: number): void {
    this.#text += this.#decoder.decode(bytes.subarray(start, end), { stream: true })
  }

  /** What has come since the last call. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
