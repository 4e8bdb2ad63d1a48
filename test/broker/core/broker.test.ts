// The broker core, statement by statement: each title names what the standard says of a server.
import type { IConnackPacket, IDisconnectPacket, IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, connectPacket, publish, type TestClient } from './rig.js'

const keep = { clean: false, properties: { sessionExpiryInterval: 1000 } }
const codes = (packet: Packet) => (packet as unknown as { granted: number[] }).granted
const reason = (packet: Packet) => (packet as IDisconnectPacket).reasonCode

describe('CONNECT', () => {
  test('[MQTT-3.1.0-1] the first packet is CONNECT', () => {
    const client = new CoreRig().dial()
    client.raw(0xc0, 0)
    expect(client.ended).toBe(true)
    expect(client.packets).toEqual([])
  })

  test('[MQTT-3.1.0-2] a second CONNECT is a Protocol Error', () => {
    const client = new CoreRig().join('a')
    client.send(connectPacket('a'))
    expect(reason(client.last('disconnect'))).toBe(0x82)
    expect(client.ended).toBe(true)
  })

  test.each([
    [3, { returnCode: 0, sessionPresent: false }],
    [4, { returnCode: 0, sessionPresent: false }],
    [5, { reasonCode: 0, sessionPresent: false }],
  ] as const)('[MQTT-3.2.0-1] version %i is answered with CONNACK', (protocolVersion, expected) => {
    const client = new CoreRig().connect('a', { protocolVersion })
    expect(client.packets).toMatchObject([{ cmd: 'connack', ...expected }])
  })

  test('[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] Clean Start discards the session, else it is present', () => {
    const rig = new CoreRig()
    const present = (settings: object) => {
      const client = rig.connect('a', settings)
      const { sessionPresent } = client.packets[0] as IConnackPacket
      client.send({ cmd: 'disconnect', reasonCode: 0 })
      return sessionPresent
    }
    expect(present(keep)).toBe(false)
    expect(present(keep)).toBe(true)
    expect(present({ ...keep, clean: true })).toBe(false)
    expect(present(keep)).toBe(true)
    expect(present({ clean: false })).toBe(true)
    expect(present(keep)).toBe(false)
  })

  test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] a client without an identifier is assigned one', () => {
    const client = new CoreRig().connect('')
    expect(client.packets[0]).toMatchObject({ properties: { assignedClientIdentifier: 'auto-1' } })
  })

  test('[MQTT-3.1.4-3] a second client with the identifier takes over: 0x8E', () => {
    const rig = new CoreRig()
    const first = rig.join('a')
    const second = rig.join('a')
    expect(reason(first.last('disconnect'))).toBe(0x8e)
    expect(first.ended).toBe(true)
    expect(second.ended).toBe(false)
  })

  test('[MQTT-4.12.0-1] an Authentication Method is refused: 0x8C', () => {
    const client = new CoreRig().connect('a', { properties: { authenticationMethod: 'SCRAM-SHA-1' } })
    expect(client.packets[0]).toMatchObject({ cmd: 'connack', reasonCode: 0x8c })
    expect(client.ended).toBe(true)
  })

  test('a client waits for its login, and what it sends meanwhile is handled after it', () => {
    const rig = new CoreRig()
    const client = rig.dial()
    client.admits = false
    client.send(connectPacket('a'), { cmd: 'pingreq' })
    expect(client.packets).toEqual([])
    expect(client.paused).toBe(true)
    client.connection.accept(rig.now)
    expect(client.packets.map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp'])
    expect(client.paused).toBe(false)
  })

  test('a client that sends no CONNECT in time is closed', () => {
    const rig = new CoreRig()
    const client = rig.dial()
    rig.wait(10_001)
    expect(client.ended).toBe(true)
    expect(rig.log).toEqual(['refused: it sent no CONNECT within 10 s'])
  })

  test('[MQTT-3.1.2-22] [MQTT-3.1.2-24] a silent client is disconnected after 1.5 Keep Alive: 0x8D', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { keepalive: 10 })
    rig.wait(14_000)
    client.send({ cmd: 'pingreq' })
    rig.wait(14_900)
    expect(client.ended).toBe(false)
    rig.wait(101)
    expect(reason(client.last('disconnect'))).toBe(0x8d)
  })

  test('[MQTT-3.2.2-21] Server Keep Alive counts', () => {
    const rig = new CoreRig({ settings: { maxKeepAlive: 5 } })
    const client = rig.connect('a', { keepalive: 60 })
    expect(client.packets[0]).toMatchObject({ properties: { serverKeepAlive: 5 } })
    rig.wait(7501)
    expect(client.ended).toBe(true)
    expect(rig.connect('b', { keepalive: 60, protocolVersion: 4 }).packets).toMatchObject([{ returnCode: 2 }])
  })

  test('what the server limits is announced', () => {
    const settings = {
      maxQos: 1,
      retain: false,
      maxPacketSize: 1000,
      receiveMaximum: 7,
      topicAliasMaximum: 3,
    } as const
    const client = new CoreRig({ settings }).connect('a')
    expect((client.packets[0] as IConnackPacket).properties).toEqual({
      ...{
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 1000,
        receiveMaximum: 7,
        topicAliasMaximum: 3,
      },
    })
  })
})

