// PPP (RFC 1661) in its framings, and Cisco HDLC.
import type { Frame } from '../frame.js'
import type { Carrier } from './carrier.js'
import { etherType, mpls } from './ethernet.js'

/** Begins with the protocol number, or with address and control (RFC 1662), which compression may omit. */
export function ppp(frame: Frame, carrier: Carrier): boolean {
  const { bytes, end } = frame
  let at = frame.start
  if (at + 2 > end) return carrier.other()
  if (bytes[at] === 0xff && bytes[at + 1] === 3) at += 2
  // Protocol numbers are odd and their first byte is even: if the first byte is odd, it is all (RFC 1661, 6.5).
  const short = (bytes[at]! & 1) !== 0
  if (at + 2 > end) return carrier.other()
  const protocol = short ? bytes[at]! : (bytes[at]! << 8) | bytes[at + 1]!
  frame.start = at + (short ? 1 : 2)
  switch (protocol) {
    case 0x21: // RFC 1332
    case 0x57: // RFC 5072
      return frame.start < end || carrier.other()
    case 0x281:
    case 0x283: // RFC 3032
      return carrier.enter(frame) && mpls(frame, carrier)
    case 0x2d:
    case 0x2f:
      return carrier.skip(frame, 'PPP packets: compressed TCP headers (RFC 1144), not read')
    case 0x53:
      return carrier.skip(frame, 'PPP packets: encrypted by PPP (RFC 1968)')
    case 0xfb:
    case 0xfd:
      return carrier.skip(frame, 'PPP packets: compressed or encrypted by PPP (RFC 1962, RFC 3078)')
    default:
      return carrier.other()
  }
}

/** LINKTYPE_PPP and LINKTYPE_PPP_HDLC: Cisco HDLC is recognised by its address (RFC 1547, 4.3.1). */
export function serial(frame: Frame, carrier: Carrier): boolean {
  const address = frame.bytes[frame.start]
  return address === 0x0f || address === 0x8f ? ciscoHdlc(frame, carrier) : ppp(frame, carrier)
}

/** Address, control, EtherType. */
export function ciscoHdlc(frame: Frame, carrier: Carrier): boolean {
  return etherType(frame, carrier, frame.start + 2)
}

/** Frame Relay with the multiprotocol header of RFC 2427. */
export function frameRelay(frame: Frame, carrier: Carrier): boolean {
  const { bytes, end } = frame
  let at = frame.start
  while (at < end && (bytes[at]! & 1) === 0 && at < frame.start + 4) at += 1 // the last byte of the address is odd
  at += 1
  if (at + 2 <= end && bytes[at] === 8 && bytes[at + 1] === 0) return etherType(frame, carrier, at) // Cisco's
  if (bytes[at] !== 3) return carrier.other()
  at += bytes[at + 1] === 0 ? 2 : 1 // a pad
  if (at >= end) return carrier.other()
  frame.start = at + 1
  if (bytes[at] === 0xcc || bytes[at] === 0x8e) return frame.start < end || carrier.other()
  return bytes[at] === 0x80 ? etherType(frame, carrier, at + 4) : carrier.other()
}
