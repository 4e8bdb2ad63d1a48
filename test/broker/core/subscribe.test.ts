// SUBSCRIBE and UNSUBSCRIBE with their answers (MQTT 5.0 and 3.1.1, 3.8 to 3.11), PINGREQ, Topic Filters (4.7). A title
// with [MQTT-...] is about a statement of MQTT 5.0, one with [MQTT3-...] about one of MQTT 3.1.1.
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { CoreRig, codes, lasting, publish, reason } from './rig.js'

const versions = [4, 5] as const

describe.each(versions)('SUBSCRIBE (version %i)', (protocolVersion) => {
  test('[MQTT-2.2.1-6] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT3-2.3.1-7] [MQTT3-3.8.4-1] [MQTT3-3.8.4-2] is answered with SUBACK and its Packet Identifier', () => {
    const client = new CoreRig().join('a', { protocolVersion })
    for (const messageId of [1, 258, 65_535]) {
      client.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: 't', qos: 0 }] })
      expect(client.received()).toMatchObject([{ cmd: 'suback', messageId }])
    }
  })

  test('[MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT3-3.8.4-4] [MQTT3-3.8.4-5] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2] one SUBACK has a code for each Topic Filter in its order', () => {
    const rig = new CoreRig({ authorize: (_client, _action, topic) => topic !== 'no' })
    const client = rig.join('a', { protocolVersion })
    const wanted: [string, number][] = [
      ...([
        ['t0', 0],
        ['no', 2],
        ['t2', 2],
        ['t1', 1],
        ['t0', 2],
      ] as [string, number][]),
    ]
    const subscriptions = wanted.map(([topic, qos]) => ({ topic, qos }))
    client.send({ cmd: 'subscribe', messageId: 5, subscriptions })
    const [answer] = client.received()
    expect(codes(answer!)).toEqual([0, protocolVersion === 5 ? 0x87 : 0x80, 2, 1, 2])
    const writer = rig.join('writer')
    for (const topic of ['t0', 't1', 't2'])
      writer.send(publish(topic, 'x', { qos: 2, messageId: 9 }), { cmd: 'pubrel', messageId: 9 })
    expect(client.messages()).toEqual(['t0 x q2', 't1 x q1', 't2 x q2'])
  })

  test('[MQTT-3.8.4-3] [MQTT3-3.8.4-3] the same filter again replaces the subscription', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { protocolVersion })
    client.subscribe('t', { qos: 0 })
    client.subscribe('t', { qos: 2 })
    client.send(publish('t', 'x', { qos: 2, messageId: 1 }))
    expect(client.messages()).toEqual(['t x q2'])
    client.subscribe('t', { qos: 1 })
    client.send(publish('t', 'y', { qos: 2, messageId: 2 }))
    expect(client.messages()).toEqual(['t y q1'])
    expect(rig.broker.subscriptions.size).toBe(1)
  })

  test('[MQTT-3.8.4-4] [MQTT3-3.8.4-3] no message is lost when a subscription is replaced', () => {
    const rig = new CoreRig()
    const reader = rig.join('reader', { protocolVersion })
    reader.reads = false
    const writer = rig.join('writer')
    for (let i = 1; i <= 100; i++) {
      if (i % 10 === 1) reader.subscribe('t', { qos: 1 })
      writer.send(publish('t', `${i}`, { qos: 1, messageId: i }))
    }
    expect(reader.messages()).toEqual(Array.from({ length: 100 }, (_, i) => `t ${i + 1} q1`))
  })

  test('[MQTT3-3.8.3-2] a filter with wildcards is accepted', () => {
    const client = new CoreRig().join('a', { protocolVersion })
    for (const filter of ['#', '+', 'a/+/b', '+/+', '/+', 'a/#', '$SYS/#'])
      expect(codes(client.subscribe(filter))).toEqual([0])
  })

  test.each([
    ['[MQTT-4.7.1-1] [MQTT3-4.7.1-2]', ['a#', '#/a', 'a/#/b', '#a', 'a/b#']],
    ['[MQTT-4.7.1-2] [MQTT3-4.7.1-3]', ['a+', '+a', 'a/+b', 'a/b+/c', '++']],
    ['[MQTT-4.7.3-1] [MQTT3-4.7.3-1]', ['']],
    ['[MQTT-4.8.2-1]', ['$share//t', '$share/', '$share']],
    ['[MQTT-4.8.2-2]', ['$share/g', '$share/g/', '$share/+/t', '$share/a#/t', '$share/g+/t']],
    ['too many separators', ['/'.repeat(201)]],
  ])('%s an invalid Topic Filter ends the connection', (_, filters) => {
    for (const topic of filters) {
      for (const cmd of ['82', 'a2']) {
        const client = new CoreRig().join('a', { protocolVersion })
        const text = Buffer.from(topic)
        const body = [
          0,
          1,
          ...(protocolVersion === 5 ? [0] : []),
          0,
          text.length,
          ...text,
          ...(cmd === '82' ? [0] : []),
        ]
        const length = body.length > 127 ? [body.length | 128, body.length >> 7] : [body.length]
        client.raw(Number.parseInt(cmd, 16), ...length, ...body)
        expect(client.ended, topic).toBe(true)
        if (protocolVersion === 5) expect(reason(client.last('disconnect'))).toBe(0x8f)
      }
    }
  })

  test.each([
    ['a', ['a'], ['A', 'a/', '/a', 'b', 'a ']],
    ['/a', ['/a'], ['a', '//a']],
    ['+', ['a', ' '], ['/a', 'a/', 'a/b']],
    ['+/+', ['a/b', '/', '/a'], ['a', 'a/b/c']],
    ['a/+', ['a/b', 'a/'], ['a', 'a/b/c']],
    ['a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/b/c']],
    ['#', ['a', '/', 'a/b/c'], []],
    ['a/#', ['a', 'a/', 'a/b', 'a/b/c'], ['b', 'ab']],
    ['\u00e9', ['\u00e9'], ['e\u0301', 'e']],
    ['\ufeffa', ['\ufeffa'], ['a']],
    ['\u{1f600}/+', ['\u{1f600}/x'], ['\u{1f601}/x']],
    ['a//b', ['a//b'], ['a/b', 'a/x/b']],
  ])(
    '[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-4] [MQTT3-4.7.1-2] [MQTT3-4.7.1-3] [MQTT3-4.7.3-4] %j matches %j, not %j',
    (filter, matching, others) => {
      const rig = new CoreRig()
      const client = rig.join('a', { protocolVersion })
      client.subscribe(filter)
      const writer = rig.join('writer')
      for (const topic of [...matching, ...others]) writer.send(publish(topic, 'x'))
      expect(client.messages()).toEqual(matching.map((topic) => `${topic} x`))
    },
  )
})

