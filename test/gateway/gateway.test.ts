// A gateway with sockets, in front of our broker.
import { createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../src/broker/broker.js'
import { gatewayBeside } from '../../src/gateway/beside-broker.js'
import { parsePredefined } from '../../src/sn/predefined.js'
import { listenUdp } from '../../src/transport/udp-server.js'
import { once } from '../helpers/wait.js'
import { connectTo, SnSocket, testGateway } from './rig.js'

const short = (name: string) => ({ kind: 'short', name }) as const

async function broker(options: Partial<Parameters<typeof startBroker>[0]> = {}) {
  const lines: string[] = []
  const running = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: false, log: (line) => lines.push(line) },
    ...options,
  })
  onTestFinished(() => running.close())
  return { ...running, lines, port: running.address.port }
}

describe.each([
  ['a connection for each client', false, false],
  ['one connection for all', true, false],
  ['in the process of the broker', false, true],
])('%s', (_, aggregate, beside) => {
  async function start() {
    const server = await broker()
    const settings = beside ? gatewayBeside(server) : { connect: connectTo(server.port) }
    const predefined = parsePredefined('7 home/kitchen', '')
    const running = await testGateway({ ...settings, aggregate, predefined, retryMs: 500 })
    if (aggregate) await once(() => server.lines.some((line) => line.startsWith('New client')), 10_000)
    return { ...running, server }
  }

  test('messages of each QoS from client to client', async () => {
    const { port } = await start()
    const [from, to] = [await SnSocket.open(port), await SnSocket.open(port)]
    await to.connect('subscriber')
    await to.subscribe('#', 2)
    await from.connect('publisher')
    from.send({ type: 'register', name: 'a/b', messageId: 1 })
    const { topicId: id } = await from.take('regack')
    const topic = { kind: 'normal', id } as const
    from.send({ type: 'publish', topic, qos: 0, data: Buffer.from('zero') })
    from.send({ type: 'publish', topic, qos: 1, messageId: 2, data: Buffer.from('one') })
    expect(await from.take('puback')).toMatchObject({ messageId: 2, returnCode: 0 })
    from.send({ type: 'publish', topic, qos: 2, messageId: 3, data: Buffer.from('two') })
    await from.take('pubrec')
    from.send({ type: 'pubrel', messageId: 3 })
    await from.take('pubcomp')
    from.send({ type: 'publish', topic: short('ab'), data: Buffer.from('short') })
    const got = [await to.message(), await to.message(), await to.message(), await to.message()]
    expect(got).toEqual([
      { topic: 'a/b', text: 'zero', qos: 0 },
      { topic: 'a/b', text: 'one', qos: 1 },
      { topic: 'a/b', text: 'two', qos: 2 },
      { topic: 'ab', text: 'short', qos: 0 },
    ])
  })

  test('QoS -1, a retained message, and a will', async () => {
    const { port } = await start()
    const [subscriber, stranger, mortal] = [
      await SnSocket.open(port),
      await SnSocket.open(port),
      await SnSocket.open(port),
    ]
    await subscriber.connect('subscriber')
    await subscriber.subscribe('home/#', 1)
    mortal.send({ type: 'connect', clientId: 'mortal', will: true, duration: 1 })
    await mortal.take('willtopicreq')
    mortal.send({ type: 'willtopic', willTopic: 'home/gone', qos: 1 })
    await mortal.take('willmsgreq')
    mortal.send({ type: 'willmsg', data: Buffer.from('bye') })
    await mortal.take('connack')
    expect(await subscriber.message()).toEqual({ topic: 'home/gone', text: 'bye', qos: 1 })
    const unconnected = { type: 'publish', topic: { kind: 'predefined', id: 7 }, qos: -1 } as const
    stranger.send({ ...unconnected, data: Buffer.from('late') })
    expect(await subscriber.message()).toEqual({ topic: 'home/kitchen', text: 'late', qos: 0 })
  })

  test('a sleeping client', async () => {
    const { port } = await start()
    const [from, to] = [await SnSocket.open(port), await SnSocket.open(port)]
    await to.connect('subscriber')
    await to.subscribe('#', 1)
    to.send({ type: 'disconnect', duration: 60 })
    await to.take('disconnect')
    await from.connect('publisher')
    for (const [index, text] of ['1', '2', '3'].entries()) {
      from.send({
        type: 'publish',
        topic: short('ab'),
        qos: 1,
        messageId: index + 1,
        data: Buffer.from(text),
      })
      await from.take('puback')
    }
    to.send({ type: 'pingreq', clientId: 'subscriber' })
    expect([await to.message(), await to.message(), await to.message()].map(({ text }) => text)).toEqual([
      '1',
      '2',
      '3',
    ])
    await to.take('pingresp')
  })
})

