// Finds the IP packet in a frame by its link type. Numbers are those of the LINKTYPE_ registry.
import type { Frame } from './frame.js'
import type { Carrier, Unwrap } from './layers/carrier.js'
import { ethernet, etherType, innerEthernet, llc, pppoe, raw } from './layers/ethernet.js'
import { ciscoHdlc, frameRelay, ppp, serial } from './layers/ppp.js'
import { cooked, cooked2, enc, erf, loopback, nflog, pflog, pktap } from './layers/pseudo.js'
import { avs, ppiWifi, prism, radiotap, wifi } from './layers/wifi.js'
import type { Notes } from './notes.js'
import type { FrameStage } from './pcap.js'

/** Names of common link types that are not supported. */
const unread: Record<number, string> = {
  187: 'Bluetooth HCI',
  189: 'USB',
  195: 'IEEE 802.15.4',
  201: 'Bluetooth HCI',
  215: 'IEEE 802.15.4',
  220: 'USB',
  230: 'IEEE 802.15.4',
  249: 'USB',
  252: 'Wireshark Upper PDU',
}

const pppPppd = 166
const wifiType = 105

/** Skips a header of fixed length. */
const after =
  (length: number, unwrap: Unwrap): Unwrap =>
  (frame, carrier) => {
    frame.start += length
    return unwrap(frame, carrier)
  }

const readers: Record<number, Unwrap> = {
  0: loopback,
  1: ethernet,
  9: serial,
  12: raw,
  14: raw,
  50: serial,
  51: pppoe,
  100: llc,
  101: raw,
  104: ciscoHdlc,
  105: wifi,
  106: (frame, carrier) => (frame.bytes[frame.start] === 0xaa ? llc(frame, carrier) : raw(frame, carrier)),
  107: frameRelay,
  108: loopback,
  109: enc,
  113: cooked,
  117: pflog,
  119: prism,
  127: radiotap,
  138: (frame, carrier) => etherType(frame, carrier, frame.start + 16),
  149: tapped,
  163: avs,
  [pppPppd]: after(2, ppp), // the direction in place of the address
  192: ppi,
  197: erf,
  204: after(1, ppp), // the direction
  205: after(1, ciscoHdlc),
  206: after(1, frameRelay),
  226: after(24, raw), // Solaris IPNET
  228: raw,
  229: raw,
  239: nflog,
  240: after(4, innerEthernet), // netANALYZER
  241: after(12, innerEthernet), // and the preamble
  242: after(44, raw), // IP over InfiniBand
  253: cooked,
  258: tapped,
  276: cooked2,
}

export class LinkStage implements FrameStage {
  readonly #ip: FrameStage
  readonly #carrier: Carrier
  readonly #notes: Notes
  readonly #unreadable = new Set<number>()

  constructor(ip: FrameStage, { carrier, notes }: { carrier: Carrier; notes: Notes }) {
    this.#ip = ip
    this.#carrier = carrier
    this.#notes = notes
  }

  push(frame: Frame): void {
    const carrier = this.#carrier
    carrier.begin()
    if (frame.link === 1 ? ethernet(frame, carrier) : this.#other(frame)) this.#ip.push(frame)
  }

  #other(frame: Frame): boolean {
    const reader = readers[frame.link]
    if (reader !== undefined) return reader(frame, this.#carrier)
    if (!this.#unreadable.has(frame.link) && this.#unreadable.size < 100) {
      this.#unreadable.add(frame.link)
      const name = unread[frame.link]
      this.#notes.say(
        'unknown link type',
        `link type ${frame.link}${name === undefined ? '' : ` (${name})`} is not supported; its frames were skipped`,
        frame.fileOffset,
      )
    }
    return this.#carrier.other()
  }
}

/** PKTAP: a header with the link type of the frame that follows. */
function tapped(frame: Frame, carrier: Carrier): boolean {
  const inner = pktap(frame)
  return inner === undefined ? carrier.other() : within(frame, carrier, inner)
}

/** PPI (CACE): version, flags, length and DLT_ number, little endian; then fields. */
function ppi(frame: Frame, carrier: Carrier): boolean {
  const { bytes, start, end } = frame
  const length = end - start < 8 ? 0 : bytes.readUInt16LE(start + 2)
  if (length < 8 || length > end - start || bytes[start] !== 0)
    return carrier.skip(frame, 'frames: the PPI header is damaged')
  const inner = bytes.readUInt32LE(start + 4)
  frame.start = start + length
  if (inner === wifiType) return ppiWifi(frame, carrier, { start: start + 8, end: start + length })
  return within(frame, carrier, inner)
}

function within(frame: Frame, carrier: Carrier, link: number): boolean {
  const reader = readers[link]
  if (reader === undefined)
    return carrier.skip(frame, `frames of link type ${link}: not supported`)
  return carrier.enter(frame) && reader(frame, carrier)
}
