// CONNACK: when it comes, and what it grants (MQTT 5.0 and 3.1.1, 3.2). A title with [MQTT-...] is about a statement of
// MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import type { IConnackPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, codes, connackOf, connectPacket, keep, lasting, publish, reason } from './rig.js'

const versions = [4, 5] as const

describe('CONNACK', () => {
  test.each([
    [3, '20020000'],
    [4, '20020000'],
    [5, '2006000003 22000a'],
  ] as const)(
    '[MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.2-1] [MQTT3-3.1.4-4] [MQTT3-3.2.0-1] answers a good CONNECT of version %i',
    (protocolVersion, bytes) => {
      const client = new CoreRig().connect('a', { protocolVersion })
      expect(client.written()).toBe(bytes.replaceAll(' ', ''))
    },
  )

  test('[MQTT-2.2.2-1] without properties it has a Property Length of 0', () => {
    const client = new CoreRig({ settings: { topicAliasMaximum: 0 } }).connect('a')
    expect(client.written()).toBe('2003000000')
  })

  test.each(versions)(
    '[MQTT-3.2.0-1] [MQTT-3.2.0-2] [MQTT3-3.2.0-1] comes once, and before all that waits for the client (version %i)',
    (version) => {
      const rig = new CoreRig()
      const reader = rig.join('reader', lasting(version))
      reader.subscribe('#', { qos: 2 })
      reader.lose()
      const writer = rig.join('writer')
      for (let i = 1; i <= 3; i++) writer.send(publish('a', `${i}`, { qos: 2, messageId: i }))
      const again = rig.dial(version)
      again.admits = false
      again.send(connectPacket('reader', lasting(version)), { cmd: 'pingreq' })
      writer.send(publish('a', '4', { qos: 1, messageId: 4 }))
      expect(again.packets).toEqual([])
      again.connection.accept(rig.now)
      again.connection.accept(rig.now)
      const order = again.packets.map(({ cmd }) => cmd)
      expect(order).toEqual(['connack', 'publish', 'publish', 'publish', 'publish', 'pingresp'])
    },
  )

  test.each(versions)(
    '[MQTT-3.1.2-4] [MQTT-3.1.2-6] [MQTT-3.1.4-4] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT3-3.1.2-6] [MQTT3-3.1.4-3] [MQTT3-3.2.2-1] [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] tells whether a session is present (version %i)',
    (version) => {
      const rig = new CoreRig()
      const kept = lasting(version)
      const present = (settings: object) => {
        const client = rig.connect('a', settings)
        client.send({ cmd: 'disconnect', reasonCode: 0 })
        return connackOf(client)
      }
      expect(present(kept)).toEqual({ code: 0, present: false })
      expect(present(kept)).toEqual({ code: 0, present: true })
      expect(present({ ...kept, clean: true })).toEqual({ code: 0, present: false })
      if (version === 4) expect(rig.broker.sessions.size).toBe(0)
      else rig.wait(1_000_001)
      expect(present(kept)).toEqual({ code: 0, present: false })
      expect(present(kept)).toEqual({ code: 0, present: true })
    },
  )

  test('Clean Start 0 and no Session Expiry Interval: the session is present once', () => {
    const rig = new CoreRig()
    rig.join('a', keep).lose()
    const client = rig.connect('a', { clean: false })
    expect(connackOf(client).present).toBe(true)
    client.lose()
    expect(connackOf(rig.connect('a', keep)).present).toBe(false)
  })

  test('[MQTT-3.2.2-9] tells what the server limits', () => {
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

  test('[MQTT-3.1.2-28] has no Response Information, whether or not the client asks for it', () => {
    for (const requestResponseInformation of [false, true, undefined]) {
      const properties = requestResponseInformation === undefined ? {} : { requestResponseInformation }
      const client = new CoreRig().connect('a', { properties })
      expect((client.packets[0] as IConnackPacket).properties?.responseInformation).toBeUndefined()
    }
  })

  test('[MQTT-4.12.0-6] has no Authentication Method, and no AUTH comes before it', () => {
    const client = new CoreRig().connect('a')
    expect(client.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
    expect((client.packets[0] as IConnackPacket).properties).not.toHaveProperty('authenticationMethod')
  })

  test('[MQTT-3.2.2-19] [MQTT-3.2.2-20] a refusal is not larger than the client accepts', () => {
    const will = { topic: 't', payload: Buffer.from('x'), qos: 2 as const, retain: false }
    for (const maximumPacketSize of [5, 20, 200]) {
      const client = new CoreRig({ settings: { maxQos: 1 } }).connect('a', {
        properties: { maximumPacketSize },
        will,
      })
      const { properties } = client.packets[0] as IConnackPacket
      expect(properties?.reasonString !== undefined).toBe(maximumPacketSize === 200)
      expect(properties?.userProperties).toBeUndefined()
      expect(connackOf(client).code).toBe(0x9b)
      expect(client.bytes).toBeLessThanOrEqual(maximumPacketSize)
    }
    const late = new CoreRig().dial()
    late.admits = false
    late.send(connectPacket('a', { properties: { maximumPacketSize: 6 } }))
    late.connection.refuse(0x87, 'it may not', 0)
    expect(late.written()).toBe('2003008700')
    expect(late.ended).toBe(true)
  })
})

describe('what the server does not support', () => {
  test.each([0, 1] as const)(
    '[MQTT-3.2.2-9] [MQTT-3.2.2-10] with Maximum QoS %i a SUBSCRIBE with any QoS is accepted',
    (maxQos) => {
      const rig = new CoreRig({ settings: { maxQos } })
      const client = rig.connect('a')
      expect(client.packets[0]).toMatchObject({ properties: { maximumQoS: maxQos } })
      const subscriptions = [0, 1, 2].map((qos) => ({ topic: `t${qos}`, qos }))
      client.send({ cmd: 'subscribe', messageId: 5, subscriptions })
      expect(codes(client.last('suback'))).toEqual([0, Math.min(1, maxQos), maxQos])
    },
  )

  test.each([
    ['[MQTT-3.2.2-11] a QoS', publish('a', 'x', { qos: 2, messageId: 1 }), 0x9b],
    ['[MQTT-3.2.2-14] RETAIN', publish('a', 'x', { retain: true }), 0x9a],
    ['[MQTT-3.2.2-15] a packet that is too large', publish('a', 'x'.repeat(100)), 0x95],
    [
      '[MQTT-3.2.2-17] [MQTT-3.3.2-9] a Topic Alias that is too high',
      publish('a', 'x', { properties: { topicAlias: 4 } }),
      0x94,
    ],
  ])('%s ends the connection', (_, packet, code) => {
    const settings = { maxQos: 1, retain: false, maxPacketSize: 100, topicAliasMaximum: 3 } as const
    const client = new CoreRig({ settings }).join('a')
    client.send(packet)
    expect(reason(client.last('disconnect'))).toBe(code)
    expect(client.ended).toBe(true)
  })

  test('[MQTT-3.2.2-18] any Topic Alias, if Topic Alias Maximum is 0', () => {
    const client = new CoreRig({ settings: { topicAliasMaximum: 0 } }).join('a')
    client.send(publish('a', 'x', { properties: { topicAlias: 1 } }))
    expect(reason(client.last('disconnect'))).toBe(0x94)
  })
})
