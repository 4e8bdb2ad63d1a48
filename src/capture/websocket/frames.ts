// Splits a stream into WebSocket frames (RFC 6455, 5.2). Payload is passed on as it arrives.
import { dividesIntoPackets } from '../mqtt-packets.js'
import type { Direction } from '../stream.js'

/** Two bytes, a length of eight, a masking key of four. */
const maxHeader = 14

export interface FrameHeader {
  readonly fin: boolean
  /** RSV1: the message is compressed (RFC 7692, 6). */
  readonly compressed: boolean
  readonly opcode: number
  readonly masked: boolean
  readonly length: number
  /** Bytes of the header. */
  readonly size: number
  /** Position of the masking key in the header, if `masked`. */
  readonly key: number
}

/** The header at `start`; undefined if it is incomplete, 'bad' if it is invalid. */
export function readHeader(bytes: Buffer, start: number): FrameHeader | undefined | 'bad' {
  if (bytes.length - start < 2) return undefined
  const first = bytes[start]!
  const second = bytes[start + 1]!
  const opcode = first & 15
  const masked = second >= 0x80
  const short = second & 0x7f
  const isControl = opcode >= 8
  if ((first & 0x30) !== 0 || (opcode > 2 && opcode < 8) || opcode > 10) return 'bad'
  if (isControl && (short > 125 || first < 0x80)) return 'bad' // RFC 6455, 5.5
  const lengthSize = short === 126 ? 2 : short === 127 ? 8 : 0
  const size = 2 + lengthSize + (masked ? 4 : 0)
  if (bytes.length - start < size) return undefined
  let length = short
  if (lengthSize === 2) length = bytes.readUInt16BE(start + 2)
  if (lengthSize === 8) length = bytes.readUInt32BE(start + 2) * 2 ** 32 + bytes.readUInt32BE(start + 6)
  if (length > Number.MAX_SAFE_INTEGER) return 'bad'
  const compressed = (first & 0x40) !== 0
  return { fin: first >= 0x80, compressed, opcode, masked, length, size, key: 2 + lengthSize }
}

/**
 * Whether a segment consists of whole frames of this direction, and not of whole MQTT packets: evidence for WebSocket at
 * the start of a capture in mid-stream, or after a gap.
 */
export function dividesIntoFrames(bytes: Buffer, direction: Direction): boolean {
  let at = 0
  while (at < bytes.length) {
    const header = readHeader(bytes, at)
    if (header === undefined || header === 'bad') return false
    if (header.masked !== (direction === 'c2s')) return false
    at += header.size + header.length
  }
  if (at !== bytes.length || at === 0) return false
  // 0x82 is a binary frame or SUBSCRIBE, which a server does not send.
  return (direction === 's2c' && bytes[0] === 0x82) || !dividesIntoPackets(bytes)
}

export interface FrameOutput {
  /** A header is complete; `index` is the position of its last byte in the chunk. */
  header(header: FrameHeader, index: number): void
  /** Payload of the frame, still masked, at `index` of the chunk. `from` is its offset in the payload of the frame. */
  payload(bytes: Buffer, place: { index: number; from: number }): void
  /** The frame is complete. */
  frameEnd(): void
  /** Invalid header; `index` is the position in the chunk. */
  bad(index: number): void
}

/** Reads the frames of one direction. */
export class FrameReader {
  readonly #output: FrameOutput
  readonly #head = Buffer.alloc(maxHeader)
  #collected = 0
  #header: FrameHeader | undefined
  #from = 0

  constructor(output: FrameOutput) {
    this.#output = output
  }

  /** Payload bytes of the current frame still to come; 0 between frames. */
  get remaining(): number {
    return this.#header === undefined ? 0 : this.#header.length - this.#from
  }

  get betweenFrames(): boolean {
    return this.#header === undefined && this.#collected === 0
  }

  /** The masking key of the current frame. */
  get key(): Buffer | undefined {
    const header = this.#header
    return header?.masked ? this.#head.subarray(header.key, header.key + 4) : undefined
  }

  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#header === undefined) {
        at = this.#collect(bytes, at)
        if (at === -1) return
      } else at = this.#payload(bytes, at, this.#header)
    }
  }

  /** Skips missing payload bytes. */
  skip(length: number): void {
    this.#from += length
    if (this.#header !== undefined && this.#from >= this.#header.length) this.#finish()
  }

  reset(): void {
    this.#header = undefined
    this.#collected = 0
    this.#from = 0
  }

  #collect(bytes: Buffer, at: number): number {
    while (at < bytes.length) {
      this.#head[this.#collected++] = bytes[at++]!
      const header = readHeader(this.#head.subarray(0, this.#collected), 0)
      if (header === undefined) continue
      if (header === 'bad') {
        this.reset()
        this.#output.bad(at - 1)
        return -1
      }
      this.#collected = 0
      this.#header = header
      this.#from = 0
      this.#output.header(header, at - 1)
      if (header.length === 0) this.#finish()
      return at
    }
    return at
  }

  #payload(bytes: Buffer, at: number, header: FrameHeader): number {
    const end = Math.min(bytes.length, at + header.length - this.#from)
    const from = this.#from
    this.#from += end - at
    this.#output.payload(bytes.subarray(at, end), { index: at, from })
    if (this.#from === header.length) this.#finish()
    return end
  }

  #finish(): void {
    this.#header = undefined
    this.#output.frameEnd()
  }
}
