// Parses Fixed Headers, and tests whether a packet decodes without errors.
import { Fields } from './fields.js'
import type { Packet } from './packet.js'
import { decodePacket } from './packet-decoder.js'

const fields = new Fields()

/** The Fixed Header at `at`: index of the packet's body and end. 'cut': it is incomplete; 'none': more than four bytes of length. */
export function headerAt(bytes: Uint8Array, at: number): { body: number; end: number } | 'cut' | 'none' {
  let length = 0
  for (let i = 1; i <= 4; i++) {
    if (at + i >= bytes.length) return 'cut'
    const byte = bytes[at + i]!
    length += (byte & 0x7f) * 128 ** (i - 1)
    if (byte < 128) return { body: at + i + 1, end: at + i + 1 + length }
  }
  return 'none'
}

/** True if the packet decodes in its version without errors, warnings or control characters in texts. */
export function isClean(packet: Packet): boolean {
  decodePacket(fields, packet)
  const { violations } = packet
  packet.violations = []
  return violations.every(({ severity, rule }) => severity === 'info' && rule.key !== 'utf8-control')
}
