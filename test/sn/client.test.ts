// The client side of section 6 of MQTT-SN 1.2, statement by statement.
import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { PredefinedTopics } from '../../src/sn/predefined.js'
import { connected, named, publication, type Rig, rig } from './client-rig.js'

const accepted = { returnCode: 0 } as const
const regack = (messageId: number, topicId: number, returnCode = 0): SnMessage => ({
  ...{ type: 'regack', topicId, messageId, returnCode },
})
const puback = (messageId: number, topicId: number, returnCode = 0): SnMessage => ({
  ...{ type: 'puback', topicId, messageId, returnCode },
})
const from = (rest: Partial<Extract<SnMessage, { type: 'publish' }>> = {}): SnMessage => ({
  ...{ type: 'publish', dup: false, qos: 1, retain: false, messageId: 9 },
  ...{ topic: { kind: 'normal', id: 1 }, data: Buffer.from('x') },
  ...rest,
})
const types = (messages: readonly SnMessage[]): string[] => messages.map(({ type }) => type)
/** A rig with topic 1 registered for `a/b`. */
function registered(given: Parameters<typeof connected>[0] = {}): Rig {
  const made = connected(given)
  made.gateway({ type: 'register', topicId: 1, messageId: 1, name: 'a/b' })
  made.sent()
  return made
}

describe('6.2: connection setup', () => {
  test('CONNECT has the flags, the duration and the Client Identifier', () => {
    const { client, sent } = rig({ keepAlive: 30, cleanSession: false })
    client.connect(0)
    expect(sent()).toEqual([
      { type: 'connect', will: false, cleanSession: false, protocolId: 1, duration: 30, clientId: 'c' },
    ])
  })

  test('with a will: WILLTOPICREQ, WILLTOPIC, WILLMSGREQ, WILLMSG, CONNACK', () => {
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: true } as const
    const { client, sent, events, gateway } = rig({ will })
    client.connect(0)
    expect(sent()).toMatchObject([{ type: 'connect', will: true }])
    gateway({ type: 'willtopicreq' })
    expect(sent()).toEqual([{ type: 'willtopic', willTopic: 'w', qos: 1, retain: true }])
    gateway({ type: 'willtopicreq' }) // its answer was lost
    expect(types(sent())).toEqual(['willtopic'])
    gateway({ type: 'willmsgreq' })
    expect(sent()).toEqual([{ type: 'willmsg', data: Buffer.from('gone') }])
    gateway({ type: 'connack', ...accepted })
    expect(events()).toEqual(['connected'])
  })

  test('a CONNACK before the will was sent answers an earlier CONNECT', () => {
    const will = { topic: 'w', payload: Buffer.alloc(0), qos: 0, retain: false } as const
    const { client, events, gateway } = rig({ will })
    client.connect(0)
    gateway({ type: 'connack', ...accepted })
    expect([events(), client.state]).toEqual([[], 'connecting'])
  })

  test.each([1, 2, 3, 77])('CONNACK with the code %d: refused', (returnCode) => {
    const { client, events, gateway } = rig()
    client.connect(0)
    gateway({ type: 'connack', returnCode })
    expect([events(), client.state]).toEqual([[`refused ${returnCode}`], 'off'])
  })

  test('a client that is not connected yet has nothing to disconnect', () => {
    const { client, sent, events } = rig()
    client.disconnect(0)
    client.connect(0)
    sent()
    client.disconnect(0)
    expect([sent(), events()]).toEqual([[], ['closed true', 'closed true']])
  })

  test('what a client does not expect is ignored', () => {
    const { client, sent, events, gateway } = rig()
    client.connect(0)
    sent()
    const all: SnMessage[] = [from(), { type: 'pingresp' }, { type: 'disconnect', duration: undefined }]
    for (const message of [...all, puback(1, 1), { type: 'willtopicreq' } as const]) gateway(message)
    expect([sent(), events(), client.state]).toEqual([[], [], 'connecting'])
  })
})

