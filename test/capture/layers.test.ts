// Encapsulations of IP packets: tunnels, wireless headers, pseudo-headers of capture programs; and other file formats.
import { describe, expect, test } from 'vitest'
import {
  block,
  ethernet,
  interfaceBlock,
  ipv4,
  ipv6,
  option,
  packetBlock,
  pcap,
  section,
  tcp,
  timed,
  u16,
  u32,
  udp,
} from '../helpers/capture-builder.js'
import { read } from '../helpers/capture-log.js'
import { everyCut } from '../helpers/cuts.js'

type Wrap = (packet: Buffer) => Buffer

const syn = ipv4(tcp({ seq: 999, flags: 'S' }))
const hello = ipv4(tcp({ seq: 1000, payload: 'hello' }))
const bytes = (...values: number[]) => Buffer.from(values)
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const join = (...parts: Buffer[]) => Buffer.concat(parts)
const padding = (length: number) => Buffer.alloc(length)

/** An outer IP packet of another protocol, on Ethernet. */
const over =
  (protocol: number, wrap: Wrap): Wrap =>
  (packet) =>
    ethernet(ipv4(wrap(packet), { from: '192.0.2.1', to: '192.0.2.2', protocol }))
const overUdp = (port: number, wrap: Wrap): Wrap => over(17, (packet) => udp(wrap(packet), [50_000, port]))
const prefix =
  (head: Buffer, wrap: Wrap = (packet) => packet): Wrap =>
  (packet) =>
    join(head, wrap(packet))
const frame: Wrap = (packet) => ethernet(packet)
const typedFrame =
  (type: number, head: Buffer, wrap: Wrap = (packet) => packet): Wrap =>
  (packet) =>
    ethernet(join(head, wrap(packet)), { type })
const snapHead = hex('aaaa 03 000000 0800')

/** An 802.11 data frame to the access point. */
const wifi =
  ({ control = 0x08, flags = 1, rest = padding(0) } = {}): Wrap =>
  (packet) =>
    join(bytes(control, flags, 0, 0), padding(18), u16(0, true), rest, snapHead, packet)
const radiotap = (fields: Buffer, present: number) =>
  join(bytes(0, 0), u16(8 + fields.length, true), u32(present, true), fields)
const aggregated: Wrap = (packet) => {
  const part = join(snapHead, packet)
  const fill = padding(-(14 + part.length) & 3)
  const other = join(padding(12), u16(8), hex('aaaa 03 000000 0806'))
  return join(
    bytes(0x88, 1, 0, 0),
    padding(20),
    bytes(0x80, 0),
    other,
    padding(2),
    padding(12),
    u16(part.length),
    part,
    fill,
  )
}
const ppp = hex('0021')
const pktap = (dlt: number, length = 108) =>
  join(u32(length, true), u32(1, true), u32(dlt, true), padding(96))
const ppi = (dlt: number, fields = padding(0)) =>
  join(bytes(0, 0), u16(8 + fields.length, true), u32(dlt, true), fields)
const nflog =
  (little: boolean): Wrap =>
  (packet) =>
    join(
      bytes(2, 0, 0, 0),
      ...[join(u16(7, little), u16(10, little), bytes(0x61, 0x62, 0), padding(1))],
      ...[join(u16(4 + packet.length, little), u16(9, little), packet), padding(-packet.length & 3)],
    )
const erf =
  (type: number, head: Buffer, wrap: Wrap = (packet) => packet): Wrap =>
  (packet) => {
    const content = join(head, wrap(packet))
    const more = (type & 0x80) === 0 ? padding(0) : bytes(0x80, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1, 1, 1, 1, 1, 1)
    const wire = content.length - ((type & 0x7f) === 2 ? 2 : 0)
    const length = 16 + more.length + content.length
    return join(
      u32(0x8000_0000, true),
      u32(1_700_000_000, true),
      bytes(type, 4),
      u16(length),
      u16(0),
      u16(wire),
      more,
      content,
    )
  }

