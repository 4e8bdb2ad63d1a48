// The delivery protocols of QoS 1 and 2, the server as the receiver and as the sender (MQTT 5.0 and 3.1.1, 4.3). A title
// with [MQTT-...] is about a statement of MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, lasting, publish, type TestClient, type Version } from './rig.js'

const versions = [4, 5] as const

const kinds = (packets: Packet[]) => packets.map(({ cmd, messageId }) => [cmd, messageId])

/** A subscriber to everything with QoS 2 whose session lasts, and a publisher. */
function pair(version: Version): { rig: CoreRig; reader: TestClient; writer: TestClient } {
  const rig = new CoreRig()
  const reader = rig.join('reader', lasting(version))
  reader.subscribe('#', { qos: 2 })
  reader.received()
  return { rig, reader, writer: rig.join('writer', lasting(version)) }
}

describe.each(versions)('the server (version %i)', (version) => {
  test('[MQTT-4.3.2-4] [MQTT-4.3.2-5] [MQTT3-4.3.2-2] at QoS 1 each PUBLISH is a new message, with or without DUP', () => {
    const { reader, writer } = pair(version)
    const message = publish('a', 'x', { qos: 1, messageId: 7 })
    writer.send(message, { ...message, dup: true }, message)
    expect(kinds(writer.received())).toEqual([
      ['puback', 7],
      ['puback', 7],
      ['puback', 7],
    ])
    expect(reader.messages()).toEqual(['a x q1', 'a x q1', 'a x q1'])
  })

  test('[MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12] [MQTT3-4.3.3-2] at QoS 2 what comes again before PUBREL is delivered once', () => {
    const { rig, reader, writer } = pair(version)
    const message = publish('a', 'x', { qos: 2, messageId: 7 })
    writer.send(message, { ...message, dup: true })
    writer.lose()
    const again = rig.join('writer', lasting(version))
    again.send({ ...message, dup: true }, { cmd: 'pubrel', messageId: 7 })
    expect(reader.messages()).toEqual(['a x q2'])
    again.send(message)
    expect(reader.messages()).toEqual(['a x q2'])
    expect(kinds([...writer.received(), ...again.received()])).toEqual([
      ['pubrec', 7],
      ['pubrec', 7],
      ['pubrec', 7],
      ['pubcomp', 7],
      ['pubrec', 7],
    ])
  })

  test('[MQTT-4.3.3-11] [MQTT3-4.3.3-2] any PUBREL is answered with PUBCOMP', () => {
    const { writer } = pair(version)
    writer.send({ cmd: 'pubrel', messageId: 9 })
    expect(kinds(writer.packets)).toEqual([['pubcomp', 9]])
    if (version === 5) expect(writer.last('pubcomp')).toMatchObject({ reasonCode: 0x92 })
  })

  test('[MQTT-4.3.2-3] [MQTT-4.4.0-1] [MQTT3-4.3.2-1] [MQTT3-4.4.0-1] sends QoS 1 again after a new connection until PUBACK comes', () => {
    const { rig, reader, writer } = pair(version)
    writer.send(publish('a', '1', { qos: 1, messageId: 1 }), publish('a', '2', { qos: 1, messageId: 2 }))
    const [first, second] = reader.received() as IPublishPacket[]
    expect([first!.dup, second!.dup]).toEqual([false, false])
    reader.lose()
    const again = rig.join('reader', lasting(version))
    expect(again.packets).toEqual([])
    again.lose()
    const third = rig.connect('reader', lasting(version))
    expect(third.received().slice(1)).toMatchObject([
      { cmd: 'publish', messageId: first!.messageId, dup: true, qos: 1 },
      { cmd: 'publish', messageId: second!.messageId, dup: true, qos: 1 },
    ])
    third.send({ cmd: 'puback', messageId: first!.messageId! })
    third.lose()
    expect(kinds(rig.connect('reader', lasting(version)).received()).slice(1)).toEqual([
      ['publish', second!.messageId],
    ])
  })

  test('[MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT3-4.3.3-1] sends QoS 2 in its four steps, and no PUBLISH after PUBREL', () => {
    const { rig, reader, writer } = pair(version)
    writer.send(publish('a', '1', { qos: 2, messageId: 1 }))
    const [message] = reader.received() as IPublishPacket[]
    expect(message).toMatchObject({ cmd: 'publish', qos: 2, dup: false })
    const messageId = message!.messageId!
    reader.lose()
    const second = rig.connect('reader', lasting(version))
    expect(second.received().slice(1)).toMatchObject([{ cmd: 'publish', messageId, dup: true }])
    second.send({ cmd: 'pubrec', messageId })
    expect(kinds(second.received())).toEqual([['pubrel', messageId]])
    second.lose()
    const third = rig.connect('reader', lasting(version))
    expect(kinds(third.received()).slice(1)).toEqual([['pubrel', messageId]])
    third.send({ cmd: 'pubrec', messageId }, { cmd: 'pubcomp', messageId })
    expect(kinds(third.received())).toEqual([['pubrel', messageId]])
    third.lose()
    expect(kinds(rig.connect('reader', lasting(version)).received()).slice(1)).toEqual([])
  })

  test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] [MQTT3-4.6.0-1] resends in the first order, and at no other time', () => {
    const { rig, reader, writer } = pair(version)
    for (let i = 1; i <= 6; i++)
      writer.send(publish('a', `${i}`, { qos: i % 2 === 0 ? 2 : 1, messageId: i, dup: false }))
    const sent = reader.received() as IPublishPacket[]
    expect(sent).toHaveLength(6)
    reader.take()
    writer.take()
    rig.wait(3_600_000)
    reader.send({ cmd: 'pingreq' })
    expect(kinds(reader.received())).toEqual([['pingresp', undefined]])
    reader.send({ cmd: 'pubrec', messageId: sent[3]!.messageId! })
    reader.lose()
    const again = rig.connect('reader', lasting(version))
    expect(kinds(again.received()).slice(1)).toEqual(
      sent.map(({ messageId }, at) => [at === 3 ? 'pubrel' : 'publish', messageId]),
    )
    again.send({ cmd: 'pingreq' })
    expect(kinds(again.received())).toEqual([['pingresp', undefined]])
  })

  test('[MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.3-1] [MQTT3-2.3.1-4] [MQTT3-4.3.2-1] [MQTT3-4.3.3-1] takes a Packet Identifier that is not in use, and never 0', () => {
    const { rig, reader, writer } = pair(version)
    writer.send(
      publish('a', 'held', { qos: 1, messageId: 1 }),
      publish('a', 'held', { qos: 2, messageId: 2 }),
    )
    const held = reader.received().map(({ messageId }) => messageId!)
    expect(new Set(held).size).toBe(2)
    const options = { protocolVersion: version }
    const bytes = mqtt.generate(publish('a', 'x', { qos: 1, messageId: 3 }), options)
    const seen = new Set<number>()
    for (let i = 0; i < 66_000; i++) {
      writer.connection.receive(bytes, rig.now)
      writer.take()
      reader.take()
      const [message] = reader.received()
      const messageId = message!.messageId!
      if (messageId === 0 || held.includes(messageId)) throw new Error(`${messageId} is not free`)
      seen.add(messageId)
      reader.hex(`4002 ${messageId.toString(16).padStart(4, '0')}`)
    }
    expect(seen.size).toBe(65_533)
  })
})

