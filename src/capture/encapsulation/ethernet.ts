// Finds the IP packet by EtherType or PPP protocol number: Ethernet, VLAN and other tags, MPLS, PPP, PPPoE, MACsec, NSH, LLC
// with SNAP. These can nest in each other, so they share a file.
import type { Frame } from '../frame.js'
import type { Nesting } from './nesting.js'

/** Tags before one packet. Two are usual (IEEE 802.1ad), providers use three; more are damaged or an attack. */
const maxTags = 8
/** MPLS labels: networks use up to five, with segment routing ten. */
const maxLabels = 16

export const ipv4Type = 0x0800
export const ipv6Type = 0x86dd
export const bridging = 0x6558
export const mplsType = 0x8847
export const nshType = 0x894f
export const pppType = 0x880b
const mplsMulticast = 0x8848
const pppoeSession = 0x8864
const macsec = 0x88e5
const providerBackbone = 0x88e7

/**
 * Bytes from the EtherType of a tag to the next EtherType, which ends the tag: VLAN (802.1Q, 802.1ad and two older ones),
 * VN-Tag, Cisco Metadata, HSR (IEC 62439-3).
 */
const tags: ReadonlyMap<number, number> = new Map([
  ...[0x8100, 0x88a8, 0x9100, 0x9200].map((type) => [type, 4] as const),
  ...([
    [0x8926, 6],
    [0x8909, 8],
    [0x892f, 6],
  ] as const),
])

export function ethernet(frame: Frame, nesting: Nesting): boolean {
  return etherType(frame, nesting, frame.start + 12)
}

/** An Ethernet frame within another packet. */
export function innerEthernet(frame: Frame, nesting: Nesting): boolean {
  return nesting.enter(frame) && ethernet(frame, nesting)
}

/** Follows the EtherType at `at` through tags to an IP packet. */
export function etherType(frame: Frame, nesting: Nesting, at: number): boolean {
  const { bytes, end } = frame
  for (let count = 0; count <= maxTags && at + 2 <= end; count++) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!
    if (type === ipv4Type || type === ipv6Type) {
      frame.start = at + 2
      return true
    }
    const tag = tags.get(type)
    if (tag === undefined) return byEtherType(frame, nesting, type, at + 2)
    at += tag
  }
  return nesting.notIp()
}

/** Reads what follows an EtherType; `at` is the position after it. */
export function byEtherType(frame: Frame, nesting: Nesting, type: number, at: number): boolean {
  frame.start = at
  if (type <= 1500) return llc(frame, nesting)
  switch (type) {
    case ipv4Type:
    case ipv6Type:
      return true
    case bridging:
      return innerEthernet(frame, nesting)
    case mplsType:
    case mplsMulticast:
      return mpls(frame, nesting)
    case pppoeSession:
      return pppoe(frame, nesting)
    case pppType:
      return ppp(frame, nesting)
    case nshType:
      return nsh(frame, nesting)
    case macsec:
      return secured(frame, nesting)
    case providerBackbone: // IEEE 802.1ah: an I-TAG, and a frame
      frame.start = at + 4
      return innerEthernet(frame, nesting)
    default:
      return tags.has(type) && nesting.enter(frame) ? etherType(frame, nesting, at - 2) : nesting.notIp()
  }
}

/** IEEE 802.2: LLC; with SNAP, an EtherType follows (RFC 1042). */
export function llc(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (start + 4 > end) return nesting.notIp()
  if (bytes[start] === 6 && bytes[start + 1] === 6) {
    frame.start = start + 3 // RFC 948
    return rawIp(frame, nesting)
  }
  if (start + 8 > end || bytes[start] !== 0xaa || bytes[start + 1] !== 0xaa || bytes[start + 2] !== 3)
    return nesting.notIp()
  const type = (bytes[start + 6]! << 8) | bytes[start + 7]!
  return type > 1500 && nesting.enter(frame) ? byEtherType(frame, nesting, type, start + 8) : nesting.notIp()
}

/** RFC 2516: version, code, session and length, then PPP's protocol number. */
export function pppoe(frame: Frame, nesting: Nesting): boolean {
  frame.start += 6
  return ppp(frame, nesting)
}

