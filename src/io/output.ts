// Standard output, or a file, in batches, with back-pressure: one write for all that a chunk from the network brought.
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { outputError } from './print.js'
import { type Resolvers, withResolvers } from './promises.js'

const batchSize = 64 * 1024
const viewFrom = 16 * 1024 // from this size on a write of its own costs less than a copy
const loopUpTo = 48 // up to this size a loop costs less than a call into the runtime

export class Output {
  readonly #stream: Writable
  readonly #name: string
  #buffer = Buffer.allocUnsafeSlow(batchSize)
  #offset = 0
  #blocked = false
  #failure: Error | undefined
  /** All who wait for the stream wait for the same promise. */
  #waiting: Resolvers<void> | undefined

  /** `name` is what errors call it. */
  constructor(stream: Writable, name = 'standard output') {
    this.#stream = stream
    this.#name = name
    stream.on('error', this.#onError)
    stream.on('drain', this.#onDrain)
    // The reader of a pipe may go away while nothing is written: the socket below tells.
    stream.on('close', this.#onClose)
  }

  /** Called at once when the reader has gone or the write failed, so that a quiet subscription ends too. */
  onFailure: ((error: Error) => void) | undefined

  /** Appends the whole of `bytes`. */
  bytes(bytes: Uint8Array): void {
    this.range(bytes, 0, bytes.length)
  }

  /** Appends `bytes` from `start` to `end`. Less than 16 KiB are copied; what is more must not change any more. */
  range(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length >= viewFrom) {
      this.#writeBuffer()
      this.#write(bytes.subarray(start, end))
      return
    }
    this.#reserve(length)
    if (length > loopUpTo) this.#buffer.set(bytes.subarray(start, end), this.#offset)
    else {
      const buffer = this.#buffer
      for (let at = this.#offset, i = start; i < end; i++, at++) buffer[at] = bytes[i]!
    }
    this.#offset += length
  }

  /** Appends `text` as UTF-8; `text` too, where nothing is escaped. */
  fixed(text: string): void {
    this.text(text)
  }

  newline(): void {
    this.#reserve(1)
    this.#buffer[this.#offset++] = 10
  }

  /** Appends `text` as UTF-8. */
  text(text: string): void {
    if (text.length * 3 > viewFrom) return this.bytes(Buffer.from(text))
    this.#reserve(text.length * 3)
    this.#offset += this.#buffer.write(text, this.#offset)
  }

  /**
   * Writes what has been collected. A promise says to wait before more is written.
   * @throws what the write failed with: BrokenPipe where the reader has gone, MqttxError 14 for anything else
   */
  flush(): Promise<void> | undefined {
    this.#writeBuffer()
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#blocked) return undefined
    this.#waiting ??= withResolvers()
    return this.#waiting.promise
  }

  /**
   * Waits until everything has been written; for the end of a command.
   * @param patienceMs gives up when the stream takes nothing for so long
   * @throws what the write failed with; MqttxError 14 when it was given up
   */
  async finish(patienceMs?: number): Promise<void> {
    const written = this.flush() ?? this.#written()
    if (patienceMs === undefined) return written
    const watch = new AbortController()
    try {
      await Promise.race([written, this.#stuck(patienceMs, watch.signal)])
    } finally {
      watch.abort()
      written.catch(() => {}) // it may fail later, when it is too late to matter
    }
  }

  async #written(): Promise<void> {
    if (this.#stream.writableLength === 0) return
    await new Promise<void>((resolve, reject) => {
      this.#stream.write('', (error) => (error ? reject(outputError(error, this.#name)) : resolve()))
    })
  }

  /** Fails when the stream has taken nothing for a while, and gives it up. */
  async #stuck(patienceMs: number, signal: AbortSignal): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; this.#stream.writableLength < before; ) {
      before = this.#stream.writableLength
      await sleep(patienceMs, undefined, { signal })
    }
    this.#stream.destroy()
    throw outputError(
      new Error(`nothing was read for ${patienceMs / 1000} s, ${this.#stream.writableLength} bytes are lost`),
      this.#name,
    )
  }

  #reserve(length: number): void {
    if (this.#offset + length > batchSize) this.#writeBuffer()
  }

  #writeBuffer(): void {
    if (this.#offset === 0) return
    const bytes = this.#buffer.subarray(0, this.#offset)
    // What the stream has not written yet it keeps: only a stream that is done with it gives the memory back.
    const done = this.#write(bytes)
    if (!done || this.#stream.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(batchSize)
    this.#offset = 0
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined) return true // nobody reads any more; the end is on its way
    const more = this.#stream.write(bytes)
    if (!more) this.#blocked = true
    return more
  }

  readonly #onDrain = (): void => {
    this.#blocked = false
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= outputError(error, this.#name)
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
    this.onFailure?.(this.#failure)
  }

  readonly #onClose = (): void => {
    this.#onError(Object.assign(new Error(`the reader of ${this.#name} has gone`), { code: 'EPIPE' }))
  }
}
