// The memory of the inspector for many connections is bounded; dropped state suppresses checks and never causes false reports.
import { expect, test } from 'vitest'
import { type Flow, segmentOf } from '../../src/capture/stream.js'
import { Assembler } from '../../src/inspect/assembler.js'
import type { Budget } from '../../src/inspect/boundary-search.js'
import { boundedKey } from '../../src/inspect/content-hash.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { bytesOf, flow, Recorder } from './scenarios.js'

const origin = { record: 1, fileOffset: 0, second: 1_700_000_000, nanos: 0 }
const nobody = { packet() {}, skipped() {} }

function unfinished(budget: Budget, synchronised: boolean): Assembler {
  return new Assembler('c2s', nobody, { synchronised, budget, showUnfinished: false })
}

test('many unfinished packets: only the beginning of each is kept', () => {
  const budget = { left: 1_000_000 }
  const start = Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0x7f, 0, 1, 0x74]), Buffer.alloc(60_000)])
  for (let i = 0; i < 2000; i++) unfinished(budget, true).push(segmentOf(start, 0, origin))
  expect(budget.left).toBeGreaterThan(-2000 * 4096 - 60_007)
})

test('very many unfinished packets: less of each is kept', () => {
  const budget = { left: -16 * 1024 * 1024 }
  const before = budget.left
  const start = Buffer.concat([Buffer.from([0x30, 0xff, 0xff, 0x7f, 0, 1, 0x74]), Buffer.alloc(60_000)])
  for (let i = 0; i < 100; i++) unfinished(budget, true).push(segmentOf(start, 0, origin))
  expect(before - budget.left).toBeLessThanOrEqual(100 * 512)
  expect(before - budget.left).toBeGreaterThan(0)
})

test('many streams without packets keep little each', () => {
  const budget = { left: 1_000_000 }
  const rubbish = Buffer.alloc(30_000)
  const searching = Array.from({ length: 300 }, () => unfinished(budget, false))
  for (const one of searching) one.push(segmentOf(rubbish, 0, origin))
  expect(budget.left).toBeGreaterThan(-300 * 2048 - 30_000)
  for (const one of searching) one.end()
  expect(budget.left).toBe(1_000_000)
})

test('memory of a packet is returned to the budget', () => {
  const budget = { left: 1_000_000 }
  const assembler = unfinished(budget, true)
  const packet = bytesOf(
    { cmd: 'publish', topic: 't', payload: 'x'.repeat(500), qos: 0, dup: false, retain: false },
    4,
  )
  assembler.push(segmentOf(packet.subarray(0, 90), 0, origin))
  expect(budget.left).toBeLessThan(1_000_000)
  assembler.push(segmentOf(packet.subarray(90), 90, origin))
  expect(budget.left).toBe(1_000_000)
})

/** Each connection publishes twice with the same Packet Identifier; the second round starts after all published once. */
function inUse(followed: number, connections: number): { alarms: string[]; packets: number } {
  const view = new Recorder()
  const inspector = new Inspector({ view, followed })
  const flows: Flow[] = Array.from({ length: connections }, (_, id) => ({ ...flow, id }))
  const connect = bytesOf(
    { cmd: 'connect', clientId: 'c', protocolVersion: 4, clean: true, keepalive: 60 },
    4,
  )
  const publish = bytesOf('32 07 00 01 74 00 05 68 69', 4)
  for (const one of flows) {
    inspector.open(one)
    inspector.data(one, 'c2s', segmentOf(Buffer.concat([connect, publish]), 0, origin))
    inspector.data(one, 's2c', segmentOf(Buffer.from('20020000', 'hex'), 0, origin))
  }
  const offset = connect.length + publish.length
  for (const one of flows) inspector.data(one, 'c2s', segmentOf(publish, offset, origin))
  inspector.end()
  return { alarms: view.broken, packets: view.packets.length }
}

test('connections whose state was dropped: packets are shown, stateful checks are suppressed', () => {
  const all = inUse(100, 20)
  expect(all.packets).toBe(80)
  expect(all.alarms.length).toBeGreaterThanOrEqual(20)
  const few = inUse(4, 20)
  expect(few.packets).toBe(80)
  expect(few.alarms.length).toBeLessThan(all.alarms.length / 2)
  expect(new Set(few.alarms).size).toBeLessThanOrEqual(new Set(all.alarms).size)
})

test('state of connections with long requests is dropped when all together exceed 64 MiB', () => {
  const view = new Recorder()
  const inspector = new Inspector({ view })
  const connect = bytesOf(
    { cmd: 'connect', clientId: 'c', protocolVersion: 4, clean: true, keepalive: 60 },
    4,
  )
  const publish = bytesOf('32 07 00 01 74 00 05 68 69', 4)
  const open = (id: number, ...packets: readonly Buffer[]) => {
    const one = { ...flow, id }
    inspector.open(one)
    inspector.data(one, 'c2s', segmentOf(Buffer.concat([connect, ...packets]), 0, origin))
    inspector.data(one, 's2c', segmentOf(Buffer.from('20020000', 'hex'), 0, origin))
    return one
  }
  const small = open(1)
  const long = (messageId: number) =>
    bytesOf(
      {
        cmd: 'subscribe',
        messageId,
        subscriptions: Array.from({ length: 15 }, (_, i) => ({
          topic: `${messageId}/${i}`.padEnd(65_000, 'x'),
          qos: 0,
        })),
      },
      4,
    )
  const large = open(2)
  let offset = connect.length
  for (let id = 1; id <= 80; id++) {
    const bytes = long(id)
    inspector.data(large, 'c2s', segmentOf(bytes, offset, origin))
    offset += bytes.length
  }
  for (const [one, at] of [
    [small, connect.length],
    [large, offset],
  ] as const) {
    inspector.data(one, 'c2s', segmentOf(Buffer.concat([publish, publish]), at, origin))
  }
  inspector.end()
  expect(view.packets.length).toBeGreaterThan(80)
  expect(view.broken).toEqual(['resend-without-dup']) // of the small one alone
})

test('a long text is recognised by a short key', () => {
  const long = 'x'.repeat(60_000)
  expect(boundedKey('short')).toBe('short')
  expect(boundedKey(long).length).toBeLessThan(200)
  expect(boundedKey(`${long}`)).toBe(boundedKey(long))
  const others = [`${long}x`, `y${long.slice(1)}`, `${long.slice(1)}y`, long.replace('xx', 'xy')]
  expect(new Set([long, ...others].map(boundedKey)).size).toBe(5)
})