describe('6.3: clean session', () => {
  test('without it, a message at QoS 2 continues on the next connection', () => {
    const { client, sent, gateway } = registered({ cleanSession: false })
    client.publish(publication({ kind: 'short', name: 'ab' }, 'x', { qos: 2 }), 0)
    expect(sent()).toMatchObject([{ type: 'publish', dup: false, messageId: 1 }])
    client.drop()
    client.connect(0)
    gateway({ type: 'connack', ...accepted })
    expect(sent()).toMatchObject([{ type: 'connect' }, { type: 'publish', dup: true, messageId: 1 }])
    gateway({ type: 'pubrec', messageId: 1 })
    client.drop()
    client.connect(0)
    gateway({ type: 'connack', ...accepted })
    expect(types(sent())).toEqual(['pubrel', 'connect', 'pubrel'])
  })

  test('with it, a message at QoS 2 that was sent cannot be sent again', () => {
    const { client, events, gateway } = registered()
    client.publish(publication({ kind: 'short', name: 'ab' }, 'x', { qos: 2 }), 0)
    client.drop()
    client.connect(0)
    gateway({ type: 'connack', ...accepted })
    expect(events()).toEqual(['lost session'])
  })

  test('topic identifiers are those of one connection: REGISTER again', () => {
    const { client, sent, gateway } = registered()
    client.drop()
    client.connect(0)
    gateway({ type: 'connack', ...accepted })
    sent()
    client.publish(publication(named('a/b')), 0)
    expect(types(sent())).toEqual(['register'])
  })
})

describe('6.5: topic names are registered', () => {
  test('REGISTER before the first PUBLISH, and not before the second', () => {
    const { client, sent, events, gateway } = connected()
    const id = client.publish(publication(named('a/b')), 0)
    expect(sent()).toEqual([{ type: 'register', topicId: 0, messageId: 2, name: 'a/b' }])
    gateway(regack(99, 1)) // the answer to something else
    expect(sent()).toEqual([])
    gateway(regack(2, 7))
    expect(sent()).toMatchObject([{ type: 'publish', topic: { kind: 'normal', id: 7 }, messageId: id }])
    gateway(puback(id, 7))
    expect(events()).toEqual([`settled ${id} 0`])
    client.publish(publication(named('a/b')), 0)
    expect(types(sent())).toEqual(['publish'])
  })

  test('a REGISTER of the gateway is acknowledged, and names what follows', () => {
    const { sent, events, gateway } = connected()
    gateway({ type: 'register', topicId: 5, messageId: 3, name: 'w/x' })
    expect(sent()).toEqual([regack(3, 5)])
    gateway(from({ topic: { kind: 'normal', id: 5 } }))
    expect(events()).toEqual(['message w/x x 1'])
  })

  test.each([
    [0, 'a'],
    [1, ''],
    [1, 'a/#'],
  ])('a REGISTER of %d for %j is rejected', (topicId, name) => {
    const { sent, gateway } = connected()
    gateway({ type: 'register', topicId, messageId: 3, name })
    expect(sent()).toEqual([regack(3, topicId, 3)])
  })

  test('congestion: the pause doubles up to 5 minutes', () => {
    const { client, sent, events, gateway } = connected({ keepAlive: 0 })
    client.publish(publication(named('a/b')), 0)
    const pauses: string[] = []
    for (let turn = 0, now = 0; turn < 7; turn++) {
      const [request] = sent() as unknown as [{ messageId: number }]
      gateway(regack(request.messageId, 0, 1), now)
      const [pause] = events()
      pauses.push(pause!)
      now += Number(pause!.split(' ')[1])
      client.tick(now - 1)
      expect(sent()).toEqual([])
      client.tick(now)
    }
    expect(pauses.map((pause) => Number(pause.split(' ')[1]) / 1000)).toEqual([10, 20, 40, 80, 160, 300, 300])
  })
})

