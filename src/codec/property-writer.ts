// Encodes the properties of a packet (MQTT 5.0, 2.2.2).
import { properties } from './properties.js'
import { pairsOf } from './user-properties.js'
import { variableByteInteger } from './variable-byte-integer.js'

const rowsByKey = new Map(properties.map((row) => [row.key, row]))

/**
 * Property Length and properties, in the order of `values`, which has mqtt-packet's names; a list is a repeated property.
 * User Properties keep the order in which they were added (3.3.2.3.7).
 * @throws RangeError if a value does not fit its type
 */
export function encodeProperties(values: object = {}): Buffer {
  const parts: Uint8Array[] = []
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) writeProperty(parts, key, one)
  }
  const body = Buffer.concat(parts)
  return Buffer.concat([variableByteInteger(body.length), body])
}

function writeProperty(parts: Uint8Array[], key: string, value: unknown): void {
  const { id, type } = rowsByKey.get(key)!
  const identifier = Uint8Array.of(id)
  switch (type) {
    case 'byte':
      parts.push(Uint8Array.of(id, Number(value))) // flags are booleans
      return
    case 'two byte integer':
      parts.push(identifier, twoBytes(value as number))
      return
    case 'four byte integer': {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value as number)
      parts.push(identifier, bytes)
      return
    }
    case 'variable byte integer':
      parts.push(identifier, variableByteInteger(value as number))
      return
    case 'utf-8 string pair':
      for (const [name, text] of pairsOf(value as Record<string, string>)) {
        parts.push(identifier, ...sized(name), ...sized(text))
      }
      return
    default: // 'utf-8 string', 'binary data'
      parts.push(identifier, ...sized(value as string | Buffer))
  }
}

/** A string or Binary Data after its length (1.5.4, 1.5.6). @throws RangeError above 65,535 bytes */
export function sized(value: string | Uint8Array): readonly [length: Uint8Array, bytes: Uint8Array] {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return [twoBytes(bytes.length), bytes]
}

/** A Two Byte Integer (1.5.2). @throws RangeError if `value` is none */
export function twoBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
