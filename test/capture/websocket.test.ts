// MQTT over WebSocket in captures: handshake, frames, compression, gaps.
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { inflate } from '../../src/commands/capture-inflate.js'
import { opening, pcap, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { type CaptureLog, read } from '../helpers/capture-log.js'
import { everyCut } from '../helpers/cuts.js'

const request =
  'GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Protocol: mqtt, mqttv3.1\r\n\r\n'
const answer =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n'

interface FrameOptions {
  readonly opcode?: number
  readonly fin?: boolean
  readonly masked?: boolean
  readonly compressed?: boolean
}

function frame(payload: Uint8Array | string, options: FrameOptions = {}): Buffer {
  const { opcode = 2, fin = true, masked = false, compressed = false } = options
  const bytes = Buffer.from(typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload)
  const length =
    bytes.length < 126
      ? [bytes.length]
      : bytes.length < 65_536
        ? [126, bytes.length >> 8, bytes.length & 255]
        : [127, 0, 0, 0, 0, ...u32(bytes.length)]
  const head = [
    (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode,
    length[0]! | (masked ? 0x80 : 0),
    ...length.slice(1),
  ]
  if (!masked) return Buffer.concat([Buffer.from(head), bytes])
  const key = Buffer.from([0x11, 0xa2, 0x33, 0x44])
  for (let index = 0; index < bytes.length; index++) bytes[index]! ^= key[index % 4]!
  return Buffer.concat([Buffer.from(head), key, bytes])
}

function u32(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]
}

const masked = (payload: Uint8Array | string, options: FrameOptions = {}) =>
  frame(payload, { ...options, masked: true })

/** A connection on port 9001; each piece is one segment. */
function talk(pieces: readonly (readonly ['c' | 's', Buffer | string])[], start = true): CaptureLog {
  const common = { ports: [40000, 9001] as const }
  const at = { c: 1000, s: 5000 }
  const frames = start ? opening([999, 4999], common) : []
  for (const [side, piece] of pieces) {
    const payload = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    const to = side === 'c' ? toServer : toClient
    frames.push(to({ ...common, seq: at[side], ack: side === 'c' ? at.s : at.c, payload }))
    at[side] += payload.length
  }
  return read(pcap(timed(frames)), { inflate })
}

const handshake = [
  ['c', request],
  ['s', answer],
] as const

test('the handshake is reported, the payloads are joined', () => {
  const log = talk([
    ...handshake,
    ['c', masked('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0')],
    ['s', frame('\x20\x02\0\0')],
  ])
  expect(log.flows[0]).toMatchObject({
    c2s: '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0',
    s2c: '\x20\x02\0\0',
    facts: [{ kind: 'websocket', offered: ['mqtt', 'mqttv3.1'], selected: 'mqtt', handshake: true }],
  })
})

test('frames of every length', () => {
  for (const length of [1, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.alloc(length, 'abc')
    const stream = masked(payload)
    const pieces = Array.from({ length: Math.ceil(stream.length / 30_000) }, (_, index) =>
      stream.subarray(index * 30_000, (index + 1) * 30_000),
    )
    const log = talk([...handshake, ...pieces.map((piece) => ['c', piece] as const)])
    expect(log.flows[0]!.bytes.c2s.equals(payload)).toBe(true)
  }
})

test('a packet over many frames, many packets in a frame, continuations with control frames between', () => {
  const pieces = [
    masked('abc'),
    masked('d'),
    masked('', { fin: false }),
    masked('efg', { opcode: 0, fin: false }),
    masked('ping', { opcode: 9 }),
    masked('hi', { opcode: 0 }),
    masked('\x03\xe8', { opcode: 8 }),
  ]
  const log = talk([
    ...handshake,
    ['c', Buffer.concat(pieces)],
    ['s', Buffer.concat([frame('ping', { opcode: 10 }), frame('x')])],
  ])
  expect(log.flows[0]).toMatchObject({ c2s: 'abcdefghi', s2c: 'x' })
})

test('wherever the stream is cut', () => {
  const stream = Buffer.concat([
    Buffer.from(request),
    masked('abc'),
    masked('defgh', { fin: false }),
    masked('ij', { opcode: 0 }),
  ])
  for (const chunks of everyCut(stream)) {
    const log = talk(chunks.filter((chunk) => chunk.length > 0).map((chunk) => ['c', chunk] as const))
    expect(log.flows[0]!.c2s).toBe('abcdefghij')
  }
})

test('a frame may follow the response in the same segment; its record number is kept', () => {
  const log = talk([
    ['c', request],
    ['s', `${answer}${frame('hello').toString('latin1')}`],
  ])
  expect(log.flows[0]!.s2c).toBe('hello')
  expect(log.flows[0]!.segments[0]!.segment.origin.record).toBe(5)
})

test('text frames and wrong masks are reported and read', () => {
  const log = talk([
    ...handshake,
    ['c', masked('ab', { opcode: 1 })],
    ['c', frame('cd')],
    ['s', masked('ef')],
  ])
  const { c2s, s2c, facts } = log.flows[0]!
  expect([c2s, s2c]).toEqual(['abcd', 'ef'])
  expect(
    facts.slice(1).map((fact) => ('direction' in fact ? [fact.kind, fact.direction, fact.offset] : fact)),
  ).toEqual([
    ['text-frame', 'c2s', 0],
    ['masking', 'c2s', 2],
    ['masking', 's2c', 0],
  ])
})

describe('permessage-deflate', () => {
  const deflate = (text: string, dictionary?: Buffer) =>
    deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) }).subarray(
      0,
      -4,
    )
  const first = 'home/kitchen/temperature 21.5 '.repeat(3)

  test('with references to earlier messages, whole or fragmented', () => {
    const second = deflate(first, Buffer.from(first))
    expect(second.length).toBeLessThan(20)
    const log = talk([
      ...handshake,
      ['c', masked(deflate(first), { compressed: true })],
      ['c', masked('plain')],
      ['c', masked(second.subarray(0, 3), { compressed: true, fin: false })],
      ['c', masked(second.subarray(3), { opcode: 0 })],
    ])
    expect(log.flows[0]!.c2s).toBe(`${first}plain${first}`)
  })

  test('a message that cannot be inflated is a gap', () => {
    const log = talk([
      ...handshake,
      ['c', masked('\xff\xff\xff', { compressed: true })],
      ['c', masked('next')],
    ])
    expect(log.flows[0]!.c2s).toBe('<?>next')
  })

  test('a message that inflates to more than the limit is a gap', () => {
    const bomb = deflateRawSync(Buffer.alloc(70 * 1024 * 1024)).subarray(0, -1)
    const pieces = Array.from({ length: Math.ceil(bomb.length / 30_000) }, (_, index) =>
      bomb.subarray(index * 30_000, (index + 1) * 30_000),
    )
    const frames = pieces.map((piece, index) =>
      frame(piece, {
        opcode: index === 0 ? 2 : 0,
        compressed: index === 0,
        fin: index === pieces.length - 1,
      }),
    )
    expect(talk([...handshake, ...frames.map((bytes) => ['s', bytes] as const)]).flows[0]!.s2c).toBe('<?>')
  })
})

