// Variable Byte Integers (MQTT 5.0, 1.5.5): 1 to 4 bytes for 0 to 268,435,455.

/** Results of `integerAt` for an integer that ends after `limit`, and for one of more than four bytes. */
export const incomplete = -1
export const tooLong = -2

/** The value of the integer at `start`, of which the bytes before `limit` are present; or `incomplete` or `tooLong`. */
export function integerAt(bytes: Uint8Array, start: number, limit: number): number {
  let value = 0
  let at = start
  for (let shift = 0; shift <= 21; shift += 7) {
    if (at >= limit) return incomplete
    const byte = bytes[at++]!
    value += (byte & 0x7f) << shift
    if (byte < 128) return value
  }
  return tooLong
}

/** The offset after the integer at `start`, which must be complete. */
export function afterInteger(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at]! >= 128) at++
  return at + 1
}

/** Writes `value` at `start` in the fewest bytes [MQTT-1.5.5-1]; returns the offset after it. */
export function putInteger(buffer: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 127) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

export function variableByteInteger(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  return bytes.subarray(0, putInteger(bytes, 0, value))
}