test('a server that is down: congestion; when it is back, clients come back by themselves', async () => {
  const first = await broker()
  const { port: serverPort } = first
  const { port } = await testGateway({ connect: connectTo(serverPort) })
  const client = await SnSocket.open(port)
  await client.connect('client')
  await client.subscribe('ab', 1)
  await first.close()
  const refused = await SnSocket.open(port)
  refused.send({ type: 'connect', clientId: 'other' })
  expect(await refused.take('connack')).toEqual({ type: 'connack', returnCode: 1 })
  const publish = { type: 'publish', topic: short('ab'), qos: 1, data: Buffer.from('x') } as const
  client.send({ ...publish, messageId: 1 })
  expect(await client.take('puback')).toMatchObject({ returnCode: 1 })
  await broker({ port: serverPort })
  for (let messageId = 2; ; messageId++) {
    client.send({ ...publish, messageId })
    const { returnCode } = (await client.take('puback')) as { returnCode: number }
    if (returnCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(await client.message()).toEqual({ topic: 'ab', text: 'x', qos: 1 })
})

test.each([
  ['before its messages are fetched', false],
  ['and its messages are fetched before it is back', true],
])(
  'the connection to the server of a sleeping client is lost %s: each message comes once',
  async (_, isFetchedBetween) => {
    const server = await broker()
    const { connect, openStream } = gatewayBeside(server)
    const streams: Duplex[] = []
    const { port } = await testGateway({
      connect,
      openStream(origin) {
        streams.push(openStream!(origin))
        return streams.at(-1)!
      },
    })
    const sleeper = await SnSocket.open(port)
    await sleeper.connect('sleeper', { cleanSession: false })
    await sleeper.subscribe('#', 2)
    sleeper.send({ type: 'disconnect', duration: 60 })
    await sleeper.take('disconnect')
    const publisher = await SnSocket.open(port)
    await publisher.connect('publisher')
    const publish = async (data: string, qos: 1 | 2): Promise<void> => {
      publisher.send({ type: 'publish', topic: short('ab'), qos, messageId: 7, data: Buffer.from(data) })
      await publisher.take(qos === 1 ? 'puback' : 'pubrec')
      if (qos === 1) return
      publisher.send({ type: 'pubrel', messageId: 7 })
      await publisher.take('pubcomp')
    }
    const fetch = async (count: number): Promise<string[]> => {
      sleeper.send({ type: 'pingreq', clientId: 'sleeper' })
      const texts: string[] = []
      while (texts.length < count) texts.push((await sleeper.message()).text)
      if (texts.at(-1) === '2') {
        const { messageId } = (await sleeper.take('pubrel')) as { messageId: number }
        sleeper.send({ type: 'pubcomp', messageId })
      }
      await sleeper.take('pingresp')
      return texts
    }
    const got: string[] = []
    await publish('1', 1)
    await publish('2', 2)
    const connected = () =>
      server.lines.filter((line) => line.startsWith('New') && line.includes('sleeper')).length
    for (const turn of [2, 3]) {
      streams.findLast((_, index) => index !== 1)!.destroy()
      if (isFetchedBetween && turn === 2) got.push(...(await fetch(2)))
      await once(() => connected() === turn, 20_000)
    }
    await publish('3', 1)
    got.push(...(await fetch(isFetchedBetween ? 1 : 3)))
    expect(got).toEqual(['1', '2', '3'])
  },
)

test.each([
  ['a connection for each client', false],
  ['one connection for all', true],
])('a message for which the server ends the connection is refused in the end: %s', async (_, aggregate) => {
  const server = await broker()
  const { port } = await testGateway({ connect: connectTo(server.port), aggregate })
  const client = await SnSocket.open(port)
  const connect = async (): Promise<void> => {
    for (;;) {
      client.send({ type: 'connect', clientId: 'client' })
      const { returnCode } = (await client.take('connack')) as { returnCode: number }
      if (returnCode === 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await connect()
  client.send({ type: 'register', name: '$SYS/x', messageId: 1 })
  const { topicId } = await client.take('regack')
  const topic = { kind: 'normal', id: topicId }
  client.send({ type: 'publish', topic, qos: 1, messageId: 2, data: Buffer.from('x') })
  expect(await client.take('puback')).toMatchObject({ messageId: 2, returnCode: 3 })
  await client.take('disconnect')
  await connect()
  client.send({ type: 'publish', topic: short('ab'), qos: 1, messageId: 3, data: Buffer.from('x') })
  expect(await client.take('puback')).toMatchObject({ messageId: 3, returnCode: 0 })
})

test('addresses that are not of this machine need --allow-anonymous, as over TCP', async () => {
  const server = await broker()
  const { connect, openStream } = gatewayBeside(server)
  const { port } = await testGateway({
    connect,
    openStream: () => openStream!({ host: '192.0.2.1', port: 5000, key: '' }),
  })
  const client = await SnSocket.open(port)
  client.send({ type: 'connect', clientId: 'client' })
  expect(await client.take('connack')).toEqual({ type: 'connack', returnCode: 3 })
})

test('it ends orderly: DISCONNECT to clients and to the server', async () => {
  const server = await broker()
  const { gateway, lines, port } = await testGateway({ connect: connectTo(server.port) })
  const client = await SnSocket.open(port)
  await client.connect('client')
  await gateway.close()
  await client.take('disconnect')
  await once(() => server.lines.includes('Client client disconnected.'), 10_000)
  expect(lines).toEqual([
    expect.stringMatching(/^New MQTT-SN client connected from 127\.0\.0\.1:\d+ as client \(c1, k60\)\.$/),
    'Client client was disconnected.',
  ])
})

test('a server that takes nothing', async () => {
  const silent = createServer((socket) => {
    socket.write(Buffer.from([0x20, 2, 0, 0]))
    setImmediate(() => socket.pause())
  })
  onTestFinished(() => void silent.close())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port: serverPort } = silent.address() as { port: number }
  const { port } = await testGateway({ connect: connectTo(serverPort) })
  const client = await SnSocket.open(port)
  await client.connect('client')
  const before = process.memoryUsage().rss
  const data = Buffer.alloc(60_000)
  for (let i = 0; i < 1000; i++) {
    client.send({ type: 'publish', topic: short('ab'), data })
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
  client.send({ type: 'disconnect' })
  await client.take('disconnect')
})

test('answers that the system does not take are lost', async () => {
  const server = await listenUdp({ bind: '127.0.0.1', port: 0 }, { message() {}, trouble() {} })
  for (let i = 0; i < 10_000; i++) server.send(server.address, Buffer.alloc(10))
  await server.close()
})

test('a file of predefined topics that is none names the line', () => {
  expect(() => parsePredefined('7 a/b\nx', 'topics')).toThrow('topics, line 2')
  expect(() => parsePredefined(`7 ${'é'.repeat(32_768)}`, 'topics')).toThrow('topics, line 1')
})
