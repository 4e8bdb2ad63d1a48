// MQTT.js against `mqttx broker`, over TCP and WebSocket, in all versions. The broker's own inspector (--verbose) finds
// nothing wrong with what passes.
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Running, startMqttx } from '../helpers/run.js'
import { once } from '../helpers/wait.js'

let broker: Running
let urls: { tcp: string; ws: string }

beforeAll(async () => {
  broker = startMqttx(['broker', '-p', '0', '--ws-port', '0', '--verbose'], { timeoutMs: 600_000 })
  await broker.until((stdout) => stdout.split('\n').length > 2)
  const [tcp, ws] = broker.stdout().toString().split('\n')
  urls = { tcp: tcp!, ws: ws! }
})

afterAll(async () => {
  broker.kill()
  await broker.ended
  expect(broker.stderr()).toContain(' -> PUBLISH q2 ')
  expect(broker.stderr().match(/^ {2}\S+ (error|warning) .*$/gm)).toBeNull()
})

interface Received {
  readonly topic: string
  readonly text: string
  readonly packet: IPublishPacket
}

async function client(url: string, options: IClientOptions) {
  const made: MqttClient = mqtt.connect(url, { reconnectPeriod: 0, ...options })
  onTestFinished(() => made.endAsync(true))
  const received: Received[] = []
  made.on('message', (topic, payload, packet) => received.push({ topic, text: payload.toString(), packet }))
  await new Promise((resolve, reject) => made.once('connect', resolve).once('error', reject))
  return { made, received }
}

const versions: readonly IClientOptions[] = [
  { protocolVersion: 3, protocolId: 'MQIsdp', clientId: 'three' },
  { protocolVersion: 4 },
  { protocolVersion: 5 },
]

describe.each(['tcp', 'ws'] as const)('over %s', (transport) => {
  test.each(versions)('%j: every QoS, retained, a will, a kept session', async (version) => {
    const topic = `${transport}/${version.protocolVersion}`
    const url = urls[transport]
    const reader = await client(url, { ...version, clientId: `r-${topic}` })
    await reader.made.subscribeAsync(`${topic}/#`, { qos: 2 })
    const writer = await client(url, {
      ...version,
      clientId: `w-${topic}`,
      will: { topic: `${topic}/will`, payload: Buffer.from('gone'), qos: 1, retain: false },
    })
    for (const qos of [0, 1, 2] as const) {
      for (let i = 0; i < 50; i++) await writer.made.publishAsync(`${topic}/q${qos}`, String(i), { qos })
    }
    await writer.made.publishAsync(`${topic}/kept`, 'still here', { qos: 1, retain: true })
    writer.made.stream.destroy()
    await once(() => reader.received.some(({ text }) => text === 'gone'))
    for (const qos of [0, 1, 2]) {
      const texts = reader.received.filter((message) => message.topic === `${topic}/q${qos}`)
      expect(texts.map(({ text }) => Number(text))).toEqual(Array.from({ length: 50 }, (_, i) => i))
      expect(new Set(texts.map(({ packet }) => packet.qos))).toEqual(new Set([qos]))
    }

    const late = await client(url, { ...version, clientId: `l-${topic}` })
    await late.made.subscribeAsync(`${topic}/kept`, { qos: 1 })
    await once(() => late.received.length > 0)
    expect(late.received[0]).toMatchObject({ text: 'still here', packet: { retain: true } })

    const lasting = { ...version, clientId: `k-${topic}`, clean: false }
    const properties = version.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
    const first = await client(url, { ...lasting, ...properties })
    await first.made.subscribeAsync(`${topic}/later`, { qos: 1 })
    await first.made.endAsync()
    await reader.made.publishAsync(`${topic}/later`, 'queued', { qos: 1 })
    const again = await client(url, { ...lasting, ...properties })
    await once(() => again.received.length > 0)
    expect(again.received.map(({ text }) => text)).toEqual(['queued'])
  })

  test('MQTT 5: properties, aliases, shared subscriptions, No Local, Reason Codes', async () => {
    const url = urls[transport]
    const five = { protocolVersion: 5 } as const
    const writer = await client(url, { ...five, autoAssignTopicAlias: true })
    const readers = [
      await client(url, { ...five, properties: { topicAliasMaximum: 5, receiveMaximum: 3 } }),
      await client(url, five),
    ]
    for (const { made } of readers) await made.subscribeAsync(`$share/group/${transport}/shared`, { qos: 1 })
    for (let i = 0; i < 60; i++) await writer.made.publishAsync(`${transport}/shared`, String(i), { qos: 1 })
    const counts = () => readers.map(({ received }) => received.length)
    await once(() => counts().reduce((sum, count) => sum + count) === 60)
    expect(Math.min(...counts())).toBeGreaterThan(10)

    const { made, received } = readers[0]!
    await made.subscribeAsync(`${transport}/p`, { qos: 1, properties: { subscriptionIdentifier: 7 } })
    await writer.made.publishAsync(`${transport}/p`, 'x', {
      qos: 1,
      properties: {
        contentType: 'text/plain',
        correlationData: Buffer.from([1, 2]),
        responseTopic: 'back',
        messageExpiryInterval: 100,
        payloadFormatIndicator: true,
        userProperties: { a: ['1', '2'] },
      },
    })
    await once(() => received.some(({ topic }) => topic.endsWith('/p')))
    expect(received.at(-1)!.packet.properties).toMatchObject({
      subscriptionIdentifier: 7,
      contentType: 'text/plain',
      correlationData: Buffer.from([1, 2]),
      responseTopic: 'back',
      payloadFormatIndicator: true,
      userProperties: { a: ['1', '2'] },
    })

    await made.subscribeAsync(`${transport}/mine`, { qos: 1, nl: true })
    const before = received.length
    await made.publishAsync(`${transport}/mine`, 'own', { qos: 1 })
    await writer.made.publishAsync(`${transport}/mine`, 'other', { qos: 1 })
    await once(() => received.length > before)
    expect(received.slice(before).map(({ text }) => text)).toEqual(['other'])

    const [granted] = await made.subscribeAsync(`${transport}/x`, { qos: 2 })
    expect(granted!.qos).toBe(2)
    await expect(made.publishAsync('$SYS/x', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 })
  })
})
