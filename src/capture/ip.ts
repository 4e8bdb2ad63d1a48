// IPv4 (RFC 791) and IPv6 (RFC 8200): finds the TCP segment or UDP datagram; fragments are reassembled first.

import { count } from '../text.js'
import type { Nesting, Unwrap } from './encapsulation/nesting.js'
import { etherIp, gre, mplsInIp, udpTunnel } from './encapsulation/tunnels.js'
import { Fragments } from './fragments.js'
import type { Frame } from './frame.js'
import type { Notes } from './notes.js'
import type { FrameStage } from './pcap.js'

/** Extension headers of one packet. RFC 8200 (4.1) has seven, one of them twice. */
const maxExtensions = 16
/**
 * Offloaded segments have Total Length 0: the captured length is used, up to this limit. Network cards take no larger
 * segment at once.
 */
const maxOffloaded = 1024 * 1024

const tcp = 6
const udp = 17
const ipv4InIp = 4
const ipv6InIp = 41
const fragmentHeader = 44
const authentication = 51
/** Hop-by-Hop, Routing, Destination, Mobility, HIP, Shim6: next header, then the length in units of 8 bytes minus 1. */
const extensions = new Set([0, 43, 60, 135, 139, 140])
const others: Record<number, string> = { 1: 'ICMP', 2: 'IGMP', 58: 'ICMPv6', 132: 'SCTP' }

/** Tunnels by their IP protocol number. */
const tunnels: Record<number, Unwrap> = {
  [ipv4InIp]: (frame, nesting) => nesting.enter(frame),
  [ipv6InIp]: (frame, nesting) => nesting.enter(frame),
  47: gre,
  50: (frame, nesting) =>
    nesting.skip(frame, 'IPsec ESP packets: inner packets not readable because they are encrypted'),
  97: etherIp,
  108: (frame, nesting) =>
    nesting.skip(frame, 'IPComp packets: inner packets not readable because they are compressed'),
  115: (frame, nesting) =>
    nesting.skip(frame, 'L2TPv3 packets: inner packets not readable because they do not name their format'),
  137: mplsInIp,
}

interface IpStages {
  /** `frame.start` to `frame.wireEnd` is the segment or datagram; `frame.addresses` is set. */
  readonly tcp: FrameStage
  readonly udp: FrameStage
  readonly notes: Notes
  readonly nesting: Nesting
  /** Ports given by the user: datagrams of these are not searched for tunnels. */
  readonly ports: ReadonlySet<number>
}

export class IpStage implements FrameStage {
  readonly #tcp: FrameStage
  readonly #udp: FrameStage
  readonly #notes: Notes
  readonly #fragments: Fragments
  readonly #nesting: Nesting
  readonly #ports: ReadonlySet<number>
  /** Packets by IP protocol number that were not read. */
  readonly #others = new Uint32Array(256)

  constructor({ tcp, udp, notes, nesting, ports }: IpStages) {
    this.#tcp = tcp
    this.#udp = udp
    this.#notes = notes
    this.#fragments = new Fragments(notes)
    this.#nesting = nesting
    this.#ports = ports
  }

  push(frame: Frame): void {
    if (frame.start >= frame.end) return
    const version = frame.bytes[frame.start]! >> 4
    if (version === 4) this.#v4(frame)
    else if (version === 6) this.#v6(frame)
    else this.#bad(frame, `an IP packet of version ${version}`)
  }

