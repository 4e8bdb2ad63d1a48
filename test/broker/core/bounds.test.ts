// What clients can make the core keep, and what happens at each bound; who waits for whom.
import { expect, test } from 'vitest'
import { messageFrom } from '../../../src/broker/core/message.js'
import { Fifo } from '../../../src/broker/core/queue.js'
import { Retained } from '../../../src/broker/core/retained.js'
import { Timer, Timers } from '../../../src/session/timers.js'
import { CoreRig, publish, type TestClient } from './rig.js'

const mebibyte = 1024 * 1024
const keep = { clean: false, properties: { sessionExpiryInterval: 1000 } }
const message = (topic: string, size: number) =>
  messageFrom(topic, Buffer.alloc(size), { qos: 1, retain: true, now: 0 })

/** Publishes with QoS 1, each message on its own. */
function publishAll(writer: TestClient, topic: string, count: number, size = 10): void {
  for (let i = 0; i < count; i++)
    writer.send(publish(topic, Buffer.alloc(size), { qos: 1, messageId: (i % 65_535) + 1 }))
}

test('retained messages are bounded in bytes; replacing and removing make room', () => {
  const retained = new Retained(mebibyte, new Timers())
  const stored = Array.from({ length: 20 }, (_, i) => retained.store(message(`t${i}`, 100_000)))
  expect(stored.filter(Boolean)).toHaveLength(10)
  expect(retained.store(message('t0', 100_000))).toBe(true)
  retained.store(message('t0', 0))
  expect(retained.store(message('later', 100_000))).toBe(true)
  expect(retained.count).toBe(10)
})

test('a retained message that has no room takes away the older one, which is not the last any more', () => {
  const retained = new Retained(1000, new Timers())
  retained.store(message('t', 100))
  expect(retained.store(message('t', 2000))).toBe(false)
  expect(retained.count).toBe(0)
  expect(retained.bytes).toBe(0)
})

test('small retained messages count with what they cost', () => {
  const retained = new Retained(mebibyte, new Timers())
  for (let i = 0; i < 10_000; i++) retained.store(message(`t${i}`, 1))
  expect(retained.count).toBeLessThan(3000)
})

test('the queues of all sessions are bounded in bytes, and given back', () => {
  const rig = new CoreRig({ limits: { allQueuedBytes: mebibyte } })
  for (let i = 0; i < 30; i++) {
    const client = rig.join(`c${i}`, keep)
    client.subscribe(`t${i}`, { qos: 1 })
    client.lose()
  }
  const writer = rig.join('writer')
  for (let i = 0; i < 30; i++) publishAll(writer, `t${i}`, 1, 100_000)
  expect(rig.log.filter((line) => line.startsWith('dropped'))).toHaveLength(20)
  rig.join('c0', { clean: true })
  publishAll(writer, 't20', 1, 100_000)
  expect(rig.log.filter((line) => line.startsWith('dropped'))).toHaveLength(20)
  for (let i = 0; i < 30; i++) rig.join(`c${i}`, { clean: true })
  expect(rig.broker.holding.bytes).toBe(0)
})

test('a message that waits in many queues is kept once', () => {
  const rig = new CoreRig()
  for (let i = 0; i < 30; i++) {
    const client = rig.join(`c${i}`, keep)
    client.subscribe('t', { qos: 1 })
    client.lose()
  }
  publishAll(rig.join('writer'), 't', 1, 100_000)
  expect(rig.broker.holding.bytes).toBeLessThan(130_000)
})

test.each([
  ['messages', { queuedMessages: 10 }],
  ['bytes', { queuedBytes: 1050 }],
])('the queue of an absent client is bounded in %s; the newest are dropped and counted', (_, limits) => {
  const rig = new CoreRig({ limits })
  const client = rig.join('c', keep)
  client.subscribe('t', { qos: 1 })
  client.lose()
  publishAll(rig.join('writer'), 't', 15, 100)
  expect(rig.log.filter((line) => line.startsWith('dropped c'))).toHaveLength(5)
  expect(rig.broker.counters.publishDropped).toBe(5)
  expect(rig.connect('c', keep).messages()).toHaveLength(10)
})

test('H41: a connected client whose queue is full is disconnected, and keeps what fits', () => {
  const rig = new CoreRig({ limits: { queuedMessages: 1500 } })
  const slow = rig.join('slow', keep)
  slow.subscribe('t', { qos: 1 })
  const writer = rig.join('writer')
  publishAll(writer, 't', 2500)
  rig.wait(1001) // it does not move: the publisher waits no longer
  expect(slow.ended).toBe(true)
  expect(slow.last('disconnect')).toMatchObject({ reasonCode: 0x97 })
  expect(rig.broker.sessions.get('slow')!.queued).toBe(1500)
  expect(writer.received('puback')).toHaveLength(2500)
})

