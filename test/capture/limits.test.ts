// The limits of each stage, and its behaviour at the limit.
import { expect, test } from 'vitest'
import { ByteBudget } from '../../src/capture/byte-budget.js'
import type { CaptureContext } from '../../src/capture/context.js'
import { Nesting } from '../../src/capture/encapsulation/nesting.js'
import { Frame } from '../../src/capture/frame.js'
import { Notes } from '../../src/capture/notes.js'
import { OutOfOrderQueue } from '../../src/capture/out-of-order.js'
import { PacedSink } from '../../src/capture/pace.js'
import { ProtocolRecogniser } from '../../src/capture/protocol-recogniser.js'
import type { CaptureSink, Flow } from '../../src/capture/stream.js'
import { type StreamSegment, segmentOf } from '../../src/capture/stream.js'
import type { StreamLayer } from '../../src/capture/stream-layer.js'
import { HandshakeReader } from '../../src/capture/tls/handshake.js'
import { KeyLog } from '../../src/capture/tls/key-log.js'
import { HeadReader } from '../../src/capture/websocket/handshake.js'
import {
  interfaceBlock,
  opening,
  packetBlock,
  pcap,
  section,
  timed,
  toServer,
} from '../helpers/capture-builder.js'
import { read } from '../helpers/capture-log.js'

const origin = { record: 1, fileOffset: 0, second: 1_700_000_000, nanos: 0 }

test('notes: 10 of each kind, the rest is counted', () => {
  const said: string[] = []
  const notes = new Notes({ note: (text: string) => void said.push(text) } as unknown as CaptureSink)
  for (let i = 0; i < 1000; i++) notes.say('kind', `${i}`, 0)
  notes.end()
  expect(said).toHaveLength(11)
  expect(said.at(-1)).toBe('990 more notes of this kind: kind')
})

test('kinds of skipped packets: 64 are counted', () => {
  const nesting = new Nesting()
  for (let i = 0; i < 1000; i++) nesting.skip(new Frame(), `kind ${i}`)
  const said: string[] = []
  nesting.end({ say: (kind: string) => void said.push(kind) } as unknown as Notes)
  expect(said).toHaveLength(64)
})

test('secrets of a key log: 200,000', () => {
  const log = new KeyLog()
  const random = (i: number) => i.toString(16).padStart(64, '0')
  for (let from = 0; from < 201_000; from += 1000) {
    log.add(Array.from({ length: 1000 }, (_, i) => `CLIENT_RANDOM ${random(from + i)} abcd`).join('\n'))
  }
  expect(log.find('CLIENT_RANDOM', random(199_999))).toBeDefined()
  expect(log.find('CLIENT_RANDOM', random(200_000))).toBeUndefined()
})

test('a TLS handshake message: 16 KiB are kept, of a larger one only its type', () => {
  const reader = new HandshakeReader()
  const header = Buffer.from([1, 0xff, 0xff, 0xff])
  expect([...reader.push(header)]).toEqual([{ type: 1, body: Buffer.alloc(0) }])
  for (let i = 0; i < 100; i++) expect([...reader.push(Buffer.alloc(16_000))]).toEqual([])
  expect(reader.waiting).toBeLessThan(16_384)
})

test('the head of an HTTP request: 16 KiB', () => {
  const reader = new HeadReader()
  let last: unknown
  for (let i = 0; i < 20; i++) last = reader.push(Buffer.alloc(1000, 'x'))
  expect(last).toBe('bad')
})

test('interfaces of a pcapng file: 4,096; packets of others are reported', () => {
  const blocks = [section(), ...Array.from({ length: 5000 }, () => interfaceBlock())]
  const frames = [...opening(), toServer({ seq: 1000, payload: 'x' })]
  const log = read(Buffer.concat([...blocks, ...frames.map((bytes) => packetBlock({ bytes, on: 4999 }))]))
  expect(log.notes.join()).toMatch(/interface/)
})

test('unrecognised bytes in mid-stream: 64 KiB, then all are passed on', () => {
  const payload = Buffer.alloc(1000, 0xff)
  const frames = Array.from({ length: 100 }, (_, i) => toServer({ seq: 1000 + i * 1000, payload }))
  const { flows } = read(pcap(timed(frames)))
  expect(flows[0]!.bytes.c2s).toHaveLength(100_000)
})

test('gaps of an unrecognised connection: 64, then all are passed on', () => {
  let passed = 0
  const next = { gap: () => void passed++ } as unknown as StreamLayer
  const context = { budget: new ByteBudget() } as unknown as CaptureContext
  const recogniser = new ProtocolRecogniser(context, next, { sawStart: false, layered: true })
  for (let i = 0; i < 64; i++) recogniser.gap('c2s', i * 10, 5, 'why')
  expect(passed).toBe(0)
  for (let i = 64; i < 1000; i++) recogniser.gap('c2s', i * 10, 5, 'why')
  expect(passed).toBe(1000)
})

test('out-of-order segments count in the budget of all connections', () => {
  const budget = new ByteBudget(10_000)
  const waiting = new OutOfOrderQueue(budget)
  for (let i = 0; i < 20; i++) {
    const bytes = Buffer.alloc(1000)
    waiting.insert({ seq: i * 2000, bytes, length: 1000, origin: { ...origin, at: () => origin } as never })
  }
  expect(waiting.bytes).toBe(20_000)
  expect(budget.isSpent).toBe(true)
})

test('the data of a chunk is passed on in portions of 256 KiB', () => {
  let passed = 0
  const sink = { data: (_f: Flow, _d: string, { start, end }: StreamSegment) => void (passed += end - start) }
  const paced = new PacedSink(sink as unknown as CaptureSink)
  const segment = segmentOf(Buffer.alloc(1024 * 1024), 0, origin as never)
  for (let i = 0; i < 4; i++) paced.data({} as Flow, 'c2s', segment)
  expect(passed).toBe(256 * 1024)
  let turns = 1
  while (paced.next()) turns++
  expect(passed).toBe(4 * 1024 * 1024)
  expect(turns).toBe(15)
})

test('descriptors of an strace: 256 are followed', () => {
  const lines: string[] = []
  for (let fd = 3; fd < 600; fd++) lines.push(`write(${fd}, "\\20\\f\\0\\4MQTT\\4\\2\\0<\\0\\0", 14) = 14`)
  expect(read(Buffer.from(`${lines.join('\n')}\n`)).flows.length).toBe(256)
})
