// One direction of WebSocket: frames to the bytes that they carry. MQTT packets and messages need not begin or end
// together [MQTT-6.0.0-2], so payloads are simply joined.
import type { Context } from '../context.js'
import type { RecordOrigin } from '../frame.js'
import type { Pipe } from '../pipe.js'
import { Segment } from '../segment.js'
import type { Direction } from '../stream.js'
import { type FrameHeader, type FrameOutput, FrameReader, tiles } from './frames.js'

/** A compressed message is collected before it is inflated. Libraries refuse messages beyond 100 MiB (ws) or 1 MiB. */
const maxCompressed = 16 * 1024 * 1024
/** And what comes out of it: a few kilobytes can inflate to gigabytes. */
const maxInflated = 64 * 1024 * 1024
/** What compression looks back on (RFC 7692, 7.1.2; RFC 1951). */
const windowSize = 32 * 1024
const empty = Buffer.alloc(0)
/** A message is compressed without these four bytes at its end (RFC 7692, 7.2.2). */
const tail = Buffer.from([0, 0, 0xff, 0xff])

export class MessageReader implements FrameOutput {
  readonly #context: Context
  readonly #next: Pipe
  readonly #direction: Direction
  readonly #frames = new FrameReader(this)
  #origin: RecordOrigin | undefined
  #offset = 0
  #gapBefore: number | undefined
  #lost = false
  #isControl = false
  #deflated = false
  #messageBroken = false
  #fin = false
  #compressed: Buffer[] = []
  #compressedBytes = 0
  #window: Buffer = empty

  constructor(context: Context, next: Pipe, direction: Direction) {
    this.#context = context
    this.#next = next
    this.#direction = direction
  }

  /** Bytes that are held of a compressed message. */
  get waiting(): number {
    return this.#compressedBytes
  }

  push({ bytes, origin }: Segment): void {
    this.#origin = origin
    if (this.#lost) {
      if (!tiles(bytes, this.#direction)) return
      this.#lost = false
    }
    this.#frames.push(bytes)
  }

  gap(length: number | undefined, why: string): void {
    const { remaining, betweenFrames } = this.#frames
    if (length !== undefined && remaining >= length) {
      if (!this.#isControl && this.#deflated) this.#messageBroken = true
      else if (!this.#isControl) this.#miss(length, why)
      this.#frames.skip(length)
      return
    }
    // At the very beginning of a capture nothing is lost yet: a frame may begin here.
    if (length !== undefined || !betweenFrames || this.#offset > 0) this.#loseWay()
    this.#miss(undefined, why)
  }

  #loseWay(): void {
    this.#lost = true
    this.#frames.reset()
    this.#forget()
  }

  #breakMessage(): void {
    this.#forget()
    this.#messageBroken = true
  }

  #forget(): void {
    this.#compressed = []
    this.#compressedBytes = 0
    this.#messageBroken = false
    this.#keepWindow(empty)
  }

  #miss(length: number | undefined, why: string): void {
    this.#next.gap(this.#direction, this.#offset, length, why)
    if (length === undefined) return
    this.#offset += length
    this.#gapBefore = (this.#gapBefore ?? 0) + length
  }

  header(header: FrameHeader, index: number): void {
    this.#isControl = header.opcode >= 8
    if (this.#isControl) return
    const at = { direction: this.#direction, offset: this.#offset, origin: this.#at(index) }
    if (header.masked !== (this.#direction === 'c2s')) this.#next.fact({ kind: 'masking', ...at })
    if (header.opcode === 1) this.#next.fact({ kind: 'text-frame', ...at })
    // A continuation goes on with what its first frame was.
    if (header.opcode !== 0) this.#deflated = header.compressed
    this.#fin = header.fin
  }

  payload(bytes: Buffer, { index, from }: { index: number; from: number }): void {
    if (this.#isControl) return
    const { key } = this.#frames
    const plain = key === undefined ? bytes : unmask(bytes, key, from)
    if (!this.#deflated) return this.#emit(plain, index)
    const isTooMuch = this.#compressedBytes + plain.length > maxCompressed || this.#context.budget.isSpent
    if (isTooMuch) this.#breakMessage()
    if (this.#messageBroken) return
    // A copy: it waits for the end of the message.
    this.#compressed.push(key === undefined ? Buffer.from(plain) : plain)
    this.#compressedBytes += plain.length
  }

  frameEnd(): void {
    if (this.#isControl || !this.#fin || !this.#deflated) return
    const deflated = Buffer.concat([...this.#compressed, tail])
    const inflated = this.#messageBroken ? undefined : this.#inflate(deflated)
    this.#compressed = []
    this.#compressedBytes = 0
    this.#messageBroken = false
    if (inflated === undefined) {
      this.#forget()
      this.#miss(undefined, 'a compressed WebSocket message could not be inflated')
    } else if (inflated.length > 0) {
      this.#remember(inflated)
      this.#emit(inflated, 0)
    }
  }

  bad(index: number): void {
    const { fileOffset } = this.#at(index)
    const text = 'this is no WebSocket frame; skipped to the next segment that begins with one'
    this.#context.notes.say('damaged WebSocket frame', text, fileOffset)
    this.#loseWay()
    this.#miss(undefined, 'not a WebSocket frame')
  }

  #inflate(deflated: Buffer): Buffer | undefined {
    const { inflate } = this.#context.options
    if (inflate === undefined) return undefined
    try {
      const bytes = inflate(deflated, this.#window, maxInflated)
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    } catch {
      return undefined
    }
  }

  /** Later messages may refer to this one, unless the handshake excludes it; then they simply do not. */
  #remember(inflated: Buffer): void {
    const whole = inflated.length >= windowSize ? inflated : Buffer.concat([this.#window, inflated])
    const { windows } = this.#context
    const kept = windows.isSpent ? 0 : Math.min(whole.length, windowSize)
    this.#keepWindow(Buffer.from(whole.subarray(whole.length - kept)))
  }

  #keepWindow(window: Buffer): void {
    this.#context.windows.change(this.#window.length, window.length)
    this.#window = window
  }

  end(): void {
    this.#keepWindow(empty)
  }

  #emit(bytes: Buffer, index: number): void {
    if (bytes.length === 0) return
    const segment = new Segment(bytes, this.#offset, this.#at(index), this.#gapBefore)
    this.#gapBefore = undefined
    this.#offset += bytes.length
    this.#next.data(this.#direction, segment)
  }

  /** Only called while a segment is being read. */
  #at(index: number): RecordOrigin {
    const origin = this.#origin!
    return index === 0 ? origin : origin.at(origin.fileOffset + index)
  }
}

/** RFC 6455, 5.3. Into new memory: the capture itself is not changed. */
function unmask(bytes: Buffer, key: Buffer, from: number): Buffer {
  const plain = Buffer.allocUnsafe(bytes.length)
  for (let index = 0; index < bytes.length; index++) plain[index] = bytes[index]! ^ key[(from + index) & 3]!
  return plain
}
