// Decodes a packet of whatever protocol into fields. The views, and commands whose packets were never in a file, use this.
import type { Fields } from './fields.js'
import { decodeMessage } from './mqtt-sn.js'
import type { Packet } from './packet.js'
import { decodePacket } from './packets.js'

export function decode(fields: Fields, packet: Packet): void {
  if (packet.protocol === 'mqtt') decodePacket(fields, packet)
  else decodeMessage(fields, packet)
}

/** Writes down the fields of a packet again. What the checks know of it stays: violations, and the topic of an alias. */
export function decodeAgain(fields: Fields, packet: Packet): void {
  const { violations, topic } = packet
  decode(fields, packet)
  if (violations.length > 0) packet.violations = violations
  if (packet.topic === '' && topic !== undefined) packet.topic = topic
}
