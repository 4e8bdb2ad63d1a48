// Splits a byte stream into Control Packets by their Remaining Length.
import { ProtocolError } from '../errors.js'

/** The largest Remaining Length (MQTT 5.0, 1.5.5; MQTT 3.1.1, 2.2.3). */
export const maxRemainingLength = 268_435_455

/** The number of bytes (1 to 4) that encode the Remaining Length `length`. */
export function remainingLengthSize(length: number): number {
  return length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4
}

const empty = Buffer.alloc(0)

/** Up to this Remaining Length no limit by type applies. */
const unlimited = 65_535

/**
 * Splits chunks into Control Packets. After `next()` has returned true, `header` is the first byte and `bytes` from
 * `start` to `end` is the body, after the Fixed Header. A packet within one chunk is a view of it; one that crosses
 * chunks is copied once, when it is complete.
 */
export class Framer {
  bytes: Buffer = empty
  header = 0
  start = 0
  end = 0
  /** Offset of the Fixed Header of the current packet in `bytes`. */
  origin = 0
  #offset = 0
  #pieces: Buffer[] = []
  #collected = 0
  #needed = 0
  readonly #maxPacketSize: number
  /** The largest packet in bytes by Control Packet type; undefined: no limits by type. */
  sizes: readonly number[] | undefined
  /** Set when a Remaining Length is longer than necessary [MQTT-1.5.5-1]. */
  padded = false

  /** `maxPacketSize`: the largest Control Packet in bytes, including the Fixed Header. */
  constructor(maxPacketSize: number = maxRemainingLength + 5) {
    this.#maxPacketSize = maxPacketSize
  }

  push(chunk: Buffer): void {
    if (this.#pieces.length === 0) {
      this.bytes = chunk
      this.#offset = 0
      return
    }
    this.#pieces.push(chunk)
    this.#collected += chunk.length
    // Do not concatenate until `needed` bytes have arrived.
    if (this.#collected >= this.#needed) this.#join()
  }

  #join(): void {
    this.bytes = Buffer.concat(this.#pieces, this.#collected)
    this.#offset = 0
    this.#pieces = []
    this.#collected = 0
  }

  /**
   * Advances to the next complete packet; false if the chunk has none.
   * @throws ProtocolError 0x81 for a Remaining Length of more than four bytes [MQTT-1.5.5-1], 0x95 for a packet that is
   * too large
   */
  next(): boolean {
    if (this.#pieces.length > 0) return false
    const { bytes } = this
    const origin = this.#offset
    const limit = bytes.length
    let position = origin + 1
    let length = 0
    for (let shift = 0; ; shift += 7) {
      if (shift > 21)
        throw new ProtocolError('Malformed packet: Remaining Length has more than 4 bytes', 0x81)
      if (position >= limit) return this.#keep(origin, limit - origin + 1)
      const byte = bytes[position++]!
      length += (byte & 0x7f) << shift
      if (byte >= 128) continue
      if (byte === 0 && shift > 0) this.padded = true
      break
    }
    const end = position + length
    if (end - origin > this.#maxPacketSize) throw tooLarge(end - origin, this.#maxPacketSize)
    if (length > unlimited && this.sizes !== undefined) {
      const most = this.sizes[bytes[origin]! >> 4]!
      if (end - origin > most) throw tooLarge(end - origin, most)
    }
    if (end > limit) return this.#keep(origin, end - origin)
    this.header = bytes[origin]!
    this.origin = origin
    this.start = position
    this.end = end
    this.#offset = end
    return true
  }

  /** Keeps an incomplete packet until `needed` bytes of it have arrived. */
  #keep(origin: number, needed: number): false {
    if (origin < this.bytes.length) {
      this.#pieces.push(this.bytes.subarray(origin))
      this.#collected = this.bytes.length - origin
      this.#needed = needed
    }
    this.bytes = empty
    this.#offset = 0
    return false
  }
}

function tooLarge(size: number, most: number): ProtocolError {
  return new ProtocolError(`Packet too large: ${size} bytes, the limit is ${most}`, 0x95)
}
