// Retained messages (MQTT 5.0 and 3.1.1, 3.3.1.3). A title with [MQTT-...] is about a statement of MQTT 5.0, one with
// [MQTT3-...] about one of MQTT 3.1.1.
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, lasting, publish, type TestClient, type Version, words } from './rig.js'

const versions = [4, 5] as const

async function retained(rig: CoreRig, protocolVersion: Version, filter = '#'): Promise<string[]> {
  const client = rig.join('late', { protocolVersion })
  client.subscribe(filter, { qos: 2 })
  await rig.settle()
  const messages = client.messages()
  client.lose()
  return messages.sort()
}

describe.each(versions)('retained messages (version %i)', (protocolVersion) => {
  const setUp = (): { rig: CoreRig; writer: TestClient } => {
    const rig = new CoreRig()
    return { rig, writer: rig.join('writer', { protocolVersion }) }
  }

  test('[MQTT-3.3.1-5] [MQTT3-3.3.1-5] [MQTT3-3.3.1-6] [MQTT3-3.3.1-8] the last one of a topic is kept with its QoS, and sent with RETAIN', async () => {
    const { rig, writer } = setUp()
    for (const qos of [0, 1, 2] as const) {
      writer.send(publish(`a/${qos}`, 'old', { retain: true, qos: 0 }))
      writer.send(publish(`a/${qos}`, 'new', { retain: true, qos, messageId: 1 }))
    }
    writer.send(publish('b', 'x', { retain: true }))
    expect(await retained(rig, protocolVersion, 'a/+')).toEqual([
      'a/0 new retain',
      'a/1 new q1 retain',
      'a/2 new q2 retain',
    ])
  })

  test('[MQTT-3.3.1-5] [MQTT3-3.3.1-7] one of QoS 0 takes the place of the one before', async () => {
    const { rig, writer } = setUp()
    writer.send(publish('a', '1', { retain: true, qos: 2, messageId: 1 }))
    writer.send(publish('a', '2', { retain: true }))
    expect(await retained(rig, protocolVersion)).toEqual(['a 2 retain'])
  })

  test('[MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT3-3.3.1-10] [MQTT3-3.3.1-11] an empty one is sent to subscribers, removes the one before and is not kept', async () => {
    const { rig, writer } = setUp()
    const reader = rig.join('reader', { protocolVersion })
    reader.subscribe('#')
    writer.send(publish('a', '1', { retain: true }), publish('a', '', { retain: true }))
    writer.send(publish('b', '', { retain: true }))
    expect(reader.messages()).toEqual(['a 1', 'a ', 'b '])
    expect(await retained(rig, protocolVersion)).toEqual([])
    expect(rig.broker.retained.count).toBe(0)
  })

  test('[MQTT-3.3.1-8] [MQTT3-3.3.1-12] a message without RETAIN neither becomes one nor changes one', async () => {
    const { rig, writer } = setUp()
    writer.send(publish('a', '1', { retain: true }), publish('a', '2'), publish('a', ''), publish('b', '3'))
    expect(await retained(rig, protocolVersion)).toEqual(['a 1 retain'])
  })

  test('[MQTT-3.3.1-12] [MQTT3-3.3.1-9] a subscriber of before gets it without RETAIN', () => {
    const { rig, writer } = setUp()
    const reader = rig.join('reader', { protocolVersion })
    reader.subscribe('a')
    writer.send(publish('a', 'x', { retain: true }), publish('a', 'y'))
    expect(reader.messages()).toEqual(['a x', 'a y'])
  })

  test('[MQTT3-3.1.2-7] they outlive the session of their publisher', async () => {
    const rig = new CoreRig()
    const writer = rig.join('writer', lasting(protocolVersion))
    writer.send(publish('a', '1', { retain: true }))
    writer.lose()
    rig.join('writer', { protocolVersion, clean: true }).send({ cmd: 'disconnect', reasonCode: 0 })
    rig.wait(2_000_000)
    expect(rig.broker.sessions.size).toBe(0)
    expect(await retained(rig, protocolVersion)).toEqual(['a 1 retain'])
  })

  test('[MQTT-3.8.4-4] [MQTT3-3.8.4-3] the same filter again: they are sent again', async () => {
    const { rig, writer } = setUp()
    writer.send(publish('a', '1', { retain: true }))
    const reader = rig.join('reader', { protocolVersion })
    for (let i = 0; i < 2; i++) {
      reader.subscribe('a')
      await rig.settle()
      expect(reader.messages()).toEqual(['a 1 retain'])
    }
  })

  test('[MQTT-4.6.0-5] [MQTT3-4.6.0-6] a retained message comes before what is published after the SUBSCRIBE', () => {
    const { rig, writer } = setUp()
    writer.send(publish('a', '1', { retain: true }))
    const subscriptions = [{ topic: 'a', qos: 0 as const }]
    writer.send({ cmd: 'subscribe', messageId: 1, subscriptions }, publish('a', '2'))
    expect(writer.messages()).toEqual(['a 1 retain', 'a 2'])
    const many = Array.from({ length: 10 }, (_, i) => ({ cmd: 'subscribe', messageId: i + 1, subscriptions }))
    writer.send(...many)
    rig.wait(0)
    expect(writer.received().map(({ cmd }) => cmd)).toEqual(many.flatMap(() => ['suback', 'publish']))
  })

  test('[MQTT-4.6.0-5] [MQTT3-4.6.0-6] one that is replaced while it waits is not sent', async () => {
    const rig = new CoreRig()
    const { writer } = { writer: rig.join('writer', { protocolVersion }) }
    for (const topic of ['a', 'b', 'c'])
      writer.send(publish(topic, 'old', { retain: true, qos: 1, messageId: 1 }))
    const reader = rig.join('reader', { protocolVersion })
    reader.connection.window = 1
    reader.subscribe('+', { qos: 1 })
    await rig.settle()
    writer.send(publish('b', 'new', { retain: true, qos: 1, messageId: 1 }))
    writer.send(publish('c', '', { retain: true, qos: 1, messageId: 1 }))
    const seen: string[] = []
    for (let i = 0; i < 6; i++) {
      const all = reader.received('publish') as IPublishPacket[]
      seen.push(...all.map(words))
      for (const { messageId } of all) reader.send({ cmd: 'puback', messageId: messageId! })
      await rig.settle()
    }
    expect(seen.filter((text) => text.startsWith('a'))).toEqual(['a old q1 retain'])
    expect(seen.filter((text) => text.startsWith('b')).at(0)).toBe('b new q1')
    expect(seen).not.toContain('b old q1 retain')
    expect(seen.filter((text) => text.startsWith('c'))).toEqual(['c  q1'])
  })

  test('[MQTT-4.7.2-1] [MQTT3-4.7.2-1] wildcards do not match topics that begin with $', async () => {
    const rig = new CoreRig()
    rig.broker.publish('$SYS/x/$y', Buffer.from('1'), true, rig.now)
    const reader = rig.join('reader', { protocolVersion })
    for (const filter of ['#', '+/x/$y', '+/#', '+/+/+']) reader.subscribe(filter)
    rig.join('writer').send(publish('$other/x', '2'))
    await rig.settle()
    expect(reader.messages()).toEqual([])
    for (const filter of ['$SYS/#', '$other/+']) reader.subscribe(filter)
    rig.join('writer').send(publish('$other/x', '3'))
    await rig.settle()
    expect(reader.messages().sort()).toEqual(['$SYS/x/$y 1 retain', '$other/x 3'])
  })
})

