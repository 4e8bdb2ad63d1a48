// CONNECT and what a server does with it (MQTT 5.0 and 3.1.1, 3.1). A title with [MQTT-...] is about a statement of
// MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import type { IConnackPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import type { TestClient } from './rig.js'
import { CoreRig, connackOf, connectPacket, keep, lasting, publish, reason } from './rig.js'

const versions = [4, 5] as const

describe('the first packet', () => {
  test('[MQTT-3.1.0-1] [MQTT3-3.1.0-1] is CONNECT', () => {
    for (const bytes of ['c000', '30 04 000161 78', '82 06 0001 000161 00', 'e000', 'f000', '2003000000']) {
      const client = new CoreRig().dial()
      client.hex(bytes)
      expect(client.ended).toBe(true)
      expect(client.packets).toEqual([])
    }
  })

  test.each(versions)(
    '[MQTT-3.1.0-2] [MQTT3-3.1.0-2] a second CONNECT ends the connection (version %i)',
    (version) => {
      const client = new CoreRig().join('a', { protocolVersion: version })
      client.send(connectPacket('a', { protocolVersion: version }))
      if (version === 5) expect(reason(client.last('disconnect'))).toBe(0x82)
      else expect(client.packets).toEqual([])
      expect(client.ended).toBe(true)
    },
  )

  test('a client that sends no CONNECT in time is closed', () => {
    const rig = new CoreRig()
    const client = rig.dial()
    rig.wait(10_001)
    expect(client.ended).toBe(true)
    expect(rig.log).toEqual(['refused: it sent no CONNECT within 10 s'])
  })

  test.each([
    ['MQTX', '10 0d 0004 4d515458 05 02 0000 00 0000'],
    ['mqtt', '10 0c 0004 6d717474 04 02 0000 0000'],
    ['MQTTT', '10 0d 0005 4d51545454 04 02 0000 0000'],
  ])('[MQTT-3.1.2-1] [MQTT3-3.1.2-1] the Protocol Name %s closes the connection', (_, bytes) => {
    const client = new CoreRig().dial()
    client.hex(bytes)
    expect(client.ended).toBe(true)
    expect(client.written()).toBe('')
  })

  test.each([
    [6, '20 03 00 84 00'],
    [127, '20 03 00 84 00'],
    [3, '20 02 00 01'],
    [0, '20 02 00 01'],
  ])('[MQTT-3.1.2-2] [MQTT3-3.1.2-2] protocol level %i is refused with a CONNACK', (level, answer) => {
    const client = new CoreRig().dial()
    client.hex(`10 0d 0004 4d515454 ${level.toString(16).padStart(2, '0')} 02 0000 00 0000`)
    expect(client.ended).toBe(true)
    expect(client.written()).toBe(answer.replaceAll(' ', ''))
  })

  test.each([
    [4, '10 1e 00044d515454 04 f6 000a 0002 6964 0001 74 0002 7731 0002 7573 0003 707764'],
    [5, '10 24 00044d515454 05 f6 000a 00 0002 6964 03 030000 0001 74 0002 7731 0002 7573 0003 707764'],
  ] as const)(
    '[MQTT-3.1.3-1] [MQTT3-3.1.3-1] its fields are in their order (version %i)',
    (version, bytes) => {
      const client = new CoreRig().dial(version)
      const body = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
      body[1] = body.length - 2
      client.raw(...body)
      expect(client.request).toMatchObject({
        ...{ version, clean: true, keepAlive: 10, clientId: 'id', user: 'us', password: Buffer.from('pwd') },
        will: { topic: 't', payload: Buffer.from('w1'), qos: 2, retain: true },
      })
      expect(connackOf(client).code).toBe(0)
    },
  )
})

