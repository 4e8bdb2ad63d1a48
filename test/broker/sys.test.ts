// $SYS: what is counted is what happened.
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { zeroCounters } from '../../src/broker/core/counters.js'
import { Loads, sysTopics } from '../../src/broker/statistics.js'
import { once } from '../helpers/wait.js'
import { connectPacket, publish, type TestBroker, testBroker } from './rig.js'

const levels = {
  version: '1.2.3',
  uptimeSeconds: 61,
  connected: 2,
  disconnected: 1,
  maximum: 3,
  retained: 4,
  subscriptions: 5,
  stored: 6,
  heapUsed: 7,
}

const topicCount = [...sysTopics(zeroCounters(), levels), ...new Loads(zeroCounters(), 0).topics()].length

/** What a subscriber to all counters sees first. */
async function watch(broker: TestBroker) {
  const watcher = await broker.join('watcher')
  await watcher.subscribe('$SYS/#')
  const values = new Map<string, string>()
  await once(() => {
    for (const packet of watcher.packets) {
      if (packet.cmd === 'publish' && packet.retain) values.set(packet.topic, packet.payload.toString())
    }
    return values.size >= topicCount
  })
  return { watcher, values }
}

/** The counters as a new subscriber sees them. */
async function counters(broker: TestBroker): Promise<(topic: string) => string | undefined> {
  const { watcher, values } = await watch(broker)
  await watcher.sync()
  watcher.send({ cmd: 'disconnect' })
  await once(watcher.closed)
  return (topic) => values.get(`$SYS/broker/${topic}`)
}

test('a subscriber sees all of it at once', async () => {
  const broker = await testBroker()

  const { watcher, values } = await watch(broker)

  await watcher.sync()
  expect([...values.keys()].every((topic) => topic.startsWith('$SYS/broker/'))).toBe(true)
  expect(values.size).toBe(topicCount)
  expect(values.get('$SYS/broker/uptime')).toMatch(/^\d+ seconds$/)
  expect(watcher.words).toContain('publish $SYS/broker/version mqttx 0.1.0-test retain')
  expect(watcher.words).toContain('publish $SYS/broker/clients/connected 1 retain')
})

test('a subscription to # does not match it', async () => {
  const broker = await testBroker()
  const client = await broker.join('a')
  await client.subscribe('#')
  await client.subscribe('+/broker/uptime')
  await client.sync()

  expect(client.words).toEqual(['connack', 'suback 1', 'suback 1', 'pingresp'])
})

test('clients and subscriptions', async () => {
  const broker = await testBroker()
  const [, b] = [await broker.join('a'), await broker.join('b'), await broker.join('c')]
  const absent = await broker.join('absent', { clean: false })
  await absent.subscribe('x', 1)
  await b.subscribe('y')
  await b.subscribe('z')
  b.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['z'] })
  absent.send({ cmd: 'disconnect' })
  await once(() => absent.closed() && b.words.includes('unsuback 1'))

  const value = await counters(broker)

  expect(value('clients/connected')).toBe('4') // a, b, c and who asks
  expect(value('clients/disconnected')).toBe('1')
  expect(value('clients/total')).toBe('5')
  expect(value('clients/maximum')).toBe('4')
  expect(value('subscriptions/count')).toBe('2') // before the one to $SYS
})

test('packets, messages and bytes, each way', async () => {
  const broker = await testBroker()
  const before = await counters(broker)
  const received: Packet[] = [
    connectPacket('a'),
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] },
    publish('t', 'twelve bytes', { qos: 1, messageId: 2 }),
    publish('nobody', 'cares', { retain: true }),
    { cmd: 'pingreq' },
  ]
  const client = broker.dial()
  client.send(...received)
  await client.take('pingresp')
  await client.messages(1)

  const after = await counters(broker)

  const grown = (topic: string) => Number(after(topic)) - Number(before(topic))
  const size = (packets: Packet[]) => packets.reduce((sum, packet) => sum + mqtt.generate(packet).length, 0)
  const watched = [
    connectPacket('watcher'),
    { cmd: 'subscribe' as const, messageId: 1, subscriptions: [{ topic: '$SYS/#', qos: 0 as const }] },
  ]
  // Of the first watcher PINGREQ and DISCONNECT came after it had seen its counters, of the second none did.
  expect(grown('messages/received')).toBe(received.length + watched.length + 2)
  expect(grown('bytes/received')).toBe(size([...received, ...watched]) + 4)
  expect(grown('publish/messages/received')).toBe(2)
  expect(grown('publish/bytes/received')).toBe('twelve bytes'.length + 'cares'.length)
  expect(grown('retained messages/count')).toBe(1)
  const sentToClient = client.bytes().length
  const seenByWatcher = Number(after('bytes/sent')) - Number(before('bytes/sent')) - sentToClient
  expect(seenByWatcher).toBeGreaterThan(1000) // the list itself, to the first watcher
  expect(client.words).toHaveLength(5) // CONNACK, SUBACK, PUBACK, the message, PINGRESP
})

test('a change is published to those who watch, and nothing else is', async () => {
  const broker = await testBroker()
  const watcher = await broker.join('watcher')
  await watcher.subscribe('$SYS/broker/clients/+')
  await watcher.messages(4)
  const seen = watcher.words.length

  await broker.join('b')

  await once(() => watcher.words.includes('publish $SYS/broker/clients/connected 2'))
  expect(watcher.words.slice(seen).sort()).toEqual([
    'publish $SYS/broker/clients/connected 2',
    'publish $SYS/broker/clients/maximum 2',
    'publish $SYS/broker/clients/total 2',
  ])
})

test('a load of one message per second tends to 60 per minute', () => {
  const totals = zeroCounters()
  const loads = new Loads(totals, 0)
  for (let now = 5000; now <= 60_000; now += 5000) {
    totals.publishSent += 5
    loads.update(totals, now)
  }

  const values = new Map(loads.topics())
  expect(Number(values.get('load/publish/sent/1min'))).toBeCloseTo(60 * (1 - Math.exp(-1)), 1)
  expect(Number(values.get('load/publish/sent/15min'))).toBeCloseTo(60 * (1 - Math.exp(-1 / 15)), 1)
  expect(values.get('load/publish/received/1min')).toBe('0.00')
})

test('the names are those of mosquitto', () => {
  const topics = Object.fromEntries(sysTopics({ ...zeroCounters(), publishDropped: 8 }, levels))

  expect(topics).toMatchObject({
    version: 'mqttx 1.2.3',
    uptime: '61 seconds',
    'clients/total': '3',
    'clients/connected': '2',
    'clients/disconnected': '1',
    'clients/maximum': '3',
    'publish/messages/dropped': '8',
    'retained messages/count': '4',
    'subscriptions/count': '5',
    'store/messages/count': '6',
  })
})