describe('6.6: publishing', () => {
  test('6.6: one message is outstanding', () => {
    const { client, sent, gateway } = connected()
    expect(client.ready).toBe(true)
    const short = { kind: 'short', name: 'ab' } as const
    const first = client.publish(publication(short, '1'), 0)
    expect([client.ready, client.inFlight]).toEqual([false, 1])
    const second = client.publish(publication(short, '2'), 0)
    const third = client.publish(publication(short, '3', { qos: 0 }), 0)
    expect([third, client.inFlight, sent().length]).toEqual([3, 2, 1])
    gateway(puback(first, 0))
    expect(sent()).toMatchObject([{ messageId: second }])
    gateway(puback(second, 0))
    expect(sent()).toMatchObject([{ qos: 0, messageId: 0 }])
    expect(client.ready).toBe(true)
  })

  test('QoS 2: PUBREC, PUBREL, PUBCOMP; repeated and foreign answers change nothing', () => {
    const { client, sent, events, gateway } = connected()
    const id = client.publish(publication({ kind: 'short', name: 'ab' }, 'x', { qos: 2 }), 0)
    sent()
    gateway({ type: 'pubcomp', messageId: id })
    gateway(puback(id, 0))
    gateway({ type: 'pubrec', messageId: id + 1 })
    expect([sent(), events()]).toEqual([[], []])
    gateway({ type: 'pubrec', messageId: id })
    gateway({ type: 'pubrec', messageId: id })
    expect(sent()).toEqual([{ type: 'pubrel', messageId: id }])
    gateway({ type: 'pubcomp', messageId: id })
    gateway({ type: 'pubcomp', messageId: id })
    expect(events()).toEqual([`settled ${id} 0`])
  })

  test('an invalid topic identifier: REGISTER again, at most four times', () => {
    const { client, sent, events, gateway } = connected()
    const id = client.publish(publication(named('a/b')), 0)
    for (let turn = 1; turn <= 5; turn++) {
      const [request] = sent() as unknown as [{ type: string; messageId: number }]
      expect(request.type).toBe('register')
      gateway(regack(request.messageId, turn))
      expect(sent()).toMatchObject([{ type: 'publish', dup: false, messageId: id }])
      gateway(puback(id, turn, 2))
    }
    expect([sent(), events()]).toEqual([[], [`settled ${id} 2`]])
  })

  test('an invalid topic identifier at QoS 0: the message is dropped, and the next one is registered again', () => {
    const { client, sent, events, gateway } = registered()
    client.publish(publication(named('a/b'), 'x', { qos: 0 }), 0)
    expect(types(sent())).toEqual(['publish'])
    gateway(puback(0, 1, 2))
    client.publish(publication(named('a/b'), 'x', { qos: 0 }), 0)
    expect([types(sent()), events()]).toEqual([['register'], ['dropped 2']])
  })

  test('QoS 0: PINGREQ before more than a socket buffer takes', () => {
    const { client, sent, gateway } = connected()
    const short = { kind: 'short', name: 'ab' } as const
    let count = 0
    const fill = (): void => {
      while (client.ready) {
        client.publish(publication(short, 'x', { qos: 0 }), 0)
        count++
      }
    }
    fill()
    expect(count).toBeLessThan(230)
    expect(types(sent()).filter((type) => type === 'pingreq').length).toBe(1)
    expect(client.unconfirmed).toBe(count)
    gateway({ type: 'pingresp' })
    expect(client.ready).toBe(true)
    expect(client.unconfirmed).toBeLessThan(count)
    fill()
    expect(client.ready).toBe(false)
    // A lost PINGRESP: PINGREQ is sent again soon, long before T_retry.
    sent()
    client.tick(100)
    expect(types(sent())).toEqual(['pingreq'])
    client.drop()
    expect(client.lost).toBeGreaterThan(50)
  })
})

