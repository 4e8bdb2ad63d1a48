// The library against real brokers.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Message, MqttxError } from '../../src/library/index.js'
import {
  type Broker,
  brokers,
  freePort,
  patientBrokers,
  peerTest,
  startMosquitto,
  startOwnBroker,
} from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'
import { tap } from '../helpers/tap.js'
import { once, sleep } from '../helpers/wait.js'
import { client } from './rig.js'

const text = ({ value }: IteratorResult<Message, undefined>) => value?.payload.toString()
const needsMosquitto = ['mosquitto'] as const

function withBroker(name: string, launch: () => Promise<Broker>, body: (broker: Broker) => Promise<void>) {
  peerTest(name, launch === startOwnBroker ? [] : needsMosquitto, async () => {
    const broker = await launch()
    onTestFinished(() => broker.stop())
    await body(broker)
  })
}

describe.each(brokers)('with $name', ({ launch }) => {
  for (const qos of [0, 1, 2] as const) {
    withBroker(`a message travels at QoS ${qos}, byte for byte`, launch, async (broker) => {
      const ours = await client(broker)
      const subscription = await ours.subscribe('a/+', { qos })
      expect(subscription.qos).toBe(qos)
      const payload = Buffer.from([0, 0xff, 0xfe, 10])
      await ours.publish('b', 'for somebody else', { qos })
      await ours.publish('a/1', payload, { qos })
      const { value } = await subscription.next()
      expect(value).toMatchObject({ topic: 'a/1', payload, qos, retain: false })
    })
  }

  withBroker(
    'leaving the loop unsubscribes; another one of the same filter goes on',
    launch,
    async (broker) => {
      const ours = await client(broker)
      const [first, second] = [await ours.subscribe('t'), await ours.subscribe('t')]
      await ours.publish('t', 'one')
      for await (const { payload } of first) {
        expect(`${payload}`).toBe('one')
        break
      }
      await ours.publish('t', 'two')
      expect([text(await second.next()), text(await second.next())]).toEqual(['one', 'two'])
      expect((await first.next()).done).toBe(true)
      await second.unsubscribe()
      await ours.publish('t', 'three', { qos: 1 })
      expect((await second.next()).done).toBe(true)
    },
  )

  withBroker('a will is published when the connection breaks', launch, async (broker) => {
    const relay = await tap(broker.port)
    await client(relay, { will: { topic: 'gone', payload: 'x', qos: 1 }, reconnects: 0 })
    const watching = await (await client(broker)).subscribe('gone')
    relay.cut()
    expect(text(await watching.next())).toBe('x')
  })
})

describe.each(patientBrokers)('with $name', ({ launch }) => {
  withBroker(
    '10,000 messages at once come in order, and the loop ends with close()',
    launch,
    async (broker) => {
      const publisher = await client(broker)
      const subscriber = await client(broker)
      const subscription = await subscriber.subscribe('many', { qos: 1 })
      const sent = Array.from({ length: 10_000 }, (_, number) =>
        publisher.publish('many', `${number}`, { qos: 1 }),
      )
      const received: string[] = []
      for await (const { payload } of subscription) {
        if (received.push(`${payload}`) === 10_000) await subscriber.close()
      }
      await Promise.all(sent)
      expect(received).toEqual(Array.from({ length: 10_000 }, (_, number) => `${number}`))
    },
  )
})

describe('a lost connection', () => {
  withBroker(
    'is made again: subscriptions and messages under way live on',
    startOwnBroker,
    async (broker) => {
      const relay = await tap(broker.port)
      const retries: string[] = []
      const ours = await client(relay, { onRetry: (error) => retries.push(error.message) })
      const subscription = await ours.subscribe('t', { qos: 1 })
      await ours.publish('t', 'before', { qos: 1 })
      expect(text(await subscription.next())).toBe('before')
      relay.cut()
      await ours.publish('elsewhere', 'meanwhile', { qos: 1 })
      await relay.subscribed(2) // what is in flight goes first: a message to `t` would find no subscriber
      await ours.publish('t', 'after', { qos: 1 })
      expect(text(await subscription.next())).toBe('after')
      expect(retries).toHaveLength(1)
    },
  )

  withBroker('for good: everybody is told', startOwnBroker, async (broker) => {
    const relay = await tap(broker.port)
    const ours = await client(relay, { reconnects: 0 })
    const subscription = await ours.subscribe('t')
    const waiting = subscription.next()
    relay.cut()
    await expect(waiting).rejects.toBeInstanceOf(MqttxError)
    await expect(ours.closed).rejects.toBeInstanceOf(MqttxError)
    await expect(ours.publish('t', 'x')).rejects.toBeInstanceOf(MqttxError)
    await expect(ours.subscribe('t')).rejects.toBeInstanceOf(MqttxError)
    expect((await subscription.next()).done).toBe(true)
  })

  test('before it was established', async () => {
    const port = await freePort()
    await expect(connect(`mqtt://127.0.0.1:${port}`)).rejects.toThrow(
      `Connection refused (127.0.0.1:${port})`,
    )
  })
})