function sent(file: Buffer): { text: string[]; notes: string[] } {
  const { flows, notes } = read(file)
  return { text: flows.map(({ c2s, s2c }) => c2s + s2c), notes }
}

const found = { text: ['hello'], notes: [] }

describe('tunnels', () => {
  test.each<[string, Wrap]>([
    ['VXLAN', overUdp(4789, prefix(hex('08000000 00002a00'), frame))],
    ['VXLAN with Group Policy', overUdp(4789, prefix(hex('88000010 00002a00'), frame))],
    ["VXLAN on Linux's port", overUdp(8472, prefix(hex('08000000 00002a00'), frame))],
    ['VXLAN on any port', overUdp(12_345, prefix(hex('08000000 00002a00'), frame))],
    ['VXLAN-GPE with IP', overUdp(4790, prefix(hex('0c000001 00002a00')))],
    ['VXLAN-GPE with Ethernet', overUdp(4790, prefix(hex('0c000003 00002a00'), frame))],
    [
      'VXLAN-GPE with NSH',
      overUdp(4790, prefix(hex('0c000004 00002a00 0fc60101 00000000'), prefix(padding(16)))),
    ],
    ['Geneve with Ethernet', overUdp(6081, prefix(hex('00006558 00002a00'), frame))],
    ['Geneve with options and IP', overUdp(6081, prefix(hex('02000800 00002a00 0102030100000000')))],
    ['GRE', over(47, prefix(hex('00000800')))],
    ['GRE with checksum, key and sequence', over(47, prefix(hex('b0000800 00000000 00000001 00000002')))],
    ['GRE with Ethernet', over(47, prefix(hex('00006558'), frame))],
    ['GRE with MPLS', over(47, prefix(hex('00008847 00064140')))],
    ['GRE with PPP', over(47, prefix(hex('0000880b'), prefix(ppp)))],
    ['GRE with WCCP', over(47, prefix(hex('0000883e 01020304')))],
    ['GRE of PPTP', over(47, prefix(hex('3081880b 00100001 00000001 00000002 ff030021')))],
    ['GRE in UDP', overUdp(4754, prefix(hex('00000800')))],
    ['ERSPAN I', over(47, prefix(hex('000088be'), frame))],
    ['ERSPAN II', over(47, prefix(hex('100088be 00000001 1001000a 00000000'), frame))],
    ['ERSPAN III', over(47, prefix(hex('100022eb 00000001 2001000a 00000000 00000000'), frame))],
    [
      'ERSPAN III with a subheader',
      over(47, prefix(hex('100022eb 00000001 2001000a 00000000 00000001 0000000000000000'), frame)),
    ],
    ['MPLS', typedFrame(0x8847, hex('00064140'))],
    ['MPLS, three labels', typedFrame(0x8847, hex('00064040 00064040 00064140'))],
    ['MPLS, a pseudowire with a control word', typedFrame(0x8847, hex('00064140 00000000'), frame)],
    ['MPLS, a pseudowire without', typedFrame(0x8847, hex('00064140'), frame)],
    ['MPLS in IP', over(137, prefix(hex('00064140')))],
    ['MPLS in UDP', overUdp(6635, prefix(hex('00064140')))],
    ['EtherIP', over(97, prefix(hex('3000'), frame))],
    ['GTP-U', overUdp(2152, (packet) => join(hex('30ff'), u16(packet.length), u32(7), packet))],
    [
      'GTP-U with a sequence number',
      overUdp(2152, (packet) => join(hex('32ff'), u16(packet.length + 4), u32(7), hex('00010000'), packet)),
    ],
    [
      'GTP-U of 5G',
      overUdp(2152, (packet) =>
        join(hex('34ff'), u16(packet.length + 8), u32(7), hex('00000085 01100900'), packet),
      ),
    ],
    ['TZSP', overUdp(37_008, prefix(hex('01000001 00 0b0100 01'), frame))],
    ['TZSP with Wi-Fi', overUdp(37_008, prefix(hex('01000012 01'), wifi()))],
    ['L2TP', overUdp(1701, prefix(hex('0002 0001 0001 ff030021')))],
    [
      'L2TP with length, sequence and offset',
      overUdp(1701, prefix(hex('4a02 0000 0001 0001 0001 0002 0002 0000 0021'))),
    ],
    [
      'an Authentication Header',
      over(51, prefix(hex('04040000 00000001 00000001 000000000000000000000000'))),
    ],
    [
      'VXLAN in GRE',
      over(47, (packet) =>
        join(
          hex('00000800'),
          ipv4(udp(join(hex('08000000 00002a00'), ethernet(packet)), [1, 4789]), { protocol: 17 }),
        ),
      ),
    ],
    ['provider backbone', typedFrame(0x88e7, hex('00000001'), frame)],
    ['MACsec without encryption', typedFrame(0x88e5, hex('0000 00000001 0800'))],
    ['MACsec with its channel', typedFrame(0x88e5, hex('2000 00000001 0102030405060001 0800'))],
    ['VN-Tag', typedFrame(0x8926, hex('00000001 0800'))],
    ['HSR', typedFrame(0x892f, hex('00000001 0800'))],
    ['Cisco Metadata', typedFrame(0x8909, hex('0101 0001 0001 0800'))],
    ['NSH', typedFrame(0x894f, hex('0fc20201 00000000'), (packet) => packet)],
  ])('%s', (name, wrap) => {
    const packets = name === 'NSH' ? [] : [syn, hello]
    if (packets.length > 0) expect(sent(pcap(timed(packets.map(wrap))))).toEqual(found)
    // Cut anywhere, it throws no exception.
    const whole = wrap(hello)
    for (let end = 14; end < whole.length; end++) read(pcap(timed([whole.subarray(0, end)])))
  })

  test.each([
    ['Teredo', ''],
    ['Teredo with an origin', '0000 1234 01020304'],
    ['Teredo with authentication', '0001 0000 0000000000000000 00'],
    ['Teredo with both', '0001 0201 aabb cc 0000000000000000 00 0000 1234 01020304'],
  ])('%s', (_name, head) => {
    const inner = [tcp({ seq: 999, flags: 'S' }), tcp({ seq: 1000, payload: 'hello' })]
    const frames = inner.map((segment) => overUdp(3544, prefix(hex(head)))(ipv6(segment)))
    expect(sent(pcap(timed(frames)))).toEqual(found)
  })

  test('Teredo between clients has no fixed port', () => {
    const inner = [tcp({ seq: 999, flags: 'S' }), tcp({ seq: 1000, payload: 'hello' })]
    const frames = inner.map((segment) =>
      overUdp(60_000, (packet) => packet)(ipv6(segment, { from: '2001:0::1' })),
    )
    expect(sent(pcap(timed(frames)))).toEqual(found)
  })

  test('a port given by the user is not searched for tunnels', () => {
    const { flows } = read(pcap(timed([overUdp(4789, () => hex('0500 0102 03'))(hello)])), { ports: [4789] })
    expect(flows).toHaveLength(1)
  })
})