test('a hole inside a payload is a gap of that length; across a header the length is unknown', () => {
  const common = { ports: [40000, 9001] as const }
  const at = (seq: number, payload: Buffer) => toServer({ ...common, seq, ack: 5000, payload })
  const long = masked(Buffer.alloc(40, 'abcdefghij'))
  const head = Buffer.from(request)
  const next = masked('next')
  const start = 1000 + head.length
  const lost = (from: number, to: number) => [
    ...opening([999, 4999], common),
    at(1000, head),
    at(start, long.subarray(0, from)),
    at(start + to, Buffer.concat([long, next]).subarray(to)),
    at(start + long.length + next.length, masked('more')),
  ]
  expect(read(pcap(timed(lost(10, 20)))).flows[0]!.c2s).toBe('abcd<10>efghijabcdefghijabcdefghijnextmore')
  expect(read(pcap(timed(lost(10, long.length + 3)))).flows[0]!.c2s).toBe('abcd<?>more')
})

test('in mid-stream frames are recognised', () => {
  const log = talk(
    [
      ['c', masked('\x30\x05\0\x01axx')],
      ['s', frame('\x40\x02\0\x01')],
      ['c', masked('\xc0\0')],
    ],
    false,
  )
  expect(log.flows[0]).toMatchObject({ c2s: '<?>\x30\x05\0\x01axx\xc0\0', s2c: '<?>\x40\x02\0\x01' })
  expect(log.flows[0]!.facts[0]).toMatchObject({ kind: 'websocket', handshake: false, selected: undefined })
})

test('in mid-stream a frame in two segments is recognised', () => {
  const whole = masked('\x30\x05\0\x01axx')
  for (let at = 1; at < whole.length; at++) {
    const log = talk(
      [
        ['c', whole.subarray(0, at)],
        ['c', whole.subarray(at)],
      ],
      false,
    )
    expect(log.flows[0]!.c2s, `${at}`).toBe('<?>\x30\x05\0\x01axx')
  }
})

test('in mid-stream, a SUBSCRIBE is not taken for a frame', () => {
  const subscribe = '\x82\x06\0\x01\0\x01a\0'
  expect(
    talk(
      [
        ['c', subscribe],
        ['c', '\xc0\0'],
      ],
      false,
    ).flows[0],
  ).toMatchObject({ c2s: `<?>${subscribe}\xc0\0`, facts: [] })
})

test('an invalid frame is reported, and the next one found', () => {
  const log = talk([
    ...handshake,
    ['c', masked('abc')],
    ['c', '\x7f\x7f\x7f\x7f\x7f\x7f'],
    ['c', masked('def')],
  ])
  expect(log.flows[0]!.c2s).toBe('abc<?>def')
  expect(log.notes).toEqual(['invalid WebSocket frame; skipped to the next segment that begins with one'])
})

test.each([
  ['plain HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nhello'],
  ['a refusal', request, 'HTTP/1.1 401 Unauthorized\r\n\r\n'],
  ['a head without end', `GET / HTTP/1.1\r\n${'x'.repeat(70_000)}`.slice(0, 60_000), ''],
])('%s gives no flow', (_name, asked, answered) => {
  expect(talk([['c', asked], ...(answered ? [['s', answered] as const] : [])]).flows).toEqual([])
})