  #v4(frame: Frame): void {
    const { bytes, start } = frame
    if (frame.end - start < 20) return this.#bad(frame, 'an IPv4 header that is cut off')
    const header = (bytes[start]! & 0x0f) << 2
    const total = (bytes[start + 2]! << 8) | bytes[start + 3]!
    if (header < 20) return this.#bad(frame, `an IPv4 header of ${count(header, 'byte')}`)
    if (total === 0) frame.wireEnd = Math.min(frame.wireEnd, start + maxOffloaded)
    else if (total < header)
      return this.#bad(frame, `an IPv4 packet of ${count(total, 'byte')}, less than its header`)
    else frame.wireEnd = start + total // after it: padding of the link layer
    if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
    const fragment = ((bytes[start + 6]! << 8) | bytes[start + 7]!) & 0x3fff
    frame.start = start + header
    const protocol = bytes[start + 9]!
    frame.addresses = start + 12
    frame.addressLength = 4
    if (fragment === 0) return this.#payload(frame, protocol)
    const whole = this.#fragments.add(frame, {
      header: start,
      headerEnd: frame.start,
      identification: (bytes[start + 4]! << 8) | bytes[start + 5]!,
      protocol,
      offset: (fragment & 0x1fff) * 8,
      more: (fragment & 0x2000) !== 0,
    })
    if (whole) this.#payload(frame, protocol)
  }

  #v6(frame: Frame): void {
    const { bytes, start } = frame
    if (frame.end - start < 40) return this.#bad(frame, 'an IPv6 header that is cut off')
    const length = (bytes[start + 4]! << 8) | bytes[start + 5]!
    // 0: a jumbogram (RFC 2675) or an offloaded segment.
    frame.wireEnd = length === 0 ? Math.min(frame.wireEnd, start + maxOffloaded) : start + 40 + length
    if (frame.end > frame.wireEnd) frame.end = frame.wireEnd
    frame.start = start + 40
    frame.addresses = start + 8
    frame.addressLength = 16
    this.#extensions(frame, start, bytes[start + 6]!)
  }

  /** Follows the chain of extension headers, RFC 8200 (4). `header` is the start of the IPv6 header. */
  #extensions(frame: Frame, header: number, first: number): void {
    const { bytes } = frame
    let protocol = first
    for (let count = 0; protocol !== tcp && protocol !== udp; count++) {
      const at = frame.start
      const known = extensions.has(protocol) || protocol === authentication || protocol === fragmentHeader
      if (!known) break
      if (count === maxExtensions) return this.#bad(frame, 'an IPv6 packet with too many extension headers')
      if (frame.end - at < 8) return this.#bad(frame, 'an IPv6 extension header that is cut off')
      const next = bytes[at]!
      if (protocol === fragmentHeader) {
        frame.start = at + 8
        const word = (bytes[at + 2]! << 8) | bytes[at + 3]!
        if ((word & 0xfff9) !== 0) return this.#fragment6(frame, { header, at, next, word })
      } else {
        frame.start = at + (protocol === authentication ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8)
      }
      protocol = next
    }
    this.#payload(frame, protocol)
  }

  #fragment6(frame: Frame, part: { header: number; at: number; next: number; word: number }): void {
    const { bytes } = frame
    const { header, at, next, word } = part
    const whole = this.#fragments.add(frame, {
      header,
      headerEnd: header + 40,
      identification: bytes.readUInt32BE(at + 4),
      protocol: next,
      offset: word & 0xfff8,
      more: (word & 1) !== 0,
    })
    if (whole) this.#extensions(frame, 0, next)
  }

  #payload(frame: Frame, protocol: number): void {
    if (protocol === tcp) return this.#tcp.push(frame)
    if (protocol === udp) {
      const inner = udpTunnel(frame, this.#nesting, this.#ports)
      if (inner === undefined) return this.#udp.push(frame)
      return inner ? this.push(frame) : undefined
    }
    const tunnel = tunnels[protocol]
    if (tunnel !== undefined) return tunnel(frame, this.#nesting) ? this.push(frame) : undefined
    if (protocol === authentication) return this.#authenticated(frame)
    this.#others[protocol]! += 1
  }

  /** RFC 4302: next header, then the length in 4-byte words. In IPv6 it is one of the extension headers. */
  #authenticated(frame: Frame): void {
    const { bytes, start, end } = frame
    if (end - start < 12) return this.#bad(frame, 'an Authentication Header that is cut off')
    if (!this.#nesting.enter(frame)) return
    frame.start = start + (bytes[start + 1]! + 2) * 4
    if (frame.start <= end) this.#payload(frame, bytes[start]!)
  }

  #bad(frame: Frame, what: string): void {
    this.#notes.say(
      'damaged IP packet',
      `record ${frame.record} holds ${what}; it was skipped`,
      frame.fileOffset,
    )
  }

  end(): void {
    this.#fragments.end()
  }

  /** Skipped packets by protocol: "3 ICMP", "2 IGMP". */
  skippedProtocols(): string[] {
    const counts: string[] = []
    this.#others.forEach((count, protocol) => {
      if (count > 0) counts.push(`${count} ${others[protocol] ?? `IP protocol ${protocol}`}`)
    })
    return counts
  }
}