describe('the link layer', () => {
  const present = 1 << 1
  test.each<[string, number, Wrap]>([
    ['radiotap', 127, prefix(radiotap(padding(0), 0), wifi())],
    [
      'radiotap with flags and a check sequence',
      127,
      (packet) => join(radiotap(bytes(0x10), present), wifi()(packet), padding(4)),
    ],
    [
      'radiotap with TSFT before the flags',
      127,
      (packet) => join(radiotap(join(padding(8), bytes(0x10)), 3), wifi()(packet), padding(4)),
    ],
    [
      'radiotap with two words',
      127,
      (packet) =>
        join(radiotap(join(u32(0), bytes(0x10)), present | 0x8000_0000), wifi()(packet), padding(4)),
    ],
    [
      'radiotap, the header padded',
      127,
      prefix(radiotap(bytes(0x20), present), wifi({ control: 0x88, rest: padding(4) })),
    ],
    ['802.11', 105, wifi()],
    ['802.11 with QoS', 105, wifi({ control: 0x88, rest: padding(2) })],
    ['802.11 with QoS and HT control', 105, wifi({ control: 0x88, flags: 0x81, rest: padding(6) })],
    ['802.11 between access points', 105, wifi({ flags: 3, rest: padding(6) })],
    ['802.11 decrypted by the card', 105, wifi({ flags: 0x41 })],
    ['802.11 decrypted by the card, CCMP left', 105, wifi({ flags: 0x41, rest: padding(8) })],
    ['802.11 aggregated', 105, aggregated],
    ['Prism', 119, prefix(join(u32(0x44, true), u32(144, true), padding(136)), wifi())],
    ['AVS', 163, prefix(join(u32(0x80211001), u32(64), padding(56)), wifi())],
    ['AVS as Prism', 119, prefix(join(u32(0x80211001), u32(64), padding(56)), wifi())],
    ['PPI with 802.11', 192, prefix(ppi(105), wifi())],
    [
      'PPI with 802.11 and a check sequence',
      192,
      (packet) =>
        join(
          ppi(105, join(u16(2, true), u16(20, true), padding(8), u16(1, true), padding(10))),
          wifi()(packet),
          padding(4),
        ),
    ],
    [
      'PPI with 802.11 that says there is no check sequence',
      192,
      prefix(ppi(105, join(u16(2, true), u16(20, true), padding(20))), wifi()),
    ],
    [
      'PPI with 802.11 and another field',
      192,
      prefix(ppi(105, join(u16(3, true), u16(12, true), padding(8), u16(1, true), padding(2))), wifi()),
    ],
    ['PPI with Ethernet', 192, prefix(ppi(1), frame)],
    ['PKTAP', 258, prefix(pktap(1), frame)],
    ["PKTAP, Apple's number", 149, prefix(pktap(1), frame)],
    ['PKTAP with bare IP', 258, prefix(pktap(12))],
    ['PKTAP with NULL', 258, prefix(pktap(0), prefix(hex('02000000')))],
    ['NFLOG', 239, nflog(true)],
    ['NFLOG, big endian', 239, nflog(false)],
    ['PFLOG of FreeBSD', 117, prefix(join(bytes(61, 2), padding(62)))],
    ['PFLOG of OpenBSD', 117, prefix(join(bytes(100, 2), padding(98)))],
    ['BSD ENC', 109, prefix(padding(12))],
    ['PPP', 9, prefix(ppp)],
    ['PPP with address and control', 9, prefix(hex('ff030021'))],
    ['PPP, the protocol in one byte', 9, prefix(hex('21'))],
    ['PPP with MPLS', 9, prefix(hex('0281 00064140'))],
    ['PPP in HDLC framing', 50, prefix(hex('ff030021'))],
    ['PPP in HDLC framing, Cisco', 50, prefix(hex('0f000800'))],
    ['PPPoE', 51, (packet) => join(hex('11000001'), u16(packet.length + 2), ppp, packet)],
    ['PPP of pppd', 166, prefix(hex('01030021'))],
    ['PPP with a direction', 204, prefix(hex('00 ff030021'))],
    ['Cisco HDLC', 104, prefix(hex('0f000800'))],
    ['Cisco HDLC with a direction', 205, prefix(hex('01 8f000800'))],
    ['Frame Relay', 107, prefix(hex('1841 03cc'))],
    ['Frame Relay with SNAP', 107, prefix(hex('1841 0300 80 000000 0800'))],
    ['Frame Relay, Cisco', 107, prefix(hex('1841 0800'))],
    ['ATM with LLC', 100, prefix(snapHead)],
    ['Classical IP over ATM', 106, prefix(padding(0))],
    ['ERF with Ethernet', 197, erf(2, padding(2), frame)],
    ['ERF with extension headers', 197, erf(0x82, padding(2), frame)],
    ['ERF with PPP', 197, erf(1, hex('ff030021'))],
    ['ERF with Cisco HDLC', 197, erf(1, hex('0f000800'))],
    ['ERF with channels', 197, erf(5, hex('00000001 0f000800'))],
    ['ERF with IPv4', 197, erf(22, padding(0))],
    [
      'Linux cooked, monitor mode',
      113,
      prefix(join(u16(0), u16(803), padding(12)), prefix(radiotap(padding(0), 0), wifi())),
    ],
    [
      'Linux cooked 2, monitor mode',
      276,
      prefix(join(padding(8), u16(803), padding(10)), prefix(radiotap(padding(0), 0), wifi())),
    ],
    ['Linux cooked 2 with MPLS', 276, prefix(join(u16(0x8847), padding(18), hex('00064140')))],
    ['Linux cooked with MPLS', 113, prefix(join(padding(14), u16(0x8847), hex('00064140')))],
    ['IP over IEEE 1394', 138, prefix(join(padding(16), u16(0x0800)))],
    ['netANALYZER', 240, prefix(padding(4), frame)],
    ['Solaris IPNET', 226, prefix(padding(24))],
    ['IP over InfiniBand', 242, prefix(join(padding(40), u16(0x0800), u16(0)))],
  ])('%s', (_name, link, wrap) => {
    expect(sent(pcap(timed([syn, hello].map(wrap)), { link }))).toEqual(found)
    const whole = wrap(hello)
    for (let end = 0; end < whole.length; end++) read(pcap(timed([whole.subarray(0, end)]), { link }))
  })

  test('a frame check sequence given by the link type is not data', () => {
    // Total Length 0, as offloaded segments have: only the frame says where the data ends.
    const open = ipv4(tcp({ seq: 1000, payload: 'hello' }), { total: 0 })
    const frames = [ethernet(syn), ethernet(open)].map((packet) => join(packet, bytes(1, 2, 3, 4)))
    expect(sent(pcap(timed(frames), { link: 0x2400_0001 }))).toEqual(found)
    const blocks = frames.map((packet) => packetBlock({ bytes: packet }))
    const face = block(1, join(u16(1, true), u16(0), u32(0), option(13, bytes(4)), option(0, padding(0))))
    expect(sent(join(section(), face, ...blocks))).toEqual(found)
    expect(sent(join(section(), interfaceBlock(), ...blocks)).text).toEqual(['hello\x01\x02\x03\x04'])
  })

  test('the address family in the link type of NetBSD raw IP is ignored', () => {
    expect(sent(pcap(timed([syn, hello]), { link: 0x0224_0002 }))).toEqual(found)
  })
})

