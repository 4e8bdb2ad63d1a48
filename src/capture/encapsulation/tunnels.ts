// Tunnels over IP and UDP: GRE with ERSPAN and PPTP, VXLAN, Geneve, GTP-U, Teredo, TZSP, L2TP, MPLS. Encrypted tunnels are
// recognised and counted.
import type { Frame } from '../frame.js'
import {
  byEtherType,
  innerEthernet,
  looksLikeIp,
  mpls,
  nextProtocol,
  ppp,
  pppType,
  rawIp,
} from './ethernet.js'
import type { Nesting, Unwrap } from './nesting.js'
import { wifi } from './wifi.js'

const erspan = 0x88be
const erspan3 = 0x22eb
const wccp = 0x883e
/** Extension headers of one GTP-U packet. */
const maxExtensions = 8

const unreadable = (what: string, why: string) => `${what}, inner packets not readable because ${why}`
const badHeader = 'its header is damaged'

/** GRE (RFC 2784, RFC 2890) and its version 1 for PPTP (RFC 2637). */
export function gre(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 4) return nesting.skip(frame, unreadable('GRE packets', badHeader))
  const flags = bytes.readUInt16BE(start)
  const type = bytes.readUInt16BE(start + 2)
  const version = flags & 7
  const hasSequence = (flags & 0x1000) !== 0
  let at = start + 4
  if (version === 1) {
    at += 4 + (hasSequence ? 4 : 0) + ((flags & 0x80) === 0 ? 0 : 4)
    frame.start = at
    return type === pppType && nesting.enter(frame) ? ppp(frame, nesting) : nesting.notIp()
  }
  if (version !== 0 || (flags & 0x4000) !== 0)
    return nesting.skip(frame, unreadable('GRE packets', 'they have routing fields or an unknown version'))
  if ((flags & 0x8000) !== 0) at += 4
  if ((flags & 0x2000) !== 0) at += 4
  if (hasSequence) at += 4
  frame.start = at
  if (at >= end) return nesting.notIp() // a keep-alive
  if (type === erspan) {
    // Type I has no header of its own, and no sequence number.
    frame.start += hasSequence ? 8 : 0
    return innerEthernet(frame, nesting)
  }
  if (type === erspan3) return erspanIII(frame, nesting)
  if (type === wccp) {
    if (bytes[at]! >> 4 !== 4) frame.start += 4
    return rawIp(frame, nesting)
  }
  return nesting.enter(frame) && byEtherType(frame, nesting, type, at)
}

/** 12 bytes, 8 more if the last bit is set; then Ethernet or IP (draft-foschiano-erspan, 4.3). */
function erspanIII(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 12) return nesting.skip(frame, unreadable('ERSPAN packets', badHeader))
  const kind = (bytes[start + 10]! >> 2) & 31
  frame.start = start + ((bytes[start + 11]! & 1) === 0 ? 12 : 20)
  return kind === 2 ? rawIp(frame, nesting) : innerEthernet(frame, nesting)
}

/** EtherIP, RFC 3378. */
export function etherIp(frame: Frame, nesting: Nesting): boolean {
  frame.start += 2
  return innerEthernet(frame, nesting)
}

/** MPLS in IP, RFC 4023. */
export function mplsInIp(frame: Frame, nesting: Nesting): boolean {
  return nesting.enter(frame) && mpls(frame, nesting)
}

/** RFC 7348 and two extensions that use its reserved bits: Group Policy, and GPE, which has the next protocol. */
const vxlan = (port: number): Unwrap => {
  const name = `UDP packets to port ${port}: VXLAN`
  return (frame, nesting) => {
    const { bytes, start, end } = frame
    if (end - start < 8) return nesting.skip(frame, unreadable(name, 'they end within its header'))
    const flags = bytes[start]!
    if ((flags & 0x0c) === 0)
      return nesting.skip(frame, unreadable(name, 'the flag that makes the header valid is not set'))
    frame.start = start + 8
    return (flags & 4) === 0 ? innerEthernet(frame, nesting) : nextProtocol(frame, nesting, bytes[start + 3]!)
  }
}

/** RFC 8926: the length of the options in 4-byte words, and an EtherType. */
function geneve(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  const options = end - start < 8 ? 0 : (bytes[start]! & 0x3f) * 4
  if (end - start < 8 + options || bytes[start]! >> 6 !== 0)
    return nesting.skip(frame, unreadable('UDP packets to port 6081: Geneve', badHeader))
  return (
    nesting.enter(frame) && byEtherType(frame, nesting, bytes.readUInt16BE(start + 2), start + 8 + options)
  )
}

/** 3GPP TS 29.281, 5: message 255 carries a user packet after a chain of extension headers. */
function gtpU(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 8) return nesting.notIp()
  const flags = bytes[start]!
  if (flags >> 4 !== 3 || bytes[start + 1] !== 0xff) return nesting.notIp() // signalling
  let at = start + 8
  if ((flags & 7) !== 0) {
    at += 4
    let more = (flags & 4) === 0 ? 0 : bytes[at - 1]!
    for (let count = 0; more !== 0 && at < end && count < maxExtensions; count++) {
      at += Math.max(bytes[at]!, 1) * 4
      more = bytes[at - 1] ?? 0
    }
  }
  frame.start = at
  if (at >= end) return nesting.notIp()
  return looksLikeIp(frame, at) || innerEthernet(frame, nesting)
}