/** PPP (RFC 1661). Begins with the protocol number, or with address and control (RFC 1662), which compression may omit. */
export function ppp(frame: Frame, nesting: Nesting): boolean {
  const { bytes, end } = frame
  let at = frame.start
  if (at + 2 > end) return nesting.notIp()
  if (bytes[at] === 0xff && bytes[at + 1] === 3) at += 2
  // Protocol numbers are odd and their first byte is even: if the first byte is odd, it is all (RFC 1661, 6.5).
  const short = (bytes[at]! & 1) !== 0
  if (at + 2 > end) return nesting.notIp()
  const protocol = short ? bytes[at]! : (bytes[at]! << 8) | bytes[at + 1]!
  frame.start = at + (short ? 1 : 2)
  switch (protocol) {
    case 0x21: // RFC 1332
    case 0x57: // RFC 5072
      return frame.start < end || nesting.notIp()
    case 0x281:
    case 0x283: // RFC 3032
      return nesting.enter(frame) && mpls(frame, nesting)
    case 0x2d:
    case 0x2f:
      return nesting.skip(frame, 'PPP packets: compressed TCP headers (RFC 1144), not read')
    case 0x53:
      return nesting.skip(frame, 'PPP packets: encrypted by PPP (RFC 1968)')
    case 0xfb:
    case 0xfd:
      return nesting.skip(frame, 'PPP packets: compressed or encrypted by PPP (RFC 1962, RFC 3078)')
    default:
      return nesting.notIp()
  }
}

/** No header: the first nibble of the packet is the version. */
export function rawIp(frame: Frame, nesting: Nesting): boolean {
  if (frame.start >= frame.end) return nesting.notIp()
  const version = frame.bytes[frame.start]! >> 4
  return version === 4 || version === 6 || nesting.notIp()
}

/**
 * RFC 3032: labels, the last of which has a bit set. The payload has no type: IP is recognised by its first nibble, a
 * pseudowire with a control word by a zero nibble (RFC 4385), one without by its Ethernet header.
 */
export function mpls(frame: Frame, nesting: Nesting): boolean {
  const { bytes, end } = frame
  let at = frame.start
  for (let count = 0; ; count++) {
    if (count === maxLabels || at + 5 > end)
      return nesting.skip(frame, 'MPLS packets: the label stack has no end')
    at += 4
    if ((bytes[at - 2]! & 1) !== 0) break
  }
  frame.start = at
  if (looksLikeIp(frame, at)) return true
  const isControlWord = bytes[at]! >> 4 === 0 && isEthernet(frame, at + 4)
  if (!isControlWord && !isEthernet(frame, at)) return nesting.notIp()
  frame.start = isControlWord ? at + 4 : at
  return innerEthernet(frame, nesting)
}

/** Whether this is the start of an IP packet whose length is consistent with the frame. */
export function looksLikeIp({ bytes, end, wireEnd }: Frame, at: number): boolean {
  const version = bytes[at]! >> 4
  if (version === 4) {
    if (at + 20 > end || (bytes[at]! & 15) < 5) return false
    const total = (bytes[at + 2]! << 8) | bytes[at + 3]!
    return total === 0 || (total >= 20 && at + total <= wireEnd)
  }
  if (version !== 6 || at + 40 > end) return false
  return at + 40 + ((bytes[at + 4]! << 8) | bytes[at + 5]!) <= wireEnd
}

function isEthernet({ bytes, end }: Frame, at: number): boolean {
  if (at + 14 > end) return false
  const type = (bytes[at + 12]! << 8) | bytes[at + 13]!
  return type === ipv4Type || type === ipv6Type || type === 0x0806 || type === mplsType || tags.has(type)
}

/** RFC 8300: a length in 4-byte words, and the protocol that follows. */
export function nsh(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (start + 8 > end) return nesting.notIp()
  const length = (bytes[start + 1]! & 0x3f) * 4
  frame.start = start + Math.max(length, 8)
  return nextProtocol(frame, nesting, bytes[start + 3]!)
}

/** The protocol numbers that VXLAN-GPE and NSH share. */
export function nextProtocol(frame: Frame, nesting: Nesting, protocol: number): boolean {
  if (protocol === 1 || protocol === 2) return rawIp(frame, nesting)
  if (protocol === 3) return innerEthernet(frame, nesting)
  if (!nesting.enter(frame)) return false
  if (protocol === 4) return nsh(frame, nesting)
  return protocol === 5 ? mpls(frame, nesting) : nesting.notIp()
}

/** IEEE 802.1AE: without encryption, the EtherType follows the tag, which is 8 bytes longer if it has a channel. */
function secured(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (start + 6 > end) return nesting.notIp()
  const control = bytes[start]!
  if ((control & 0x0c) !== 0) return nesting.skip(frame, 'Ethernet frames: encrypted by MACsec')
  return nesting.enter(frame) && etherType(frame, nesting, start + ((control & 0x20) === 0 ? 6 : 14))
}