describe('unreadable packets are reported and counted', () => {
  const twice = (wrap: Wrap) => sent(pcap(timed([wrap(hello), wrap(hello)]))).notes
  test.each<[string, Wrap]>([
    [
      '2 UDP packets to port 4789: VXLAN, inner packets not readable because the flag that makes the header valid is not set',
      overUdp(4789, prefix(hex('00000000 00002a00'))),
    ],
    [
      '2 UDP packets to port 6081: Geneve, inner packets not readable because its header is damaged',
      overUdp(6081, prefix(hex('40006558 00002a00'))),
    ],
    [
      '2 UDP packets to port 14567: MQTT over QUIC, not readable because QUIC is encrypted (capture at the server, behind its TLS, or use TCP)',
      overUdp(14_567, () => hex('c000000001')),
    ],
    [
      '2 UDP packets to port 4500: IPsec ESP, inner packets not readable because they are encrypted',
      overUdp(4500, () => hex('0000000100000001')),
    ],
    [
      '2 UDP packets to port 51820: WireGuard, inner packets not readable because they are encrypted',
      overUdp(51_820, () => join(hex('04000000'), padding(44))),
    ],
    [
      '2 UDP packets to port 20001: DTLS, not readable because it is encrypted',
      overUdp(20_001, () => hex('16fefd0000000000000000000a00000000000000')),
    ],
    [
      '2 IPsec ESP packets: inner packets not readable because they are encrypted',
      over(50, () => padding(20)),
    ],
    ['2 Ethernet frames: encrypted by MACsec', typedFrame(0x88e5, hex('0c00 00000001'))],
    ...[
      ['002d', 'compressed TCP headers (RFC 1144), not read'],
      ['002f', 'compressed TCP headers (RFC 1144), not read'],
      ['0053', 'encrypted by PPP (RFC 1968)'],
      ['00fb', 'compressed or encrypted by PPP (RFC 1962, RFC 3078)'],
      ['00fd', 'compressed or encrypted by PPP (RFC 1962, RFC 3078)'],
    ].map(([protocol, why]): [string, Wrap] => [
      `2 PPP packets: ${why}`,
      over(47, () => hex(`0000880b ${protocol}`)),
    ]),
    [
      '2 GRE packets, inner packets not readable because they have routing fields or an unknown version',
      over(47, () => hex('40000800 00000000')),
    ],
  ])('%s', (text, wrap) => {
    expect(twice(wrap)).toContain(text)
  })

  // Each differs in one field from a packet that is read.
  const notIp = read(pcap(timed([ethernet(padding(28), { type: 0x0806 })]))).notes
  test.each<[string, number, Wrap]>([
    [
      'GRE of PPTP with another protocol',
      1,
      over(47, prefix(hex('30810800 00100001 00000001 00000002 0021'))),
    ],
    ['Ethernet with another EtherType', 1, typedFrame(0x0801, padding(0))],
    [
      'LLC with SNAP and a length in place of the EtherType',
      100,
      prefix(hex('aaaa 03 000000 0400 aaaa 03 000000 0800')),
    ],
    ['LLC of another organisation', 100, prefix(hex('aaab 03 000000 0800'))],
    ['PPP with another protocol', 9, prefix(hex('0023'))],
    ['NSH with another protocol', 1, typedFrame(0x894f, hex('0fc20206 00000000'))],
    ['PKTAP within PKTAP that is longer than the frame', 258, prefix(pktap(258), () => pktap(192, 109))],
    ['PKTAP of another version', 258, prefix(join(u32(108, true), u32(2, true), u32(12, true), padding(96)))],
  ])('not IP: %s', (_name, link, wrap) => {
    const { flows, notes } = read(pcap(timed([wrap(hello)]), { link }))
    expect(flows).toEqual([])
    expect(notes).toEqual(notIp)
  })

  test('Wi-Fi: encrypted, and fragments', () => {
    const secret = (flags: number) => join(wifi({ flags })(hello).subarray(0, 24), padding(40))
    const { notes } = read(pcap(timed([secret(0x41), secret(0x41), secret(5)]), { link: 105 }))
    expect(notes).toContain('2 Wi-Fi frames: encrypted by WEP or WPA')
    expect(notes).toContain('1 Wi-Fi frames: fragments, not read')
  })

  test('other traffic is not reported if there is TCP', () => {
    const arp = overUdp(
      4789,
      prefix(hex('08000000 00002a00'), () => ethernet(padding(28), { type: 0x0806 })),
    )
    expect(sent(pcap(timed([ethernet(syn), arp(hello), ethernet(hello)])))).toEqual(found)
  })
})

