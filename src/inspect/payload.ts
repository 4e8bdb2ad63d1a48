// Guesses whether a payload is text, JSON or binary; MQTT does not say.
import { isUtf8 } from 'node:buffer'
import { isJson } from '../text.js'
import type { Fields } from './fields.js'
import type { Packet } from './packet.js'
import { propertyId } from './properties.js'
import { stringAt } from './utf8.js'

export type PayloadKind = 'empty' | 'text' | 'json' | 'binary'

const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/
const longestJson = 65_536 // bytes; longer payloads are not parsed

/** The kind of the payload in `bytes` from `start` to `end`, by its content. */
export function payloadKind(bytes: Uint8Array, start: number, end: number): PayloadKind {
  if (start >= end) return 'empty'
  const first = bytes[start]!
  const last = bytes[end - 1]!
  if ((first === 0x7b && last === 0x7d) || (first === 0x5b && last === 0x5d)) {
    if (end - start <= longestJson && isJson(stringAt(bytes, start, end))) return 'json'
  }
  return isText(bytes, start, end) ? 'text' : 'binary'
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start
  while (i < end && bytes[i]! >= 0x20 && bytes[i]! < 0x7f) i++
  if (i === end) return true
  return isUtf8(bytes.subarray(start, end)) && !control.test(stringAt(bytes, start, end))
}

/** The rest of a PUBLISH (MQTT 5.0, 3.3.3). */
export function decodePayload(f: Fields, packet: Packet): void {
  const field = f.rest('payload', 'payload')
  if (f.unread !== '') return
  const start = packet.payload
  const end = start + field.length / 8
  field.meaning = payloadKind(packet.bytes, start, end)
  if (packet.property(propertyId.payloadFormat) === 1 && packet.isWhole) {
    if (!isUtf8(packet.bytes.subarray(start, end))) {
      f.report('payload-format', 'the payload is not UTF-8 though its format says so', field.content)
    }
  }
}
