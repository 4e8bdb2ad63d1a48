// The log of the broker. A log that cannot be written loses lines, which are counted; the broker serves on.
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** In bytes: what waits for a reader of the log that does not read. */
const mostWaiting = 64 * 1024

export class Log {
  readonly #stream: Writable
  /** Of a file, which Node writes at once: after an error its stream would take nothing more. */
  readonly #file: number | undefined
  #lost = 0

  constructor(stream: Writable) {
    this.#stream = stream
    const descriptor = 'fd' in stream && typeof stream.fd === 'number' ? stream.fd : undefined
    this.#file = stream instanceof Socket ? undefined : descriptor
    stream.on('error', () => this.#lost++)
  }

  /** One line, or several, without the last end. */
  write(text: string): void {
    const before = this.#lost
    const notice = before === 0 ? '' : `${before} lines of the log were lost.\n`
    if (this.#put(`${notice}${text}\n`)) this.#lost -= before
    else this.#lost++
  }

  #put(text: string): boolean {
    try {
      if (this.#file !== undefined) return writeSync(this.#file, text) > 0
      if (this.#stream.writableLength > mostWaiting) return false
      this.#stream.write(text)
      return true
    } catch {
      return false
    }
  }
}