describe('nesting is bounded', () => {
  const nested = (wrap: Wrap, depth: number): Buffer => {
    let packet = wrap(hello)
    for (let level = 1; level < depth; level++) packet = wrap(packet)
    return packet
  }
  const text = '1 packets nested in more than 12 others: not read'

  test.each<[string, number, Wrap]>([
    ['PPI in PPI', 192, prefix(ppi(192))],
    ['PKTAP in PKTAP', 258, prefix(pktap(258))],
    ['Ethernet in MPLS', 1, typedFrame(0x8847, hex('00064140'))],
    [
      'MACsec in MACsec',
      1,
      (packet) => join(ethernet(padding(0), { type: 0x88e5 }), hex('0000 00000001'), packet.subarray(12)),
    ],
    ['backbone in backbone', 1, typedFrame(0x88e7, hex('00000001'))],
    [
      'NSH in NSH',
      1,
      (packet) =>
        join(
          packet.length === hello.length ? ethernet(padding(0), { type: 0x894f }) : packet.subarray(0, 14),
          hex('0fc20204 00000000'),
          packet.subarray(14),
        ),
    ],
  ])('%s', (_name, link, wrap) => {
    const { notes, flows } = read(pcap(timed([nested(wrap, 500)]), { link }))
    expect(flows).toEqual([])
    expect(notes).toContain(text)
  })
})