test('Topic Filters are bounded in bytes: 0x97', () => {
  const client = new CoreRig({ limits: { filterBytes: 2000 } }).join('a')
  const subscriptions = ['a', 'b', 'c', 'd', 'a'].map((topic) => ({ topic, qos: 0 }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  expect((client.last('suback') as unknown as { granted: number[] }).granted).toEqual([0, 0, 0, 0x97, 0])
})

test('[MQTT3-4.8.0-2] sessions are bounded in number: 0x97, CONNACK 3', () => {
  const rig = new CoreRig({ limits: { sessions: 1 } })
  rig.join('a', keep).lose()
  expect(rig.connect('b', keep).packets[0]).toMatchObject({ reasonCode: 0x97 })
  const old = rig.connect('b', { clean: false, protocolVersion: 4 })
  expect(old.packets).toMatchObject([{ returnCode: 3 }])
  expect(old.ended).toBe(true)
  expect(rig.connect('a', keep).packets[0]).toMatchObject({ reasonCode: 0 })
  expect(rig.connect('b').packets[0]).toMatchObject({ reasonCode: 0 })
})

test('H41: publishers wait for a client that is behind, for a second if it does not move', async () => {
  const rig = new CoreRig()
  const slow = rig.join('slow')
  slow.subscribe('t')
  const [writer, other] = [rig.join('writer'), rig.join('other')]
  other.subscribe('t')
  await rig.settle()
  slow.reads = false
  const count = () => other.messages().length
  for (let i = 0; i < 100; i++) writer.send(publish('t', Buffer.alloc(1000)))
  expect(writer.paused).toBe(true)
  expect(count()).toBeLessThan(70)
  rig.wait(500)
  slow.take()
  await rig.settle()
  expect(count()).toBeGreaterThan(30)
  expect(writer.paused).toBe(false)
  for (let i = 0; i < 2000; i++) writer.send(publish('t', Buffer.alloc(1000)))
  expect(writer.paused).toBe(true)
  rig.wait(1001)
  await rig.settle()
  expect(writer.paused).toBe(false)
  expect(slow.waiting).toBeLessThan(70_000)
  expect(rig.broker.counters.publishDropped).toBeGreaterThan(1800)
  rig.wait(60_000)
  expect(slow.ended).toBe(true)
  expect(rig.log).toContain('closed slow: it took nothing for 60 s')
})

test('a publisher that closes while it waits loses nothing', async () => {
  const rig = new CoreRig()
  const slow = rig.join('slow')
  slow.subscribe('t')
  const writer = rig.join('writer')
  await rig.settle()
  slow.reads = false
  for (let i = 0; i < 100; i++) writer.send(publish('t', Buffer.alloc(1000)))
  writer.lose()
  for (let turn = 0; turn < 10; turn++) slow.take()
  expect(slow.messages()).toHaveLength(100)
  expect(rig.log).toContain('closed writer: network')
})

test('H40: packets after DISCONNECT are not executed', () => {
  const rig = new CoreRig()
  const reader = rig.join('reader')
  reader.subscribe('t')
  rig.join('writer').send({ cmd: 'disconnect', reasonCode: 0 }, publish('t', 'x'))
  expect(reader.messages()).toEqual([])
})

test('others have their turn while many messages for many clients are handed out', () => {
  const rig = new CoreRig()
  const readers = Array.from({ length: 300 }, (_, i) => rig.join(`r${i}`))
  for (const reader of readers) reader.subscribe('t')
  const writer = rig.join('writer')
  writer.send(...Array.from({ length: 200 }, () => publish('t', 'x')))
  const first = readers[0]!.packets.length
  expect(first).toBeLessThan(100)
  expect(rig.broker.deadline()).toBeLessThan(rig.now)
  for (let turn = 0; turn < 5; turn++) rig.broker.tick(rig.now)
  expect(readers[0]!.messages()).toHaveLength(200)
})

test('timers run in their order, and can be moved and cleared', () => {
  const timers = new Timers()
  const ran: number[] = []
  const all = Array.from({ length: 100 }, (_, i) => new Timer(() => void ran.push(i)))
  for (const [i, timer] of all.entries()) timers.set(timer, (i * 37) % 101)
  for (const timer of all.slice(0, 50)) timers.clear(timer)
  for (const [i, timer] of all.entries()) if (i >= 75) timers.set(timer, 1000 - i)
  timers.run(500)
  expect(ran).toEqual(
    Array.from({ length: 25 }, (_, i) => i + 50).sort((a, b) => ((a * 37) % 101) - ((b * 37) % 101)),
  )
  expect(timers.deadline()).toBe(901)
  timers.run(1000)
  expect(ran.slice(25)).toEqual(Array.from({ length: 25 }, (_, i) => 99 - i))
  expect(timers.size).toBe(0)
})

test('a queue is first in, first out', () => {
  const queue = new Fifo<number>()
  let next = 0
  for (let i = 0; i < 5000; i++) {
    queue.push(i)
    if (i % 3 > 0) expect(queue.shift()).toBe(next++)
  }
  expect(queue.extract((i) => i % 2 === 0)).toHaveLength(833) // 3,334 to 4,998
  expect(queue.length).toBe(834)
})
