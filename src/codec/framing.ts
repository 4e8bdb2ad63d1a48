// Finds where each Control Packet of a byte stream ends: Fixed Header and Remaining Length, nothing else.
import { ProtocolError } from '../errors.js'

/** The largest Remaining Length that four bytes can say (MQTT 5.0, 1.5.5; MQTT 3.1.1, 2.2.3). */
export const maxRemainingLength = 268_435_455

/** How many bytes (1 to 4) the Remaining Length `length` takes. */
export function remainingLengthSize(length: number): number {
  return length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4
}

const empty = Buffer.alloc(0)

/** No type has a limit below this Remaining Length. */
const alwaysAccepted = 65_535

/**
 * Cuts chunks, wherever they were cut before, into Control Packets. After `next()` has said true, `bytes` from
 * `start` to `end` is what follows the Fixed Header and `header` is its first byte. A packet within one chunk is a
 * view of it; one that crosses chunks is joined once, when its last byte is there.
 */
export class Framer {
  bytes: Buffer = empty
  header = 0
  start = 0
  end = 0
  /** Where the Fixed Header of the packet at hand begins in `bytes`. */
  origin = 0
  #offset = 0
  #pieces: Buffer[] = []
  #collected = 0
  #needed = 0
  readonly #maxPacketSize: number
  /** The largest packet in bytes by Control Packet type, where types have limits of their own. */
  sizes: readonly number[] | undefined
  /** True once a Remaining Length took more bytes than it needs [MQTT-1.5.5-1]. */
  padded = false

  /** `maxPacketSize`: bytes of a whole Control Packet that are accepted, the Fixed Header included. */
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
    // A Fixed Header has 2 to 5 bytes: below `needed` there is nothing to find, and nothing is joined in vain.
    if (this.#collected >= this.#needed) this.#join()
  }

  #join(): void {
    this.bytes = Buffer.concat(this.#pieces, this.#collected)
    this.#offset = 0
    this.#pieces = []
    this.#collected = 0
  }

  /**
   * Goes to the next complete packet; false when the chunk has none.
   * @throws ProtocolError 0x81 for a Remaining Length of more than four bytes [MQTT-1.5.5-1], 0x95 for a packet
   * over the accepted size
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
    if (length > alwaysAccepted && this.sizes !== undefined) {
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

  /** Keeps the unfinished packet until `needed` bytes of it are there. */
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
  return new ProtocolError(`Packet too large: ${size} bytes, accepted are ${most}`, 0x95)
}
