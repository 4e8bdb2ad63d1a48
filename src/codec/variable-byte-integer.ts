// Variable Byte Integers (MQTT 5.0, 1.5.5) where speed does not matter; the readers of whole packets have loops of their own.

/** 1 to 4 bytes for 0 to 268,435,455. */
export function variableByteInteger(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>>= 7)
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest)
  return Buffer.from(bytes)
}

/** The offset after the Variable Byte Integer at `start`, which must be complete. */
export function afterInteger(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at]! >= 128) at++
  return at + 1
}