describe('MQTT 5', () => {
  test.each([true, false])(
    '[MQTT-4.3.3-9] [MQTT-3.5.2-1] after PUBREC with a failure the Packet Identifier is free (Request Problem Information %j)',
    (requestProblemInformation) => {
      let allowed = false
      const rig = new CoreRig({ authorize: (_client, action) => action !== 'publish' || allowed })
      const reader = rig.join('reader')
      reader.subscribe('#', { qos: 2 })
      const writer = rig.join('writer', { properties: { requestProblemInformation } })
      const message = publish('a', 'x', { qos: 2, messageId: 7 })
      writer.send(message)
      expect(writer.last('pubrec')).toMatchObject({ messageId: 7, reasonCode: 0x87 })
      allowed = true
      writer.send(message)
      expect(writer.last('pubrec')).toMatchObject({ messageId: 7, reasonCode: 0 })
      expect(reader.messages()).toEqual(['a x q2'])
    },
  )

  test.each([
    ['puback', 1],
    ['pubrec', 2],
  ] as const)('[MQTT-4.4.0-2] a message that the client refuses with %s is not sent again', (cmd, qos) => {
    const { rig, reader, writer } = pair(5)
    writer.send(publish('a', 'x', { qos, messageId: 1 }))
    const [message] = reader.received()
    reader.send({ cmd, messageId: message!.messageId!, reasonCode: 0x83 })
    expect(reader.packets).toEqual([])
    expect(rig.broker.holding.bytes).toBe(0)
    reader.lose()
    expect(kinds(rig.connect('reader', lasting(5)).packets)).toEqual([['connack', undefined]])
  })

  test('[MQTT-4.3.3-7] a message that was sent does not expire', () => {
    const { rig, reader, writer } = pair(5)
    const properties = { messageExpiryInterval: 5 }
    writer.send(publish('a', '1', { qos: 1, messageId: 1, properties }))
    writer.send(publish('a', '2', { qos: 2, messageId: 2, properties }))
    expect(reader.messages()).toHaveLength(2)
    reader.lose()
    rig.wait(6000)
    expect(rig.connect('reader', lasting(5)).messages()).toEqual(['a 1 q1 dup', 'a 2 q2 dup'])
  })

  test('[MQTT-4.3.3-13] the steps of QoS 2 go on when the message has expired', () => {
    const { rig, reader, writer } = pair(5)
    reader.lose()
    const message = publish('a', 'x', { qos: 2, messageId: 7, properties: { messageExpiryInterval: 5 } })
    writer.send(message)
    rig.wait(6000)
    writer.send({ ...message, dup: true }, { cmd: 'pubrel', messageId: 7 })
    expect(kinds(writer.received())).toEqual([
      ['pubrec', 7],
      ['pubrec', 7],
      ['pubcomp', 7],
    ])
    expect(rig.connect('reader', lasting(5)).messages()).toEqual([])
  })
})

