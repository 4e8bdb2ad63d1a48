// Unencrypted IEEE 802.11 data frames, and the capture headers before them: radiotap, PPI, Prism, AVS.
import type { Frame } from '../frame.js'
import { llc } from './ethernet.js'
import type { Nesting } from './nesting.js'

/** Frames of one A-MSDU: its 7,935 bytes have room for some hundreds. */
const maxAggregated = 512

const encrypted = 'Wi-Fi frames: encrypted by WEP or WPA'

/** radiotap.org: version, length, and words with a bit for each field that is present; little endian. */
export function radiotap(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 8 || bytes[start] !== 0) return damaged(frame, nesting, 'radiotap')
  const length = bytes.readUInt16LE(start + 2)
  if (length < 8 || start + length > end) return damaged(frame, nesting, 'radiotap')
  const flags = radiotapFlags(frame, start + length)
  if ((flags & 0x10) !== 0) dropCheckSequence(frame)
  frame.start = start + length
  return wifi(frame, nesting, (flags & 0x20) !== 0)
}

/** The field Flags, which is the second, after TSFT. */
function radiotapFlags({ bytes, start }: Frame, end: number): number {
  const present = bytes[start + 4]!
  if ((present & 2) === 0) return 0
  let at = start + 8
  while (at <= end && (bytes[at - 1]! & 0x80) !== 0) at += 4 // bit 31: another word follows
  if ((present & 1) !== 0) at = start + ((at - start + 7) & ~7) + 8
  return at < end ? bytes[at]! : 0
}

/** Removes the four bytes of the frame check sequence. */
function dropCheckSequence(frame: Frame): void {
  frame.wireEnd -= 4
  if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
}

/** A Prism header has its length, 144, in host byte order; an AVS header begins with its version. */
export function prism(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 8) return damaged(frame, nesting, 'Prism')
  if (bytes.readUInt32BE(start) >>> 12 === 0x80211) return avs(frame, nesting)
  frame.start = start + 144
  const isLength = bytes.readUInt32LE(start + 4) === 144 || bytes.readUInt32BE(start + 4) === 144
  return isLength ? wifi(frame, nesting) : damaged(frame, nesting, 'Prism')
}

export function avs(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  const length = end - start < 8 ? 0 : bytes.readUInt32BE(start + 4)
  if (length < 8 || length > end - start) return damaged(frame, nesting, 'AVS')
  frame.start = start + length
  return wifi(frame, nesting)
}

/** The PPI field "802.11-Common" (2) says whether the frame ends with a check sequence. */
export function ppiWifi(frame: Frame, nesting: Nesting, fields: { start: number; end: number }): boolean {
  const { bytes } = frame
  for (let at = fields.start; at + 4 <= fields.end; ) {
    const length = bytes.readUInt16LE(at + 2)
    const isCommon = bytes.readUInt16LE(at) === 2 && length >= 10 && at + 14 <= fields.end
    if (isCommon && (bytes[at + 12]! & 1) !== 0) dropCheckSequence(frame)
    at += 4 + length
  }
  return wifi(frame, nesting)
}

/**
 * IEEE 802.11, 9.2: frame control, up to four addresses, QoS and HT control, then LLC. `padded`: the header is padded to
 * a multiple of four bytes.
 */
export function wifi(frame: Frame, nesting: Nesting, padded = false): boolean {
  const { bytes, start, end } = frame
  if (end - start < 24) return nesting.notIp()
  const control = bytes[start]!
  const flags = bytes[start + 1]!
  if ((control & 3) !== 0 || (control & 0x0c) !== 8 || (control & 0x40) !== 0) return nesting.notIp() // not a data frame
  const hasQos = (control & 0x80) !== 0
  let at = start + ((flags & 3) === 3 ? 30 : 24)
  const qos = hasQos ? (bytes[at] ?? 0) : 0
  if (hasQos) at += (flags & 0x80) === 0 ? 2 : 6
  if (padded) at = start + ((at - start + 3) & ~3)
  const sequence = bytes.readUInt16LE(start + 22)
  if ((flags & 4) !== 0 || (sequence & 15) !== 0)
    return nesting.skip(frame, 'Wi-Fi frames: fragments, not read')
  // The network card may decrypt the frame and leave the bit set, with or without the 8 bytes of CCMP.
  if ((flags & 0x40) !== 0 && (qos & 0x80) === 0 && !isSnap(frame, at)) {
    if (!isSnap(frame, at + 8)) return nesting.skip(frame, encrypted)
    at += 8
  }
  frame.start = at
  if ((qos & 0x80) === 0) return llc(frame, nesting)
  if ((flags & 0x40) !== 0 && !isSnap(frame, at + 14)) return nesting.skip(frame, encrypted)
  return aggregated(frame, nesting, end)
}

function isSnap({ bytes, end }: Frame, at: number): boolean {
  return at + 8 <= end && bytes[at] === 0xaa && bytes[at + 1] === 0xaa && bytes[at + 2] === 3
}

/** An A-MSDU: before each frame two addresses and a length; padded to four bytes. */
function aggregated(frame: Frame, nesting: Nesting, end: number): boolean {
  const { bytes, base, isJoined, wireEnd } = frame
  let at = frame.start
  for (let count = 0; count < maxAggregated && at + 14 <= end; count++) {
    const length = (bytes[at + 12]! << 8) | bytes[at + 13]!
    const stop = at + 14 + length
    frame.bytes = bytes
    frame.base = base
    frame.isJoined = isJoined
    frame.start = at + 14
    frame.end = Math.min(end, stop)
    frame.wireEnd = Math.min(wireEnd, stop)
    if (llc(frame, nesting)) nesting.packet(frame)
    at = stop + (-(14 + length) & 3)
  }
  return false
}

function damaged(frame: Frame, nesting: Nesting, header: string): false {
  return nesting.skip(frame, `Wi-Fi frames: the ${header} header is damaged`)
}
