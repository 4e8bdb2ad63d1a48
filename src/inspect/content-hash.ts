// Hashes of payloads and long texts, to recognise a message without keeping its bytes.
import type { Packet } from './packet.js'

/** Bytes hashed at each end of a payload, for speed. */
const ends = 16
const basis = 0x811c9dc5
const prime = 0x01000193

/** A hash like FNV-1a over the length and both ends of `bytes` from `start` to `end`: a 30-bit integer, never 0. */
export function contentHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = basis ^ (end - start)
  const head = Math.min(end, start + ends)
  hash = mixed(hash, bytes, start, head)
  hash = mixed(hash, bytes, Math.max(head, end - ends), end)
  hash ^= hash >>> 15 // mix high bits into the low bits
  return (hash >>> 2) | 1
}

/** Mixes in four bytes at a time, then the rest one by one. */
function mixed(hash: number, bytes: Uint8Array, start: number, end: number): number {
  let i = start
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    hash = Math.imul(hash ^ word ^ (hash >>> 13), prime)
  }
  for (; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, prime)
  return hash
}

/** Longest text that is its own key, in characters. */
const longestKey = 256

/** A map key of bounded size for `text`: the text itself, or for a long one its beginning, length and 64 bits of hash. */
export function boundedKey(text: string): string {
  if (text.length <= longestKey) return text
  let [one, other] = [basis, ~basis]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    one = Math.imul(one ^ code, prime)
    other = Math.imul(other ^ code ^ (other >>> 15), 0x85ebca6b)
  }
  return `${text.slice(0, 100)}... (${text.length} characters, ${(one >>> 0).toString(16)}${(other >>> 0).toString(16)})`
}

/** The hash of the payload of a PUBLISH; 0 if part of it was not captured. */
export function payloadHash(packet: Packet): number {
  const { bytes, payload, end } = packet
  if (payload < 0 || !packet.isWhole) return 0
  return contentHash(bytes, payload, end)
}
