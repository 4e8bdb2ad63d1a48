// Sessions: what they keep, and how long (MQTT 5.0 and 3.1.1, 4.1, 4.4 and 4.5). A title with [MQTT-...] is about a
// statement of MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, connackOf, keep, lasting, publish, reason, type TestClient, type Version } from './rig.js'

const versions = [4, 5] as const

/** A subscriber with a lasting session that is gone, and three messages and one of QoS 0 that came since. */
function offline(version: Version = 5, qos: 1 | 2 = 1, more: object = {}): CoreRig {
  const rig = new CoreRig()
  const reader = rig.join('reader', lasting(version))
  reader.subscribe('#', { qos: 2 })
  reader.lose()
  const writer = rig.join('writer')
  for (let i = 1; i <= 3; i++) writer.send(publish('a', `${i}`, { qos, messageId: i, ...more }))
  writer.send(publish('a', 'lost'))
  return rig
}

describe.each(versions)('sessions (version %i)', (version) => {
  test.each([1, 2] as const)(
    '[MQTT-3.1.2-5] [MQTT-3.1.2-23] [MQTT-4.5.0-1] [MQTT3-3.1.2-4] [MQTT3-3.1.2-5] [MQTT3-4.5.0-1] messages of QoS %i wait for the client, in order',
    (qos) => {
      const rig = offline(version, qos)
      expect(rig.join('x', { protocolVersion: version }).messages()).toEqual([])
      const again = rig.connect('reader', lasting(version))
      expect(connackOf(again)).toEqual({ code: 0, present: true })
      expect(again.messages()).toEqual(['a 1', 'a 2', 'a 3'].map((text) => `${text} q${qos}`))
      rig.join('writer').send(publish('a', '4'))
      expect(again.messages()).toEqual(['a 4'])
    },
  )

  test('[MQTT-4.5.0-1] [MQTT3-4.5.0-1] each client with a subscription that matches gets its copy, connected or not', () => {
    const rig = offline(version)
    const ids = ['b', 'c', 'd']
    const clients = ids.map((id) => rig.join(id, lasting(version)))
    for (const client of clients) client.subscribe('a', { qos: 1 })
    clients[1]!.lose()
    rig.join('writer').send(publish('a', '4', { qos: 1, messageId: 4 }))
    for (const [index, id] of ids.entries()) {
      const client = index === 1 ? rig.connect(id, lasting(version)) : clients[index]!
      expect(client.messages()).toEqual(['a 4 q1'])
    }
    expect(rig.connect('reader', lasting(version)).messages().at(-1)).toBe('a 4 q1')
  })

  test('[MQTT-4.4.0-1] [MQTT3-4.4.0-1] what was not acknowledged is sent again with DUP, what was received is released again', () => {
    const rig = offline(version, 2)
    const first = rig.join('reader', lasting(version))
    first.lose()
    const second = rig.connect('reader', lasting(version))
    const all = second.received('publish') as IPublishPacket[]
    expect(all.map(({ dup }) => dup)).toEqual([true, true, true])
    second.send({ cmd: 'pubrec', messageId: all[0]!.messageId! })
    second.lose()
    const third = rig.connect('reader', lasting(version))
    expect(third.received().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['connack', undefined],
      ['pubrel', all[0]!.messageId],
      ['publish', all[1]!.messageId],
      ['publish', all[2]!.messageId],
    ])
  })

  test('[MQTT-3.3.1-1] [MQTT3-3.3.1-1] only what was sent before has DUP', () => {
    const rig = offline(version)
    const first = rig.connect('reader', lasting(version))
    expect(first.messages()).toEqual(['a 1 q1', 'a 2 q1', 'a 3 q1'])
    first.lose()
    rig.join('writer').send(publish('a', '4', { qos: 1, messageId: 4 }))
    const second = rig.connect('reader', lasting(version))
    expect(second.messages()).toEqual(['a 1 q1 dup', 'a 2 q1 dup', 'a 3 q1 dup', 'a 4 q1'])
  })

  test('[MQTT-3.1.2-4] [MQTT3-3.1.2-6] a clean start forgets all that there was', () => {
    const rig = offline(version, 2)
    rig.join('reader', lasting(version)).lose()
    const clean = rig.connect('reader', { ...lasting(version), clean: true })
    expect(connackOf(clean).present).toBe(false)
    clean.received()
    rig.join('writer').send(publish('a', '5', { qos: 1, messageId: 5 }))
    expect(clean.packets).toEqual([])
    expect(rig.broker.subscriptions.size).toBe(0)
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('[MQTT-3.1.2-4] [MQTT3-3.1.2-6] a clean start forgets what the client has not released', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader')
    reader.subscribe('#')
    const message = publish('a', 'x', { qos: 2, messageId: 7 })
    const writer = rig.join('writer', lasting(version))
    writer.send(message)
    writer.lose()
    rig.join('writer', { ...lasting(version), clean: true }).send(message)
    expect(reader.messages()).toEqual(['a x', 'a x'])
  })

  test('[MQTT-4.1.0-1] [MQTT3-4.1.0-1] [MQTT3-4.1.0-2] a session lasts as long as its connection', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { protocolVersion: version, clean: true })
    reader.subscribe('#')
    rig.wait(1e10)
    const session = rig.broker.sessions.get('reader')
    rig.join('writer').send(publish('a', 'x'))
    expect(reader.messages()).toEqual(['a x'])
    expect(rig.broker.sessions.get('reader')).toBe(session)
    reader.lose()
    expect(rig.broker.sessions.get('reader')).toBeUndefined()
  })
})