describe('6.7: predefined topic identifiers and short topic names', () => {
  test('need no REGISTER, and name what is received', () => {
    const predefined = new PredefinedTopics()
    predefined.add(7, 'home')
    const { client, sent, events, gateway } = connected({ predefined })
    client.publish(publication({ kind: 'predefined', id: 7 }, 'x', { qos: 0 }), 0)
    client.publish(publication({ kind: 'short', name: 'ab' }, 'x', { qos: 0 }), 0)
    expect(types(sent())).toEqual(['publish', 'publish'])
    for (const id of [7, 8]) gateway(from({ qos: 0, messageId: 0, topic: { kind: 'predefined', id } }))
    gateway(from({ qos: 0, messageId: 0, topic: { kind: 'short', name: 'ab' } }))
    expect(events()).toEqual(['message home x 0', 'message #8 x 0', 'message ab x 0'])
  })
})

describe('6.9: subscriptions', () => {
  test.each(['subscribe', 'unsubscribe'] as const)(
    '%s: one is outstanding, with DUP when it is sent again',
    (kind) => {
      const { client, sent, events, gateway } = connected()
      for (const name of ['a', 'b/#'])
        if (kind === 'subscribe') client.subscribe(named(name), 1, 0)
        else client.unsubscribe(named(name), 0)
      expect(sent()).toMatchObject([{ type: kind, messageId: 1, dup: false }])
      client.tick(10_000)
      expect(sent()).toMatchObject([{ type: kind, messageId: 1, dup: true }])
      const answer = (messageId: number): SnMessage =>
        kind === 'subscribe'
          ? { type: 'suback', qos: 1, topicId: 0, messageId, ...accepted }
          : { type: 'unsuback', messageId }
      gateway(answer(1))
      gateway(answer(1))
      expect(sent()).toMatchObject([{ type: kind, messageId: 2 }])
      const qos = kind === 'subscribe' ? 1 : 0
      expect(events()).toEqual([`answered 1 0 ${qos}`])
      gateway(answer(2))
      expect(events()).toEqual([`answered 2 0 ${qos}`])
    },
  )

  test('the identifier of SUBACK names messages in both directions', () => {
    const { client, sent, events, gateway } = connected()
    const messageId = client.subscribe(named('a/b'), 1, 0)
    gateway({ type: 'suback', qos: 1, topicId: 4, messageId, ...accepted })
    gateway(from({ topic: { kind: 'normal', id: 4 } }))
    sent()
    client.publish(publication(named('a/b')), 0)
    expect(types(sent())).toEqual(['publish'])
    expect(events()).toEqual([`answered ${messageId} 0 1`, 'message a/b x 1'])
  })
})

describe('6.10: messages of the gateway', () => {
  test('QoS 1: PUBACK after `acknowledge` only', () => {
    const { client, sent } = registered()
    client.take(from(), 0)
    expect(sent()).toEqual([])
    client.acknowledge(0)
    expect(sent()).toEqual([puback(9, 1)])
  })

  test('what is discarded is not acknowledged, and comes again', () => {
    const { client, sent, events } = registered({ cleanSession: false })
    client.take(from({ qos: 2 }), 0)
    client.discard()
    client.acknowledge(0)
    client.take(from({ qos: 2, dup: true }), 0)
    client.acknowledge(0)
    expect(sent()).toEqual([{ type: 'pubrec', messageId: 9 }])
    expect(events()).toEqual(['message a/b x 2', 'message a/b x 2'])
  })

  test('QoS 2: once, and PUBREC and PUBCOMP as often as they are asked for', () => {
    const { client, sent, events, gateway } = registered()
    gateway(from({ qos: 2 }))
    gateway(from({ qos: 2, dup: true }))
    expect(client.unreleased).toBe(1)
    gateway({ type: 'pubrel', messageId: 9 })
    gateway({ type: 'pubrel', messageId: 9 })
    gateway(from({ qos: 2, dup: true })) // delayed on its way
    gateway({ type: 'pubrel', messageId: 9 })
    expect(types(sent())).toEqual(['pubrec', 'pubrec', 'pubcomp', 'pubcomp', 'pubrec', 'pubcomp'])
    gateway(from({ qos: 2, data: Buffer.from('y') }))
    expect(events()).toEqual(['message a/b x 2', 'message a/b y 2'])
  })

  test('an unknown topic identifier is rejected', () => {
    const { sent, events, gateway } = connected()
    gateway(from({ topic: { kind: 'normal', id: 3 } }))
    expect([sent(), events()]).toEqual([[puback(9, 3, 2)], []])
  })

  test('of a short topic, PUBACK has the name as TopicId', () => {
    const { sent, gateway } = connected()
    gateway(from({ topic: { kind: 'short', name: 'ab' } }))
    expect(sent()).toEqual([puback(9, 0x6162)])
  })

  test('after `stopDelivery` nothing is delivered or acknowledged', () => {
    const { client, sent, events, gateway } = registered()
    client.stopDelivery()
    gateway(from())
    expect([sent(), events()]).toEqual([[], []])
  })
})

