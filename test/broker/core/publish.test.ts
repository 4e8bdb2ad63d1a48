// PUBLISH from a client to those that subscribed (MQTT 5.0 and 3.1.1, 3.3). A title with [MQTT-...] is about a statement
// of MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, codes, publish } from './rig.js'

const versions = [4, 5] as const

describe('publishing', () => {
  test.each(versions)(
    '[MQTT-2.2.1-5] [MQTT-3.3.4-1] [MQTT3-2.3.1-6] [MQTT3-3.3.4-1] is answered as the QoS says, with its Packet Identifier (version %i)',
    (version) => {
      const rig = new CoreRig()
      rig.join('reader').subscribe('#')
      const writer = rig.join('writer', { protocolVersion: version })
      const answers = ([0, 1, 2] as const).map((qos) => {
        writer.send(publish('a', 'x', { qos, messageId: 0x1234 + qos }))
        return writer.received().map(({ cmd, messageId }) => [cmd, messageId])
      })
      expect(answers).toEqual([[], [['puback', 0x1235]], [['pubrec', 0x1236]]])
    },
  )

  test.each([
    [4, '30 04 0001 61 78'],
    [5, '30 05 0001 61 00 78'],
  ] as const)(
    '[MQTT-2.2.1-2] [MQTT-2.2.2-1] [MQTT-3.3.1-2] [MQTT-3.3.2-1] [MQTT-4.3.1-1] [MQTT3-2.3.1-5] [MQTT3-3.3.1-2] [MQTT3-3.3.2-1] [MQTT3-4.3.1-1] at QoS 0 without DUP and Packet Identifier: version %i',
    (protocolVersion, bytes) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      reader.subscribe('a', { qos: 2 })
      reader.written()
      rig.join('writer').send(publish('a', 'x'))
      expect(reader.written()).toBe(bytes.replaceAll(' ', ''))
    },
  )

  test.each(versions)(
    '[MQTT-3.3.1-3] [MQTT3-3.3.1-3] DUP of the publisher is not passed on (version %i)',
    (protocolVersion) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      reader.subscribe('a', { qos: 2 })
      const writer = rig.join('writer', { protocolVersion })
      writer.send(publish('a', '1', { qos: 1, messageId: 1, dup: true }))
      writer.send(publish('a', '2', { qos: 2, messageId: 2, dup: true }))
      expect(reader.messages()).toEqual(['a 1 q1', 'a 2 q2'])
    },
  )

  test.each([
    [0, 0, ''],
    [0, 2, ''],
    [1, 0, ''],
    [1, 2, ' q1'],
    [2, 1, ' q1'],
    [2, 2, ' q2'],
  ] as const)('[MQTT-3.8.4-8] [MQTT3-3.8.4-6] published with QoS %i, granted %i', (qos, granted, flags) => {
    for (const protocolVersion of versions) {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      reader.subscribe('a/+', { qos: granted })
      rig.join('writer').send(publish('a/b', 'x', { qos, messageId: 3 }))
      expect(reader.messages()).toEqual([`a/b x${flags}`])
    }
  })

  test.each(versions)(
    '[MQTT-3.3.2-3] [MQTT3-3.3.2-3] what comes has a topic that a filter of the client matches (version %i)',
    (protocolVersion) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      for (const filter of ['a/+', 'b/#', 'c']) reader.subscribe(filter)
      const writer = rig.join('writer')
      const topics = ['a', 'a/1', 'a/1/2', 'b', 'b/1/2', 'bb', 'c', 'c/1', 'd']
      for (const topic of topics) writer.send(publish(topic, 'x'))
      expect(reader.messages()).toEqual(['a/1 x', 'b x', 'b/1/2 x', 'c x'])
    },
  )

  test.each(versions)(
    '[MQTT-3.3.4-2] [MQTT3-3.3.5-1] overlapping subscriptions: once, at the highest QoS (version %i)',
    (protocolVersion) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      reader.subscribe('#', { qos: 0 })
      reader.subscribe('a', { qos: 2 })
      reader.subscribe('+', { qos: 1 })
      rig.join('writer').send(publish('a', 'x', { qos: 2, messageId: 3 }))
      expect(reader.messages()).toEqual(['a x q2'])
    },
  )

  test('[MQTT-3.3.4-3] [MQTT-3.3.4-4] with the Subscription Identifiers of all that match', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('#', { id: 1 })
    reader.subscribe('a', { id: 268_435_455, qos: 1 })
    reader.subscribe('b', { id: 3 })
    reader.subscribe('+')
    rig.join('writer').send(publish('a', 'x', { qos: 1, messageId: 1 }))
    const [message] = reader.received('publish') as IPublishPacket[]
    const ids = [message!.properties!.subscriptionIdentifier].flat() as number[]
    expect(ids.sort((a, b) => a - b)).toEqual([1, 268_435_455])
  })

  test('[MQTT-3.3.4-5] each of several copies has the Subscription Identifier of its subscription', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('$share/g/a', { id: 1 })
    reader.subscribe('$share/h/a', { id: 2 })
    reader.subscribe('a', { id: 3 })
    rig.join('writer').send(publish('a', 'x'))
    const all = reader.received('publish') as IPublishPacket[]
    const ids = all.map(({ properties }) => properties!.subscriptionIdentifier)
    expect(ids.sort()).toEqual([1, 2, 3])
  })

  test('0x10 where nobody subscribes', () => {
    const rig = new CoreRig()
    const writer = rig.join('writer')
    writer.send(publish('a', 'x', { qos: 1, messageId: 1 }), publish('a', 'x', { qos: 2, messageId: 2 }))
    expect(writer.received()).toMatchObject([
      { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
      { cmd: 'pubrec', messageId: 2, reasonCode: 0x10 },
    ])
  })

  test.each(versions)(
    '[MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT3-4.6.0-5] [MQTT3-4.6.0-6] messages of one QoS keep their order (version %i)',
    (protocolVersion) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      reader.subscribe('#', { qos: 2 })
      const writer = rig.join('writer')
      for (let i = 1; i < 300; i++) writer.send(publish('a', `${i}`, { qos: (i % 3) as 0, messageId: i }))
      const all = reader.messages()
      for (const flag of ['', ' q1', ' q2']) {
        const numbers = all
          .filter((text) => text.replace(/^a \d+/, '') === flag)
          .map((text) => Number(/\d+/.exec(text)![0]))
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
      expect(all).toHaveLength(299)
    },
  )
})

