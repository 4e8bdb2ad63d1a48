// Written captures are read back: the ends of a connection, its beginning, bytes, gaps and end.
import { describe, expect, test } from 'vitest'
import {
  closingBlocks,
  fileHead,
  leaveOut,
  openingBlocks,
  packetBlocks,
  writtenFlow,
} from '../../src/capture/pcapng-writer.js'
import { read } from '../helpers/capture-log.js'

const time = { second: 1_700_000_000, nanos: 5 }
const connect = Buffer.from('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0', 'latin1')

function written(client: string, server: string, how: 'fin' | 'rst' = 'fin', payload = connect) {
  const flow = writtenFlow(client, server, 258, false)
  const blocks = [
    openingBlocks(flow, time),
    packetBlocks(flow, true, payload, time),
    packetBlocks(flow, false, Buffer.from('\x20\x02\0\0', 'latin1'), time),
    closingBlocks(flow, how, time),
  ]
  const log = read(Buffer.concat([fileHead(), ...blocks]))
  expect(log.notes).toEqual([])
  expect(log.flows).toHaveLength(1)
  return log.flows[0]!
}

test.each([
  ['10.1.2.3:50000', '10.4.5.6:1883'],
  ['[2001:db8::1]:50000', '[2001:db8::2]:1883'],
  ['[::1]:50000', '[::]:1883'],
  ['[1:2:3:4:5:6:7:8]:50000', '[fe80::]:1883'],
])('%s to %s keep their addresses', (client, server) => {
  const flow = written(client, server)
  expect(flow).toMatchObject({ client, server, s2c: '\x20\x02\0\0', closed: 'fin', flow: { sawStart: true } })
  expect(flow.bytes.c2s).toEqual(connect)
  expect(flow.segments[0]!.segment.origin).toMatchObject(time)
})

test('a zone is left out', () => {
  expect(written('[fe80::1%eth0]:50000', '[fe80::2%eth0]:1883').client).toBe('[fe80::1]:50000')
})

test.each([
  ['[::ffff:10.1.2.3]:50000', '10.4.5.6:1883', '10.1.2.3:50000', '10.4.5.6:1883'],
  ['10.1.2.3:50000', '[::1]:1883', '[::ffff:a01:203]:50000', '[::1]:1883'],
  ['[::1]:50000', '10.4.5.6:1883', '[::1]:50000', '[::ffff:a04:506]:1883'],
])('%s to %s: one version of IP for both', (client, server, from, to) => {
  expect(written(client, server)).toMatchObject({ client: from, server: to, closed: 'fin' })
})

test.each([
  'client',
  '10.0.0.1',
  '[1:2:3]:50000',
  '[1:2:3:4:5:6:7:8:9]:50000',
  '[1:2:3:4:5:6:7::8:9]:50000',
  '[12345::1]:50000',
  '[::1.2.3.4]:50000',
])('%s gets a generated address', (client) => {
  expect(written(client, '10.4.5.6:1883').client).toBe('10.0.1.2:49410')
})

test('more than fits in a packet, and a reset', () => {
  const flow = written('10.1.2.3:50000', '10.4.5.6:1883', 'rst', Buffer.alloc(150_000, connect))
  expect(flow.bytes.c2s).toEqual(Buffer.alloc(150_000, connect))
  expect(flow.segments.filter(({ direction }) => direction === 'c2s')).toHaveLength(3)
  expect(flow.closed).toBe('rst')
})

test('bytes left out are a gap', () => {
  const flow = writtenFlow('10.1.2.3:50000', '10.4.5.6:1883', 1, false)
  const blocks = [openingBlocks(flow, time), packetBlocks(flow, true, Buffer.from('ab'), time)]
  leaveOut(flow, true, 7)
  blocks.push(packetBlocks(flow, true, Buffer.from('cd'), time), closingBlocks(flow, 'fin', time))
  expect(read(Buffer.concat([fileHead(), ...blocks])).flows[0]!.c2s).toBe('ab<7>cd')
})

describe('UDP', () => {
  test('datagrams only: no packets for beginning and end', () => {
    const flow = writtenFlow('10.1.2.3:50000', '[::1]:1884', 1, true)
    expect(openingBlocks(flow, time)).toHaveLength(0)
    expect(closingBlocks(flow, 'fin', time)).toHaveLength(0)
    expect(closingBlocks(flow, 'rst', time)).toHaveLength(0)
  })

  test('are read back', () => {
    const flow = writtenFlow('10.1.2.3:50000', '10.4.5.6:1884', 1, true)
    const block = packetBlocks(flow, true, Buffer.from([10, 4, 4, 1, 0, 60, 0x61, 0x62, 0x63, 0x64]), time)
    expect(read(Buffer.concat([fileHead(), block, block])).flows[0]).toMatchObject({
      client: '10.1.2.3:50000',
      server: '10.4.5.6:1884',
      segments: [{ segment: { offset: 0 } }, { segment: { offset: 10 } }],
    })
  })
})

test.each([
  [
    'after the year 2554',
    { second: 20_000_000_000, nanos: 1_234_567 },
    { second: 20_000_000_000, nanos: 1_234_000 },
  ],
  [
    'in nanoseconds',
    { second: 1_700_000_000, nanos: 123_456_789 },
    { second: 1_700_000_000, nanos: 123_456_789 },
  ],
])('a time %s', (_name, given, found) => {
  const flow = writtenFlow('10.1.2.3:50000', '10.4.5.6:1883', 1, false)
  const file = Buffer.concat([
    fileHead(),
    openingBlocks(flow, given),
    packetBlocks(flow, true, connect, given),
  ])
  expect(read(file).flows[0]!.segments[0]!.segment.origin).toMatchObject(found)
})
