// The broker's log. If it cannot be written, lines are dropped and counted; the broker keeps running.
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** Limit of the buffer for a reader that takes nothing, in bytes. */
const maxBuffered = 64 * 1024

export class Log {
  readonly #stream: Writable
  /** The descriptor if the log is a file: written directly, as a Node stream stops after an error. */
  readonly #file: number | undefined
  #lost = 0

  constructor(stream: Writable) {
    this.#stream = stream
    const descriptor = 'fd' in stream && typeof stream.fd === 'number' ? stream.fd : undefined
    this.#file = stream instanceof Socket ? undefined : descriptor
    stream.on('error', () => this.#lost++)
  }

  /** Writes one or several lines; `text` has no trailing line feed. */
  write(text: string): void {
    const before = this.#lost
    const notice = before === 0 ? '' : `${before} log lines were dropped.\n`
    if (this.#put(`${notice}${text}\n`)) this.#lost -= before
    else this.#lost++
  }

  #put(text: string): boolean {
    try {
      if (this.#file !== undefined) return writeSync(this.#file, text) > 0
      if (this.#stream.writableLength > maxBuffered) return false
      this.#stream.write(text)
      return true
    } catch {
      return false
    }
  }
}
