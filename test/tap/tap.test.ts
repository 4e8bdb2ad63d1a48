// The proxy: bytes before and after, back-pressure, ends of connections, targets that are down, loops.
import { createHash } from 'node:crypto'
import { connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { Dice } from '../helpers/dice.js'
import { scratch } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'
import { byteServer, collect, testTap } from './proxy.js'
import { bytesOf, connect, faultsOf, publish } from './rig.js'

/** Bytes of each direction in all; MQTTX_TAP_BYTES=1000000000 for a long run. */
const total = Number(process.env.MQTTX_TAP_BYTES ?? 8_000_000)

/** Writes `amount` random bytes in random chunks and ends; their hash. */
async function pour(socket: Socket, amount: number, dice: Dice, before = Buffer.alloc(0)): Promise<string> {
  const hash = createHash('sha1').update(before)
  const supply = dice.bytes(100_000)
  for (let left = amount; left > 0; ) {
    const start = dice.below(supply.length)
    const longest = dice.of([1, 5, 100, 2000, 70_000])
    const chunk = Buffer.from(supply.subarray(start, start + Math.min(left, 1 + dice.below(longest))))
    hash.update(chunk)
    left -= chunk.length
    if (!socket.write(chunk)) await new Promise((done) => socket.once('drain', done))
    else if (dice.below(50) === 0) await sleep(0)
  }
  socket.end()
  return hash.digest('hex')
}

async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha1')
  socket.on('data', (chunk: Buffer) => void hash.update(chunk)).resume()
  await new Promise((done) => socket.once('end', done))
  return hash.digest('hex')
}

/** A client and its connection at the server, to which it has written `words`. */
async function joined(words: string) {
  const server = await byteServer()
  const tap = await testTap(server.port)
  const client = tap.dial()
  client.write(words)
  return { tap, client, there: await server.accepted() }
}

test.each([
  ['no faults', undefined],
  ['a rule that never matches', ['disconnect #99999999 drop']],
])(
  'bytes before and after are the same: %s',
  { timeout: Math.max(90_000, total / 1000) },
  async (_, rules) => {
    const server = await byteServer()
    const faults = rules && faultsOf(rules)
    const seen = { c2s: 0, s2c: 0 }
    const tap = await testTap(server.port, {
      faults: faults && (() => faults),
      watcher: {
        ...{ opened() {}, applied() {}, answered() {}, closed() {} },
        passed: (_id, direction, bytes) => void (seen[direction] += bytes.length),
      },
    })
    const sessions = 8
    const each = Math.ceil(total / sessions)
    const clients = Array.from({ length: sessions }, () => tap.dial())
    const first = Buffer.of(0x10)
    for (const client of clients) client.write(first)
    await server.accepted(sessions)
    const up = clients.map((client, index) => pour(client, each, new Dice(index), first))
    const down = server.sockets.map((socket, index) => pour(socket, each, new Dice(100 + index)))
    const above = server.sockets.map(hashOf)
    const below = clients.map(hashOf)
    // Connections may be accepted in any order.
    const sorted = async (hashes: Promise<string>[]) => (await Promise.all(hashes)).sort()
    expect(await sorted(above)).toEqual(await sorted(up))
    expect(await sorted(below)).toEqual(await sorted(down))
    expect(seen).toEqual({ c2s: (each + 1) * sessions, s2c: each * sessions })
  },
)

test.each(['client', 'server'] as const)('a %s that is not read slows down the other side', async (slow) => {
  const { client, there } = await joined('x')
  const [from, to] = slow === 'server' ? [client, there] : [there, client]
  to.pause()
  let taken = 0
  const chunk = Buffer.alloc(65_536)
  for (let round = 0; round < 1000; round++) {
    if (!from.write(chunk)) {
      const drained = new Promise<boolean>((done) => from.once('drain', () => done(true)))
      if (!(await Promise.race([drained, sleep(300).then(() => false)]))) break
    }
    taken += chunk.length
  }
  // The buffers of the system for two connections, and little of the tap's own.
  expect(taken).toBeLessThan(24 * 1024 * 1024)
  let arrived = 0
  to.on('data', (data: Buffer) => void (arrived += data.length)).resume()
  await once(() => arrived >= taken)
})