describe('properties', () => {
  test('[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] are passed on, in their order', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('a')
    const properties = {
      ...{ payloadFormatIndicator: true, messageExpiryInterval: 30, contentType: 'text/plain' },
      ...{
        responseTopic: 'r',
        correlationData: Buffer.from([1, 2]),
        userProperties: { k: ['1', '2'], j: '3' },
      },
    }
    rig.join('writer').send(publish('a', 'x', { properties: { topicAlias: 1, ...properties } }))
    const [message] = reader.received('publish') as IPublishPacket[]
    expect(JSON.parse(JSON.stringify(message!.properties))).toEqual(JSON.parse(JSON.stringify(properties)))
  })

  test('[MQTT-3.3.2-6] the Message Expiry Interval is never above the one received, at whatever fraction of a millisecond', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('a')
    const writer = rig.join('writer')
    for (let i = 0; i < 1000; i++) {
      rig.now += 0.1 + i / 999
      writer.send(publish('a', `${i}`, { properties: { messageExpiryInterval: 60 } }))
    }
    const received = reader.received('publish') as IPublishPacket[]
    const intervals = received.map(({ properties }) => properties?.messageExpiryInterval)
    expect(intervals).toEqual(Array.from({ length: 1000 }, () => 60))
  })

  test('[MQTT-3.3.2-17] [MQTT-3.3.2-18] User Properties with one name keep their place among the others', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('a')
    reader.written()
    const pairs = '26 000161 000131 26 000162 0000 26 000161 000131 26 0000 000132'.replaceAll(' ', '')
    const body = `000161${(pairs.length / 2).toString(16)}${pairs}78`
    const packet = `30${(body.length / 2).toString(16)}${body}`
    rig.join('writer').hex(packet)
    expect(reader.written()).toBe(packet)
  })
})