describe('files', () => {
  const frames = [ethernet(syn), ethernet(hello)]
  const snoop = (packets: readonly Buffer[], link = 4) =>
    join(
      Buffer.from('snoop\0\0\0'),
      u32(2),
      u32(link),
      ...packets.flatMap((packet) => {
        const fill = -packet.length & 3
        const head = [packet.length, packet.length, 24 + packet.length + fill, 0, 1_700_000_000, 250_000]
        return [...head.map((word) => u32(word)), packet, padding(fill)]
      }),
    )
  const erfFile = (packets: readonly Buffer[]) =>
    join(...packets.map((packet) => erf(2, padding(2), () => packet)(packet)))

  test.each([
    ['snoop', snoop(frames), 250_000_000],
    ['snoop of 802.3', snoop(frames, 0), 250_000_000],
    ['ERF', erfFile(frames), 500_000_000],
  ])('%s, wherever it is cut', (_name, file, nanos) => {
    expect(sent(file)).toEqual(found)
    for (const chunks of everyCut(file)) {
      const { flows, notes } = read(chunks)
      expect(flows.map(({ c2s }) => c2s)).toEqual(['hello'])
      expect(notes).toEqual([])
      expect(flows[0]!.segments[0]!.segment.origin).toMatchObject({ second: 1_700_000_000, nanos, record: 2 })
    }
  })

  test('a file that ends inside a record', () => {
    for (const file of [snoop(frames), erfFile(frames)]) {
      expect(read(file.subarray(0, -5)).notes[0]).toMatch(
        /^the file ends inside record 2: it has \d+ of \d+ bytes/,
      )
    }
  })

  test('a damaged record ends the reading of a snoop or ERF file', () => {
    const broken = join(snoop(frames), padding(60))
    expect(sent(broken)).toEqual({
      text: ['hello'],
      notes: ['record 3 is damaged, it claims 0 bytes; the rest of the file was not read'],
    })
    const { text, notes } = sent(join(erfFile(frames), padding(60)))
    expect({ text, notes }).toEqual({
      text: ['hello'],
      notes: ['record 3 is damaged; the rest of the file was not read'],
    })
  })

  test('a snoop file of an unsupported link type', () => {
    expect(sent(snoop(frames, 8)).notes[0]).toContain('data link type 8')
  })

  test('captures joined with cat, also of other byte orders, time units and link types', () => {
    const first = pcap(timed([ethernet(syn)]))
    const others = [
      pcap(timed([ethernet(hello)])),
      pcap(timed([ethernet(hello)]), { little: false, nano: true }),
    ]
    for (const second of [...others, pcap(timed([hello]), { link: 101 })]) {
      for (const chunks of everyCut(join(first, second))) {
        const { flows, notes } = read(chunks)
        expect({ text: flows.map(({ c2s }) => c2s), notes }).toEqual(found)
      }
    }
  })
})
