// What clients can make the broker keep, and what happens at each bound.
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Message } from '../../src/broker/session.js'
import { Store, type StoreLimits } from '../../src/broker/store.js'
import { connectPacket, publish, testBroker } from './rig.js'

const mebibyte = 1024 * 1024

function storeOf(limits: StoreLimits) {
  const dropped: string[] = []
  const notRetained: string[] = []
  const store = new Store(
    {
      duplicate: () => {},
      dropped: (clientId) => void dropped.push(clientId),
      notRetained: (topic) => void notRetained.push(topic),
    },
    limits,
  )
  return { store, dropped, notRetained }
}

const message = (topic: string, size: number, brokerCounter = 1): Message => ({
  ...{ cmd: 'publish', topic, payload: Buffer.alloc(size), qos: 1, retain: true, dup: false },
  ...{ brokerId: 'b', brokerCounter },
})

test('retained messages are bounded in bytes; replacing and removing make room', () => {
  const { store, notRetained } = storeOf({ retainedBytes: mebibyte, queuedBytes: mebibyte })
  for (let i = 0; i < 20; i++) store.storeRetained(message(`t${i}`, 100_000))
  expect(store.retainedCount).toBe(10)
  expect(notRetained).toHaveLength(10)

  store.storeRetained(message('t0', 100_000))
  expect(store.retainedCount).toBe(10)
  store.storeRetained(message('t0', 0))
  store.storeRetained(message('later', 100_000))
  expect(store.retainedCount).toBe(10)
  expect(notRetained).toHaveLength(10)
})

test('a retained message that has no room takes away the older one, which is not the last any more', () => {
  const { store } = storeOf({ retainedBytes: 1000, queuedBytes: mebibyte })
  store.storeRetained(message('t', 100))
  store.storeRetained(message('t', 2000))
  expect(store.retainedCount).toBe(0)
})

test('small retained messages count with what they cost', () => {
  const { store } = storeOf({ retainedBytes: mebibyte, queuedBytes: mebibyte })
  for (let i = 0; i < 10_000; i++) store.storeRetained(message(`t${i}`, 1))
  expect(store.retainedCount).toBeLessThan(3000)
})

test('what waits for the clients of all sessions is bounded in bytes, and given back', () => {
  const { store, dropped } = storeOf({ retainedBytes: mebibyte, queuedBytes: mebibyte })
  const ids = Array.from({ length: 30 }, (_, i) => `c${i}`)
  for (const id of ids) store.addSubscriptions({ id }, [{ topic: 't', qos: 1 }])
  const enqueue = (id: string, counter: number) =>
    store.outgoingEnqueueCombi([{ clientId: id, topic: 't', qos: 1 }], message('t', 100_000, counter))
  for (const id of ids) enqueue(id, 1)
  expect(dropped).toEqual(ids.slice(10))

  store.cleanSubscriptions({ id: 'c0' }) // its session ends
  enqueue('c10', 2)
  store.outgoingUpdate({ id: 'c1' }, { cmd: 'publish', messageId: 1, brokerCounter: 1 })
  expect(dropped).toHaveLength(20)
})

test('no more sessions than the limit are kept: CONNACK 3', async () => {
  const broker = await testBroker({ limits: { sessions: 2 } })
  for (const id of ['a', 'b', 'a']) (await broker.join(id, { clean: false })).stream.destroy()

  const third = broker.dial()
  third.send(connectPacket('c', { clean: false }))
  expect(await third.take('connack')).toMatchObject({ returnCode: 3 })
  expect(broker.lines.some((line) => line.includes('c') && line.includes('there are 2 sessions'))).toBe(true)

  const clean = broker.dial()
  clean.send(connectPacket('d'))
  expect(await clean.take('connack')).toMatchObject({ returnCode: 0 })
})

test('the Topic Filters of a client are bounded in bytes: SUBACK 0x80', async () => {
  const broker = await testBroker()
  const client = await broker.join('many')
  const granted: number[] = []
  const batch = (first: number) =>
    Array.from({ length: 50 }, (_, i) => ({ topic: `${first + i}/${'x'.repeat(60_000)}`, qos: 0 as const }))
  for (let first = 0; first < 300; first += 50) {
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: batch(first) })
    granted.push(...((await client.take('suback')) as { granted: number[] }).granted)
  }
  const room = granted.indexOf(128)
  expect(room).toBeGreaterThan(250)
  expect(room).toBeLessThan(290)

  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: batch(0).map(({ topic }) => topic) })
  await client.take('unsuback')
  expect(await client.subscribe('again')).toMatchObject({ granted: [0] })
})

test.each(['publish', 'subscribe'])('%s with more than 100 levels ends the connection', async (what) => {
  const broker = await testBroker()
  const deep = '/'.repeat(65_000)
  const other = await broker.join('other')
  const client = await broker.join('deep')
  if (what === 'publish') client.send(publish(deep, 'x'))
  else client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: deep, qos: 1 }] })
  await expect.poll(() => client.closed()).toBe(true)
  await other.subscribe('/'.repeat(99))
  await other.sync()
})

test('H42: a WebSocket frame before CONNECT is taken up to 512 KiB', async () => {
  const broker = await testBroker({ others: [{ scheme: 'ws', port: 0 }] })
  const port = Number(/:(\d+)\/mqtt$/.exec(broker.urls[1]!)![1])
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let closed = false
  socket.on('error', () => {}).on('close', () => (closed = true))
  const key = Buffer.alloc(16).toString('base64')
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
  )
  await new Promise((resolve) => socket.once('data', resolve))
  const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 3, 0x93, 0x87, 0, 1, 2, 3, 4]) // 60 MB, masked
  socket.write(header)
  const piece = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < 50_000_000 && !closed; sent += piece.length) {
    await new Promise((resolve) => socket.write(piece, resolve))
  }
  await expect.poll(() => closed).toBe(true)
})
