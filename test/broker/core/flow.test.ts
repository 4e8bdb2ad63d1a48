// Receive Maximum, Maximum Packet Size and Topic Aliases, both ways (MQTT 5.0, 4.9, 3.1.2.11 and 3.3.2.3.4). A title with
// [MQTT-...] is about a statement of MQTT 5.0.
import type { IDisconnectPacket, IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, keep, publish, reason } from './rig.js'

describe('Topic Aliases', () => {
  test('[MQTT-3.3.2-12] of a client: all from 1 to the maximum', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('#', { qos: 1 })
    const writer = rig.join('writer')
    for (let alias = 1; alias <= 10; alias++) {
      writer.send(publish(`t${alias}`, '1', { properties: { topicAlias: alias } }))
      writer.send(publish('', '2', { properties: { topicAlias: alias } }))
      expect(reader.messages()).toEqual([`t${alias} 1`, `t${alias} 2`])
    }
    writer.send(publish('b', '3', { properties: { topicAlias: 10 } }))
    writer.send(publish('', '4', { qos: 1, messageId: 1, properties: { topicAlias: 10 } }))
    expect(reader.messages()).toEqual(['b 3', 'b 4 q1'])
  })

  test.each([
    ['[MQTT-3.3.2-9]', publish('a', '', { properties: { topicAlias: 11 } }), 0x94],
    ['not set', publish('', '', { properties: { topicAlias: 1 } }), 0x82],
  ])('%s: one that is wrong ends the connection', (_, packet, code) => {
    const writer = new CoreRig().join('writer')
    writer.send(packet)
    expect(reason(writer.last('disconnect'))).toBe(code)
  })

  test('[MQTT-3.3.2-7] of one connection are not known in the next', () => {
    const rig = new CoreRig()
    const first = rig.join('writer', keep)
    first.send(publish('a', '1', { properties: { topicAlias: 1 } }))
    first.lose()
    const second = rig.join('writer', keep)
    second.send(publish('', '2', { properties: { topicAlias: 1 } }))
    expect(reason(second.last('disconnect'))).toBe(0x82)
  })

  test('[MQTT-3.1.2-26] [MQTT-3.3.2-8] [MQTT-3.3.2-11] of the server: from 1 up to the maximum of the client', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { topicAliasMaximum: 1 } })
    reader.subscribe('#')
    const writer = rig.join('writer')
    writer.send(publish('a', '1'), publish('a', '2'), publish('b', '3'), publish('a', '4'))
    const all = reader.received('publish') as IPublishPacket[]
    expect(all.map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
      ['a', 1],
      ['', 1],
      ['b', undefined],
      ['', 1],
    ])
  })

  test('of the server: 64, however many the client takes', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { topicAliasMaximum: 100 } })
    reader.subscribe('#')
    const writer = rig.join('writer')
    for (let topic = 1; topic <= 65; topic++) writer.send(publish(`t${topic}`, 'x'))
    const all = reader.received('publish') as IPublishPacket[]
    const aliases = all.map(({ properties }) => properties?.topicAlias)
    expect(aliases).toEqual([...Array.from({ length: 64 }, (_, index) => index + 1), undefined])
  })

  test('[MQTT-3.3.2-7] [MQTT-3.3.2-11] of the server, after a new connection', () => {
    const rig = new CoreRig()
    const settings = { clean: false, properties: { sessionExpiryInterval: 100, topicAliasMaximum: 2 } }
    const first = rig.join('reader', settings)
    first.subscribe('#', { qos: 1 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 4; i++) writer.send(publish(`${i % 4}`, 'x', { qos: 1, messageId: i }))
    first.lose()
    const second = rig.connect('reader', settings)
    writer.send(publish('1', 'y', { qos: 1, messageId: 5 }))
    const all = second.received('publish') as IPublishPacket[]
    expect(all.map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', undefined],
      ['0', undefined],
      ['', 1],
    ])
  })

  test.each([{}, { topicAliasMaximum: 0 }])(
    '[MQTT-3.1.2-27] of the server: none for a client with %j',
    (properties) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', { properties })
      reader.subscribe('#')
      for (let i = 0; i < 3; i++) rig.join('writer').send(publish('a', 'x'))
      const all = reader.received('publish') as IPublishPacket[]
      expect(all.map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual(
        Array.from({ length: 3 }, () => ['a', undefined]),
      )
    },
  )
})