describe('strings', () => {
  test('[MQTT-1.5.4-3] [MQTT3-1.5.3-3] U+FEFF is a character like any other', () => {
    for (const protocolVersion of versions) {
      const rig = new CoreRig()
      const reader = rig.join('\ufeffreader', { protocolVersion })
      expect(reader.connection.clientId).toBe('\ufeffreader')
      reader.subscribe('\ufeffa')
      const writer = rig.join('writer', { protocolVersion })
      reader.written()
      writer.send(publish('a', 'x'), publish('\ufeffa', 'y'))
      expect(reader.written()).toContain('0004efbbbf61')
      expect(reader.messages()).toEqual(['\ufeffa y'])
    }
  })

  test('[MQTT-4.7.3-3] [MQTT3-4.7.3-3] a topic and a filter may have 65,535 bytes', () => {
    for (const protocolVersion of versions) {
      const rig = new CoreRig()
      const reader = rig.join('reader', { protocolVersion })
      const topic = 'x'.repeat(65_535)
      expect(codes(reader.subscribe(topic))).toEqual([0])
      rig.join('writer', { protocolVersion }).send(publish(topic, 'y'))
      expect((reader.received('publish') as IPublishPacket[]).map((packet) => packet.topic.length)).toEqual([
        65_535,
      ])
    }
  })
})

describe('access control', () => {
  const authorize = (_client: object, action: string, topic: string) => !topic.startsWith(`no-${action}`)

  test('what is denied is answered with 0x87', () => {
    const rig = new CoreRig({ authorize })
    const client = rig.join('a')
    expect(codes(client.subscribe('no-subscribe'))).toEqual([0x87])
    client.subscribe('#')
    client.received()
    client.send(
      publish('no-publish', 'x', { qos: 1, messageId: 1 }),
      publish('no-receive', 'x', { qos: 2, messageId: 2 }),
    )
    expect(client.received()).toMatchObject([{ cmd: 'puback', reasonCode: 0x87 }, { cmd: 'pubrec' }])
    expect(rig.log).toContain('denied no-publish')
  })

  test.each([
    [1, ['puback']],
    [2, ['pubrec']],
  ] as const)(
    '[MQTT3-3.3.5-2] before MQTT 5 it is acknowledged at QoS %i, and goes nowhere',
    (qos, answer) => {
      const rig = new CoreRig({ authorize })
      const reader = rig.join('reader')
      reader.subscribe('#')
      const client = rig.join('a', { protocolVersion: 4 })
      client.send(publish('no-publish', 'x', { qos, messageId: 1, retain: true }))
      expect(client.received().map(({ cmd }) => cmd)).toEqual(answer)
      expect(reader.messages()).toEqual([])
      expect(rig.broker.retained.count).toBe(0)
      if (qos === 1) return
      client.send({ cmd: 'pubrel', messageId: 1 })
      expect(client.received().map(({ cmd }) => cmd)).toEqual(['pubcomp'])
    },
  )

  test('[MQTT3-3.3.5-2] a message to $SYS is refused', () => {
    const rig = new CoreRig()
    const five = rig.join('five')
    five.send(publish('$SYS/x', 'x', { qos: 1, messageId: 1 }))
    expect(five.last('puback')).toMatchObject({ reasonCode: 0x87 })
    const four = rig.join('four', { protocolVersion: 4 })
    four.send(publish('$SYS', 'x'))
    expect(four.ended).toBe(true)
  })
})
