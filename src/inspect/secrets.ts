// Passwords and Authentication Data in packets.
import { decode } from './decode.js'
import { Fields } from './fields.js'
import type { Packet } from './packet.js'

/** Fields that are shown only with --show-secrets. */
export const secrets: ReadonlySet<string> = new Set(['password', 'authentication_data'])

const mask = 0x2a // *
const [connect, connack, auth] = [1, 2, 15]

/**
 * The bytes of a packet with `*` for each byte of a secret, so that lengths stay right. Its indexes are those of the
 * packet; without a secret it is `packet.bytes` itself.
 */
export function maskedBytes(packet: Packet): Uint8Array {
  const { bytes, start, end, type } = packet
  if (type !== connect && type !== connack && type !== auth) return bytes
  const fields = new Fields()
  const { violations } = packet
  decode(fields, packet)
  packet.violations = violations
  let masked: Uint8Array | undefined
  for (const field of fields.items.slice(0, fields.count)) {
    if (!secrets.has(field.name)) continue
    masked ??= Uint8Array.from(bytes)
    masked.fill(mask, start + field.content, Math.min(end, start + ((field.start + field.length) >> 3)))
  }
  return masked ?? bytes
}