test.each(['client', 'server'] as const)('half-close by the %s: the other side goes on', async (first) => {
  const { client, there } = await joined('hello')
  const [a, b] = first === 'client' ? [client, there] : [there, client]
  const [atA, atB] = [collect(a), collect(b)]
  a.end('last')
  await once(atB.ended)
  expect(atA.ended()).toBe(false)
  b.write('still here')
  await once(() => atA.bytes().toString().endsWith('still here'))
  b.end('bye')
  await once(() => atA.ended())
  expect(atA.bytes().toString()).toMatch(/still herebye$/)
  expect(atB.bytes().toString()).toMatch(/last$/)
})

test.each(['client', 'server'] as const)('a reset by the %s is a reset at the other side', async (first) => {
  const { client, there } = await joined('hello')
  const [a, b] = first === 'client' ? [client, there] : [there, client]
  const atB = collect(b)
  collect(a)
  await once(() => first === 'server' || atB.bytes().length === 5)
  a.resetAndDestroy()
  await once(() => atB.failed() !== undefined)
  expect(atB.failed()).toBe('ECONNRESET')
})

test('a target that is down: the client is disconnected, the cause is said, and the tap goes on', async () => {
  const server = await byteServer()
  const { port } = server
  await new Promise((done) => server.server.close(done))
  const tap = await testTap(port)
  const client = tap.dial()
  const atClient = collect(client)
  await once(() => atClient.ended() || atClient.failed() !== undefined)
  await once(() => tap.lines.length > 0)
  expect(tap.lines[0]).toMatch(
    /^Client from 127\.0\.0\.1:\d+ not connected: Connection refused \(127\.0\.0\.1:\d+\)\. \(nothing listens there/,
  )
  await new Promise<void>((done) => server.server.listen(port, '127.0.0.1', done))
  tap.dial().write('x')
  await server.accepted()
})

test('a client that leaves before the target is connected is forgotten', async () => {
  const { port } = await byteServer() // never does the handshake
  const tls = { context: createSecureContext(), checkHost: true, trusted: '', hasCertificate: false }
  const target = { address: { host: '127.0.0.1', port }, noDelay: true, tls }
  const tap = await testTap(port, { target, connectMs: 60_000 })
  const client = tap.dial()
  await once(() => tap.connections() === 1)
  client.resetAndDestroy()
  await sleep(50)
  await tap.close()
  expect(tap.lines).toEqual([])
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1', 'localhost'],
  ['127.0.0.1', '0.0.0.0'],
  ['0.0.0.0', 'localhost'],
  ['0.0.0.0', '127.0.0.1'],
  ['0.0.0.0', '127.3.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['127.0.0.1', '::ffff:127.0.0.1'],
])('a loop is refused: listening on %s, target %s', async (bind, host) => {
  const { server, port } = await byteServer()
  await new Promise((done) => server.close(done))
  const started = testTap(port, {
    listeners: [{ scheme: 'mqtt', bind, port }],
    target: { address: { host, port }, noDelay: true },
  })
  await expect(started).rejects.toMatchObject({
    message: `the target is this tap itself: mqtt://${bind}:${port}`,
    hint: 'give --to the address of the server, and --listen another port',
  })
  // It no longer listens.
  await expect(
    new Promise((done, fail) => dial(port, '127.0.0.1').once('connect', done).once('error', fail)),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a loop over a unix socket is refused', async () => {
  const path = join(scratch('tap'), 's')
  await expect(testTap(1, { unix: path, target: { address: { path }, noDelay: true } })).rejects.toThrow(
    /^the target is this tap itself: unix:\/\//,
  )
})

test('a port that is taken', async () => {
  const { port } = await byteServer()
  const names = ['--listen', '--listen'] as const
  await expect(
    testTap(1, { listeners: [{ scheme: 'mqtt', bind: '127.0.0.1', port, names }] }),
  ).rejects.toMatchObject({
    message: `cannot listen on 127.0.0.1:${port}: Address already in use`,
    hint: 'another broker may be running there; choose a port with --listen, or --listen 0 for a free one',
  })
})

test.each([[undefined], [['publish drop']]])(
  'bytes that are not MQTT pass, and are reported once: %s',
  async (rules) => {
    const server = await byteServer()
    const faults = rules && faultsOf(rules)
    const tap = await testTap(server.port, { faults: faults && (() => faults) })
    const client = tap.dial()
    client.write('GET / HTTP/1.1\r\n')
    const there = collect(await server.accepted())
    client.write('\r\n')
    await once(() => there.bytes().toString() === 'GET / HTTP/1.1\r\n\r\n')
    expect(tap.lines).toEqual([expect.stringMatching(/: not MQTT; its bytes are passed on as they are\.$/)])
  },
)

test('half a packet and a wait: it passes at once', async () => {
  const server = await byteServer()
  const tap = await testTap(server.port)
  const client = tap.dial()
  client.write(Buffer.from('101000', 'hex'))
  const there = collect(await server.accepted())
  await once(() => there.bytes().toString('hex') === '101000')
})

test('1,000 connections at once', { timeout: 180_000 }, async () => {
  const server = await byteServer()
  const tap = await testTap(server.port)
  const clients = Array.from({ length: 1000 }, () => tap.dial())
  for (const [index, client] of clients.entries()) client.write(`${index}`.padStart(4, '0'))
  const arrived = new Set<string>()
  await server.accepted(1000)
  for (const socket of server.sockets) {
    socket.on('data', (data: Buffer) => {
      arrived.add(data.toString())
      socket.write(data)
    })
    socket.resume()
  }
  const back = new Set<string>()
  for (const client of clients) client.on('data', (data: Buffer) => void back.add(data.toString()))
  await once(() => arrived.size === 1000 && back.size === 1000)
  expect(tap.connections()).toBe(1000)
})

test('close ends all connections', async () => {
  const { tap, client, there } = await joined('x')
  const [here, far] = [collect(client), collect(there)]
  await tap.close()
  await once(
    () => (here.ended() || here.failed() !== undefined) && (far.ended() || far.failed() !== undefined),
  )
})

const conn = bytesOf(4, connect(4))

test('delay: what follows waits too, in order, counted from its arrival', async () => {
  const server = await byteServer()
  const faults = faultsOf(['publish topic=slow delay 1s'])
  const tap = await testTap(server.port, { faults: () => faults })
  const client = tap.dial()
  const [slow, fast] = [bytesOf(4, publish('slow', 'x')), bytesOf(4, publish('fast', 'x'))]
  client.write(Buffer.concat([conn, slow, slow, fast]))
  const there = collect(await server.accepted())
  await once(() => there.bytes().length === conn.length)
  const before = performance.now()
  await once(() => there.bytes().length > conn.length)
  await once(() => there.bytes().length === conn.length + 2 * slow.length + fast.length)
  expect(performance.now() - before).toBeLessThan(1950) // both delays run from the arrival
  expect(there.bytes().equals(Buffer.concat([conn, slow, slow, fast]))).toBe(true)
})

test('throttle: the rate is kept, and the client is slowed down', async () => {
  const server = await byteServer()
  const faults = faultsOf(['all throttle 100KB/s'])
  const tap = await testTap(server.port, { faults: () => faults })
  const client = tap.dial()
  client.write(Buffer.concat([conn, bytesOf(4, publish('t', 'x'.repeat(50_000)))]))
  const there = collect(await server.accepted())
  const before = performance.now()
  await once(() => there.bytes().length > 50_000)
  expect(performance.now() - before).toBeGreaterThan(400)
})

test('close after N bytes', async () => {
  const server = await byteServer()
  const faults = faultsOf(['publish close after 5'])
  const tap = await testTap(server.port, { faults: () => faults })
  const client = tap.dial()
  const packet = bytesOf(4, publish('t', 'payload'))
  client.write(Buffer.concat([conn, packet]))
  const [here, there] = [collect(client), collect(await server.accepted())]
  await once(() => there.ended() && here.ended())
  expect(there.bytes().equals(Buffer.concat([conn, packet.subarray(0, 5)]))).toBe(true)
})

test('reset: both sides get one', async () => {
  const server = await byteServer()
  const faults = faultsOf(['publish reset'])
  const tap = await testTap(server.port, { faults: () => faults })
  const client = tap.dial()
  client.write(conn)
  const [here, there] = [collect(client), collect(await server.accepted())]
  await once(() => there.bytes().length === conn.length)
  client.write(bytesOf(4, publish('t', 'payload')))
  await once(() => here.failed() === 'ECONNRESET' && there.failed() === 'ECONNRESET')
})

test('answer: the client gets the CONNACK, the server nothing', async () => {
  const server = await byteServer()
  const faults = faultsOf(['connect answer 0x97'])
  const tap = await testTap(server.port, { faults: () => faults })
  const client = tap.dial()
  client.write(bytesOf(5, connect(5)))
  const [here, there] = [collect(client), collect(await server.accepted())]
  await once(() => here.ended())
  expect(here.bytes().toString('hex')).toBe('2003009700')
  await once(() => there.ended() || there.failed() !== undefined)
  expect(there.bytes().length).toBe(0)
})
