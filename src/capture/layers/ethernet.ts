// Finds the IP packet by EtherType: Ethernet, VLAN and other tags, MPLS, PPPoE, MACsec, NSH, LLC with SNAP.
import type { Frame } from '../frame.js'
import type { Carrier } from './carrier.js'
import { ppp } from './ppp.js'

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

export function ethernet(frame: Frame, carrier: Carrier): boolean {
  return etherType(frame, carrier, frame.start + 12)
}

/** An Ethernet frame within another packet. */
export function innerEthernet(frame: Frame, carrier: Carrier): boolean {
  return carrier.enter(frame) && ethernet(frame, carrier)
}

/** Follows the EtherType at `at` through tags to an IP packet. */
export function etherType(frame: Frame, carrier: Carrier, at: number): boolean {
  const { bytes, end } = frame
  for (let count = 0; count <= maxTags && at + 2 <= end; count++) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!
    if (type === ipv4Type || type === ipv6Type) {
      frame.start = at + 2
      return true
    }
    const tag = tags.get(type)
    if (tag === undefined) return typed(frame, carrier, type, at + 2)
    at += tag
  }
  return carrier.other()
}

/** Reads what follows an EtherType; `at` is the position after it. */
export function typed(frame: Frame, carrier: Carrier, type: number, at: number): boolean {
  frame.start = at
  if (type <= 1500) return llc(frame, carrier)
  switch (type) {
    case ipv4Type:
    case ipv6Type:
      return true
    case bridging:
      return innerEthernet(frame, carrier)
    case mplsType:
    case mplsMulticast:
      return mpls(frame, carrier)
    case pppoeSession:
      return pppoe(frame, carrier)
    case pppType:
      return ppp(frame, carrier)
    case nshType:
      return nsh(frame, carrier)
    case macsec:
      return secured(frame, carrier)
    case providerBackbone: // IEEE 802.1ah: an I-TAG, and a frame
      frame.start = at + 4
      return innerEthernet(frame, carrier)
    default:
      return tags.has(type) && carrier.enter(frame) ? etherType(frame, carrier, at - 2) : carrier.other()
  }
}

/** IEEE 802.2: LLC; with SNAP, an EtherType follows (RFC 1042). */
export function llc(frame: Frame, carrier: Carrier): boolean {
  const { bytes, start, end } = frame
  if (start + 4 > end) return carrier.other()
  if (bytes[start] === 6 && bytes[start + 1] === 6) {
    frame.start = start + 3 // RFC 948
    return raw(frame, carrier)
  }
  if (start + 8 > end || bytes[start] !== 0xaa || bytes[start + 1] !== 0xaa || bytes[start + 2] !== 3)
    return carrier.other()
  const type = (bytes[start + 6]! << 8) | bytes[start + 7]!
  return type > 1500 && carrier.enter(frame) ? typed(frame, carrier, type, start + 8) : carrier.other()
}

/** RFC 2516: version, code, session and length, then PPP's protocol number. */
export function pppoe(frame: Frame, carrier: Carrier): boolean {
  frame.start += 6
  return ppp(frame, carrier)
}

/** No header: the first nibble of the packet is the version. */
export function raw(frame: Frame, carrier: Carrier): boolean {
  if (frame.start >= frame.end) return carrier.other()
  const version = frame.bytes[frame.start]! >> 4
  return version === 4 || version === 6 || carrier.other()
}

/**
 * RFC 3032: labels, the last of which has a bit set. The payload has no type: IP is recognised by its first nibble, a
 * pseudowire with a control word by a zero nibble (RFC 4385), one without by its Ethernet header.
 */
export function mpls(frame: Frame, carrier: Carrier): boolean {
  const { bytes, end } = frame
  let at = frame.start
  for (let count = 0; ; count++) {
    if (count === maxLabels || at + 5 > end)
      return carrier.skip(frame, 'MPLS packets: the label stack has no end')
    at += 4
    if ((bytes[at - 2]! & 1) !== 0) break
  }
  frame.start = at
  if (looksLikeIp(frame, at)) return true
  const isControlWord = bytes[at]! >> 4 === 0 && isEthernet(frame, at + 4)
  if (!isControlWord && !isEthernet(frame, at)) return carrier.other()
  frame.start = isControlWord ? at + 4 : at
  return innerEthernet(frame, carrier)
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
export function nsh(frame: Frame, carrier: Carrier): boolean {
  const { bytes, start, end } = frame
  if (start + 8 > end) return carrier.other()
  const length = (bytes[start + 1]! & 0x3f) * 4
  frame.start = start + Math.max(length, 8)
  return next(frame, carrier, bytes[start + 3]!)
}

/** The protocol numbers that VXLAN-GPE and NSH share. */
export function next(frame: Frame, carrier: Carrier, protocol: number): boolean {
  if (protocol === 1 || protocol === 2) return raw(frame, carrier)
  if (protocol === 3) return innerEthernet(frame, carrier)
  if (!carrier.enter(frame)) return false
  if (protocol === 4) return nsh(frame, carrier)
  return protocol === 5 ? mpls(frame, carrier) : carrier.other()
}

/** IEEE 802.1AE: without encryption, the EtherType follows the tag, which is 8 bytes longer if it has a channel. */
function secured(frame: Frame, carrier: Carrier): boolean {
  const { bytes, start, end } = frame
  if (start + 6 > end) return carrier.other()
  const control = bytes[start]!
  if ((control & 0x0c) !== 0) return carrier.skip(frame, 'Ethernet frames: encrypted by MACsec')
  return carrier.enter(frame) && etherType(frame, carrier, start + ((control & 0x20) === 0 ? 6 : 14))
}
