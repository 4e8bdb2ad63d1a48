// Link layers: finds the IP packet in a frame. Numbers are those of the LINKTYPE_ registry.
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import type { FrameStage } from './pcap.js'

/**
 * VLAN tags in front of one packet. Two are in use (IEEE 802.1ad), providers stack three; a packet of nothing but tags
 * is damaged, or made to waste our time.
 */
const maxVlanTags = 8

const ipv4Type = 0x0800
const ipv6Type = 0x86dd
const vlanTypes = new Set([0x8100, 0x88a8, 0x9100, 0x9200])
const pppoeSession = 0x8864

/** PPP's numbers for the two (RFC 1332, RFC 5072). */
const pppProtocols: Record<number, number> = { 33: ipv4Type, 87: ipv6Type }

/** What else people have captured; said by name, because "link type 105" helps nobody. */
const unread: Record<number, string> = {
  105: '802.11 Wi-Fi',
  119: '802.11 Wi-Fi with Prism header',
  127: '802.11 Wi-Fi with radiotap header',
  149: 'PKTAP',
  187: 'Bluetooth HCI',
  189: 'USB',
  195: 'IEEE 802.15.4',
  201: 'Bluetooth HCI',
  215: 'IEEE 802.15.4',
  220: 'USB',
  230: 'IEEE 802.15.4',
  258: 'PKTAP',
}

/** A link type that can be read: moves `frame.start` to the IP packet; false where it carries something else. */
type Reader = (frame: Frame) => boolean

export class LinkStage implements FrameStage {
  readonly #ip: FrameStage
  readonly #notes: Notes
  readonly #unreadable = new Set<number>()
  /** Frames that carry no IP (ARP, IPv6 neighbours of other kinds): normal, told only when nothing else is there. */
  notIp = 0

  constructor(ip: FrameStage, notes: Notes) {
    this.#ip = ip
    this.#notes = notes
  }

  push(frame: Frame): void {
    const { link } = frame
    if (link === 1 ? ethernet(frame) : this.#other(frame)) this.#ip.push(frame)
    else this.notIp += 1
  }

  #other(frame: Frame): boolean {
    const reader = readers[frame.link]
    if (reader !== undefined) return reader(frame)
    if (!this.#unreadable.has(frame.link) && this.#unreadable.size < 100) {
      this.#unreadable.add(frame.link)
      const name = unread[frame.link]
      this.#notes.say(
        'unknown link type',
        `link type ${frame.link}${name === undefined ? '' : ` (${name})`} is not one that can be read; its frames were skipped`,
        frame.fileOffset,
      )
    }
    return false
  }
}

function ethernet(frame: Frame): boolean {
  return etherType(frame, frame.start + 12)
}

/** Follows the EtherType at `at` through tags to an IP packet. */
function etherType(frame: Frame, at: number): boolean {
  const { bytes, end } = frame
  for (let tags = 0; tags <= maxVlanTags && at + 2 <= end; tags++) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!
    if (type === ipv4Type || type === ipv6Type) {
      frame.start = at + 2
      return true
    }
    if (type === pppoeSession) return pppoe(frame, at + 2)
    if (type <= 1500) return snap(frame, at + 2)
    if (!vlanTypes.has(type)) return false
    at += 4
  }
  return false
}

/** IEEE 802.3 with a length: LLC and SNAP lead to an EtherType (RFC 1042). */
function snap(frame: Frame, at: number): boolean {
  const { bytes, end } = frame
  if (at + 8 > end || bytes[at] !== 0xaa || bytes[at + 1] !== 0xaa || bytes[at + 2] !== 3) return false
  const type = (bytes[at + 6]! << 8) | bytes[at + 7]!
  frame.start = at + 8
  return type === ipv4Type || type === ipv6Type
}

/** RFC 2516: version, code, session and length, then PPP's protocol number. */
function pppoe(frame: Frame, at: number): boolean {
  return ppp(frame, at + 6)
}

function ppp(frame: Frame, at: number): boolean {
  const { bytes, end } = frame
  if (at + 2 > end) return false
  const framed = bytes[at] === 0xff && bytes[at + 1] === 3 ? at + 2 : at // HDLC-like framing, RFC 1662
  if (framed + 2 > end) return false
  frame.start = framed + 2
  return pppProtocols[(bytes[framed]! << 8) | bytes[framed + 1]!] !== undefined
}

/** NULL has the family in the capturing host's byte order; which that was, the packet itself tells. */
function loopback(frame: Frame): boolean {
  frame.start += 4
  return raw(frame)
}

/** No header: the version is the first nibble of the packet. */
function raw(frame: Frame): boolean {
  if (frame.start >= frame.end) return false
  const version = frame.bytes[frame.start]! >> 4
  return version === 4 || version === 6
}

/** LINUX_SLL: the EtherType is the last of 16 bytes. */
function cooked(frame: Frame): boolean {
  return etherType(frame, frame.start + 14)
}

/** LINUX_SLL2: the EtherType comes first, the header has 20 bytes. */
function cooked2(frame: Frame): boolean {
  const { bytes, start, end } = frame
  if (start + 20 > end) return false
  const type = (bytes[start]! << 8) | bytes[start + 1]!
  frame.start = start + 20
  if (type === ipv4Type || type === ipv6Type) return true
  return vlanTypes.has(type) && etherType(frame, start + 22)
}

const readers: Record<number, Reader> = {
  0: loopback,
  1: ethernet,
  9: (frame) => ppp(frame, frame.start),
  12: raw,
  14: raw,
  101: raw,
  108: loopback,
  113: cooked,
  228: raw,
  229: raw,
  276: cooked2,
}
