// From frames to segments: link layers, IPv4 and IPv6, fragments, UDP.
import { describe, expect, test } from 'vitest'
import { ethernet, ipv4, ipv6, pcap, tcp, timed, u16, u32, udp } from '../helpers/capture-builder.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'

const syn = tcp({ seq: 999, flags: 'S' })
const hello = tcp({ seq: 1000, payload: 'hello' })
const packets = [ipv4(syn), ipv4(hello)]
const packets6 = [ipv6(syn), ipv6(hello)]

function sent(frames: readonly Buffer[], link = 1): string[] {
  return texts(read(pcap(timed(frames), { link })))
}

function texts(log: CaptureLog): string[] {
  return log.flows.map(({ c2s, s2c }) => c2s + s2c)
}

const family = (bytes: number[]) => (packet: Buffer) => Buffer.concat([Buffer.from(bytes), packet])
const cooked = (packet: Buffer) => Buffer.concat([Buffer.alloc(14), u16(0x0800), packet])
const cooked2 = (packet: Buffer) => Buffer.concat([u16(0x0800), Buffer.alloc(18), packet])
const snap = (packet: Buffer) =>
  Buffer.concat([
    Buffer.alloc(12),
    u16(8 + packet.length),
    Buffer.from([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
    packet,
  ])
const pppoe = (packet: Buffer) =>
  ethernet(Buffer.concat([Buffer.from([0x11, 0, 0, 1]), u16(packet.length + 2), u16(0x21), packet]), {
    type: 0x8864,
  })

describe('link layers', () => {
  test.each([
    ['Ethernet', 1, (packet: Buffer) => ethernet(packet)],
    ['VLAN', 1, (packet: Buffer) => ethernet(packet, { tags: [0x8100] })],
    ['QinQ', 1, (packet: Buffer) => ethernet(packet, { tags: [0x88a8, 0x8100] })],
    ['three old tags', 1, (packet: Buffer) => ethernet(packet, { tags: [0x9100, 0x9100, 0x8100] })],
    ['802.3 with SNAP', 1, snap],
    ['PPPoE', 1, pppoe],
    ['PPP', 9, (packet: Buffer) => Buffer.concat([u16(0x21), packet])],
    ['NULL, little endian', 0, family([2, 0, 0, 0])],
    ['NULL, big endian', 0, family([0, 0, 0, 2])],
    ['LOOP', 108, family([0, 0, 0, 2])],
    ['raw, 12', 12, (packet: Buffer) => packet],
    ['raw, 14', 14, (packet: Buffer) => packet],
    ['raw, 101', 101, (packet: Buffer) => packet],
    ['IPv4', 228, (packet: Buffer) => packet],
    ['Linux cooked', 113, cooked],
    [
      'Linux cooked with a VLAN tag',
      113,
      (packet: Buffer) => Buffer.concat([Buffer.alloc(14), u16(0x8100), u16(7), u16(0x0800), packet]),
    ],
    ['Linux cooked 2', 276, cooked2],
  ] as const)('%s', (_name, link, wrap) => {
    expect(sent(packets.map(wrap), link)).toEqual(['hello'])
  })

  test.each([
    ['NULL of macOS', 0, family([30, 0, 0, 0])],
    ['raw', 101, (packet: Buffer) => packet],
    ['IPv6', 229, (packet: Buffer) => packet],
    ['Ethernet', 1, (packet: Buffer) => ethernet(packet, { type: 0x86dd })],
  ] as const)('IPv6 in %s', (_name, link, wrap) => {
    expect(sent(packets6.map(wrap), link)).toEqual(['hello'])
  })

  test('a frame of only VLAN tags is skipped', () => {
    const tags = Array<number>(10_000).fill(0x8100)
    expect(sent([ethernet(ipv4(syn), { tags }), ...packets.map((packet) => ethernet(packet))])).toEqual([
      'hello',
    ])
  })

  test('an unsupported link type is reported once', () => {
    const { notes } = read(pcap(timed([hello, hello]), { link: 195 }))
    expect(notes[0]).toBe('link type 195 (IEEE 802.15.4) is not supported; its frames were skipped')
    expect(notes[1]).toBe('no TCP or UDP in the 2 packets of this capture: 2 that are not IP')
  })

  test('a capture without TCP and UDP: the other protocols are reported', () => {
    const frames = [
      ethernet(Buffer.alloc(28), { type: 0x0806 }),
      ethernet(ipv4(Buffer.alloc(8), { protocol: 1 })),
    ]
    expect(read(pcap(timed(frames))).notes).toEqual([
      'no TCP or UDP in the 2 packets of this capture: 1 ICMP, 1 that are not IP',
    ])
  })
})

describe('IPv4', () => {
  test('options', () => {
    expect(
      sent(packets.map((_, index) => ethernet(ipv4(index ? hello : syn, { options: Buffer.alloc(8, 1) })))),
    ).toEqual(['hello'])
  })

  test('a Total Length of 0 is an offloaded segment', () => {
    expect(sent([ethernet(ipv4(syn)), ethernet(ipv4(hello, { total: 0 }))])).toEqual(['hello'])
  })

  test('a frame that ends before the packet is not reported', () => {
    const frames = [ethernet(Buffer.alloc(0)), ...packets.map((packet) => ethernet(packet))]
    expect(read(pcap(timed(frames))).notes).toEqual([])
  })

  test('nested tunnels, and too many of them', () => {
    const tunnel = (packet: Buffer, depth: number): Buffer =>
      depth === 0 ? packet : tunnel(ipv4(packet, { protocol: 4 }), depth - 1)
    expect(sent(packets.map((packet) => ethernet(tunnel(packet, 2))))).toEqual(['hello'])
    expect(sent(packets.map((packet) => ethernet(tunnel(packet, 19))))).toEqual([])
  })
})

describe('fragments', () => {
  const long = tcp({ seq: 1000, payload: 'abcdefghijklmnopqrstuvwxyz' })
  const part = (start: number, end: number, more: { id?: number } = {}) =>
    ethernet(
      ipv4(long.subarray(start, end), { ...more, id: more.id ?? 7, offset: start, more: end < long.length }),
    )
  const first = ethernet(ipv4(syn))

  test.each([
    ['in order', [part(0, 24), part(24, 40), part(40, 46)]],
    ['the last first', [part(40, 46), part(0, 24), part(24, 40)]],
    ['twice', [part(0, 24), part(0, 24), part(24, 40), part(24, 40), part(40, 46)]],
    ['overlapping', [part(0, 32), part(24, 46)]],
    ['around an earlier fragment', [part(24, 32), part(0, 46 - 6), part(40, 46)]],
  ])('%s', (_name, parts) => {
    expect(sent([first, ...parts])).toEqual(['abcdefghijklmnopqrstuvwxyz'])
  })

  test('of overlapping fragments the first is kept', () => {
    const other = ethernet(ipv4(Buffer.from('XXXXXXXXXXXXXXXX'), { id: 7, offset: 24, more: true }))
    expect(sent([first, part(24, 40), other, part(0, 24), part(40, 46)])).toEqual([
      'abcdefghijklmnopqrstuvwxyz',
    ])
  })

  test('a missing fragment is reported; its bytes are a gap', () => {
    const log = read(
      pcap(timed([first, part(0, 24), part(40, 46), ethernet(ipv4(tcp({ seq: 1026, payload: '!' })))])),
    )
    expect(texts(log)).toEqual(['<26>!'])
    expect(log.notes).toEqual(['an incomplete datagram of 2 captured fragments was ignored'])
  })

  test('after 30 seconds the Identification may be reused', () => {
    const file = pcap([...timed([first, part(0, 24)]), ...timed([part(24, 40), part(40, 46)], 1_700_000_031)])
    expect(texts(read(file))).toEqual([])
  })

  test('incomplete datagrams: 256 are kept', () => {
    const parts = Array.from({ length: 5000 }, (_, id) => part(0, 24, { id }))
    const log = read(pcap(timed([first, ...parts, ...packets.map((packet) => ethernet(packet))])))
    expect(texts(log)).toEqual(['hello'])
  })

  test('of IPv6', () => {
    const fragment = (start: number, end: number) => {
      const header = Buffer.concat([Buffer.from([6, 0]), u16(start | (end < long.length ? 1 : 0)), u32(77)])
      return ethernet(ipv6(Buffer.concat([header, long.subarray(start, end)]), { next: 44 }), {
        type: 0x86dd,
      })
    }
    const log = read(pcap(timed([ethernet(ipv6(syn), { type: 0x86dd }), fragment(24, 46), fragment(0, 24)])))
    expect(texts(log)).toEqual(['abcdefghijklmnopqrstuvwxyz'])
    expect(log.flows[0]!.client).toBe('[2001:db8::1]:40000')
  })
})

describe('IPv6 extension headers', () => {
  const frame = (payload: Buffer, next: number) => ethernet(ipv6(payload, { next }), { type: 0x86dd })

  test('hop-by-hop, routing, destination, authentication', () => {
    const chain = [
      Buffer.from([43, 0, 1, 4, 0, 0, 0, 0]),
      Buffer.from([60, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from([51, 0, 1, 4, 0, 0, 0, 0]),
      Buffer.from([6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    expect(sent([syn, hello].map((segment) => frame(Buffer.concat([...chain, segment]), 0)))).toEqual([
      'hello',
    ])
  })

  test('an atomic fragment is a whole packet (RFC 6946)', () => {
    const atomic = Buffer.from([6, 0, 0, 0, 0, 0, 0, 1])
    expect(sent([syn, hello].map((segment) => frame(Buffer.concat([atomic, segment]), 44)))).toEqual([
      'hello',
    ])
  })

  test('an endless chain is given up', () => {
    const endless = Buffer.alloc(8000)
    const log = read(
      pcap(timed([frame(endless, 0), ...packets6.map((packet) => ethernet(packet, { type: 0x86dd }))])),
    )
    expect(texts(log)).toEqual(['hello'])
    expect(log.notes[0]).toMatch(/too many extension headers/)
  })

  test.each([0, 43, 44, 51, 60])('header %i, cut off', (next) => {
    const cut = frame(Buffer.from([6, 0, 0, 0, 0, 0, 0]), next)
    const log = read(pcap(timed([cut, ...packets6.map((packet) => ethernet(packet, { type: 0x86dd }))])))
    expect(texts(log)).toEqual(['hello'])
    expect(log.notes).toEqual(['record 1 holds an IPv6 extension header that is cut off; it was skipped'])
  })

  test.each([
    ['::1', '[::1]'],
    ['2001:db8::1:0:0:1', '[2001:db8::1:0:0:1]'],
    ['fe80::', '[fe80::]'],
    ['1:2:3:4:5:6:7:8', '[1:2:3:4:5:6:7:8]'],
  ])('%s is written as in RFC 5952', (from, written) => {
    const log = read(
      pcap(timed([syn, hello].map((segment) => ethernet(ipv6(segment, { from }), { type: 0x86dd })))),
    )
    expect(log.flows[0]!.client).toBe(`${written}:40000`)
  })
})

describe('UDP', () => {
  const connect = Buffer.from([10, 4, 4, 1, 0, 60, 0x61, 0x62, 0x63, 0x64])
  const connack = Buffer.from([3, 5, 0])
  const datagram = (payload: Buffer, ports?: readonly [number, number], back = false) =>
    ethernet(ipv4(udp(payload, ports), { protocol: 17, ...(back && { from: '10.0.0.2', to: '10.0.0.1' }) }))

  test('each datagram is a segment of its flow', () => {
    const log = read(
      pcap(timed([datagram(connect), datagram(connack, [1884, 40000], true), datagram(connect)])),
    )
    expect(log.flows[0]).toMatchObject({
      client: '10.0.0.1:40000',
      server: '10.0.0.2:1884',
      flow: { protocol: 'udp' },
    })
    expect(
      log.flows[0]!.segments.map(({ direction, segment }) => [
        direction,
        segment.offset,
        segment.bytes.length,
      ]),
    ).toEqual([
      ['c2s', 0, 10],
      ['s2c', 0, 3],
      ['c2s', 10, 10],
    ])
  })

  test('MQTT-SN is recognised on any port, other datagrams are ignored', () => {
    const dns = Buffer.from('abcd01000001000000000000', 'hex')
    const log = read(
      pcap(
        timed([
          datagram(dns, [50000, 53]),
          datagram(connack, [7777, 9999]),
          datagram(connect, [9999, 7777], true),
        ]),
      ),
    )
    expect(log.flows.map(({ client }) => client)).toEqual(['10.0.0.2:9999'])
  })

  test('a gap follows a cut datagram', () => {
    const frame = datagram(connect)
    const [packet] = timed([frame])
    const cut = { ...packet!, bytes: frame.subarray(0, -4), wire: frame.length }
    const log = read(pcap([cut, { ...packet!, bytes: datagram(connect) }]))
    expect(log.flows[0]!.gaps).toEqual(['c2s 6 4 cut by the snap length of the capture'])
    expect(log.flows[0]!.segments[1]!.segment).toMatchObject({ offset: 10, gapBefore: 4 })
  })
})
