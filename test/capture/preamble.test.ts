// Proxy preambles before MQTT: reported, and MQTT begins after them, in segments of any size.
import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../src/capture/byte-budget.js'
import type { CaptureContext } from '../../src/capture/context.js'
import { RecordOrigin } from '../../src/capture/frame.js'
import { type Preamble, preambleOf } from '../../src/capture/preamble.js'
import { PreambleLayer } from '../../src/capture/preamble-layer.js'
import { Segment } from '../../src/capture/segment.js'
import { opening, pcap, timed, toClient, toServer, u16 } from '../helpers/capture-builder.js'
import { read } from '../helpers/capture-log.js'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const ascii = (text: string) => Buffer.from(text, 'latin1')
const connect = ascii('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0')
const connack = hex('20020000')
const v2 = hex('0d0a0d0a000d0a515549540a')
const proxied = ascii('HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n')
const ask = 'CONNECT broker.example:1883 HTTP/1.1\r\nHost: broker.example\r\n'
const body = 'x'.repeat(17)
const refused = ascii(
  `HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)

/** A connection; each piece is sent in segments of `size` bytes. */
function talk(pieces: readonly (readonly ['c' | 's', Buffer])[], size: number, start = opening()): Buffer {
  const frames = [...start]
  const at = { c: 1000, s: 5000 }
  for (const [side, bytes] of pieces) {
    for (let from = 0; from < bytes.length; from += size) {
      const payload = bytes.subarray(from, from + size)
      frames.push(
        side === 'c'
          ? toServer({ seq: at.c, ack: at.s, payload })
          : toClient({ seq: at.s, ack: at.c, payload }),
      )
      at[side] += payload.length
    }
  }
  return pcap(timed(frames))
}

type Talk = readonly (readonly ['c' | 's', Buffer])[]
const v6 = hex('20010db8000000000000000000000001')

const kinds: readonly (readonly [string, string, Talk])[] = [
  [
    'PROXY 1',
    'PROXY protocol v1: 203.0.113.7:56324 -> 10.0.0.2:1883',
    [['c', ascii('PROXY TCP4 203.0.113.7 10.0.0.2 56324 1883\r\n')]],
  ],
  [
    'PROXY 1 with IPv6',
    'PROXY protocol v1: [2001:db8::1]:56324 -> [::1]:1883',
    [['c', ascii('PROXY TCP6 2001:db8::1 ::1 56324 1883\r\n')]],
  ],
  ['PROXY 1, unknown', 'PROXY protocol v1: UNKNOWN', [['c', ascii('PROXY UNKNOWN\r\n')]]],
  [
    'PROXY 2',
    'PROXY protocol v2: 203.0.113.7:56324 -> 10.0.0.2:1883',
    [['c', Buffer.concat([v2, hex('2111 000c cb007107 0a000002 dc04 075b')])]],
  ],
  [
    'PROXY 2 with IPv6 and TLVs',
    'PROXY protocol v2: [2001:db8::1]:56324 -> [2001:db8::1]:1883',
    [['c', Buffer.concat([v2, hex('2121'), u16(36 + 7), v6, v6, hex('dc04 075b 03 0004 01020304')])]],
  ],
  ['PROXY 2, local', 'PROXY protocol v2: LOCAL', [['c', Buffer.concat([v2, hex('2000 0000')])]]],
  [
    'PROXY 2, a Unix socket',
    'PROXY protocol v2: no addresses',
    [['c', Buffer.concat([v2, hex('2131 00d8'), Buffer.alloc(216)])]],
  ],
  [
    'SOCKS 4',
    'SOCKS 4 to 10.0.0.2:1883',
    [
      ['c', hex('0401 075b 0a000002 616461 00')],
      ['s', hex('005a 0000 00000000')],
    ],
  ],
  [
    'SOCKS 4a',
    'SOCKS 4a to broker.example:1883',
    [
      ['c', Buffer.concat([hex('0401 075b 00000001 00'), ascii('broker.example\0')])],
      ['s', hex('005a 0000 00000000')],
    ],
  ],
  [
    'SOCKS 5',
    'SOCKS 5 to 10.0.0.2:1883',
    [
      ['c', hex('050100')],
      ['s', hex('0500')],
      ['c', hex('05010001 0a000002 075b')],
      ['s', hex('05000001 00000000 0000')],
    ],
  ],
  [
    'SOCKS 5 with a password and a name',
    'SOCKS 5 to broker.example:1883',
    [
      ['c', hex('05020002')],
      ['s', hex('0502')],
      ['c', hex('01 03616461 0470777764')],
      ['s', hex('0100')],
      ['c', Buffer.concat([hex('05010003 0e'), ascii('broker.example'), hex('075b')])],
      ['s', hex('05000004')],
      ['s', Buffer.concat([v6, hex('075b')])],
    ],
  ],
  [
    'HTTP CONNECT',
    'HTTP CONNECT to broker.example:1883',
    [
      ['c', ascii(`${ask}\r\n`)],
      ['s', proxied],
    ],
  ],
  [
    'HTTP CONNECT, refused first',
    'HTTP CONNECT to broker.example:1883',
    [
      ['c', ascii(`${ask}\r\n`)],
      ['s', refused],
      ['c', ascii(`${ask}Proxy-Authorization: Basic x\r\n\r\n`)],
      ['s', proxied],
    ],
  ],
]

describe.each(kinds)('%s', (_name, text, before) => {
  test.each([1, 3, 7, 10_000])('in segments of %s bytes', (size) => {
    const { flows, notes } = read(talk([...before, ['c', connect], ['s', connack]], size))
    expect(notes).toEqual([])
    expect(flows).toHaveLength(1)
    expect(flows[0]!.bytes.c2s).toEqual(connect)
    expect(flows[0]!.bytes.s2c).toEqual(connack)
    expect(flows[0]!.facts).toEqual([{ kind: 'preamble', text }])
  })

  test('WebSocket after it', () => {
    const upgrade = ascii('GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n')
    const answer = ascii('HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n')
    const { flows } = read(
      talk(
        [...before, ['c', upgrade], ['s', answer], ['c', Buffer.concat([hex('828e00000000'), connect])]],
        50,
      ),
    )
    expect(flows[0]!.bytes.c2s).toEqual(connect)
    expect(flows[0]!.facts.map(({ kind }) => kind)).toEqual(['preamble', 'websocket'])
  })
})

test('the preamble identifies the client if the start was not captured', () => {
  const { flows } = read(
    talk(
      [
        ['c', kinds[0]![2][0]![1]],
        ['c', connect],
      ],
      10_000,
      [],
    ),
  )
  expect(flows[0]!.bytes.c2s.subarray(-connect.length)).toEqual(connect)
})

test.each([
  ['PROXY without an end', ascii(`PROXY ${'x'.repeat(200)}`)],
  ['PROXY 2 of another version', Buffer.concat([v2, hex('3111 0000')])],
  ['SOCKS 5 with an address of no type', hex('050100 05010009 0a000002 075b')],
  ['HTTP without an end', ascii(`${ask}X: ${'y'.repeat(20_000)}`)],
])('%s: all is passed on', (_name, bytes) => {
  const { flows } = read(talk([['c', bytes]], 1000))
  expect(flows[0]!.bytes.c2s).toEqual(bytes)
})

test('a hole in a preamble: the bytes after it are passed on', () => {
  const frames = [
    ...opening(),
    toServer({ seq: 1000, payload: 'PROXY TCP4 203.0.113.7 ' }),
    toServer({ seq: 1044, payload: connect }),
    toClient({ seq: 5000, ack: 1058, payload: connack }),
  ]
  const { flows } = read(pcap(timed(frames)))
  expect(flows[0]!.c2s).toBe(`PROXY TCP4 203.0.113.7 <21>${connect.toString('latin1')}`)
})

test('the bytes of a preamble count as held until both sides have passed it', () => {
  const budget = new ByteBudget(1000)
  const held = () => {
    for (let bytes = 0; ; bytes++) {
      budget.change(0, 1001 - bytes)
      const isSpent = budget.isSpent
      budget.change(1001 - bytes, 0)
      if (!isSpent) return bytes - 1
    }
  }
  const next = { fact() {}, data() {}, gap() {}, end() {} }
  const socks = ascii('\x04\x01\x07\x5b\x0a\0\0\x02\0')
  const layer = new PreambleLayer(
    { budget } as unknown as CaptureContext,
    next,
    preambleOf(socks, 'c2s', true) as Preamble,
  )
  const origin = new RecordOrigin({ record: 1, second: 0, nanos: 0 }, 0)
  layer.data('c2s', new Segment(socks, 0, origin))
  expect(held()).toBe(18)
  layer.data('s2c', new Segment(hex('005a'), 0, origin))
  expect(held()).toBe(22)
  layer.data('s2c', new Segment(hex('000000000000'), 2, origin))
  expect(held()).toBe(0)
})
