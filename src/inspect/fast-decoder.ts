// Fast path for PUBLISH, its acknowledgements, PINGREQ and PINGRESP, without fields. Anything unusual is left to the full
// decoder, which finds violations.
import { puback, pubcomp, publish, pubrel } from './names.js'
import type { Packet } from './packet.js'

const cacheSize = 256

interface KnownTopic {
  readonly bytes: Uint8Array
  readonly text: string
}

export class FastDecoder {
  /** Cache of topics that are printable ASCII without wildcards. */
  readonly #topics: (KnownTopic | undefined)[] = new Array(cacheSize).fill(undefined)

  /** Sets the values of a valid packet and returns true; false if the full decoder is needed. */
  read(packet: Packet): boolean {
    if (packet.protocol !== 'mqtt' || !packet.isWhole) return false
    if (packet.body - packet.start > 2 && packet.bytes[packet.body - 1] === 0) return false // Remaining Length is not minimal
    const { type } = packet
    if (type === publish) return this.#publish(packet)
    if (type >= puback && type <= pubcomp) return acknowledgement(packet)
    return type >= 12 && type <= 13 && packet.flags === 0 && packet.end === packet.body
  }

  #publish(packet: Packet): boolean {
    const { bytes, body, end, flags } = packet
    if ((flags & 6) === 6 || (flags & 14) === 8 || body + 2 > end) return false
    const length = (bytes[body]! << 8) | bytes[body + 1]!
    let at = body + 2 + length
    if (length === 0 || at > end) return false
    const topic = this.#topic(bytes, body + 2, at)
    if (topic === undefined) return false
    if ((flags & 6) !== 0) {
      if (at + 2 > end) return false
      packet.packetIdentifier = (bytes[at]! << 8) | bytes[at + 1]!
      if (packet.packetIdentifier === 0) return false
      at += 2
    }
    if (packet.version === 5) {
      if (at >= end || bytes[at] !== 0) return false
      at++
    }
    packet.topic = topic
    packet.payload = at
    return true
  }

  #topic(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start
    const slot = (length * 31 + bytes[end - 1]! * 7 + bytes[start + (length >> 1)]!) % cacheSize
    const known = this.#topics[slot]
    if (known !== undefined && known.bytes.length === length && isSame(known.bytes, bytes, start))
      return known.text
    let text = ''
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte < 0x20 || byte > 0x7e || byte === 0x2b || byte === 0x23) return undefined
      text += String.fromCharCode(byte)
    }
    this.#topics[slot] = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), text }
    return text
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}

function acknowledgement(packet: Packet): boolean {
  const { bytes, body, end, flags, type } = packet
  if (flags !== (type === pubrel ? 2 : 0)) return false
  const length = end - body
  if (length !== 2 && (length !== 3 || packet.version < 5 || bytes[body + 2] !== 0)) return false
  packet.packetIdentifier = (bytes[body]! << 8) | bytes[body + 1]!
  return packet.packetIdentifier !== 0
}
