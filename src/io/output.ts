// Writes to standard output, or to a file, in batches and with back-pressure.
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { outputError } from './print.js'
import { type Resolvers, withResolvers } from './promises.js'

const batchSize = 64 * 1024
const viewFrom = 16 * 1024 // from this size on, a separate write is cheaper than a copy
const loopUpTo = 48 // up to this size, a loop is cheaper than a call into the runtime

export class Output {
  readonly #stream: Writable
  readonly #name: string
  #buffer = Buffer.allocUnsafeSlow(batchSize)
  #offset = 0
  #blocked = false
  #failure: Error | undefined
  /** One promise for all callers that wait for the stream. */
  #waiting: Resolvers<void> | undefined

  /** `name` is used in error texts. */
  constructor(stream: Writable, name = 'standard output') {
    this.#stream = stream
    this.#name = name
    stream.on('error', this.#onError)
    stream.on('drain', this.#onDrain)
    // The reader of a pipe may close while nothing is written.
    stream.on('close', this.#onClose)
  }

  /** Called when the reader has closed or a write has failed, so that an idle subscription ends too. */
  onFailure: ((error: Error) => void) | undefined

  /** Appends the whole of `bytes`. */
  bytes(bytes: Uint8Array): void {
    this.range(bytes, 0, bytes.length)
  }

  /** Appends `bytes` from `start` to `end`. From 16 KiB on they are not copied and must not change afterwards. */
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

  /** Appends `text` as UTF-8; never escaped, also in an Output that escapes `text`. */
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
   * Writes the batch. If a promise is returned, wait for it before writing more.
   * @throws BrokenPipe if the reader has closed, MqttxError 14 for other failures
   */
  flush(): Promise<void> | undefined {
    this.#writeBuffer()
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#blocked) return undefined
    this.#waiting ??= withResolvers()
    return this.#waiting.promise
  }

  /**
   * Writes the batch. Undefined: the system has taken everything; a stream that has room may hold bytes after `flush`.
   * @throws as `flush`
   */
  taken(): Promise<void> | undefined {
    const blocked = this.flush()
    if (blocked !== undefined) return blocked
    const { errored, writableLength } = this.#stream
    return errored || writableLength > 0 ? this.#written() : undefined
  }

  /**
   * Waits until everything has been written, at the end of a command.
   * @param stalledMs gives up when the stream takes nothing for so many milliseconds
   * @throws the failure of the write; MqttxError 14 when it gives up
   */
  async finish(stalledMs?: number): Promise<void> {
    const written = this.flush() ?? this.#written()
    if (stalledMs === undefined) return written
    const watch = new AbortController()
    try {
      await Promise.race([written, this.#stalled(stalledMs, watch.signal)])
    } finally {
      watch.abort()
      written.catch(() => {}) // may fail later
    }
  }

  async #written(): Promise<void> {
    const { errored, writableLength } = this.#stream // `errored` is set before the event
    if (errored) throw outputError(errored, this.#name)
    if (writableLength === 0) return
    await new Promise<void>((resolve, reject) => {
      this.#stream.write('', (error) => (error ? reject(outputError(error, this.#name)) : resolve()))
    })
  }

  /** Rejects, and destroys the stream, when it has taken nothing for a while. */
  async #stalled(stalledMs: number, signal: AbortSignal): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; this.#stream.writableLength < before; ) {
      before = this.#stream.writableLength
      await sleep(stalledMs, undefined, { signal })
    }
    this.#stream.destroy()
    throw outputError(
      new Error(`nothing was read for ${stalledMs / 1000} s, ${this.#stream.writableLength} bytes are lost`),
      this.#name,
    )
  }

  #reserve(length: number): void {
    if (this.#offset + length > batchSize) this.#writeBuffer()
  }

  #writeBuffer(): void {
    if (this.#offset === 0) return
    const bytes = this.#buffer.subarray(0, this.#offset)
    // The stream may still use the buffer: reuse it only if everything was written.
    const done = this.#write(bytes)
    if (!done || this.#stream.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(batchSize)
    this.#offset = 0
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined) return true // already failed: drop
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
    this.#onError(Object.assign(new Error(`the reader of ${this.#name} has closed`), { code: 'EPIPE' }))
  }
}