describe('Receive Maximum', () => {
  test('[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] no more messages are sent than that of the client', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { receiveMaximum: 2 } })
    reader.subscribe('a', { qos: 2 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 4; i++) writer.send(publish('a', `${i}`, { qos: i < 3 ? 1 : 2, messageId: i }))
    const first = reader.received('publish') as IPublishPacket[]
    expect(first).toHaveLength(2)
    reader.send({ cmd: 'puback', messageId: first[0]!.messageId! })
    const [third] = reader.received('publish') as IPublishPacket[]
    expect(third!.payload.toString()).toBe('3')
    reader.send({ cmd: 'puback', messageId: first[1]!.messageId! })
    expect(reader.messages()).toEqual(['a 4 q2'])
    reader.send({ cmd: 'pubrec', messageId: third!.messageId! })
    writer.send(publish('a', '5', { qos: 1, messageId: 5 }))
    expect(reader.received().map(({ cmd }) => cmd)).toEqual(['pubrel'])
    reader.send({ cmd: 'pubcomp', messageId: third!.messageId! })
    expect(reader.messages()).toEqual(['a 5 q1'])
  })

  test('[MQTT-3.3.4-9] a PUBREC with a failure gives its place free', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { receiveMaximum: 1 } })
    reader.subscribe('a', { qos: 2 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 2; i++) writer.send(publish('a', `${i}`, { qos: 2, messageId: i }))
    const [first] = reader.received('publish') as IPublishPacket[]
    reader.send({ cmd: 'pubrec', messageId: first!.messageId!, reasonCode: 0x80 })
    expect(reader.messages()).toEqual(['a 2 q2'])
  })

  test('[MQTT-3.3.4-9] [MQTT-4.9.0-1] it counts from the start after a new connection', () => {
    const rig = new CoreRig()
    const settings = { clean: false, properties: { sessionExpiryInterval: 100, receiveMaximum: 2 } }
    const first = rig.join('reader', settings)
    first.subscribe('a', { qos: 1 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 5; i++) writer.send(publish('a', `${i}`, { qos: 1, messageId: i }))
    expect(first.messages()).toHaveLength(2)
    first.lose()
    const second = rig.connect('reader', {
      clean: false,
      properties: { sessionExpiryInterval: 100, receiveMaximum: 1 },
    })
    const got: string[] = []
    for (let i = 0; i < 5; i++) {
      const all = second.received('publish') as IPublishPacket[]
      expect(all).toHaveLength(1)
      got.push(all[0]!.payload.toString())
      second.send({ cmd: 'puback', messageId: all[0]!.messageId! })
    }
    expect(got).toEqual(['1', '2', '3', '4', '5'])
  })

  test('[MQTT-3.3.4-9] [MQTT-4.9.0-2] an acknowledgement of what the new connection was not sent yet gives no place free', () => {
    const rig = new CoreRig()
    const settings = (receiveMaximum: number) => ({
      ...{ clean: false, properties: { sessionExpiryInterval: 100, receiveMaximum } },
    })
    const first = rig.join('reader', settings(2))
    first.subscribe('a', { qos: 1 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 3; i++) writer.send(publish('a', `${i}`, { qos: 1, messageId: i }))
    const sent = first.received('publish') as IPublishPacket[]
    first.lose()
    const second = rig.connect('reader', settings(1))
    expect(second.messages()).toEqual(['a 1 q1 dup'])
    second.send({ cmd: 'puback', messageId: sent[1]!.messageId! })
    expect(second.messages()).toEqual([])
    second.send({ cmd: 'puback', messageId: sent[0]!.messageId! })
    expect(second.messages()).toEqual(['a 3 q1'])
  })

  test('[MQTT-3.3.4-10] [MQTT-4.9.0-3] other packets are sent and dealt with while it is used up', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { receiveMaximum: 1 } })
    reader.subscribe('a', { qos: 2 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 3; i++) writer.send(publish('a', `${i}`, { qos: 2, messageId: i }))
    const messageId = (reader.received('publish')[0] as IPublishPacket).messageId!
    reader.subscribe('b')
    reader.send(
      { cmd: 'pingreq' },
      publish('c', 'x', { qos: 1, messageId: 1 }),
      publish('c', 'x', { qos: 2, messageId: 2 }),
    )
    reader.send({ cmd: 'pubrel', messageId: 2 }, { cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['b'] })
    writer.send(publish('a', 'QoS 0'))
    reader.send({ cmd: 'pubrec', messageId })
    expect(reader.received().map(({ cmd }) => cmd)).toEqual([
      ...['suback', 'pingresp', 'puback', 'pubrec', 'pubcomp', 'unsuback', 'publish', 'pubrel'],
    ])
  })

  test('[MQTT-3.3.4-7] a client that sends more than that of the server is disconnected: 0x93', () => {
    const writer = new CoreRig({ settings: { receiveMaximum: 2 } }).join('writer')
    for (let i = 1; i <= 5; i++) writer.send(publish('a', '', { qos: 1, messageId: i }))
    for (let i = 1; i <= 2; i++) writer.send(publish('a', '', { qos: 2, messageId: i }))
    expect(writer.ended).toBe(false)
    writer.send(publish('a', '', { qos: 2, messageId: 3 }))
    expect(reason(writer.last('disconnect'))).toBe(0x93)
  })
})

