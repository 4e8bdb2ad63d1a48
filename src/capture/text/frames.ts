// Packets with headers as text: tcpdump -x, -xx, -X and -XX, tshark -x, hex dumps of packets by Wireshark.
import type { CaptureContext } from '../context.js'
import { looksLikeIp } from '../encapsulation/ethernet.js'
import { Frame, FrameSource } from '../frame.js'
import { unknownSecond } from '../stream.js'
import type { TextLine, TextLineReader } from './line.js'
import { hexRowOf } from './rows.js'

/** libpcap's limit. */
const maxPacket = 256 * 1024

/** A heading of tshark: "Frame (70 bytes):", and others for reassembled bytes. */
const heading = /^([A-Z][\w .-]*) \(\d+ bytes\):$/
/** Date and time of a packet, as tcpdump -tttt and tshark -t ad print them; taken as UTC. */
const dated = /^\s*(?:\d+ +)?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\.(\d{1,9})/

/** Supported link types, with the positions of the IP packet and the EtherType (-1: none). */
const candidates: readonly (readonly [link: number, ip: number, typeAt: number])[] = [
  [101, 0, -1],
  [1, 14, 12],
  [1, 18, 16], // with a VLAN tag
  [113, 16, 14],
  [276, 20, 0],
  [0, 4, -1],
]

/** The link type of an IP packet; `bytes` may be only its start. Undefined if there is none. */
export function linkTypeOf(bytes: Buffer): number | undefined {
  const frame = new Frame()
  frame.bytes = bytes
  frame.end = bytes.length
  frame.wireEnd = maxPacket
  return candidates.find(([, at, typeAt]) => {
    if (typeAt >= 0 && bytes.length >= typeAt + 2) {
      const type = bytes.readUInt16BE(typeAt)
      if (type !== 0x0800 && type !== 0x86dd) return false
    }
    return looksLikeIp(frame, at) && hasProtocol(bytes, at)
  })?.[0]
}

/** IP protocols that are plausible in such a dump: TCP, UDP, ICMP, tunnels, IPsec, IPv6 extension headers. */
const protocols = new Set([0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 97, 115, 132, 137])

function hasProtocol(bytes: Buffer, at: number): boolean {
  return protocols.has(bytes[at + (bytes[at]! >> 4 === 6 ? 6 : 9)]!)
}

/** The link type of the first packet of the text; undefined if there is none. */
export function linkTypeIn(lines: readonly string[]): number | undefined {
  const head: Buffer[] = []
  for (const line of lines) {
    const row = hexRowOf(line)
    if (row?.offset === undefined || (head.length > 0 && row.offset === 0)) {
      if (head.length > 0) break
    } else if (head.length > 0 || row.offset === 0) head.push(row.bytes)
  }
  return head.length === 0 ? undefined : linkTypeOf(Buffer.concat(head))
}

export class FramesReader implements TextLineReader {
  readonly #context: CaptureContext
  readonly #link: number
  readonly #frame = new Frame()
  #rows: Buffer[] = []
  #length = 0
  #place: TextLine | undefined
  /** Under a heading of reassembled bytes, which the frames already have. */
  #isOther = false
  #second = unknownSecond
  #nanos = 0

  constructor(context: CaptureContext, link: number) {
    this.#context = context
    this.#link = link
    this.#frame.source = new FrameSource()
  }

  line(line: TextLine): void {
    const row = hexRowOf(line.text)
    if (row?.offset === undefined) return this.#between(line.text)
    if (row.offset === 0) this.#emit()
    if (this.#isOther) return
    this.#place ??= line
    // The column of characters may have been read as bytes: the offset shows it.
    const last = this.#rows.at(-1)
    const excess = this.#length - row.offset
    if (last !== undefined && excess > 0 && excess < last.length) {
      this.#rows[this.#rows.length - 1] = last.subarray(0, last.length - excess)
      this.#length -= excess
    }
    if (this.#length !== row.offset || this.#length > maxPacket) return
    this.#rows.push(row.bytes)
    this.#length += row.bytes.length
  }

  #between(text: string): void {
    this.#emit()
    const title = heading.exec(text.trim())?.[1]
    if (title !== undefined) this.#isOther = title !== 'Frame'
    else if (text.trim() !== '') this.#isOther = false
    const time = dated.exec(text)
    if (time === null) return
    const milliseconds = Date.parse(`${time[1]}T${time[2]}Z`)
    this.#second = Number.isNaN(milliseconds) ? unknownSecond : milliseconds / 1000
    this.#nanos = Number(time[3]!.padEnd(9, '0'))
  }

  #emit(): void {
    if (this.#length === 0) return
    const frame = this.#frame
    const bytes = Buffer.concat(this.#rows)
    this.#rows = []
    this.#length = 0
    frame.bytes = bytes
    frame.base = this.#place!.fileOffset
    this.#place = undefined
    // All bytes have the file offset of the first line.
    frame.isJoined = true
    frame.start = 0
    frame.end = bytes.length
    frame.wireEnd = bytes.length
    frame.record += 1
    frame.second = this.#second
    frame.nanos = this.#nanos
    frame.link = linkTypeOf(bytes) ?? this.#link
    this.#context.network.link.push(frame)
  }

  end(): void {
    this.#emit()
    this.#context.network.records += this.#frame.record
  }
}