describe('6.11: keep alive', () => {
  test('PINGREQ shortly before the interval ends, and the gateway is lost after N_retry', () => {
    const { client, sent, events, gateway } = connected()
    expect(client.deadline).toBe(55_000)
    client.tick(55_000)
    expect(sent()).toEqual([{ type: 'pingreq', clientId: '' }])
    gateway({ type: 'pingresp' }, 56_000)
    expect(client.deadline).toBe(110_000)
    client.tick(110_000)
    for (let turn = 1; turn <= 3; turn++) client.tick(110_000 + turn * 10_000)
    expect(sent().length).toBe(4)
    client.tick(150_000)
    expect(events()).toEqual(['lost silent'])
  })

  test('0: never', () => expect(connected({ keepAlive: 0 }).client.deadline).toBe(Number.POSITIVE_INFINITY))

  test('a PINGREQ of the gateway is answered', () => {
    const { sent, gateway } = connected()
    gateway({ type: 'pingreq', clientId: '' })
    expect(sent()).toEqual([{ type: 'pingresp' }])
  })
})

describe('6.12: disconnecting', () => {
  test('DISCONNECT is answered', () => {
    const { client, sent, events, gateway } = connected()
    client.disconnect(0)
    expect(sent()).toEqual([{ type: 'disconnect', duration: undefined }])
    gateway(from())
    gateway({ type: 'disconnect', duration: undefined })
    expect([sent(), events(), client.state]).toEqual([[], ['closed true'], 'off'])
  })

  test('a DISCONNECT of the gateway ends the connection', () => {
    const { events, gateway } = connected()
    gateway({ type: 'disconnect', duration: undefined })
    expect(events()).toEqual(['lost disconnect'])
  })
})

