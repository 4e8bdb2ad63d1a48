// Decodes a packet of either protocol into fields.
import type { Fields } from './fields.js'
import { decodeMessage } from './mqtt-sn.js'
import type { Packet } from './packet.js'
import { decodePacket } from './packet-decoder.js'

export function decode(fields: Fields, packet: Packet): void {
  if (packet.protocol === 'mqtt') decodePacket(fields, packet)
  else decodeMessage(fields, packet)
}

/** Decodes a packet again for a view. Keeps what the checks have added: violations, and the topic of a Topic Alias. */
export function decodeAgain(fields: Fields, packet: Packet): void {
  const { violations, topic } = packet
  decode(fields, packet)
  if (violations.length > 0) packet.violations = violations
  if (packet.topic === '' && topic !== undefined) packet.topic = topic
}
