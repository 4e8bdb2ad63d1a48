// Finds the IP packet in a frame by its link type. Numbers are those of the LINKTYPE_ registry.

import { ethernet, etherType, innerEthernet, llc, ppp, pppoe, rawIp } from './encapsulation/ethernet.js'
import type { Nesting, Unwrap } from './encapsulation/nesting.js'
import { cooked, cooked2, enc, erf, loopback, nflog, pflog, pktap } from './encapsulation/pseudo.js'
import { ciscoHdlc, frameRelay, serial } from './encapsulation/serial.js'
import { avs, ppiWifi, prism, radiotap, wifi } from './encapsulation/wifi.js'
import type { Frame } from './frame.js'
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
const afterHeader =
  (length: number, unwrap: Unwrap): Unwrap =>
  (frame, nesting) => {
    frame.start += length
    return unwrap(frame, nesting)
  }

const readers: Record<number, Unwrap> = {
  0: loopback,
  1: ethernet,
  9: serial,
  12: rawIp,
  14: rawIp,
  50: serial,
  51: pppoe,
  100: llc,
  101: rawIp,
  104: ciscoHdlc,
  105: wifi,
  106: (frame, nesting) => (frame.bytes[frame.start] === 0xaa ? llc(frame, nesting) : rawIp(frame, nesting)),
  107: frameRelay,
  108: loopback,
  109: enc,
  113: cooked,
  117: pflog,
  119: prism,
  127: radiotap,
  138: (frame, nesting) => etherType(frame, nesting, frame.start + 16),
  149: tapped,
  163: avs,
  [pppPppd]: afterHeader(2, ppp), // the direction in place of the address
  192: ppi,
  197: erf,
  204: afterHeader(1, ppp), // the direction
  205: afterHeader(1, ciscoHdlc),
  206: afterHeader(1, frameRelay),
  226: afterHeader(24, rawIp), // Solaris IPNET
  228: rawIp,
  229: rawIp,
  239: nflog,
  240: afterHeader(4, innerEthernet), // netANALYZER
  241: afterHeader(12, innerEthernet), // and the preamble
  242: afterHeader(44, rawIp), // IP over InfiniBand
  253: cooked,
  258: tapped,
  276: cooked2,
}

export class LinkStage implements FrameStage {
  readonly #ip: FrameStage
  readonly #nesting: Nesting
  readonly #notes: Notes
  readonly #unreadable = new Set<number>()

  constructor(ip: FrameStage, { nesting, notes }: { nesting: Nesting; notes: Notes }) {
    this.#ip = ip
    this.#nesting = nesting
    this.#notes = notes
  }

  push(frame: Frame): void {
    const nesting = this.#nesting
    nesting.begin()
    if (frame.link === 1 ? ethernet(frame, nesting) : this.#other(frame)) this.#ip.push(frame)
  }

  #other(frame: Frame): boolean {
    const reader = readers[frame.link]
    if (reader !== undefined) return reader(frame, this.#nesting)
    if (!this.#unreadable.has(frame.link) && this.#unreadable.size < 100) {
      this.#unreadable.add(frame.link)
      const name = unread[frame.link]
      this.#notes.say(
        'unknown link type',
        `link type ${frame.link}${name === undefined ? '' : ` (${name})`} is not supported; its frames were skipped`,
        frame.fileOffset,
      )
    }
    return this.#nesting.notIp()
  }
}

/** PKTAP: a header with the link type of the frame that follows. */
function tapped(frame: Frame, nesting: Nesting): boolean {
  const inner = pktap(frame)
  return inner === undefined ? nesting.notIp() : within(frame, nesting, inner)
}

/** PPI (CACE): version, flags, length and DLT_ number, little endian; then fields. */
function ppi(frame: Frame, nesting: Nesting): boolean {
  const { bytes, start, end } = frame
  const length = end - start < 8 ? 0 : bytes.readUInt16LE(start + 2)
  if (length < 8 || length > end - start || bytes[start] !== 0)
    return nesting.skip(frame, 'frames: the PPI header is damaged')
  const inner = bytes.readUInt32LE(start + 4)
  frame.start = start + length
  if (inner === wifiType) return ppiWifi(frame, nesting, { start: start + 8, end: start + length })
  return within(frame, nesting, inner)
}

function within(frame: Frame, nesting: Nesting, link: number): boolean {
  const reader = readers[link]
  if (reader === undefined) return nesting.skip(frame, `frames of link type ${link}: not supported`)
  return nesting.enter(frame) && reader(frame, nesting)
}
