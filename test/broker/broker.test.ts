// The broker as its clients see it, without a port.
import type { IConnackPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { once } from '../helpers/wait.js'
import { connectPacket, publish, testBroker } from './rig.js'

const payloads = (messages: { payload: string | Buffer }[]) =>
  messages.map(({ payload }) => payload.toString())
const count = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

test('a message reaches those who subscribed to its topic', async () => {
  const broker = await testBroker()
  const home = await broker.join('home')
  const other = await broker.join('other')
  await home.subscribe('home/+/temperature')
  await other.subscribe('garden/#')

  home.send(publish('home/kitchen/temperature', '21'))

  expect(payloads(await home.messages(1))).toEqual(['21'])
  await other.sync()
  expect(other.words).not.toContain('publish home/kitchen/temperature 21')
})

test.each([
  [0, 0, 0],
  [1, 1, 1],
  [2, 2, 2],
  [2, 1, 1],
  [2, 0, 0],
  [1, 2, 1],
] as const)('published with QoS %i, subscribed with %i: arrives with %i', async (qos, granted, arrives) => {
  const broker = await testBroker()
  const client = await broker.join('a')
  await client.subscribe('#', granted)

  client.send(publish('t', 'x', { qos, messageId: 7 }))

  const [message] = await client.messages(1)
  expect(message?.qos).toBe(arrives)
})

test.each([
  ['#', 't'],
  ['t', '#'],
])(
  'of two subscriptions that match, %s with QoS 0 and %s with QoS 1, the higher counts',
  async (low, high) => {
    const broker = await testBroker()
    const writer = await broker.join('writer')
    for (const clean of [true, false]) {
      const reader = await broker.join('reader', { clean })
      await reader.subscribe(low, 0)
      await reader.subscribe(high, 1)

      writer.send(publish('t', 'x', { qos: 2, messageId: 1 }), { cmd: 'pubrel', messageId: 1 })

      await writer.take('pubcomp')
      await reader.sync()
      expect(reader.words).toEqual(['connack', 'suback 1', 'suback 1', 'publish t x q1', 'pingresp'])
    }
  },
)

test('a retained message waits, in the QoS that was granted, until an empty one takes it away', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  writer.send(publish('state', 'on', { retain: true, qos: 2, messageId: 1 }))
  await writer.take('pubrec')

  const early = await broker.join('early')
  await early.subscribe('#', 1)
  expect(await early.messages(1)).toMatchObject([{ topic: 'state', retain: true, qos: 1 }])

  writer.send(publish('state', '', { retain: true }))
  await writer.sync()
  const late = await broker.join('late')
  await late.subscribe('#')
  await late.sync()
  expect(late.words).not.toContain('publish state on retain')
})

test('a retained message and a plain one in one chunk both arrive, in their order', async () => {
  const broker = await testBroker()
  const client = await broker.join('a')
  await client.subscribe('#', 2)

  client.send(
    publish('r', '1', { retain: true }),
    publish('n', '2'),
    publish('r', '3', { retain: true, qos: 2, messageId: 1 }),
    publish('n', '4', { qos: 2, messageId: 2 }),
    publish('n', '5'),
  )

  const all = await client.messages(5)
  expect(payloads(all).sort()).toEqual(['1', '2', '3', '4', '5'])
  expect(payloads(all.filter(({ qos }) => qos === 2))).toEqual(['3', '4'])
  expect(payloads(all.filter(({ qos }) => qos === 0))).toEqual(['1', '2', '5'])
})

test('what a client sends behind its CONNECT, before CONNACK, is handled after it and in order', async () => {
  const broker = await testBroker()
  const reader = await broker.join('reader')
  await reader.subscribe('t', 1)
  const client = broker.dial()

  client.send(connectPacket('eager'), ...count(1, 3000).map((text) => publish('t', text)))

  expect(payloads(await reader.messages(3000))).toEqual(count(1, 3000))
  expect((await client.take('connack')).cmd).toBe('connack')
})

test('a QoS 2 message that comes again before its PUBREL is delivered once', async () => {
  const broker = await testBroker()
  const client = await broker.join('a')
  await client.subscribe('t')
  const message = publish('t', 'x', { qos: 2, messageId: 7 })

  client.send(message, { ...message, dup: true }, { cmd: 'pubrel', messageId: 7 }, publish('t', 'y'))

  expect(payloads(await client.messages(2))).toEqual(['x', 'y'])
  await once(() => client.words.includes('pubcomp 7'))
  await once(() => client.words.filter((line) => line === 'pubrec 7').length === 2)
})

test('a client may have as many unreleased QoS 2 messages as there are identifiers', async () => {
  const broker = await testBroker()
  const client = await broker.join('a')
  const ids = Array.from({ length: 65_535 }, (_, index) => index + 1)

  client.send(...ids.map((messageId) => publish('t', '', { qos: 2, messageId })))
  await once(() => client.words.length === 1 + ids.length)
  client.send(...ids.map((messageId) => ({ cmd: 'pubrel', messageId }) as const))
  await once(() => client.words.length === 1 + 2 * ids.length)

  expect(client.words.at(-1)).toBe('pubcomp 65535')
}, 120_000)