describe('publishing', () => {
  test.each([
    [0, 0, ''],
    [0, 2, ''],
    [1, 0, ''],
    [1, 2, ' q1'],
    [2, 1, ' q1'],
    [2, 2, ' q2'],
  ] as const)('[MQTT-3.8.4-8] published with QoS %i, granted %i', (qos, granted, flags) => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('a/+', { qos: granted })
    rig.join('writer').send(publish('a/b', 'x', { qos, messageId: 3 }))
    expect(reader.messages()).toEqual([`a/b x${flags}`])
  })

  test.each([4, 5] as const)(
    '[MQTT-3.3.4-2] overlapping subscriptions: once, at the highest QoS (version %i)',
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

  test('[MQTT-3.3.4-3] [MQTT-3.3.4-4] the Subscription Identifiers of all that match', () => {
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

  test('[MQTT-3.8.3-3] No Local', () => {
    const rig = new CoreRig()
    const both = rig.join('both')
    both.subscribe('a', { nl: true })
    const other = rig.join('other')
    other.subscribe('a', { nl: true })
    both.send(publish('a', 'x'))
    expect(both.messages()).toEqual([])
    expect(other.messages()).toEqual(['a x'])
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

  test('[MQTT-3.3.2-4] [MQTT-3.3.2-15] to [MQTT-3.3.2-20] properties are passed on, in their order', () => {
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

  test('0x10 where nobody subscribes', () => {
    const rig = new CoreRig()
    const writer = rig.join('writer')
    writer.send(publish('a', 'x', { qos: 1, messageId: 1 }), publish('a', 'x', { qos: 2, messageId: 2 }))
    expect(writer.received()).toMatchObject([
      { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
      { cmd: 'pubrec', messageId: 2, reasonCode: 0x10 },
    ])
  })

  test('[MQTT-4.3.3-10] a QoS 2 message that comes again is delivered once', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('a')
    const writer = rig.join('writer')
    const message = publish('a', 'x', { qos: 2, messageId: 7 })
    writer.send(message, { ...message, dup: true }, { cmd: 'pubrel', messageId: 7 }, message)
    expect(reader.messages()).toEqual(['a x', 'a x'])
    expect(writer.received().map(({ cmd }) => cmd)).toEqual(['pubrec', 'pubrec', 'pubcomp', 'pubrec'])
    writer.send({ cmd: 'pubrel', messageId: 9 })
    expect(writer.last('pubcomp')).toMatchObject({ reasonCode: 0x92 })
  })

  test('[MQTT-4.6.0-6] messages of one QoS keep their order', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
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
  })
})

describe('Topic Aliases', () => {
  test('[MQTT-3.3.2-8] [MQTT-3.3.2-12] of a client', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('#', { qos: 1 })
    const writer = rig.join('writer')
    writer.send(publish('a', '1', { properties: { topicAlias: 10 } }))
    writer.send(publish('', '2', { properties: { topicAlias: 10 } }))
    writer.send(publish('b', '3', { properties: { topicAlias: 10 } }))
    writer.send(publish('', '4', { qos: 1, messageId: 1, properties: { topicAlias: 10 } }))
    expect(reader.messages()).toEqual(['a 1', 'a 2', 'b 3', 'b 4 q1'])
  })

  test.each([
    [publish('a', '', { properties: { topicAlias: 11 } }), 0x94],
    [publish('', '', { properties: { topicAlias: 1 } }), 0x82],
  ])('%# that are wrong end the connection', (packet, code) => {
    const writer = new CoreRig().join('writer')
    writer.send(packet)
    expect(reason(writer.last('disconnect'))).toBe(code)
  })

  test('[MQTT-3.1.2-26] [MQTT-3.1.2-27] of the server: up to the maximum of the client', () => {
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
})

describe('flow control', () => {
  test('[MQTT-3.3.4-9] no more are sent than the Receive Maximum of the client', () => {
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

  test('[MQTT-3.3.4-7] a client that sends more than our Receive Maximum is disconnected: 0x93', () => {
    const writer = new CoreRig({ settings: { receiveMaximum: 2 } }).join('writer')
    for (let i = 1; i <= 5; i++) writer.send(publish('a', '', { qos: 1, messageId: i }))
    for (let i = 1; i <= 2; i++) writer.send(publish('a', '', { qos: 2, messageId: i }))
    expect(writer.ended).toBe(false)
    writer.send(publish('a', '', { qos: 2, messageId: 3 }))
    expect(reason(writer.last('disconnect'))).toBe(0x93)
  })

  test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] what is larger than the client accepts is not sent to it', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { properties: { maximumPacketSize: 50 } })
    reader.subscribe('#', { qos: 1 })
    const writer = rig.join('writer')
    writer.send(
      publish('a', 'x'.repeat(60)),
      publish('b', 'x'.repeat(60), { qos: 1, messageId: 1 }),
      publish('c', '1'),
    )
    writer.send(publish('d', '2', { qos: 1, messageId: 2 }))
    expect(reader.messages()).toEqual(['c 1', 'd 2 q1'])
  })

  test('[MQTT-3.2.2-15] what is larger than we accept ends the connection: 0x95', () => {
    const writer = new CoreRig({ settings: { maxPacketSize: 100 } }).join('writer')
    writer.send(publish('a', 'x'.repeat(100)))
    expect(reason(writer.last('disconnect'))).toBe(0x95)
  })
})

describe('retained messages', () => {
  test('[MQTT-3.3.1-5] [MQTT-3.3.1-6] the last one is kept, an empty one removes it', async () => {
    const rig = new CoreRig()
    const writer = rig.join('writer')
    writer.send(
      publish('a', '1', { retain: true }),
      publish('a', '2', { retain: true, qos: 1, messageId: 1 }),
    )
    const reader = rig.join('reader')
    reader.subscribe('#', { qos: 2 })
    await rig.settle()
    expect(reader.messages()).toEqual(['a 2 q1 retain'])
    writer.send(publish('a', '', { retain: true }))
    const late = rig.join('late')
    late.subscribe('a')
    await rig.settle()
    expect(late.messages()).toEqual([])
  })

  test.each([
    [0, 1, 1],
    [1, 1, 0],
    [2, 0, 0],
  ])('[MQTT-3.3.1-9] to [MQTT-3.3.1-11] Retain Handling %i', async (rh, first, second) => {
    const rig = new CoreRig()
    rig.join('writer').send(publish('a', '1', { retain: true }))
    const reader = rig.join('reader')
    for (const expected of [first, second]) {
      reader.subscribe('a', { rh })
      await rig.settle()
      expect(reader.messages()).toHaveLength(expected)
    }
  })

  test('[MQTT-4.7.2-1] wildcards do not match topics that begin with $', async () => {
    const rig = new CoreRig()
    rig.broker.publish('$SYS/x/$y', Buffer.from('1'), true, rig.now)
    const reader = rig.join('reader')
    for (const filter of ['#', '+/x/$y', '+/#']) reader.subscribe(filter)
    await rig.settle()
    expect(reader.messages()).toEqual([])
    reader.subscribe('$SYS/#')
    await rig.settle()
    expect(reader.messages()).toEqual(['$SYS/x/$y 1 retain'])
  })

  test('[MQTT-3.3.2-5] [MQTT-3.3.2-6] expire, and the interval is counted down', async () => {
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
})

describe('sessions', () => {
  const offline = (qos: 1 | 2 = 1, more: object = {}) => {
    const rig = new CoreRig()
    const reader = rig.join('reader', keep)
    reader.subscribe('#', { qos: 2 })
    reader.lose()
    const writer = rig.join('writer')
    for (let i = 1; i <= 3; i++) writer.send(publish('a', `${i}`, { qos, messageId: i, ...more }))
    writer.send(publish('a', 'lost'))
    return rig
  }

  test('[MQTT-4.5.0-1] messages of QoS 1 and 2 wait for the client, in order', () => {
    expect(offline(2).join('x').messages()).toEqual([])
    const rig = offline(1)
    expect(rig.connect('reader', keep).messages()).toEqual(['a 1 q1', 'a 2 q1', 'a 3 q1'])
  })

  test('[MQTT-4.4.0-1] what was not acknowledged is sent again with DUP, what was received is released again', () => {
    const rig = offline(2)
    const first = rig.join('reader', keep)
    first.lose()
    const second = rig.connect('reader', keep)
    const all = second.received('publish') as IPublishPacket[]
    expect(all.map(({ dup }) => dup)).toEqual([true, true, true])
    second.send({ cmd: 'pubrec', messageId: all[0]!.messageId! })
    second.lose()
    const third = rig.connect('reader', keep)
    expect(third.received().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['connack', undefined],
      ['pubrel', all[0]!.messageId],
      ['publish', all[1]!.messageId],
      ['publish', all[2]!.messageId],
    ])
  })

  test('[MQTT-3.3.2-5] those that expire meanwhile are not sent', () => {
    const rig = offline(1, { properties: { messageExpiryInterval: 5 } })
    rig.wait(5001)
    expect(rig.connect('reader', keep).messages()).toEqual([])
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('end when their Session Expiry Interval is over', () => {
    const rig = offline()
    rig.wait(999_999)
    expect(rig.broker.sessions.get('reader')).toBeDefined()
    rig.wait(2)
    expect(rig.broker.sessions.get('reader')).toBeUndefined()
    expect(rig.broker.subscriptions.size).toBe(0)
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('[MQTT-3.14.2-2] DISCONNECT changes the interval, but not from 0', () => {
    const rig = new CoreRig()
    const change = (client: TestClient, seconds: number) =>
      client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: seconds } })
    change(rig.join('a', keep), 0)
    expect(rig.broker.sessions.get('a')).toBeUndefined()
    const b = rig.join('b')
    change(b, 10)
    expect(reason(b.last('disconnect'))).toBe(0x82)
  })

  test('of MQTT 3.1.1 last for ever with Clean Session 0', () => {
    const rig = new CoreRig()
    rig.join('a', { protocolVersion: 4, clean: false }).lose()
    rig.wait(1e12)
    expect(rig.connect('a', { protocolVersion: 4, clean: false }).packets[0]).toMatchObject({
      sessionPresent: true,
    })
  })
})

describe('wills', () => {
  const will = { topic: 'gone', payload: Buffer.from('w'), qos: 1 as const, retain: false }
  const delayed = {
    ...will,
    properties: { willDelayInterval: 5, messageExpiryInterval: 60, contentType: 't' },
  }
  const heirs = () => {
    const rig = new CoreRig()
    const heir = rig.join('heir')
    heir.subscribe('gone', { qos: 1 })
    heir.received()
    return { rig, heir }
  }

  test.each([
    ['the network connection breaks', (client: TestClient) => client.lose(), true],
    ['DISCONNECT 0x00', (client: TestClient) => client.send({ cmd: 'disconnect', reasonCode: 0 }), false],
    ['DISCONNECT 0x04', (client: TestClient) => client.send({ cmd: 'disconnect', reasonCode: 4 }), true],
    ['a Protocol Error', (client: TestClient) => client.raw(0x20, 2, 0, 0), true],
  ])('[MQTT-3.1.2-8] [MQTT-3.1.2-10] after %s', (_, end, published) => {
    const { rig, heir } = heirs()
    end(rig.join('a', { will }))
    expect(heir.messages()).toEqual(published ? ['gone w q1'] : [])
  })

  test('[MQTT-3.1.3-9] are not published when the client is back within the Will Delay Interval', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed }).lose()
    rig.wait(4999)
    rig.join('a', { ...keep, will: delayed })
    rig.wait(60_000)
    expect(heir.messages()).toEqual([])
  })

  test('come after it, with their properties', () => {
    const { rig, heir } = heirs()
    rig.join('a', { ...keep, will: delayed }).lose()
    rig.wait(4999)
    expect(heir.packets).toEqual([])
    rig.wait(1)
    const [message] = heir.received('publish') as IPublishPacket[]
    expect(message!.properties).toEqual({ messageExpiryInterval: 60, contentType: 't' })
  })

  test('come when the session ends, whichever is first', () => {
    const { rig, heir } = heirs()
    rig.join('a', { clean: false, properties: { sessionExpiryInterval: 2 }, will: delayed }).lose()
    rig.wait(2000)
    expect(heir.messages()).toEqual(['gone w q1'])
    rig.join('b', { ...keep, will: delayed }).lose()
    rig.join('b', { clean: true })
    expect(heir.messages()).toEqual(['gone w q1'])
  })
})

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  test('[MQTT-3.9.3-1] [MQTT-3.11.3-1] a code for each Topic Filter in its order', () => {
    const client = new CoreRig().join('a')
    const subscriptions = [0, 1, 2].map((qos) => ({ topic: `t${qos}`, qos }))
    client.send({ cmd: 'subscribe', messageId: 5, subscriptions })
    expect(codes(client.last('suback'))).toEqual([0, 1, 2])
    client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['t1', 'no', 't0'] })
    expect(codes(client.last('unsuback'))).toEqual([0, 0x11, 0])
  })

  test('[MQTT-3.10.4-1] after UNSUBSCRIBE nothing comes', () => {
    const rig = new CoreRig()
    const client = rig.join('a')
    client.subscribe('t')
    client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['t'] })
    client.send(publish('t', 'x'))
    expect(client.messages()).toEqual([])
    expect(rig.broker.subscriptions.size).toBe(0)
  })

  test('[MQTT-3.8.4-3] the same filter again replaces the subscription', () => {
    const rig = new CoreRig()
    const client = rig.join('a')
    client.subscribe('t', { qos: 0 })
    client.subscribe('t', { qos: 2 })
    client.send(publish('t', 'x', { qos: 2, messageId: 1 }))
    expect(client.messages()).toEqual(['t x q2'])
  })

  test.each(['a#', '#/a', 'a+', '$share/g', '$share//t', '$share/+/t', '/'.repeat(201)])(
    '%s ends the connection',
    (topic) => {
      for (const version of [4, 5] as const) {
        const client = new CoreRig().join('a', { protocolVersion: version })
        client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] })
        expect(client.ended).toBe(true)
        if (version === 5) expect(reason(client.last('disconnect'))).toBe(0x8f)
      }
    },
  )
})