describe('acknowledgements of the server', () => {
  const authorize = (_client: object, action: string, topic: string) => action !== 'publish' || topic === 'a'

  test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] have the Reason Codes of the standard', () => {
    const rig = new CoreRig({ authorize })
    const client = rig.join('a')
    const seen: string[] = []
    const take = () => {
      for (const packet of client.received())
        seen.push(`${packet.cmd} ${(packet as { reasonCode?: number }).reasonCode}`)
    }
    client.send(publish('a', 'x', { qos: 1, messageId: 1 }), publish('b', 'x', { qos: 1, messageId: 2 }))
    client.send(publish('a', 'x', { qos: 2, messageId: 3 }), publish('b', 'x', { qos: 2, messageId: 4 }))
    client.send(
      { cmd: 'pubrel', messageId: 3 },
      { cmd: 'pubrel', messageId: 9 },
      { cmd: 'pubrec', messageId: 9 },
    )
    take()
    client.subscribe('a', { qos: 2 })
    client.received()
    client.send(publish('a', 'x', { qos: 1, messageId: 1 }), publish('a', 'x', { qos: 2, messageId: 5 }))
    const out = (client.packets as IPublishPacket[]).filter(({ cmd, qos }) => cmd === 'publish' && qos === 2)
    client.send({ cmd: 'pubrec', messageId: out[0]!.messageId! })
    client.packets.splice(0, client.packets.length, ...client.packets.filter(({ cmd }) => cmd !== 'publish'))
    take()
    expect(seen).toEqual([
      ...['puback 16', 'puback 135', 'pubrec 16', 'pubrec 135', 'pubcomp 0', 'pubcomp 146', 'pubrel 146'],
      ...['puback 0', 'pubrec 0', 'pubrel 0'],
    ])
  })

  test.each([
    ['[MQTT-3.4.2-2] [MQTT-3.4.2-3] PUBACK', 1],
    ['[MQTT-3.5.2-2] [MQTT-3.5.2-3] PUBREC', 2],
  ] as const)('%s has a Reason String only if the client takes a packet of that size', (_, qos) => {
    for (const maximumPacketSize of [5, 6, 20, 200]) {
      const rig = new CoreRig({ authorize, settings: { topicAliasMaximum: 0 } })
      const client = rig.join('a', { properties: { maximumPacketSize } })
      const before = client.bytes
      client.send(publish('b', 'x', { qos, messageId: 2 }))
      const [answer] = client.packets as (Packet & { properties?: { reasonString?: string } })[]
      expect(answer).toMatchObject({ messageId: 2, reasonCode: 0x87 })
      expect(answer!.properties?.reasonString !== undefined).toBe(maximumPacketSize === 200)
      expect(answer!.properties).not.toMatchObject({ userProperties: {} })
      expect(client.bytes - before).toBeLessThanOrEqual(maximumPacketSize)
    }
  })

  test('[MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] PUBREL and PUBCOMP have neither Reason String nor User Properties', () => {
    const client = new CoreRig().join('a')
    client.written()
    client.send({ cmd: 'pubrel', messageId: 9 }, { cmd: 'pubrec', messageId: 9 })
    expect(client.written()).toBe('7003000992' + '6203000992')
    client.subscribe('a', { qos: 2 })
    client.send(publish('a', 'x', { qos: 2, messageId: 9 }), { cmd: 'pubrel', messageId: 9 })
    expect(client.written()).toMatch(/70020009$/)
    client.send({ cmd: 'pubrec', messageId: (client.last('publish') as IPublishPacket).messageId! })
    expect(client.written()).toBe('62020001')
  })

  test('[MQTT-3.1.2-29] no Reason String for a client that wants none but in CONNACK and DISCONNECT', () => {
    for (const requestProblemInformation of [false, true]) {
      const rig = new CoreRig({ authorize: (_client, action) => action === 'receive' })
      const client = rig.join('a', { properties: { requestProblemInformation } })
      client.send(publish('b', 'x', { qos: 1, messageId: 1 }), publish('b', 'x', { qos: 2, messageId: 2 }))
      client.send({ cmd: 'pubrel', messageId: 2 })
      client.subscribe('no')
      client.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['no'] })
      const all = client.received() as (Packet & { properties?: { reasonString?: string } })[]
      expect(all.map(({ cmd }) => cmd)).toEqual(['puback', 'pubrec', 'pubcomp', 'suback', 'unsuback'])
      const explained = all.filter(({ properties }) => properties?.reasonString !== undefined)
      expect(explained.length > 0).toBe(requestProblemInformation)
    }
  })
})
