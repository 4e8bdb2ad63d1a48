// What clients can make the broker keep, and what happens at each bound.
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectPacket, publish, testBroker } from './rig.js'

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

test.each(['publish', 'subscribe'])('%s with more than 200 separators ends the connection', async (what) => {
  const broker = await testBroker()
  const deep = '/'.repeat(65_000)
  const other = await broker.join('other')
  const client = await broker.join('deep')
  if (what === 'publish') client.send(publish(deep, 'x'))
  else client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: deep, qos: 1 }] })
  await expect.poll(() => client.closed()).toBe(true)
  await other.subscribe('/'.repeat(200))
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
