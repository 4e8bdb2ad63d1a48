// Reassembly of TCP: lost, reordered, repeated and cut segments.
import { expect, test } from 'vitest'
import { nanosecondsOf } from '../../src/capture/stream.js'
import { ethernet, ipv4, opening, pcap, tcp, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { type LoggedFlow, read } from '../helpers/capture-log.js'

const c = (at: number, payload: string, more = {}) =>
  toServer({ seq: 1000 + at, ack: 5000, payload, ...more })
const s = (at: number, payload: string, more = {}) =>
  toClient({ seq: 5000 + at, ack: 1000, payload, ...more })
const acks = (at: number) => s(0, '', { ack: 1000 + at })

function flows(frames: readonly Buffer[]): LoggedFlow[] {
  return read(pcap(timed(frames))).flows
}

function only(frames: readonly Buffer[]): LoggedFlow {
  const all = flows(frames)
  expect(all).toHaveLength(1)
  return all[0]!
}

test('both directions in order, with the record, file offset and time of each segment', () => {
  const file = pcap(timed([...opening(), c(0, 'hello'), s(0, 'world', { ack: 1005 })]))
  const [flow] = read(file).flows
  expect(flow).toMatchObject({
    client: '10.0.0.1:40000',
    server: '10.0.0.2:1883',
    c2s: 'hello',
    s2c: 'world',
  })
  expect(flow!.flow).toMatchObject({ protocol: 'tcp', sawStart: true })
  const { origin, offset } = flow!.segments[0]!.segment
  expect(offset).toBe(0)
  expect(origin.record).toBe(4)
  expect(file.toString('latin1', origin.fileOffset, origin.fileOffset + 5)).toBe('hello')
  expect(nanosecondsOf(origin)).toBe(1_700_000_000_003_000_000n)
})

test('out-of-order segments are put in order', () => {
  const flow = only([...opening(), c(5, 'fghij'), c(10, 'klm'), c(0, 'abcde')])
  expect(flow).toMatchObject({ c2s: 'abcdefghijklm', gaps: [], retransmitted: { c2s: 0 } })
})

test('retransmissions are dropped and counted, whatever their boundaries', () => {
  const flow = only([...opening(), c(0, 'abcde'), c(0, 'abcde'), c(2, 'cdefgh'), c(1, 'bcd')])
  expect(flow).toMatchObject({ c2s: 'abcdefgh', retransmitted: { c2s: 5 + 3 + 3 } })
})

test('a segment that overlaps waiting segments only fills the holes', () => {
  const flow = only([...opening(), c(3, 'DE'), c(8, 'IJ'), c(0, 'abcdefghijkl')])
  expect(flow).toMatchObject({ c2s: 'abcDEfghIJkl', retransmitted: { c2s: 4 } })
})

test('a retransmission with other bytes: the first are kept, and it is reported', () => {
  const log = read(pcap(timed([...opening(), c(3, 'def'), c(0, 'abcXYZ')])))
  expect(log.flows[0]!.c2s).toBe('abcdef')
  expect(log.notes).toEqual(['a retransmission has other bytes than the original; the original was kept'])
})

test('a hole that the other side has acknowledged is given up after a few packets', () => {
  const late = Array.from({ length: 10 }, () => acks(13))
  const flow = only([...opening(), c(0, 'abc'), c(10, 'klm'), acks(13), ...late, s(0, 'Z')])
  expect(flow.c2s).toBe('abc<7>klm')
  expect(flow.gaps).toEqual(['c2s 3 7 missing from the capture'])
  expect(flow.segments[1]!.segment).toMatchObject({ offset: 10, gapBefore: 7 })
})

test('bytes captured a few packets after their acknowledgement fill the hole', () => {
  const flow = only([...opening(), c(0, 'abc'), c(10, 'klm'), acks(13), acks(13), c(3, 'defghij')])
  expect(flow).toMatchObject({ c2s: 'abcdefghijklm', gaps: [] })
})

test('without acknowledgements a hole is given up at the end, with its length', () => {
  expect(only([...opening(), c(0, 'abc'), c(10, 'klm')]).c2s).toBe('abc<7>klm')
})

test('without acknowledgements a hole is given up after 1 MiB', () => {
  const large = 'x'.repeat(50_000)
  const frames = [...opening(), c(0, 'abc')]
  for (let index = 0; index < 22; index++) frames.push(c(10 + index * 50_000, large))
  frames.push(c(3, 'defghij'))
  const flow = only(frames)
  expect(flow.gaps).toEqual(['c2s 3 7 missing from the capture'])
  expect(flow.bytes.c2s).toHaveLength(3 + 22 * 50_000)
  expect(flow.retransmitted.c2s).toBe(7)
})

test('without acknowledgements a hole is given up after 30 seconds', () => {
  const packets = timed([...opening(), c(0, 'abc'), c(10, 'klm')])
  const later = timed([c(13, 'n'), c(3, 'defghij')], 1_700_000_031)
  expect(read(pcap([...packets, ...later])).flows[0]!.c2s).toBe('abc<7>klmn')
})

test('bytes cut by the snap length are a gap of known length', () => {
  const cut = c(0, 'abcdefgh')
  const packets = timed([...opening(), cut, c(8, 'ijk')])
  packets[3] = { ...packets[3]!, bytes: cut.subarray(0, -5), wire: cut.length }
  const [flow] = read(pcap(packets)).flows
  expect(flow!.c2s).toBe('abc<5>ijk')
  expect(flow!.gaps).toEqual(['c2s 3 5 cut by the snap length of the capture'])
})

test('sequence numbers that wrap around', () => {
  const isn = 0xffff_fffa
  const at = (offset: number, payload: string) =>
    toServer({ seq: (isn + 1 + offset) >>> 0, ack: 5000, payload })
  const flow = only([...opening([isn, 4999]), at(0, 'abc'), at(6, 'ghij'), at(3, 'def'), at(0, 'abcdefghij')])
  expect(flow).toMatchObject({ c2s: 'abcdefghij', gaps: [], retransmitted: { c2s: 10 } })
})

test('a keep-alive probe is not data, a zero window probe is', () => {
  const flow = only([...opening(), c(0, 'abc'), c(2, '\0'), c(3, 'd'), c(4, 'ef')])
  expect(flow).toMatchObject({ c2s: 'abcdef', retransmitted: { c2s: 0 } })
})

test('in mid-stream the first segment is found by what the other side acknowledged', () => {
  const flow = only([acks(0), c(4, 'efg'), c(0, 'abcd'), c(7, 'h')])
  expect(flow.flow.sawStart).toBe(false)
  expect(flow.c2s).toBe('<?>abcdefgh')
})

test.each([
  ['1 second', [], 3],
  ['64 KiB', ['h'.repeat(40_000), 'h'.repeat(40_000)], 0],
  ['256 segments', Array<string>(256).fill('hh'), 0],
] as const)('in mid-stream without acknowledgements no segment is held beyond %s', (_name, others, after) => {
  const piece = (at: number, payload: string) => toServer({ seq: 1000 + at, flags: 'P', payload })
  const held = [piece(4, 'efg')]
  // A hole after each, so that all wait.
  let at = 8
  for (const payload of others) {
    held.push(piece(at, payload))
    at += payload.length + 1
  }
  const late = timed([piece(4, 'efg'), piece(0, 'abcd')], 1_700_000_000 + after)
  const [flow] = read(pcap([...timed(held), ...late])).flows
  expect(flow!.c2s.slice(0, 6)).toBe('<?>efg')
  expect(flow!.retransmitted.c2s).toBe(7)
})

test.each([
  ['an answer', [s(0, 'xyz', { ack: 1006 })], 'c2s abc, c2s def, s2c xyz'],
  [
    'two answers',
    [s(0, 'xyz', { ack: 1006 }), s(3, 'uvw', { ack: 1003 })],
    'c2s abc, c2s def, s2c xyz, s2c uvw',
  ],
] as const)(
  '%s captured before the bytes that it acknowledges is passed on after them',
  (_name, early, order) => {
    const { segments } = only([...opening(), c(0, 'abc'), ...early, c(3, 'def')])
    const found = segments.map(({ direction, segment }) => `${direction} ${Buffer.from(segment.bytes)}`)
    expect(found.join(', ')).toBe(order)
  },
)

test('a reset captured before the last bytes closes after them', () => {
  const flow = only([...opening(), c(0, 'abc'), c(6, '', { flags: 'RA' }), c(3, 'def')])
  expect(flow).toMatchObject({ c2s: 'abcdef', closed: 'rst' })
})

test('in mid-stream without acknowledgements segments are held until 1 second has passed', () => {
  const packets = timed([c(4, 'efg'), c(0, 'abcd')])
  expect(read(pcap([...packets, ...timed([c(7, 'h')], 1_700_000_003)])).flows[0]!.c2s).toBe('<?>abcdefgh')
  expect(only([c(4, 'efg'), c(0, 'abcd')]).c2s).toBe('<?>abcdefg')
})

test('FIN of both sides closes, and late segments open no other flow', () => {
  const end = [c(3, '', { flags: 'FA' }), s(3, '', { flags: 'FA', ack: 1004 }), c(4, '', { ack: 5004 })]
  const flow = only([...opening(), c(0, 'abc'), s(0, 'xyz', { ack: 1003 }), ...end, c(0, 'abc')])
  expect(flow).toMatchObject({ c2s: 'abc', s2c: 'xyz', closed: 'fin' })
})

test('missing bytes before a FIN are reported', () => {
  const end = [c(5, '', { flags: 'FA' }), s(0, '', { flags: 'FA', ack: 1006 })]
  expect(only([...opening(), c(0, 'abc'), ...end])).toMatchObject({ c2s: 'abc<2>', closed: 'fin' })
})

test('a FIN before the last data', () => {
  const frames = [
    ...opening(),
    c(6, '', { flags: 'FA' }),
    c(0, 'abc'),
    s(0, '', { flags: 'FA' }),
    c(3, 'def'),
  ]
  expect(only(frames)).toMatchObject({ c2s: 'abcdef', closed: 'fin' })
})

test('RST closes at once; data after it is reported and ignored', () => {
  const log = read(pcap(timed([...opening(), c(0, 'abc'), s(0, '', { flags: 'RA' }), c(3, 'def')])))
  expect(log.flows[0]).toMatchObject({ c2s: 'abc', closed: 'rst' })
  expect(log.notes).toEqual(['record 6 has data for a connection that was reset; it was ignored'])
})

test('reused ports are another flow', () => {
  const again = [...opening([77, 88]), toServer({ seq: 78, ack: 89, payload: 'two' })]
  const all = flows([...opening(), c(0, 'one'), c(3, '', { flags: 'RA' }), ...again])
  expect(all.map(({ c2s, closed }) => [c2s, closed])).toEqual([
    ['one', 'rst'],
    ['two', 'end'],
  ])
  const unclosed = flows([...opening(), c(0, 'one'), ...again])
  expect(unclosed.map(({ c2s, closed }) => [c2s, closed])).toEqual([
    ['one', 'timeout'],
    ['two', 'end'],
  ])
})

test('a repeated SYN opens one flow; data in a SYN is read', () => {
  const syn = toServer({ seq: 999, flags: 'S', payload: 'abc' })
  const answer = toClient({ seq: 4999, ack: 1003, flags: 'SA' })
  expect(only([syn, syn, answer, answer, c(3, 'def'), s(0, 'xyz')])).toMatchObject({
    c2s: 'abcdef',
    s2c: 'xyz',
  })
})

test('the SYN of the server alone decides the roles', () => {
  const ports = { ports: [40000, 50000] as const }
  const answer = toClient({ ...ports, seq: 4999, ack: 1000, flags: 'SA' })
  const flow = only([answer, c(0, 'abc', ports), s(0, 'x', ports)])
  expect(flow).toMatchObject({ client: '10.0.0.1:40000', c2s: 'abc', s2c: 'x', flow: { sawStart: true } })
})

test.each([
  ['CONNECT', c, '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0', 'c2s'],
  ['CONNACK', s, '\x20\x02\0\0', 's2c'],
  ['SUBSCRIBE', c, '\x82\x06\0\x01\0\x01a\0', 'c2s'],
  ['PINGRESP', s, '\xd0\0', 's2c'],
] as const)('without SYN and known port, %s decides the roles', (_name, from, payload, direction) => {
  // The client has the lower port, so that guessing would be wrong.
  const ports = { ports: [30000, 60000] as const }
  const flow = only([c(0, 'zz', ports), from(direction === 'c2s' ? 2 : 0, payload, ports)])
  expect(flow).toMatchObject({ client: '10.0.0.1:30000', server: '10.0.0.2:60000' })
})

test('if nothing decides the roles, the lower port is the server', () => {
  const ports = { ports: [40000, 30000] as const }
  expect(only([s(0, 'zz', ports), c(0, 'yy', ports)])).toMatchObject({
    client: '10.0.0.1:40000',
    c2s: '<?>yy',
    s2c: '<?>zz',
  })
})

test('--port decides the roles', () => {
  const file = pcap(timed([c(0, 'zz', { ports: [30000, 60000] })]))
  expect(read(file, { ports: [60000] }).flows[0]).toMatchObject({ client: '10.0.0.1:30000' })
  expect(read(file, { ports: [30000] }).flows[0]).toMatchObject({ client: '10.0.0.2:60000' })
})

test('padding of short Ethernet frames is not data', () => {
  const padded = ethernet(ipv4(tcp({ seq: 1000, ack: 5000, payload: 'abc' })), { trailer: '0\x03\0\x01a' })
  expect(only([...opening(), padded, c(3, 'def')]).c2s).toBe('abcdef')
})

test('damaged headers are reported and skipped', () => {
  const short = tcp({ seq: 1000, payload: 'abc' })
  short[12] = 0x40
  const long = tcp({ seq: 1000, payload: 'abc' })
  long[12] = 0xf0
  const log = read(pcap(timed([...opening(), ethernet(ipv4(short)), ethernet(ipv4(long)), c(0, 'abc')])))
  expect(log.flows[0]!.c2s).toBe('abc')
  expect(log.notes).toHaveLength(2)
})
