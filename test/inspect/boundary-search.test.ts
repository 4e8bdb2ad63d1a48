// The search for a packet boundary: which boundaries it accepts, and that its work is bounded (H26).
import { describe, expect, test } from 'vitest'
import { type Origin, segmentOf } from '../../src/capture/stream.js'
import { Assembler } from '../../src/inspect/assembler.js'
import { headerAt, isClean } from '../../src/inspect/fixed-header.js'
import { Packet } from '../../src/inspect/packet.js'
import { none, packetAt } from '../../src/inspect/plausible.js'
import { Dice } from '../helpers/dice.js'
import { fixtures, inspected } from './captures.js'

const origin: Origin = { record: 1, fileOffset: 0, second: 0, nanos: 0 }

function searchIn(segments: Iterable<Buffer>) {
  const packets: Packet[] = []
  const skips: string[] = []
  let passed = 0
  const sink = {
    packet: (packet: Packet) => void packets.push(packet),
    skipped: (_: string, offset: number, length = 0) => {
      passed += length
      skips.push(`${offset}+${length}`)
    },
  }
  const options = { synchronised: false, budget: { left: 1e9 }, showUnfinished: false }
  const assembler = new Assembler('c2s', sink, options)
  let offset = 0
  let record = 1
  for (const segment of segments) {
    assembler.push(segmentOf(segment, offset, { ...origin, record: record++ }))
    offset += segment.length
  }
  assembler.end()
  return { packets, skips, passed }
}

function* repeated(text: string, size: number, count: number): Generator<Buffer> {
  for (let i = 0; i < count; i++)
    yield Buffer.from(text.repeat(Math.ceil(size / text.length)).slice(0, size), 'latin1')
}

// 1 MB each, within the limit of a test: searching the window anew for each segment took minutes.
describe('H26: work for each byte is bounded', () => {
  test.each([
    ['digits', '0', 100, 10_000],
    ['rows of JSON', `{"t":${'0123456789,'.repeat(20)}"temp":21.5,"unit":"C"},`, 1448, 1000],
    ['nested packet headers', '\x30\x80\x80\x01\x00\x01a\x30', 1000, 1000],
    ['long texts that contain packet headers', '\x82\xff\x7f\x00\x01\x00\x7fabcdefgh', 1000, 1000],
    ['properties', '\x32\xff\x01\x00\x01a\x00\x01\x70\x26\x00\x01a\x00\x01b', 500, 2000],
  ])('%s', (_, text, size, count) => {
    const { passed } = searchIn(repeated(text, size, count))
    expect(passed).toBe(size * count)
  })

  test('repeated loss of synchronisation neither restarts the search nor overflows the stack', () => {
    const { packets } = searchIn(repeated('\xc0\x00\xc0\x00\xc0\x00\x00\x00', 512 * 1024, 1))
    expect(packets).toHaveLength((512 * 1024) / 2)
  })
})

test('packets after a search have the origin of the segment they end in', () => {
  const ping = Buffer.from('c000', 'hex')
  const { packets, skips } = searchIn([
    Buffer.from('xx'),
    Buffer.from('yyy\xc0', 'latin1'),
    Buffer.from([0]),
    ping,
    ping,
  ])
  expect(skips).toEqual(['0+5'])
  expect(packets.map(({ first, last }) => [first!.record, last!.record])).toEqual([
    [2, 3],
    [4, 4],
    [5, 5],
  ])
})

test('packets longer than the bytes kept of a stream without packets are found', () => {
  const publish = Buffer.concat([Buffer.from('30a44e000161', 'hex'), Buffer.alloc(10_017, 0xff)])
  const stream = Buffer.concat([Buffer.from('xx'), publish, publish, publish])
  const segments = Array.from({ length: Math.ceil(stream.length / 1000) }, (_, i) =>
    stream.subarray(i * 1000, (i + 1) * 1000),
  )
  const { packets, skips } = searchIn(segments)
  expect(skips).toEqual(['0+2'])
  expect(packets.map(({ length }) => length)).toEqual([10_023, 10_023, 10_023])
})

test('after bytes were dropped, packets have the origin of their segment', () => {
  const ping = Buffer.from('c000c000c000', 'hex')
  const { packets, passed } = searchIn([...repeated('x', 1000, 100), ping, ping])
  expect(passed).toBe(100_000)
  expect(packets.map(({ first }) => first!.record)).toEqual([101, 101, 101, 102, 102, 102])
})

test.each([
  ['100 that fit into the window', 100, '30808003', 800],
  ['200 that fit into the window: further ones are ignored', 200, '30808003', 1600 + 25],
  ['200 that do not fit', 200, '30808005', 1600],
])('candidates that wait for bytes: %s', (_name, count, header, skipped) => {
  const candidates = Buffer.alloc(count * 8, `${header}00016100`, 'hex')
  const packet = Buffer.concat([Buffer.from('301700016100', 'hex'), Buffer.alloc(19, 0xff)])
  const { skips } = searchIn([
    Buffer.concat([candidates, packet.subarray(0, 15)]),
    Buffer.concat([packet.subarray(15), packet, packet, packet]),
  ])
  expect(skips).toEqual([`0+${skipped}`])
})

test('a valid packet is plausible in any version, complete or not', () => {
  const dice = new Dice(7)
  let clean = 0
  const packets = ['mqttv311.pcap', 'mqttv5.pcap'].flatMap((name) => inspected(fixtures[name]!).packets)
  for (const { bytes: all, start, end } of packets) {
    const bytes = all.subarray(start, end)
    for (let i = 0; i < 60; i++) {
      const mutated = Buffer.from(bytes)
      if (i > 0) mutated[dice.below(mutated.length)] = dice.below(256)
      for (const version of [4, 5]) {
        const header = headerAt(mutated, 0)
        if (typeof header === 'string' || header.end !== mutated.length) continue
        const packet = new Packet(mutated, 0, header.body, header.end, header.end)
        packet.version = version
        if (!isClean(packet)) continue
        clean++
        expect(packetAt(mutated, 0, mutated.length, version)).toBe(mutated.length)
        for (let there = 1; there < mutated.length; there++) {
          expect(packetAt(mutated, 0, there, version)).toBeGreaterThan(there)
        }
      }
    }
  }
  expect(clean).toBeGreaterThan(500)
})

test('a malformed packet is not plausible', () => {
  const table: [string, number][] = [
    ['3004 0001 2b78', 4], // a wildcard in the Topic Name
    ['3004 0003 6162', 4], // longer than the packet
    ['3207 0001 61 0000 78 78', 4], // Packet Identifier 0
    ['4003 0001 00', 4], // too long
    ['4003 0001 01', 5], // no Reason Code of PUBACK
    ['8206 0001 0001 61 03', 4], // QoS 3
    ['c001 00', 4],
    ['3006 0001 61 02 7f00', 5], // no property
    ['3003 0000 78', 4], // neither Topic Name
    ['3004 0000 00 78', 5], // nor Topic Alias
  ]
  for (const [text, version] of table) {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex')
    expect([text, packetAt(bytes, 0, bytes.length, version)]).toEqual([text, none])
  }
})
