// How the views show MQTT-SN: topic ids by their names, flags, return codes, answers with their times, cut datagrams.
import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { CollectedText } from '../../src/inspect/views/collected-text.js'
import { FlowView } from '../../src/inspect/views/flow.js'
import { JsonView } from '../../src/inspect/views/json.js'
import { LineView } from '../../src/inspect/views/line.js'
import { StatsView } from '../../src/inspect/views/stats.js'
import type { TextSink, View } from '../../src/inspect/views/view.js'
import { ethernet, ipv4, pcap, udp } from '../helpers/capture-builder.js'

type Message = readonly [who: '>' | '<', hex: string, at: number, cut?: number]

function captured([who, hex, at, cut = 0]: Message) {
  const ports: [number, number] = who === '>' ? [40_000, 1884] : [1884, 40_000]
  const [from, to] = who === '>' ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1']
  const bytes = ethernet(
    ipv4(udp(Buffer.from(hex.replaceAll(' ', ''), 'hex'), ports), { from, to, protocol: 17 }),
  )
  return { bytes: bytes.subarray(0, bytes.length - cut), wire: bytes.length, time: 1_700_000_000 + at }
}

function shown(messages: readonly Message[], view: (sink: TextSink) => View): string {
  const text = new CollectedText()
  const inspector = new Inspector({ view: view(text) })
  const capture = openCapture(inspector, {})
  capture.push(pcap(messages.map(captured)))
  capture.end()
  inspector.end()
  return text.take()
}

const session: Message[] = [
  ['>', '0a 04 04 01 003c 6e6f6465', 0],
  ['<', '03 05 00', 0.01],
  ['>', '0b 0a 0000 0001 726f6f6d31', 1],
  ['<', '07 0b 0005 0001 00', 1.002],
  ['>', '09 0c 20 0005 0002 6869', 2],
  ['<', '07 0d 0005 0002 00', 2.003],
  ['>', '09 0c 50 0005 0003 6869', 3],
  ['<', '04 0f 0003', 3.001],
  ['>', '04 10 0003', 3.002],
  ['<', '04 0e 0003', 3.004],
  ['>', '09 0c 20 0005 0004 6869', 4],
  ['<', '07 0d 0005 0004 02', 4.003],
  ['>', '0a 12 20 0005 726f6f2f23', 5],
  ['<', '08 13 20 0000 0005 00', 5.001],
  ['>', '09 0c 61 0009 0000 6869', 6],
  ['>', '09 0c 20 0005 0006 6869', 7],
  ['>', '04 18 003c', 8],
  ['<', '02 18', 8.001],
]

test('--view line', () => {
  const lines = shown(session, (sink) => new LineView(sink)).split('\n')
  expect(lines.slice(1, -2).map((line) => line.replace(/^\S+ #\d+ 1 (.*) frame \d+$/, '$1'))).toEqual([
    '-> CONNECT "node" keep alive 60 s clean session',
    '<- CONNACK 0x00 Accepted (to #1, 10.0 ms)',
    '-> REGISTER m1 "room1"',
    '<- REGACK m1 id 5 (to #3, 2.00 ms)',
    '-> PUBLISH q1 m2 "room1" 2 bytes',
    '<- PUBACK m2 id 5 (to #5, 3.00 ms)',
    '-> PUBLISH q2 retain m3 "room1" 2 bytes',
    '<- PUBREC m3 (to #7, 1.00 ms)',
    '-> PUBREL m3 (to #8, 1.00 ms)',
    '<- PUBCOMP m3 (to #9, 2.00 ms)',
    '-> PUBLISH q1 m4 "room1" 2 bytes',
    '<- PUBACK m4 id 5 0x02 Rejected: invalid topic ID (to #11, 3.00 ms)',
    '-> SUBSCRIBE m5 q1 "roo/#"',
    '<- SUBACK m5 q1 (to #13, 1.00 ms)',
    '-> PUBLISH q-1 predefined id 9 2 bytes',
    '-> PUBLISH q1 m6 "room1" 2 bytes',
    '-> DISCONNECT sleep 60 s',
    '<- DISCONNECT (to #17, 1.00 ms)',
  ])
})

test('--view flow', () => {
  const text = shown(session, (sink) => new FlowView(sink))
  for (const part of [
    'PUBLISH q1 m2 "room1" 2 bytes ──',
    'm2 done: #5 in 3.00 ms',
    'm3 done: #7 in 4.00 ms',
    'm4 refused: #11 in 3.00 ms',
    'to #1, 10.0 ms',
    'never acknowledged: #16 PUBLISH q1 m6 "room1" 2 bytes',
  ])
    expect(text).toContain(part)
  expect(text.match(/never/g)).toHaveLength(1)
})

test('--view stats', () => {
  const text = shown(session, (sink) => new StatsView(sink))
  expect(text).toMatch(/^topics published +messages +bytes\n"room1" +4 +36\n"topic id 9" +1 +9\n/m)
  expect(text).toMatch(/^CONNACK +1 +10\.\d ms/m)
})

test('--view json', () => {
  const packets = shown(session, (sink) => new JsonView(sink))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(packets[4]).toMatchObject({
    type: 'PUBLISH',
    topic_id: 5,
    resolved_topic: 'room1',
    qos: 1,
    data: 'hi',
  })
  expect(packets[5]).toMatchObject({ type: 'PUBACK', answers: 5, round_trip: '0.003000000' })
  expect(packets[14]).toMatchObject({ qos: -1, topic_id: 9 })
  expect(packets[14]).not.toHaveProperty('resolved_topic')
})

test('a datagram that was cut by the capture breaks no rule', () => {
  const cut: Message[] = [...session.slice(0, 4), ['>', '0c 0c 20 0005 0002 6869 6a6b6c', 2, 3]]
  const text = shown(cut, (sink) => new LineView(sink))
  expect(text).toContain('-> PUBLISH q1 m2 "room1" 5 bytes (3 bytes not captured) frame 5\n')
  expect(text).not.toContain('!')
  expect(shown(cut, (sink) => new JsonView(sink))).toContain('"data":null,"missing":3')
})
