// One direction of a connection: from one stream to the other, with back-pressure, delays and limits of speed.
import type { Duplex } from 'node:stream'

/** Bytes that may wait for their time; then no more are read. */
const mostWaiting = 64 * 1024
/** A limit of speed is kept over so many milliseconds. */
const throttleMs = 20

type Step =
  | { readonly bytes: Uint8Array; readonly bytesPerSecond: number | undefined }
  | { readonly until: number }
  | { readonly action: () => void }

export class Pipe {
  readonly #from: Duplex
  readonly #to: Duplex
  #steps: Step[] = []
  #waiting = 0
  /** `to` takes no more at present. */
  #blocked = false
  #timer: NodeJS.Timeout | undefined
  /** When the next throttled byte may go. */
  #free = 0
  #closed = false

  constructor(from: Duplex, to: Duplex) {
    this.#from = from
    this.#to = to
    to.on('drain', () => {
      this.#blocked = false
      this.#pump()
    })
  }

  /** Sends `bytes` after all before them. */
  send(bytes: Uint8Array, bytesPerSecond?: number): void {
    if (this.#closed) return
    if (this.#steps.length === 0 && !this.#blocked && bytesPerSecond === undefined) {
      if (!this.#to.write(bytes)) this.#block()
      return
    }
    this.#steps.push({ bytes, bytesPerSecond })
    this.#waiting += bytes.length
    this.#pump()
  }

  /** What follows is sent so many milliseconds after now at the earliest. */
  delay(ms: number): void {
    this.#steps.push({ until: performance.now() + ms })
  }

  /** Calls `action` when all that was sent has been written. */
  after(action: () => void): void {
    if (this.#closed) return
    this.#steps.push({ action })
    this.#pump()
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#steps = []
  }

  #block(): void {
    this.#blocked = true
    this.#from.pause()
  }

  #pump(): void {
    while (this.#steps.length > 0 && !this.#blocked && this.#timer === undefined) {
      const step = this.#steps[0]!
      if ('until' in step) {
        if (!this.#wait(step.until)) this.#steps.shift()
      } else if ('action' in step) {
        this.#steps.shift()
        step.action()
      } else this.#write(step.bytes, step.bytesPerSecond)
    }
    if (this.#closed) return
    if (this.#blocked || this.#waiting > mostWaiting) this.#from.pause()
    else this.#from.resume()
  }

  /** True if `time` is still to come; goes on then. */
  #wait(time: number): boolean {
    const ms = time - performance.now()
    if (ms <= 0) return false
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#pump()
    }, Math.ceil(ms))
    return true
  }

  #write(bytes: Uint8Array, bytesPerSecond: number | undefined): void {
    let piece = bytes
    if (bytesPerSecond !== undefined) {
      if (this.#wait(this.#free)) return
      piece = bytes.subarray(0, Math.max(1, Math.floor((bytesPerSecond * throttleMs) / 1000)))
      this.#free =
        Math.max(this.#free, performance.now() - throttleMs) + (piece.length / bytesPerSecond) * 1000
    }
    if (piece.length === bytes.length) this.#steps.shift()
    else this.#steps[0] = { bytes: bytes.subarray(piece.length), bytesPerSecond }
    this.#waiting -= piece.length
    if (!this.#to.write(piece)) this.#block()
  }
}