describe.each(versions)('UNSUBSCRIBE (version %i)', (protocolVersion) => {
  test('[MQTT-2.2.1-6] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT3-2.3.1-7] [MQTT3-3.10.4-4] [MQTT3-3.10.4-5] is answered with UNSUBACK and its Packet Identifier, also for what does not exist', () => {
    const client = new CoreRig().join('a', { protocolVersion })
    client.subscribe('t')
    client.received()
    for (const messageId of [1, 258, 65_535]) {
      client.send({ cmd: 'unsubscribe', messageId, unsubscriptions: ['t'] })
      expect(client.received()).toMatchObject([{ cmd: 'unsuback', messageId }])
    }
  })

  test('[MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT3-3.10.4-6] one UNSUBACK has a code for each Topic Filter in its order', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { protocolVersion })
    for (const filter of ['t0', 't1', 't2']) client.subscribe(filter)
    client.received()
    client.written()
    client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['t1', 'no', 't0', 't1'] })
    expect(client.written()).toBe(protocolVersion === 5 ? 'b0070006' + '00' + '00110011' : 'b0020006')
    client.received()
    client.send(publish('t0', 'x'), publish('t1', 'x'), publish('t2', 'x'))
    expect(client.messages()).toEqual(['t2 x'])
  })

  test('[MQTT-3.10.4-1] [MQTT3-3.10.4-1] takes away the subscription with the same filter, character by character', () => {
    const rig = new CoreRig()
    const client = rig.join('a', { protocolVersion })
    const filters = ['a/b', 'a/+', 'a/#', '$share/g/a/b']
    for (const filter of filters) client.subscribe(filter)
    const others = ['a/B', '+/b', '#', 'a/b/', 'a', 'a/b/#', '$share/h/a/b']
    client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: others })
    expect(rig.broker.subscriptions.size).toBe(4)
    for (const [index, filter] of filters.entries()) {
      client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: [filter] })
      expect(rig.broker.subscriptions.size).toBe(3 - index)
    }
    client.received()
    client.send(publish('a/b', 'x'))
    expect(client.messages()).toEqual([])
  })

  test('[MQTT-3.10.4-2] [MQTT-3.10.4-3] [MQTT3-3.10.4-2] [MQTT3-3.10.4-3] ends new messages, and what was begun is completed', () => {
    const rig = new CoreRig()
    const client = rig.join('a', lasting(protocolVersion))
    client.subscribe('t', { qos: 2 })
    const writer = rig.join('writer')
    writer.send(publish('t', '1', { qos: 1, messageId: 1 }), publish('t', '2', { qos: 2, messageId: 2 }))
    const [first, second] = client.received('publish') as IPublishPacket[]
    client.send({ cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['t'] })
    writer.send(publish('t', '3', { qos: 1, messageId: 3 }))
    expect(client.received().map(({ cmd }) => cmd)).toEqual(['unsuback'])
    client.lose()
    const again = rig.connect('a', lasting(protocolVersion))
    expect(again.messages()).toEqual(['t 1 q1 dup', 't 2 q2 dup'])
    again.send(
      { cmd: 'puback', messageId: first!.messageId! },
      { cmd: 'pubrec', messageId: second!.messageId! },
    )
    again.send({ cmd: 'pubcomp', messageId: second!.messageId! })
    expect(again.received().map(({ cmd }) => cmd)).toEqual(['pubrel'])
    expect(rig.broker.holding.bytes).toBe(0)
  })

  test('[MQTT-3.12.4-1] [MQTT3-3.12.4-1] PINGREQ is answered with PINGRESP', () => {
    const client = new CoreRig().join('a', { protocolVersion })
    client.written()
    client.send({ cmd: 'pingreq' }, { cmd: 'pingreq' })
    expect(client.written()).toBe('d000d000')
  })
})