describe('shared subscriptions', () => {
  test.each([4, 5] as const)('each message goes to one member, in turn (version %i)', (protocolVersion) => {
    const rig = new CoreRig()
    const members = ['a', 'b', 'c'].map((id) => rig.join(id, { protocolVersion }))
    for (const member of members) member.subscribe('$share/g/t/+', { qos: 1 })
    const other = rig.join('other')
    other.subscribe('$share/h/t/#', { qos: 1 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 9; i++) writer.send(publish('t/1', `${i}`, { qos: 1, messageId: i }))
    expect(members.map((member) => member.messages().length)).toEqual([3, 3, 3])
    expect(other.messages()).toHaveLength(9)
  })

  test('[MQTT-4.8.2-4] what was not sent to a member that leaves goes to another', () => {
    const rig = new CoreRig()
    const slow = rig.join('slow', { ...keep, properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 } })
    slow.subscribe('$share/g/t', { qos: 1 })
    const writer = rig.join('writer')
    for (let i = 1; i <= 3; i++) writer.send(publish('t', `${i}`, { qos: 1, messageId: i }))
    expect(slow.messages()).toEqual(['t 1 q1'])
    const other = rig.join('other')
    other.subscribe('$share/g/t', { qos: 1 })
    other.received()
    slow.lose()
    expect(other.messages()).toEqual(['t 2 q1', 't 3 q1'])
    rig.join('slow', { clean: true })
    expect(other.messages()).toEqual(['t 1 q1'])
    expect(rig.broker.holding.bytes).toBeGreaterThan(0)
  })

  test('[MQTT-3.8.3-4] No Local is a Protocol Error', () => {
    const client = new CoreRig().join('a')
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: '$share/g/t', qos: 0, nl: true }],
    })
    expect(reason(client.last('disconnect'))).toBe(0x82)
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

  test('a message to $SYS is refused', () => {
    const rig = new CoreRig()
    const five = rig.join('five')
    five.send(publish('$SYS/x', 'x', { qos: 1, messageId: 1 }))
    expect(five.last('puback')).toMatchObject({ reasonCode: 0x87 })
    const four = rig.join('four', { protocolVersion: 4 })
    four.send(publish('$SYS', 'x'))
    expect(four.ended).toBe(true)
  })
})