describe('6.13: retransmission', () => {
  const short = { kind: 'short', name: 'ab' } as const
  const starts: readonly (readonly [string, (made: Rig) => void])[] = [
    [
      'connect',
      ({ client }) => {
        client.drop()
        client.connect(0)
      },
    ],
    ['register', ({ client }) => client.publish(publication(named('a/b')), 0)],
    ['publish', ({ client }) => client.publish(publication(short), 0)],
    [
      'pubrel',
      (made) =>
        made.gateway({
          type: 'pubrec',
          messageId: made.client.publish(publication(short, 'x', { qos: 2 }), 0),
        }),
    ],
    ['subscribe', ({ client }) => client.subscribe(named('a'), 0, 0)],
    ['unsubscribe', ({ client }) => client.unsubscribe(named('a'), 0)],
    ['disconnect', ({ client }) => client.disconnect(0)],
  ]
  test.each(starts)('%s: N_retry times, T_retry apart', (type, start) => {
    const made = connected()
    start(made)
    const { client, sent, events } = made
    sent()
    for (let turn = 1; turn <= 3; turn++) {
      client.tick(turn * 10_000 - 1)
      expect(sent()).toEqual([])
      client.tick(turn * 10_000)
      expect(types(sent())).toEqual([type])
    }
    expect(events()).toEqual([])
    client.tick(40_000)
    expect(events()).toEqual([type === 'disconnect' ? 'closed false' : 'lost silent'])
    expect(client.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

test('a message at QoS 2 of a kept session that was delivered when the connection was lost is not delivered again', () => {
  const { client, sent, events, gateway } = connected({ cleanSession: false })
  const message = { qos: 2, topic: { kind: 'short', name: 'ab' } } as const
  client.take(from(message), 0)
  client.take({ type: 'disconnect', duration: undefined }, 0)
  client.connect(0)
  gateway({ type: 'connack', returnCode: 0 })
  sent()
  gateway(from({ ...message, dup: true }))
  gateway(from({ ...message, data: Buffer.from('other') }))
  expect(types(sent())).toEqual(['pubrec', 'pubrec'])
  expect(events().filter((event) => event.startsWith('message'))).toEqual([
    'message ab x 2',
    'message ab other 2',
  ])
})

describe('6.14: sleeping clients', () => {
  test('DISCONNECT with the duration, PINGREQ with the Client Identifier, messages, PINGRESP', () => {
    const { client, sent, events, gateway } = registered({ sleep: 100 })
    expect(client.state).toBe('falling-asleep')
    gateway({ type: 'disconnect', duration: undefined })
    gateway({ type: 'disconnect', duration: undefined }) // doubled
    expect([events(), client.state, client.deadline]).toEqual([['asleep 90000'], 'asleep', 90_000])
    client.tick(90_000)
    expect(sent()).toEqual([{ type: 'pingreq', clientId: 'c' }])
    client.take(from(), 90_001)
    client.take({ type: 'pingresp' }, 90_002)
    expect(client.state).toBe('awake')
    client.acknowledge(90_003)
    expect(sent()).toEqual([puback(9, 1)])
    expect([events(), client.state]).toEqual([['message a/b x 1', 'asleep 90000'], 'asleep'])
  })

  test('messages that take longer than N_retry times T_retry: the gateway is there', () => {
    const { client, sent, events, gateway } = registered({ sleep: 100 })
    gateway({ type: 'disconnect', duration: undefined })
    client.tick(90_000)
    for (let now = 91_000; now < 200_000; now += 1000) {
      if (now >= client.deadline) client.tick(now)
      gateway(from(), now)
    }
    expect(types(sent()).filter((type) => type === 'pingreq')).toHaveLength(1)
    expect(events().filter((event) => !event.startsWith('message'))).toEqual(['asleep 90000'])
    expect(client.state).toBe('awake')
  })

  test('DISCONNECT in answer to PINGREQ: the gateway does not know the client', () => {
    const { client, events, gateway } = registered({ sleep: 100 })
    gateway({ type: 'disconnect', duration: undefined })
    client.tick(90_000)
    events()
    gateway({ type: 'disconnect', duration: undefined })
    expect(events()).toEqual(['lost disconnect'])
  })

  test('not while a request or a message at QoS 2 is outstanding', () => {
    const { client, sent, gateway } = rig({ sleep: 100 })
    client.connect(0)
    client.take({ type: 'connack', ...accepted }, 0)
    const messageId = client.subscribe(named('a/b'), 2, 0)
    client.acknowledge(0)
    expect(client.state).toBe('active')
    client.take({ type: 'suback', qos: 2, topicId: 1, messageId, ...accepted }, 0)
    gateway(from({ qos: 2 }))
    expect(client.state).toBe('active')
    sent()
    gateway({ type: 'pubrel', messageId: 9 })
    expect(types(sent())).toEqual(['pubcomp', 'disconnect'])
  })
})
