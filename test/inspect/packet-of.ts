// A packet of inspect from its bytes alone.
import type { Direction } from '../../src/capture/stream.js'
import { headerAt } from '../../src/inspect/fixed-header.js'
import { Packet } from '../../src/inspect/packet.js'

/** `bytes` may be cut, or have more than four bytes of Remaining Length. */
export function packetOf(bytes: Uint8Array, direction: Direction, version: number): Packet {
  const header = headerAt(bytes, 0)
  const { body, end } =
    typeof header === 'string' ? { body: Math.min(5, bytes.length), end: bytes.length } : header
  const packet = new Packet(bytes, 0, body, Math.min(end, bytes.length), end)
  packet.direction = direction
  packet.version = version
  return packet
}
