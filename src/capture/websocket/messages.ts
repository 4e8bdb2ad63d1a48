// Extracts the payload of one direction of WebSocket. Payloads are concatenated, as MQTT packets need not be aligned with
// messages [MQTT-6.0.0-2].
import type { CaptureContext } from '../context.js'
import type { RecordOrigin } from '../frame.js'
import { Segment } from '../segment.js'
import type { Direction } from '../stream.js'
import type { StreamLayer } from '../stream-layer.js'
import { dividesIntoFrames, type FrameHeader, type FrameOutput, FrameReader } from './frames.js'

/** Bytes of a compressed message, which is collected before it is inflated. */
const maxCompressed = 16 * 1024 * 1024
/** Bytes of an inflated message: a few kilobytes can inflate to gigabytes. */
const maxInflated = 64 * 1024 * 1024
/** Bytes of the LZ77 window (RFC 7692, 7.1.2; RFC 1951). */
const windowSize = 32 * 1024
const empty = Buffer.alloc(0)
/** Removed from the end of a compressed message (RFC 7692, 7.2.2). */
const tail = Buffer.from([0, 0, 0xff, 0xff])

export class MessageReader implements FrameOutput {
  readonly #context: CaptureContext
  readonly #next: StreamLayer
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

  constructor(context: CaptureContext, next: StreamLayer, direction: Direction) {
    this.#context = context
    this.#next = next
    this.#direction = direction
  }

  /** Bytes of an incomplete compressed message. */
  get waiting(): number {
    return this.#compressedBytes
  }

  push({ bytes, origin }: Segment): void {
    this.#origin = origin
    if (this.#lost) {
      if (!dividesIntoFrames(bytes, this.#direction)) return
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
    // At the start of a capture, a frame may begin here.
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
    // A continuation frame belongs to the message of the first frame.
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
    // A copy, as it is kept until the end of the message.
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
    const text = 'invalid WebSocket frame; skipped to the next segment that begins with one'
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

  /** Later messages may refer to this one (not with no_context_takeover, but keeping it does no harm). */
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

  /** Must only be called within `push`. */
  #at(index: number): RecordOrigin {
    const origin = this.#origin!
    return index === 0 ? origin : origin.at(origin.fileOffset + index)
  }
}

/** RFC 6455, 5.3. Returns new memory: the capture must not be changed. */
function unmask(bytes: Buffer, key: Buffer, from: number): Buffer {
  const plain = Buffer.allocUnsafe(bytes.length)
  for (let index = 0; index < bytes.length; index++) plain[index] = bytes[index]! ^ key[(from + index) & 3]!
  return plain
}