describe('MQTT 3.1.1', () => {
  test('[MQTT3-3.1.2-4] [MQTT3-4.1.0-1] with Clean Session 0 they last for ever', () => {
    const rig = new CoreRig()
    rig.join('a', lasting(4)).lose()
    rig.wait(1e12)
    expect(connackOf(rig.connect('a', lasting(4))).present).toBe(true)
  })

  test('[MQTT3-3.1.2-6] with Clean Session 1 they end with the connection', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { protocolVersion: 4 })
    client.subscribe('#', { qos: 1 })
    client.lose()
    rig.join('writer').send(publish('a', 'x', { qos: 1, messageId: 1 }))
    const again = rig.connect('a', lasting(4))
    expect(connackOf(again).present).toBe(false)
    expect(again.messages()).toEqual([])
  })
})

describe('MQTT 5', () => {
  test('[MQTT-3.3.2-5] messages that expire meanwhile are not sent', () => {
    const rig = offline(5, 1, { properties: { messageExpiryInterval: 5 } })
    rig.wait(5001)
    expect(rig.connect('reader', keep).messages()).toEqual([])
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('[MQTT-3.3.2-6] the others have the rest of their interval', () => {
    const rig = offline(5, 1, { properties: { messageExpiryInterval: 50 } })
    rig.wait(20_000)
    const all = rig.connect('reader', keep).received('publish') as IPublishPacket[]
    expect(all.map(({ properties }) => properties?.messageExpiryInterval)).toEqual([30, 30, 30])
  })

  test('[MQTT-4.1.0-2] they end when their Session Expiry Interval is over', () => {
    const rig = offline()
    rig.wait(999_999)
    expect(rig.broker.sessions.get('reader')).toBeDefined()
    rig.wait(2)
    expect(rig.broker.sessions.get('reader')).toBeUndefined()
    expect(rig.broker.subscriptions.size).toBe(0)
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('[MQTT-3.1.2-23] an interval of 0xFFFFFFFF never ends', () => {
    const rig = new CoreRig()
    const settings = { clean: false, properties: { sessionExpiryInterval: 0xffffffff } }
    rig.join('a', settings).lose()
    rig.wait(1e13)
    expect(connackOf(rig.connect('a', settings)).present).toBe(true)
  })

  test('DISCONNECT changes the interval, but not from 0', () => {
    const rig = new CoreRig()
    const change = (client: TestClient, seconds: number) =>
      client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: seconds } })
    change(rig.join('a', keep), 0)
    expect(rig.broker.sessions.get('a')).toBeUndefined()
    const b = rig.join('b')
    change(b, 10)
    expect(reason(b.last('disconnect'))).toBe(0x82)
  })
})
