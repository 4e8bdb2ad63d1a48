// Fixed Headers by themselves, and whether a packet decodes: for the places that have to doubt their bytes.
import { Fields } from './fields.js'
import type { Packet } from './packet.js'
import { decodePacket } from './packets.js'

const fields = new Fields()

/** The Fixed Header at `at`: where its packet begins and ends. */
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

/** True where the packet decodes as its version without an error, and its texts are texts. */
export function isClean(packet: Packet): boolean {
  decodePacket(fields, packet)
  const { violations } = packet
  packet.violations = []
  return violations.every(({ severity, rule }) => severity === 'info' && rule.key !== 'utf8-control')
}