describe('Maximum Packet Size', () => {
  test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] what is larger than the client accepts is not sent to it, and takes no place', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { maximumPacketSize: 50, receiveMaximum: 2 } })
    reader.subscribe('#', { qos: 1 })
    const writer = rig.join('writer')
    writer.send(
      publish('a', 'x'.repeat(60)),
      publish('b', 'x'.repeat(60), { qos: 1, messageId: 1 }),
      publish('b', 'x'.repeat(60), { qos: 1, messageId: 2 }),
      publish('c', '1'),
    )
    writer.send(publish('d', '2', { qos: 1, messageId: 2 }), publish('d', '3', { qos: 1, messageId: 3 }))
    expect(reader.messages()).toEqual(['c 1', 'd 2 q1', 'd 3 q1'])
    expect(writer.received('puback')).toHaveLength(4)
  })

  test('[MQTT-3.1.2-24] a packet of just that size is sent, one byte more is not', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { maximumPacketSize: 50 } })
    reader.subscribe('a')
    const before = reader.bytes
    rig.join('writer').send(publish('a', 'x'.repeat(45)))
    expect(reader.messages()).toEqual([])
    rig.join('writer').send(publish('a', 'x'.repeat(44)))
    expect(reader.bytes - before).toBe(50)
  })

  test('[MQTT-3.1.2-25] also what waits for a client that comes back with a smaller one', () => {
    const rig = new CoreRig()
    const first = rig.join('reader', keep)
    first.subscribe('#', { qos: 2 })
    const writer = rig.join('writer')
    writer.send(publish('a', 'x'.repeat(60), { qos: 2, messageId: 1 }))
    first.lose()
    writer.send(
      publish('b', 'x'.repeat(60), { qos: 2, messageId: 2 }),
      publish('c', '1', { qos: 1, messageId: 3 }),
    )
    const properties = { sessionExpiryInterval: 1000, maximumPacketSize: 50 }
    const second = rig.connect('reader', { clean: false, properties })
    expect(second.messages()).toEqual(['c 1 q1'])
  })

  test('[MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] DISCONNECT is not larger, and has no Session Expiry Interval', () => {
    for (const maximumPacketSize of [8, 200]) {
      const rig = new CoreRig({ settings: { topicAliasMaximum: 0 } })
      const client = rig.join('a', {
        clean: false,
        properties: { maximumPacketSize, sessionExpiryInterval: 9 },
      })
      const before = client.bytes
      client.hex('c001 00')
      const { properties, reasonCode } = client.last('disconnect') as IDisconnectPacket
      expect(reasonCode).toBe(0x81)
      expect(client.bytes - before).toBeLessThanOrEqual(maximumPacketSize)
      expect(properties?.reasonString !== undefined).toBe(maximumPacketSize === 200)
      expect(properties?.sessionExpiryInterval).toBeUndefined()
      expect(properties?.userProperties).toBeUndefined()
    }
  })

  test('[MQTT-3.2.2-15] what is larger than the server accepts ends the connection: 0x95', () => {
    const writer = new CoreRig({ settings: { maxPacketSize: 100 } }).join('writer')
    writer.send(publish('a', 'x'.repeat(100)))
    expect(reason(writer.last('disconnect'))).toBe(0x95)
  })
})