describe('MQTT 5', () => {
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

  test('[MQTT-2.2.2-1] SUBACK and UNSUBACK without properties have a Property Length of 0', () => {
    const client = new CoreRig().join('a')
    client.written()
    client.subscribe('t')
    client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['t'] })
    expect(client.written()).toBe('9004' + '0001' + '00' + '00' + 'b004' + '0001' + '00' + '00')
  })

  test('[MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2] SUBACK and UNSUBACK are not larger than the client accepts', () => {
    for (const maximumPacketSize of [6, 7, 100]) {
      const rig = new CoreRig({
        authorize: (_client, _action, topic) => topic !== 'no',
        settings: { topicAliasMaximum: 0 },
      })
      const client = rig.join('a', { properties: { maximumPacketSize } })
      client.written()
      client.subscribe('no')
      client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['no'] })
      expect(client.written()).toBe('9004' + '0001' + '00' + '87' + 'b004' + '0001' + '00' + '11')
      const subscriptions = ['a', 'b', 'c'].map((topic) => ({ topic, qos: 0 }))
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
      expect(client.written()).toBe(
        maximumPacketSize === 100 ? '9006' + '0001' + '00' + '000000' : 'e0029500',
      )
      expect(client.ended).toBe(maximumPacketSize < 100)
    }
  })
})
