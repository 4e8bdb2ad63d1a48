// PUBACK, PUBREC, PUBREL and PUBCOMP without properties, encoded and recognised with little work.
import type { Batch } from './batch.js'

/** The Control Packet types that acknowledge a PUBLISH (MQTT 5.0, 2.1.2). */
export const puback = 4
export const pubrec = 5
export const pubrel = 6
export const pubcomp = 7
export type AcknowledgeType = typeof puback | typeof pubrec | typeof pubrel | typeof pubcomp

/** First byte by type; PUBREL has flags 0010 [MQTT-3.6.1-1]. */
const headers = [0, 0, 0, 0, 0x40, 0x50, 0x62, 0x70]

/**
 * Appends an acknowledgement. A Reason Code other than 0 (MQTT 5.0 only) is the fifth byte. The Property Length is left
 * out (3.4.2.2.1).
 */
export function encodeAcknowledge(
  batch: Batch,
  type: AcknowledgeType,
  messageId: number,
  reasonCode: number,
): void {
  batch.reserve(5)
  const { buffer } = batch
  let at = batch.offset
  buffer[at++] = headers[type]!
  buffer[at++] = reasonCode === 0 ? 2 : 3
  buffer[at++] = messageId >> 8
  buffer[at++] = messageId & 0xff
  if (reasonCode !== 0) buffer[at++] = reasonCode
  batch.offset = at
}

/** True if `header` and the body length are those of an acknowledgement without properties. */
export function isShortAcknowledge(header: number, length: number, version: number): boolean {
  const type = header >> 4
  if (type < puback || type > pubcomp || header !== headers[type]) return false
  return length === 2 || (length === 3 && version === 5)
}