describe('a client is refused', () => {
  test.each([
    [4, 0x85, 2],
    [4, 0x86, 5],
    [4, 0x87, 5],
    [4, 0x88, 3],
    [5, 0x85, 0x85],
    [5, 0x86, 0x86],
    [5, 0x87, 0x87],
    [5, 0x88, 0x88],
  ] as const)(
    '[MQTT-3.1.3-8] [MQTT-3.1.4-2] [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT3-3.1.3-9] [MQTT3-3.2.2-4] [MQTT3-3.2.2-5] version %i, 0x%x: CONNACK %i, no session present, and the end',
    (version, refusal, code) => {
      const rig = new CoreRig()
      rig.join('a', lasting(version)).lose()
      const client = rig.dial(version)
      client.admits = false
      client.send(connectPacket('a', lasting(version)))
      client.connection.refuse(refusal, 'it may not', rig.now)
      expect(connackOf(client)).toEqual({ code, present: false })
      expect(client.ended).toBe(true)
      expect(rig.broker.sessions.get('a')?.connection).toBeUndefined()
    },
  )

  test.each([
    ['a Will QoS that is too high', { maxQos: 1 }],
    ['a retained will', { retain: false }],
  ] as const)('[MQTT3-3.2.2-6] before MQTT 5 without an answer, if there is no code: %s', (_, settings) => {
    const will = { topic: 't', payload: Buffer.from('x'), qos: 2 as const, retain: true }
    const client = new CoreRig({ settings }).connect('a', { protocolVersion: 4, will })
    expect(client.packets).toEqual([])
    expect(client.ended).toBe(true)
  })

  test.each(versions)(
    '[MQTT-3.1.4-6] [MQTT3-3.1.4-5] and nothing that it sent after CONNECT is dealt with (version %i)',
    (version) => {
      const rig = new CoreRig()
      const reader = rig.join('reader')
      reader.subscribe('#')
      const client = rig.dial(version)
      client.admits = false
      client.send(connectPacket('a', { protocolVersion: version }), publish('t', 'x', { retain: true }))
      client.connection.refuse(0x87, 'it may not', rig.now)
      client.send(publish('t', 'y'), { cmd: 'pingreq' })
      expect(reader.messages()).toEqual([])
      expect(rig.broker.retained.count).toBe(0)
      expect(client.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
    },
  )

  test.each([
    ['an Authentication Method', { properties: { authenticationMethod: 'SCRAM-SHA-1' } }, 0x8c],
    ['a will to $SYS', { will: { topic: '$SYS/a', payload: Buffer.from('x'), qos: 0 as const } }, 0x87],
    ['a Will QoS', { will: { topic: 't', payload: Buffer.from('x'), qos: 2 as const } }, 0x9b],
    [
      'a retained will',
      { will: { topic: 't', payload: Buffer.from('x'), qos: 0 as const, retain: true } },
      0x9a,
    ],
  ])(
    '[MQTT-3.2.2-8] [MQTT-3.2.2-12] [MQTT-3.2.2-13] [MQTT-4.12.0-1] [MQTT-4.13.2-1] with the code for %s',
    (_, settings, code) => {
      const rig = new CoreRig({ settings: { maxQos: 1, retain: false } })
      const client = rig.connect('a', settings as object)
      expect(connackOf(client)).toEqual({ code, present: false })
      expect(client.packets).toHaveLength(1)
      expect(client.ended).toBe(true)
      expect(rig.broker.sessions.size).toBe(0)
    },
  )

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
})

describe('Client Identifiers', () => {
  test.each(versions)(
    '[MQTT-3.1.3-5] [MQTT3-3.1.3-5] of 1 to 23 letters and digits (version %i)',
    (version) => {
      const letters = 'abcdefghijklmnopqrstuvwxyz'
      const all = `0123456789${letters}${letters.toUpperCase()}`
      const rig = new CoreRig()
      for (let length = 1; length <= 23; length++) {
        const id = all.repeat(2).slice(length * 2, length * 3)
        expect(connackOf(rig.connect(id, { protocolVersion: version })).code).toBe(0)
        expect(rig.broker.sessions.get(id)).toBeDefined()
      }
      for (let at = 0; at < all.length; at++)
        expect(connackOf(rig.connect(all[at]!, { protocolVersion: version })).code).toBe(0)
    },
  )

  test.each(versions)(
    '[MQTT-3.1.3-2] [MQTT3-3.1.3-2] a session belongs to one of them, byte by byte (version %i)',
    (version) => {
      const rig = new CoreRig()
      const kept = ['a', 'A', 'a ', 'ab', '\u00e9', 'e\u0301']
      for (const id of kept) rig.join(id, lasting(version)).lose()
      expect(rig.broker.sessions.size).toBe(kept.length)
      for (const id of kept) expect(connackOf(rig.connect(id, lasting(version))).present).toBe(true)
      expect(connackOf(rig.connect('b', lasting(version))).present).toBe(false)
    },
  )

  test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] a client without one is assigned one, which no session has', () => {
    const rig = new CoreRig()
    const first = rig.join('auto-1')
    rig.join('auto-2', keep).lose()
    const client = rig.connect('')
    expect(client.packets[0]).toMatchObject({
      reasonCode: 0,
      sessionPresent: false,
      properties: { assignedClientIdentifier: 'auto-3' },
    })
    expect(first.ended).toBe(false)
    expect(rig.connect('').packets[0]).toMatchObject({ properties: { assignedClientIdentifier: 'auto-4' } })
    client.subscribe('t')
    client.send(publish('t', 'x'))
    expect(client.messages()).toEqual(['t x'])
    expect(rig.broker.sessions.get('auto-3')?.connection?.clientId).toBe('auto-3')
  })

  test('[MQTT3-3.1.3-6] before MQTT 5 a client without one is assigned one too', () => {
    const rig = new CoreRig()
    rig.join('auto-1')
    const clients = [rig.connect('', { protocolVersion: 4 }), rig.connect('', { protocolVersion: 4 })]
    expect(clients.map(connackOf)).toEqual([
      { code: 0, present: false },
      { code: 0, present: false },
    ])
    expect(clients.map(({ connection }) => connection.clientId)).toEqual(['auto-2', 'auto-3'])
    expect(clients[0]!.ended).toBe(false)
  })

  test('[MQTT3-3.1.3-7] [MQTT3-3.1.3-8] without one and without Clean Session: CONNACK 2', () => {
    const client = new CoreRig().dial(4)
    client.hex('10 0c 0004 4d515454 04 00 0000 0000')
    expect(client.written()).toBe('20020002')
    expect(client.ended).toBe(true)
  })

  test.each(versions)(
    '[MQTT-3.1.4-3] [MQTT3-3.1.4-2] a second client with the same one takes over (version %i)',
    (version) => {
      const rig = new CoreRig()
      const first = rig.join('a', { protocolVersion: version })
      const second = rig.connect('a', { protocolVersion: version })
      if (version === 5) expect(reason(first.last('disconnect'))).toBe(0x8e)
      else expect(first.packets).toEqual([])
      expect(first.ended).toBe(true)
      expect(second.ended).toBe(false)
      expect(connackOf(second).code).toBe(0)
    },
  )
})