describe('a will', () => {
  const will = { topic: 'gone', payload: Buffer.from('a'), qos: 1 as const, retain: false }

  test('is published when the connection breaks', async () => {
    const broker = await testBroker()
    const heir = await broker.join('heir')
    await heir.subscribe('gone')
    const client = await broker.join('a', { will })

    client.stream.end()

    expect(payloads(await heir.messages(1))).toEqual(['a'])
    expect(broker.lines).toContain('Client a closed its connection.')
  })

  test('is void after DISCONNECT', async () => {
    const broker = await testBroker()
    const heir = await broker.join('heir')
    await heir.subscribe('#')
    const client = await broker.join('a', { will })

    client.send(publish('last', 'word'), { cmd: 'disconnect' })
    client.stream.end()

    expect(payloads(await heir.messages(1))).toEqual(['word'])
    await once(() => broker.lines.includes('Client a disconnected.'))
    await heir.sync()
    expect(heir.words).not.toContain('publish gone a')
  })

  test.each(['a/+', '#', '$SYS/broker/uptime'])('H43: to %s is refused', async (topic) => {
    const broker = await testBroker()
    const client = broker.dial()

    client.send(connectPacket('a', { will: { ...will, topic } }))

    await once(client.closed)
    expect(broker.lines.join()).toMatch(/^Client from this process refused: (invalid|its) Will Topic/)
  })

  test('is published when a client is silent for one and a half keep alive intervals', async () => {
    const broker = await testBroker()
    const heir = await broker.join('heir')
    await heir.subscribe('gone')
    const client = await broker.join('a', { will, keepalive: 1 })
    const started = performance.now()

    await heir.messages(1)

    expect(performance.now() - started).toBeGreaterThan(1400)
    expect(broker.lines.join()).toMatch(/Client a disconnected: keep alive timeout, silent for \d+ s\./)
    await once(client.closed)
  })
})

test('a second client with the same identifier takes the place of the first', async () => {
  const broker = await testBroker()
  const first = await broker.join('a')

  const second = await broker.join('a')

  await once(first.closed)
  await second.sync()
  expect(broker.lines).toContain('Client a disconnected: a client connected with the same identifier.')
})

describe('a client without an identifier', () => {
  test('gets one for a clean session', async () => {
    const broker = await testBroker()
    const client = broker.dial()
    client.send(connectPacket(''))

    expect(await client.take('connack')).toMatchObject({ returnCode: 0 })
    expect(broker.lines[0]).toMatch(
      /^New client connected from this process as auto-[0-9A-F-]{36} \(p2, c1, k0\)\.$/,
    )
  })

  test.each([
    ['a persistent session', [0x10, 12, 0, 4, 77, 81, 84, 84, 4, 0, 0, 0, 0, 0]],
    ['MQTT 3.1', [0x10, 14, 0, 6, 77, 81, 73, 115, 100, 112, 3, 2, 0, 0, 0, 0]],
  ])('is refused with CONNACK 2 for %s', async (_, bytes) => {
    const broker = await testBroker()
    const client = broker.dial()
    client.write(Uint8Array.from(bytes))

    expect(await client.take('connack')).toMatchObject({ returnCode: 2 })
    await once(client.closed)
    expect(broker.lines.join()).toContain('Client from this process refused: a client without an identifier')
  })
})

test.each([
  ['an invalid Topic Filter', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a#', qos: 0 }] }],
  ['a wildcard in a Topic Name', publish('a/+', 'x')],
  ['a message to $SYS', publish('$SYS/broker/uptime', 'x', { retain: true })],
  ['a second CONNECT', connectPacket('a')],
  ['a topic of 202 levels', publish('a/'.repeat(201), 'x')],
] as const)('%s ends the connection, and the log says why', async (_, packet) => {
  const broker = await testBroker()
  const client = await broker.join('a')

  client.send(packet as Parameters<typeof client.send>[0])

  await once(client.closed)
  await once(() => broker.lines.some((line) => line.startsWith('Client a disconnected: ')))
  await (await broker.join('b')).sync()
})

test('MQTT 3.1 works', async () => {
  const broker = await testBroker()
  const client = await broker.join('old', { protocolId: 'MQIsdp', protocolVersion: 3 })
  await client.subscribe('t', 1)

  client.send(publish('t', 'x', { qos: 1, messageId: 1 }))

  expect(payloads(await client.messages(1))).toEqual(['x'])
  expect(broker.lines[0]).toBe('New client connected from this process as old (p1, c1, k0).')
})

test('control characters in an identifier do not reach the log', async () => {
  const broker = await testBroker()

  const client = await broker.join('a\n\u001b[2Jb')

  expect((client.packets[0] as IConnackPacket).returnCode).toBe(0)
  expect(broker.lines[0]).toContain(' as a\\n\\u001b[2Jb (')
})
