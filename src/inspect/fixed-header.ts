// Parses Fixed Headers, and tests whether a packet decodes without errors.
import { afterInteger, incomplete, integerAt } from '../codec/variable-byte-integer.js'
import { Fields } from './fields.js'
import type { Packet } from './packet.js'
import { decodePacket } from './packet-decoder.js'

const fields = new Fields()

/** The Fixed Header at `at`: index of the packet's body and end. 'cut': it is incomplete; 'none': more than four bytes of length. */
export function headerAt(bytes: Uint8Array, at: number): { body: number; end: number } | 'cut' | 'none' {
  const length = integerAt(bytes, at + 1, bytes.length)
  if (length < 0) return length === incomplete ? 'cut' : 'none'
  const body = afterInteger(bytes, at + 1)
  return { body, end: body + length }
}

/** True if the packet decodes in its version without errors, warnings or control characters in texts. */
export function isClean(packet: Packet): boolean {
  decodePacket(fields, packet)
  const { violations } = packet
  packet.violations = []
  return violations.every(({ severity, rule }) => severity === 'info' && rule.key !== 'utf8-control')
}