describe('Keep Alive', () => {
  test.each(versions)(
    '[MQTT-3.1.2-22] [MQTT-3.2.2-22] [MQTT3-3.1.2-24] a silent client is disconnected after 1.5 times its own, and its will is published (version %i)',
    (version) => {
      const rig = new CoreRig()
      const heir = rig.join('heir')
      heir.subscribe('gone')
      const will = { topic: 'gone', payload: Buffer.from('w'), qos: 0 as const, retain: false }
      const client = rig.connect('a', { keepalive: 10, protocolVersion: version, will })
      expect((client.packets[0] as IConnackPacket).properties?.serverKeepAlive).toBeUndefined()
      client.received()
      rig.wait(14_000)
      client.send({ cmd: 'pingreq' })
      rig.wait(14_900)
      expect(client.ended).toBe(false)
      rig.wait(101)
      expect(client.ended).toBe(true)
      if (version === 5) expect(reason(client.last('disconnect'))).toBe(0x8d)
      expect(heir.messages()).toEqual(['gone w'])
    },
  )

  test('[MQTT-3.2.2-21] Server Keep Alive counts', () => {
    const rig = new CoreRig({ settings: { maxKeepAlive: 5 } })
    const client = rig.connect('a', { keepalive: 60 })
    expect(client.packets[0]).toMatchObject({ properties: { serverKeepAlive: 5 } })
    rig.wait(7501)
    expect(client.ended).toBe(true)
    expect(rig.connect('b', { keepalive: 60, protocolVersion: 4 }).packets).toMatchObject([{ returnCode: 2 }])
  })

  test('0 means that a silent client stays', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { keepalive: 0 })
    rig.wait(1e9)
    expect(client.ended).toBe(false)
  })
})

describe('DISCONNECT', () => {
  test.each(versions)(
    '[MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT3-3.14.4-1] [MQTT3-3.14.4-2] what follows it is not dealt with, and the connection is closed (version %i)',
    (version) => {
      const rig = new CoreRig()
      const reader = rig.join('reader')
      reader.subscribe('#')
      const client = rig.join('a', { protocolVersion: version })
      client.send({ cmd: 'disconnect', reasonCode: 0 }, publish('t', 'x'), { cmd: 'pingreq' })
      expect(client.ended).toBe(true)
      client.send({ cmd: 'pingreq' })
      expect(client.packets).toEqual([])
      expect(reader.messages()).toEqual([])
    },
  )

  test('[MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.2-1] of the server is its last packet', () => {
    const rig = new CoreRig()
    const client = rig.join('a')
    client.subscribe('#')
    client.received()
    client.hex('c001 00 c000')
    rig.join('writer').send(publish('t', 'x'))
    client.hex('c000')
    expect(client.packets.map(({ cmd }) => cmd)).toEqual(['disconnect'])
    expect(client.ended).toBe(true)
  })

  const refusals: [string, (rig: CoreRig) => TestClient][] = [
    ['the broker stops', (rig) => rig.dial()],
    [
      'a login is pending',
      (rig) => {
        const client = rig.dial()
        client.admits = false
        client.send(connectPacket('a'))
        return client
      },
    ],
  ]

  test.each(refusals)('[MQTT-3.14.0-1] [MQTT3-3.2.0-1] is not sent before CONNACK: %s', (_, begin) => {
    const rig = new CoreRig()
    const client = begin(rig)
    rig.broker.stop(rig.now)
    rig.wait(20_000)
    client.hex('0000 c001')
    expect(client.packets.filter(({ cmd }) => cmd === 'disconnect')).toEqual([])
  })
})
