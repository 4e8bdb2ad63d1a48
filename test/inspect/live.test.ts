// Live connections: however the bytes come, the packets are the same; what is left out is said.
import mqtt from 'mqtt-packet'
import { expect, test } from 'vitest'
import { Inspector } from '../../src/inspect/inspector.js'
import { LiveConnections } from '../../src/inspect/live.js'
import { maskedBytes } from '../../src/inspect/secrets.js'
import { CollectedText } from '../../src/inspect/views/collected-text.js'
import { LineView } from '../../src/inspect/views/line.js'
import { cutAt, everyCut } from '../helpers/cuts.js'
import { packetOf } from './packet-of.js'

const time = Date.UTC(2026, 10, 26, 12, 0, 0, 250)
const client = Buffer.concat([
  mqtt.generate({
    cmd: 'connect',
    clientId: 'c',
    clean: true,
    keepalive: 60,
    protocolId: 'MQTT',
    protocolVersion: 4,
  }),
  mqtt.generate({
    cmd: 'publish',
    topic: 'a/b',
    payload: 'hello',
    qos: 1,
    messageId: 7,
    dup: false,
    retain: false,
  }),
])
const server = Buffer.concat([
  mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }),
  mqtt.generate({ cmd: 'puback', messageId: 7 }),
])

function rig() {
  const text = new CollectedText()
  const inspector = new Inspector({ view: new LineView(text), certain: true })
  return { text, inspector, live: new LiveConnections(inspector) }
}

function shownOf(chunks: readonly Buffer[]): string {
  const { text, inspector, live } = rig()
  live.opened(1, '127.0.0.1:4000', '127.0.0.1:1883')
  for (const chunk of chunks) live.passed(1, 'c2s', chunk, time)
  for (const chunk of cutAt(server, [2])) live.passed(1, 's2c', chunk, time)
  live.closed(1, 'fin')
  inspector.end()
  return text.take()
}

test('the packets are the same however the bytes are cut', () => {
  const whole = shownOf([client])
  expect(whole).toContain('12:00:00.250000 #1 1 -> CONNECT "c"')
  expect(whole).toContain('PUBLISH q1 m7 "a/b" 5 bytes')
  expect(whole).toContain('connection 1 closed')
  expect(whole).not.toContain('frame')
  for (const chunks of everyCut(client)) expect(shownOf(chunks)).toBe(whole)
})

test('connections do not mix, and unknown ones are ignored', () => {
  const { text, inspector, live } = rig()
  for (const id of [1, 2]) live.opened(id, `127.0.0.1:${id}`, '127.0.0.1:1883')
  const [head, rest] = cutAt(client, [5])
  for (const id of [1, 2]) live.passed(id, 'c2s', head!, time)
  for (const id of [2, 1]) live.passed(id, 'c2s', rest!, time)
  live.passed(3, 'c2s', client, time)
  live.missed(3, 'c2s', 1, 'why')
  live.doubt(3)
  live.closed(3, 'fin')
  live.closed(2, 'rst')
  inspector.end()
  expect(inspector.packets).toBe(4)
  expect(text.take()).toContain('connection 1 reset')
})

test('bytes that are not decoded are a gap, after which packets are found again', () => {
  const { text, inspector, live } = rig()
  live.opened(1, '127.0.0.1:4000', '127.0.0.1:1883')
  live.passed(1, 'c2s', client, time)
  live.missed(1, 'c2s', 100, 'the view is behind')
  for (let i = 0; i < 20; i++) live.passed(1, 'c2s', client.subarray(15), time)
  inspector.end()
  expect(text.take()).toContain('not decoded: the view is behind')
  expect(inspector.packets).toBeGreaterThan(10)
  expect(inspector.found.error).toBe(0)
})

test('after doubt, an answer without a request is no violation', () => {
  const violations = (doubts: boolean): number => {
    const { inspector, live } = rig()
    live.opened(1, '127.0.0.1:4000', '127.0.0.1:1883')
    live.passed(1, 'c2s', client, time)
    live.passed(1, 's2c', server.subarray(0, 4), time)
    if (doubts) live.doubt(1)
    live.passed(1, 's2c', Buffer.from('40020009', 'hex'), time)
    live.closed(1, 'fin')
    inspector.end()
    const { error, warning, info } = inspector.found
    return error + warning + info
  }
  expect(violations(true)).toBe(0)
  expect(violations(false)).toBeGreaterThan(0)
})

test('only the bytes of secrets are masked, and lengths stay', () => {
  const plain = mqtt.generate({
    ...{ cmd: 'connect', clientId: 'c', clean: true, keepalive: 60, protocolId: 'MQTT', protocolVersion: 5 },
    ...{ username: 'ada', password: Buffer.from('opensesame') },
    properties: { authenticationMethod: 'M', authenticationData: Buffer.from('sesame') },
  })
  const masked = Buffer.from(maskedBytes(packetOf(plain, 'c2s', 5)))
  expect(masked.length).toBe(plain.length)
  expect(masked.toString('latin1')).toBe(
    plain.toString('latin1').replace('opensesame', '*'.repeat(10)).replace('sesame', '*'.repeat(6)),
  )
  const publish = packetOf(Buffer.from('3003000161', 'hex'), 'c2s', 4)
  expect(maskedBytes(publish)).toBe(publish.bytes)
})
