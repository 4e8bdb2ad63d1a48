// Serial links: LINKTYPE_PPP, Cisco HDLC, Frame Relay.
import type { Frame } from '../frame.js'
import { etherType, ppp } from './ethernet.js'
import type { Nesting } from './nesting.js'

/** LINKTYPE_PPP and LINKTYPE_PPP_HDLC: Cisco HDLC is recognised by its address (RFC 1547, 4.3.1). */
export function serial(frame: Frame, nesting: Nesting): boolean {
  const address = frame.bytes[frame.start]
  return address === 0x0f || address === 0x8f ? ciscoHdlc(frame, nesting) : ppp(frame, nesting)
}

/** Address, control, EtherType. */
export function ciscoHdlc(frame: Frame, nesting: Nesting): boolean {
  return etherType(frame, nesting, frame.start + 2)
}

/** Frame Relay with the multiprotocol header of RFC 2427. */
export function frameRelay(frame: Frame, nesting: Nesting): boolean {
  const { bytes, end } = frame
  let at = frame.start
  while (at < end && (bytes[at]! & 1) === 0 && at < frame.start + 4) at += 1 // the last byte of the address is odd
  at += 1
  if (at + 2 <= end && bytes[at] === 8 && bytes[at + 1] === 0) return etherType(frame, nesting, at) // Cisco's
  if (bytes[at] !== 3) return nesting.notIp()
  at += bytes[at + 1] === 0 ? 2 : 1 // a pad
  if (at >= end) return nesting.notIp()
  frame.start = at + 1
  if (bytes[at] === 0xcc || bytes[at] === 0x8e) return frame.start < end || nesting.notIp()
  return bytes[at] === 0x80 ? etherType(frame, nesting, at + 4) : nesting.notIp()
}
