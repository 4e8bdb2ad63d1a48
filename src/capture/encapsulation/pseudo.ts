// Pseudo-headers of capture programs and firewalls: Linux cooked, PKTAP, PPI, NFLOG, PFLOG, BSD ENC, ERF.
import type { Frame } from '../frame.js'
import { byEtherType, etherType, innerEthernet, ipv4Type, ipv6Type, rawIp } from './ethernet.js'
import type { Nesting } from './nesting.js'
import { serial } from './serial.js'
import { radiotap } from './wifi.js'

/** Fields of one NFLOG record; libnetfilter defines about twenty. */
const maxFields = 64
/** ARPHRD_ number of an interface in monitor mode, whose frames have no EtherType. */
const monitorMode = 803

/** LINKTYPE_NULL: the address family in unknown byte order; the version in the packet is used instead. */
export function loopback(frame: Frame, nesting: Nesting): boolean {
  frame.start += 4
  return rawIp(frame, nesting)
}

/** LINUX_SLL: the EtherType is the last of 16 bytes. */
export function cooked(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (start + 16 > end) return nesting.notIp()
  if (bytes.readUInt16BE(start + 2) === monitorMode) {
    frame.start = start + 16
    return radiotap(frame, nesting)
  }
  return etherType(frame, nesting, start + 14)
}

/** LINUX_SLL2: the EtherType comes first, the header has 20 bytes. */
export function cooked2(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (start + 20 > end) return nesting.notIp()
  const type = (bytes[start]! << 8) | bytes[start + 1]!
  frame.start = start + 20
  if (type === ipv4Type || type === ipv6Type) return true
  if (bytes.readUInt16BE(start + 8) === monitorMode) return radiotap(frame, nesting)
  return byEtherType(frame, nesting, type, start + 20)
}

/** Apple's PKTAP: its length and the DLT_ number of the frame after it, little endian. Returns undefined if damaged. */
export function pktap(frame: Frame): number | undefined {
  const { bytes, start, end } = frame
  if (end - start < 12) return undefined
  const length = bytes.readUInt32LE(start)
  if (length < 12 || length > end - start || bytes.readUInt32LE(start + 4) > 1) return undefined
  frame.start = start + length
  return bytes.readUInt32LE(start + 8)
}

/** NFLOG: family, version and resource, then fields in host byte order; field 9 is the packet. */
export function nflog(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 8 || bytes[start + 1] !== 0) return nesting.notIp()
  const little = bytes.readUInt16LE(start + 4) <= bytes.readUInt16BE(start + 4)
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  let at = start + 4
  for (let count = 0; count < maxFields && at + 4 <= end; count++) {
    const length = u16(at)
    if (length < 4) break
    if ((u16(at + 2) & 0x7fff) === 9) {
      frame.start = at + 4
      frame.wireEnd = Math.min(frame.wireEnd, at + length)
      frame.end = Math.min(end, frame.wireEnd)
      return rawIp(frame, nesting)
    }
    at += (length + 3) & ~3
  }
  return nesting.notIp()
}

/** PFLOG: begins with the length of the header without its padding. */
export function pflog(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  const length = start < end ? (bytes[start]! + 3) & ~3 : 0
  if (length < 16) return nesting.notIp()
  frame.start = start + length
  return rawIp(frame, nesting)
}

/** BSD's enc(4): family, SPI and flags. */
export function enc(frame: Frame, nesting: Nesting): boolean {
  frame.start += 12
  return rawIp(frame, nesting)
}

/** ERF record types by payload, without the bit for extension headers. */
const erfEthernet = new Set([2, 11, 16, 20])
const erfHdlc = new Set([1, 9, 15])
/** With a channel of four bytes first. */
const erfMultiChannel = new Set([5, 17])
const erfIp = new Set([22, 23])

/** Endace's ERF: 16 bytes, extension headers of 8 bytes each, and for some types another header. */
export function erf(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  if (end - start < 16) return nesting.notIp()
  const type = bytes[start + 8]! & 0x7f
  const wire = bytes.readUInt16BE(start + 14)
  let at = start + 16
  for (let more = bytes[start + 8]! & 0x80; more !== 0 && at + 8 <= end; at += 8) more = bytes[at]! & 0x80
  const isEthernet = erfEthernet.has(type)
  if (isEthernet) at += 2
  if (erfMultiChannel.has(type)) at += 4
  frame.start = at
  frame.wireEnd = at + wire
  if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
  if (isEthernet) return innerEthernet(frame, nesting)
  if (erfHdlc.has(type) || erfMultiChannel.has(type)) return nesting.enter(frame) && serial(frame, nesting)
  return erfIp.has(type) ? rawIp(frame, nesting) : nesting.notIp()
}
