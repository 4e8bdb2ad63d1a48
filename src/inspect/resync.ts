// Finds where packets begin in bytes that start or go on in the middle of one. Payloads are full of bytes that could
// be Fixed Headers, so a place is believed only on evidence: packets that follow one another and all decode.
import { Fields } from './fields.js'
import { fixedFlags, publish } from './names.js'
import { type Direction, Packet } from './packet.js'
import { decodePacket } from './packets.js'

const enough = 3 // packets in a row
const enoughAtEnd = 2 // when the last of them ends where a segment ends

/** What a byte stream says at one place: where the packet there ends, that it is cut off, or that there is none. */
type Look = number | 'cut' | 'none'

const fields = new Fields()

/** The Fixed Header at `at`: where its packet begins and ends. */
export function headerAt(bytes: Uint8Array, at: number): { body: number; end: number } | 'cut' | 'none' {
  let length = 0
  for (let i = 1; i <= 4; i++) {
    if (at + i >= bytes.length) return 'cut'
    const byte = bytes[at + i]!
    length += (byte & 0x7f) * 128 ** (i - 1)
    if (byte < 128) return { body: at + i + 1, end: at + i + 1 + length }
  }
  return 'none'
}

export function hasLegalFlags(first: number): boolean {
  const type = first >> 4
  if (type === publish) return (first & 6) !== 6 && (first & 14) !== 8
  return type !== 0 && (first & 15) === fixedFlags(type)
}

/** Decodes what is at `at` as `version`: believed if nothing is wrong with it. */
function look(bytes: Uint8Array, at: number, direction: Direction, version: number): Look {
  if (!hasLegalFlags(bytes[at]!)) return 'none'
  const header = headerAt(bytes, at)
  if (typeof header === 'string') return header
  if (header.end > bytes.length) return 'cut'
  const packet = new Packet(bytes, at, header.body, header.end, header.end - at)
  packet.direction = direction
  packet.version = version
  return isClean(packet) ? header.end : 'none'
}

/** True where the packet decodes as its version without an error, and its texts are texts. */
export function isClean(packet: Packet): boolean {
  decodePacket(fields, packet)
  const { violations } = packet
  packet.violations = []
  return violations.every(({ severity, rule }) => severity === 'info' && rule.key !== 'utf8-control')
}

export interface Boundary {
  readonly at: number
  /** For the reader: why this place is believed. */
  readonly evidence: string
}

/**
 * The first place in `bytes` at which packets begin, looking from `from`. `starts` are the places where segments
 * begin; the last segment ends where `bytes` end.
 */
export function findBoundary(
  bytes: Uint8Array,
  direction: Direction,
  { from, starts }: { from: number; starts: ReadonlySet<number> },
): Boundary | undefined {
  for (let at = from; at < bytes.length; at++) {
    if (!hasLegalFlags(bytes[at]!)) continue
    for (const version of [4, 5]) {
      const packets = packetsFrom(bytes, at, direction, version)
      if (packets.count >= enough) return { at, evidence: `${enough} packets in a row decode from here` }
      if (!packets.whole) continue
      if (packets.count >= enoughAtEnd)
        return { at, evidence: `${packets.count} packets fill the segment from here` }
      if (packets.count === 1 && starts.has(at)) return { at, evidence: 'one packet fills a segment' }
    }
  }
  return undefined
}

/** How many packets follow one another, up to `enough`; `whole`: they end where the bytes end. */
function packetsFrom(
  bytes: Uint8Array,
  from: number,
  direction: Direction,
  version: number,
): { count: number; whole: boolean } {
  let count = 0
  let at = from
  while (count < enough && at < bytes.length) {
    const end = look(bytes, at, direction, version)
    if (end === 'none') return { count: 0, whole: false }
    if (end === 'cut') return { count, whole: false }
    at = end
    count++
  }
  return { count, whole: at === bytes.length }
}