describe('MQTT 5', () => {
  test.each([
    ['[MQTT-3.3.1-9] 0: always', 0, 1, 1],
    ['[MQTT-3.3.1-10] 1: for a new subscription', 1, 1, 0],
    ['[MQTT-3.3.1-11] 2: never', 2, 0, 0],
  ])('Retain Handling %s', async (_, rh, first, second) => {
    const rig = new CoreRig()
    rig.join('writer').send(publish('a', '1', { retain: true }))
    const reader = rig.join('reader')
    for (const expected of [first, second]) {
      reader.subscribe('a', { rh })
      await rig.settle()
      expect(reader.messages()).toHaveLength(expected)
    }
    reader.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['a'] })
    reader.subscribe('a', { rh })
    await rig.settle()
    expect(reader.messages()).toHaveLength(first)
  })

  test('[MQTT-3.3.1-12] [MQTT-3.3.1-13] RETAIN is as published only where that was asked for', () => {
    const rig = new CoreRig()
    const [plain, rap] = [rig.join('plain'), rig.join('rap')]
    plain.subscribe('a')
    rap.subscribe('a', { rap: true })
    rig.join('writer').send(publish('a', 'x', { retain: true }), publish('a', 'y'))
    expect(plain.messages()).toEqual(['a x', 'a y'])
    expect(rap.messages()).toEqual(['a x retain', 'a y'])
  })

  test('[MQTT-3.3.2-5] [MQTT-3.3.2-6] they expire, and the interval is counted down', async () => {
    const rig = new CoreRig()
    const writer = rig.join('writer')
    writer.send(publish('a', '1', { retain: true, properties: { messageExpiryInterval: 10 } }))
    rig.wait(4000)
    const reader = rig.join('reader')
    reader.subscribe('a')
    await rig.settle()
    expect(reader.packets.at(-1)).toMatchObject({ properties: { messageExpiryInterval: 6 } })
    rig.wait(7000)
    expect(rig.broker.retained.count).toBe(0)
  })
})

test('many of them do not come in one piece, and others have their turn', async () => {
  const rig = new CoreRig()
  for (let i = 0; i < 5000; i++) rig.broker.publish(`a/${i}`, Buffer.alloc(100), true, rig.now)
  const reader = rig.join('reader')
  await rig.settle()
  reader.reads = false
  reader.subscribe('#')
  await rig.settle()
  expect(reader.bytes).toBeLessThan(100_000)
  reader.reads = true
  reader.take()
  await rig.settle()
  expect(reader.messages()).toHaveLength(5000)
})