describe('MQTT 5 with mosquitto', () => {
  withBroker('requests get their own answers, whatever their order', startMosquitto, async (broker) => {
    const service = await client(broker, { protocolVersion: 5 })
    const questions = await service.subscribe('ask', { qos: 1 })
    const serving = (async () => {
      const asked: Message[] = []
      for await (const question of questions) {
        if (asked.push(question) === 3) break
      }
      for (const { payload, properties } of asked.reverse()) {
        const { correlationData } = properties!
        await service.publish(properties!.responseTopic!, `${payload}!`, {
          properties: { correlationData: correlationData! },
        })
      }
    })()
    const ours = await client(broker, { protocolVersion: 5 })
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((payload) => ours.request('ask', payload, { qos: 1 })),
    )
    expect(answers.map(({ payload }) => `${payload}`)).toEqual(['a!', 'b!', 'c!'])
    await serving
  })

  withBroker('a request that nobody answers', startMosquitto, async (broker) => {
    const ours = await client(broker, { protocolVersion: 5 })
    const error = await ours.request('nobody', '?', { timeout: 0.2 }).catch((caught) => caught)
    expect(error).toMatchObject({ message: 'no answer within 0.2 s', exitCode: 27 })
  })

  withBroker(
    'properties come through, and options of the subscription are kept',
    startMosquitto,
    async (broker) => {
      const ours = await client(broker, { protocolVersion: 5 })
      const withoutOwn = await ours.subscribe('t', { noLocal: true })
      const other = await client(broker, { protocolVersion: 5 })
      await ours.publish('t', 'own')
      const properties = { contentType: 'text/plain', userProperties: { a: ['1', '2'] } }
      await other.publish('t', 'other', { properties })
      const { value } = await withoutOwn.next()
      expect(value).toMatchObject({ payload: Buffer.from('other'), properties })
    },
  )

  withBroker(
    'a message that an ACL denies is refused',
    async () => {
      const file = `${scratch('acl')}/acl`
      writeFileSync(file, 'topic read #\n', { mode: 0o600 })
      return startMosquitto(['allow_anonymous true', `acl_file ${file}`])
    },
    async (broker) => {
      const ours = await client(broker, { protocolVersion: 5 })
      await expect(ours.publish('t', 'x', { qos: 1 })).rejects.toMatchObject({ exitCode: 0x87 })
    },
  )
})

describe('back-pressure', () => {
  withBroker(
    'a subscription that nobody reads holds the connection, and loses nothing',
    startOwnBroker,
    async (broker) => {
      const publisher = await client(broker)
      const subscriber = await client(broker)
      const slow = await subscriber.subscribe('t', { qos: 1 })
      const payload = Buffer.alloc(1000, 'x')
      const sent = Array.from({ length: 5000 }, () => publisher.publish('t', payload, { qos: 1 }))
      await sleep(500)
      let count = 0
      for await (const message of slow) {
        expect(message.payload.equals(payload)).toBe(true)
        if (++count === 5000) break
      }
      await Promise.all(sent)
      expect(count).toBe(5000)
    },
  )
})

describe('refused before anything is sent', () => {
  test.each([
    ['http://localhost', {}, "Unsupported URL scheme 'http://'"],
    ['localhost:1883', {}, "Unsupported URL scheme 'localhost://'"],
    ['mqtt://localhost/topic', {}, "Unexpected path '/topic' in the URL"],
    ['nonsense', {}, "Invalid URL: 'nonsense'"],
    ['mqtt://localhost', { keepAlive: -1 }, 'keepAlive is -1'],
    ['mqtt://localhost', { maxInFlight: 1.5 }, 'maxInFlight is 1.5'],
    ['mqtts://localhost', { tls: { cafile: '/nowhere' } }, 'File not found'],
  ])('%s %o', async (url, options, message) => {
    await expect(connect(url, options)).rejects.toThrow(message)
  })

  withBroker('topics, filters, and what needs MQTT 5', startOwnBroker, async (broker) => {
    const ours = await client(broker)
    await expect(ours.publish('a/#', 'x')).rejects.toThrow("does it contain '+' or '#'")
    await expect(ours.subscribe('a#')).rejects.toThrow('are all')
    await expect(ours.publish('a', 'x', { properties: { contentType: 'x' } })).rejects.toThrow('needs MQTT 5')
    await expect(ours.subscribe('a', { noLocal: true })).rejects.toThrow('need')
    await expect(ours.request('a', 'x')).rejects.toThrow('needs MQTT 5')
    await ours.close()
    await expect(ours.publish('a', 'x')).rejects.toThrow('The client is closed')
    await ours.closed
  })
})

test('a server that never answers causes a connect timeout', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(() => server.listening)
  const { port } = server.address() as { port: number }
  const error = await connect(`mqtt://127.0.0.1:${port}`, { connectTimeout: 1 }).catch((caught) => caught)
  expect(error).toMatchObject({ exitCode: 19 })
})
