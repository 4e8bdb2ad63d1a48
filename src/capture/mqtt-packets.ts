// Evidence for MQTT packets in bytes of unknown protocol.

/**
 * Whether `head` consists of whole MQTT packets, or of at least two before one that is cut. A first byte alone is no
 * evidence: a segment may begin inside a TLS record.
 */
export function looksLikePackets(head: Buffer): boolean {
  let whole = 0
  for (let at = 0; at < head.length; whole++) {
    if (!couldBePacket(head[at]!)) return false
    const end = packetEnd(head, at)
    if (end === 'bad') return false
    if (end === undefined || end > head.length) return whole >= 2
    at = end
  }
  return true
}

/** Whether the first byte has a packet type with valid flags (MQTT 5.0, 2.1.3), as one random byte in ten does. */
export function couldBePacket(first: number): boolean {
  const type = first >> 4
  if (type === 3) return (first & 6) !== 6
  return type !== 0 && (first & 15) === (type === 6 || type === 8 || type === 10 ? 2 : 0)
}

/** Whether the Remaining Lengths divide `bytes` into whole packets, of whatever type. */
export function dividesIntoPackets(bytes: Buffer): boolean {
  let at = 0
  while (at < bytes.length) {
    const end = packetEnd(bytes, at)
    if (end === undefined || end === 'bad') return false
    at = end
  }
  return at === bytes.length
}

/** The end of the packet at `start` by its Remaining Length (MQTT 5.0, 2.1.4); undefined if that is cut, 'bad' if malformed. */
function packetEnd(bytes: Buffer, start: number): number | undefined | 'bad' {
  let at = start + 1
  let length = 0
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) << shift
    if (byte < 0x80) return at + length
  }
  return 'bad'
}