/** RFC 4380, 5.1: optional authentication, optional origin indication, then IPv6. */
function teredo(frame: Frame, nesting: Nesting): boolean {
  const { bytes, end } = frame
  let at = frame.start
  if (at + 4 <= end && bytes[at] === 0 && bytes[at + 1] === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!
  if (at + 8 <= end && bytes[at] === 0 && bytes[at + 1] === 0) at += 8
  frame.start = at
  return at < end && bytes[at]! >> 4 === 6 ? true : nesting.notIp()
}

/** TZSP, as MikroTik's sniffer sends it: the encapsulated protocol, then tags up to one of type 1. */
function tzsp(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 5 || bytes[start] !== 1 || bytes[start + 1]! > 1) return nesting.notIp()
  const carried = bytes.readUInt16BE(start + 2)
  let at = start + 4
  while (at < end && bytes[at] !== 1) at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0)
  frame.start = at + 1
  if (frame.start >= end) return nesting.notIp()
  if (carried === 1) return innerEthernet(frame, nesting)
  return carried === 18 && nesting.enter(frame) ? wifi(frame, nesting) : nesting.notIp()
}

/** RFC 2661, 3.1: flags say which fields are present; data messages carry PPP. */
function l2tp(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 6) return nesting.notIp()
  const flags = bytes.readUInt16BE(start)
  if ((flags & 0x8000) !== 0 || (flags & 15) !== 2) return nesting.notIp() // control, or another version
  let at = start + 6 + ((flags & 0x4000) === 0 ? 0 : 2) + ((flags & 0x0800) === 0 ? 0 : 4)
  if ((flags & 0x0200) !== 0) at += at + 2 <= end ? 2 + bytes.readUInt16BE(at) : 2
  frame.start = at
  return nesting.enter(frame) && ppp(frame, nesting)
}

/** ESP through NAT (RFC 3948); with four zero bytes first it is IKE, the key exchange. */
function espInUdp(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 8 || bytes.readUInt32BE(start) === 0) return nesting.notIp()
  return nesting.skip(frame, unreadable('UDP packets to port 4500: IPsec ESP', 'they are encrypted'))
}

/** WireGuard: a type from 1 to 4 and three zeros. */
function wireGuard(frame: Frame, nesting: Nesting): boolean | undefined {
  const { bytes, start, end } = frame
  if (end - start < 32 || (bytes.readUInt32LE(start) - 1) >>> 0 > 3) return undefined
  return nesting.skip(frame, unreadable('UDP packets to port 51820: WireGuard', 'they are encrypted'))
}

function quic(frame: Frame, nesting: Nesting): boolean {
  return nesting.skip(
    frame,
    'UDP packets to port 14567: MQTT over QUIC, not readable because QUIC is encrypted (capture at the server, behind its TLS, or use TCP)',
  )
}

type Tunnel = (frame: Frame, nesting: Nesting) => boolean | undefined

const byPort: ReadonlyMap<number, Tunnel> = new Map<number, Tunnel>([
  [1701, l2tp],
  [2152, gtpU],
  [3544, teredo],
  [4500, espInUdp],
  [4754, gre], // RFC 8086
  [4789, vxlan(4789)],
  [4790, vxlan(4790)],
  [6081, geneve],
  [6635, mplsInIp], // RFC 7510
  [8472, vxlan(8472)], // Linux's own port
  [14567, quic],
  [37008, tzsp],
  [51820, wireGuard],
])

/**
 * Looks for a tunnel in the datagram at `frame.start`. Returns true if `frame.start` was moved to an IP packet, false if
 * the tunnel holds none or cannot be read, undefined if there is no tunnel. Datagrams of the ports in `own`, which the
 * user gave, are not searched.
 */
export function udpTunnel(frame: Frame, nesting: Nesting, own: ReadonlySet<number>): boolean | undefined {
  const { bytes, start } = frame
  if (frame.end - start <= 8) return undefined
  const source = (bytes[start]! << 8) | bytes[start + 1]!
  const target = (bytes[start + 2]! << 8) | bytes[start + 3]!
  if (own.has(source) || own.has(target)) return undefined
  const tunnel = byPort.get(target) ?? byPort.get(source) ?? byContent(frame, start + 8, target)
  if (tunnel === undefined) return undefined
  frame.start = start + 8
  const found = tunnel(frame, nesting)
  if (found === undefined) frame.start = start
  return found
}

/** On other ports: tunnels with unambiguous first bytes, and DTLS. */
function byContent(frame: Frame, at: number, port: number): Tunnel | undefined {
  const { bytes, end } = frame
  const first = bytes[at]!
  if (first >= 20 && first <= 25 && bytes[at + 1] === 0xfe && bytes[at + 2]! >= 0xfc && end - at >= 13) {
    return (inner, nesting) =>
      nesting.skip(inner, `UDP packets to port ${port}: DTLS, not readable because it is encrypted`)
  }
  // An IPv6 packet that fills the datagram, between addresses of 2001:0::/32.
  if (first >> 4 === 6 && end - at >= 40 && looksLikeIp(frame, at)) {
    const isTeredo = (address: number) => bytes.readUInt32BE(address) === 0x2001_0000
    if (isTeredo(at + 8) || isTeredo(at + 24)) return teredo
  }
  const isVxlan =
    first === 8 && end - at >= 42 && bytes.readUInt32BE(at) === 0x0800_0000 && bytes[at + 7] === 0
  if (!isVxlan) return undefined
  const type = bytes.readUInt16BE(at + 20)
  const isIp = (type === 0x0800 || type === 0x86dd) && looksLikeIp(frame, at + 22)
  return isIp ? vxlan(port) : undefined
}
