// What a gateway does with input that is damaged, forged or too much; its bounds.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeMessage } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { amount } from '../helpers/amount.js'
import { messageBytes, Rig, retries, retryMs } from './gateway-rig.js'

const short = (name: string) => ({ kind: 'short', name }) as const
const named = (name: string) => ({ kind: 'name', name }) as const
const sleeper = 'sensor-one'

async function sleeping(rig: Rig): Promise<void> {
  const link = await rig.connect(sleeper)
  await rig.prove()
  rig.ask({ type: 'subscribe', topic: named('#'), qos: 1, messageId: 1 })
  link.events.suback(link.token, 1)
  rig.ask({ type: 'disconnect', duration: 100 })
  link.message('ab', 'secret'.repeat(50))
  rig.take()
}

describe('datagrams that are no messages', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from([1])],
    ['an unknown type', Buffer.from([2, 0x33])],
    ['a wrong length', Buffer.from([9, 0x16])],
    ['65,507 bytes of zeros', Buffer.alloc(65_507)],
    ['a CONNECT that is cut', Buffer.from([7, 4, 4])],
    ['a forwarder in a forwarder', Buffer.from([4, 0xfe, 1, 1, 4, 0xfe, 1, 1, 2, 0x16])],
    [
      'PUBLISH of 65,507 bytes from a stranger',
      messageBytes({ type: 'publish', topic: short('ab'), data: Buffer.alloc(65_498) }),
    ],
  ])('%s: at most an answer of two bytes', (_, bytes) => {
    const rig = new Rig()
    rig.raw(bytes)
    expect(rig.sent.every((answer) => answer.bytes.length <= 2)).toBe(true)
  })

  test('any bytes and any messages in any order never end the gateway, nor get more back than has come', async () => {
    const types = [
      'connect',
      'publish',
      'register',
      'subscribe',
      'unsubscribe',
      'pingreq',
      'disconnect',
      'willtopic',
      'willmsg',
      'willtopicupd',
      'willmsgupd',
      'pubrel',
      'puback',
      'pubrec',
      'pubcomp',
      'regack',
      'searchgw',
      'connack',
      'advertise',
      'gwinfo',
    ] as const
    const message = fc.record({
      type: fc.constantFrom(...types),
      clientId: fc.constantFrom('', 'a', 'bb', 'sensor-one'),
      topic: fc.constantFrom(
        short('ab'),
        { kind: 'normal', id: 3 } as const,
        { kind: 'predefined', id: 7 } as const,
      ),
      qos: fc.constantFrom(-1, 0, 1, 2),
      messageId: fc.nat(3),
      will: fc.boolean(),
      cleanSession: fc.boolean(),
      name: fc.constantFrom('a/b', '#', 'x'),
      willTopic: fc.constantFrom('', 'w'),
      duration: fc.constantFrom(0, 5),
      gatewayId: fc.constant(1),
      gatewayAddress: fc.constant(new Uint8Array()),
    })
    const step = fc.oneof(
      { weight: 5, arbitrary: message.map((one) => messageBytes(one as never)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.constantFrom('a', 'b'))), async (steps) => {
        const rig = new Rig({ predefined: '7 p' })
        const came: Record<string, number> = { a: 0, b: 0 }
        for (const [bytes, from] of steps) {
          rig.raw(bytes, from)
          came[from]! += bytes.length
          await Promise.resolve()
          for (const { link } of [rig]) if (link?.up) link.message('x/y', 'hello', { qos: 1 })
          rig.pass(100)
        }
        for (const address of ['a', 'b']) {
          const sent = rig.sent
            .filter(({ to }) => to === address)
            .reduce((sum, { bytes }) => sum + bytes.length, 0)
          expect(sent).toBeLessThanOrEqual(came[address]! * 3) // with challenges
        }
      }),
      { numRuns: amount({ inCi: 500, here: 60 }) },
    )
  })
})

describe('an address that has shown nothing', () => {
  test('a subscriber gets a REGISTER first, and its messages when it has answered it', async () => {
    const rig = new Rig()
    const link = await rig.connect(sleeper)
    rig.ask({ type: 'subscribe', topic: short('ab'), messageId: 1 })
    link.events.suback(link.token, 0)
    rig.take()
    link.message('ab', 'x'.repeat(100))
    const [challenge] = rig.take() as unknown as [{ messageId: number }]
    expect(challenge).toMatchObject({ type: 'register', name: '-' })
    rig.pass(retryMs * 10)
    expect(rig.take().length).toBeLessThanOrEqual(retries)
    expect(rig.ask({ type: 'regack', messageId: challenge.messageId ^ 1 })).toMatchObject([
      { type: 'register' },
    ])
    expect(rig.ask({ type: 'regack', messageId: challenge.messageId })).toMatchObject([{ type: 'publish' }])
  })

  test('short CONNECTs under a false address get at most three times their bytes back', async () => {
    const rig = new Rig()
    const link = await rig.connect('a', { cleanSession: false })
    await rig.prove()
    rig.ask({ type: 'subscribe', topic: short('ab'), qos: 1, messageId: 1 })
    link.events.suback(link.token, 1)
    rig.ask({ type: 'disconnect', duration: 1000 })
    link.message('ab', 'secret'.repeat(50), { qos: 1 })
    let came = 0
    for (let duration = 100; duration < 110; duration++) {
      const bytes = messageBytes({ type: 'connect', clientId: 'a', cleanSession: false, duration })
      rig.raw(bytes, 'victim')
      came += bytes.length
      rig.pass(retryMs * (retries + 2))
    }
    const sent = rig.sent.filter(({ to }) => to === 'victim').map(({ bytes }) => bytes.length)
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(came * 3)
  })

  test('one whose challenges were lost is asked again while something comes from it', async () => {
    const rig = new Rig()
    const link = await rig.connect(sleeper)
    rig.ask({ type: 'subscribe', topic: short('ab'), messageId: 1 })
    link.events.suback(link.token, 0)
    link.message('ab', 'x'.repeat(100))
    rig.pass(retryMs * 60)
    let challenge: unknown
    for (let i = 0; i < 10 && challenge === undefined; i++) {
      rig.pass(retryMs * 10)
      const sent = rig.ask({ type: 'pingreq' })
      challenge = sent.find(({ type }) => type === 'register')
    }
    const { messageId } = challenge as { messageId: number }
    expect(rig.ask({ type: 'regack', messageId })).toMatchObject([{ type: 'publish' }])
  })

  test.each([
    ['a longer message that is outstanding', 0],
    ['one of which the last try was over', retryMs * 10],
  ])('a client that connects again from there gets %s', async (_, ms) => {
    const rig = new Rig()
    const link = await rig.connect(sleeper, { cleanSession: false })
    await rig.prove()
    rig.ask({ type: 'subscribe', topic: short('ab'), qos: 2, messageId: 1 })
    link.events.suback(link.token, 2)
    rig.take()
    link.message('ab', 'x'.repeat(100), { qos: 2 })
    const [{ messageId }] = rig.take() as unknown as [{ messageId: number }]
    rig.pass(ms)
    rig.ask({ type: 'connect', clientId: sleeper, cleanSession: false }, 'new')
    rig.pass(retryMs * 2)
    const challenge = rig.sent.find(({ to, message }) => to === 'new' && message.type === 'register')
    expect(rig.ask({ ...challenge!.message, type: 'regack' }, 'new')).toMatchObject([
      { type: 'publish', messageId, dup: true },
    ])
  })

  test('numbers that a client had before do not show that its new address is right', async () => {
    const rig = new Rig()
    const link = await rig.connect(sleeper, { cleanSession: false })
    await rig.prove()
    const [{ topicId }] = rig.ask({ type: 'register', name: 'a/b' }) as unknown as [{ topicId: number }]
    rig.ask({ type: 'subscribe', topic: short('ab'), qos: 2, messageId: 1 })
    link.events.suback(link.token, 2)
    rig.take()
    link.message('ab', 'x', { qos: 2 })
    const [{ messageId }] = rig.take() as unknown as [{ messageId: number }]
    for (const message of [
      { type: 'connect', clientId: sleeper, cleanSession: false },
      { type: 'pubrec', messageId },
      { type: 'pubcomp', messageId },
      { type: 'register', name: 'a/b' },
      { type: 'publish', topic: { kind: 'normal', id: topicId } },
      { type: 'register', name: 'a/c' },
      { type: 'publish', topic: { kind: 'normal', id: topicId + 1 } },
    ] as const)
      rig.ask(message, 'victim')
    link.message('ab', 'x'.repeat(1000))
    expect(rig.take('victim').map(({ type }) => type)).not.toContain('publish')
  })

  test('one that guesses is given up', async () => {
    const rig = new Rig()
    const link = await rig.connect(sleeper)
    for (let id = 1; id < 100; id++) rig.ask({ type: 'puback', messageId: id })
    expect(link.calls).toEqual(['cut'])
    expect(rig.gateway.clients).toBe(0)
  })

  test('a stranger with the identifier of a sleeping client does not get its messages', async () => {
    const rig = new Rig()
    await sleeping(rig)
    expect(rig.ask({ type: 'pingreq', clientId: sleeper }, 'stranger')).toMatchObject([
      { type: 'register', name: '-' },
    ])
    expect(rig.ask({ type: 'pingreq', clientId: sleeper }, 'stranger')).toHaveLength(1)
    expect(rig.ask({ type: 'regack', messageId: 1 }, 'stranger')).toEqual([])
    expect(rig.ask({ type: 'pingreq', clientId: sleeper })).toMatchObject([
      { type: 'publish' },
      { type: 'pingresp' },
    ])
  })

  test('a sleeping client that comes back under another address shows that it is there', async () => {
    const rig = new Rig()
    await sleeping(rig)
    const [register] = rig.ask({ type: 'pingreq', clientId: sleeper }, 'b') as unknown as [
      { messageId: number },
    ]
    expect(rig.ask({ type: 'regack', messageId: register.messageId }, 'b')).toMatchObject([
      { type: 'publish' },
      { type: 'pingresp' },
    ])
    expect(rig.log).toContain('moved sensor-one b')
  })

  test('an active client that comes back under another address connects again', async () => {
    const rig = new Rig()
    await rig.connect(sleeper, { cleanSession: false })
    expect(rig.ask({ type: 'publish', topic: short('ab') }, 'b')).toMatchObject([{ type: 'disconnect' }])
    await rig.connect(sleeper, { cleanSession: false }, 'b')
    expect(rig.links).toHaveLength(1)
    expect(rig.take('a')).toMatchObject([{ type: 'disconnect' }])
    expect(rig.ask({ type: 'pingreq' }, 'b')).toMatchObject([{ type: 'pingresp' }])
  })

  test('two gateways do not answer each other for ever', () => {
    const rig = new Rig()
    for (const type of ['disconnect', 'pingresp', 'connack', 'gwinfo', 'puback', 'advertise'] as const) {
      const bytes = type === 'gwinfo' ? Buffer.from([3, 2, 1]) : messageBytes({ type, gatewayId: 1 } as never)
      rig.raw(bytes)
    }
    expect(rig.sent).toEqual([])
  })
})

describe('a forwarder (5.5)', () => {
  test.each([
    ['a message', 'a', 'x'.repeat(65_495)],
    ['a topic', 'a'.repeat(65_480), 'x'],
    ['a topic that no datagram carries', 'a'.repeat(65_535), 'x'],
  ])(
    '%s that does not fit in a datagram with its encapsulation is dropped, and the next is sent',
    async (_, topic, payload) => {
      const rig = new Rig()
      const forwarded = (message: Buffer) =>
        encodeMessage({ type: 'forwarded', radius: 1, nodeId: Buffer.from('n'.repeat(20)), message })
      rig.raw(forwarded(messageBytes({ type: 'connect', clientId: 'n' })))
      await Promise.resolve()
      for (const qos of [0, 1] as const) {
        expect(rig.link.message(topic, payload, { qos }).done).toBe(qos > 0)
        expect(rig.log.at(-1)).toBe('dropped n a message or its topic is larger than a datagram')
      }
    },
  )

  test('a Wireless Node Id that is longer than its Length octet allows is ignored', () => {
    const rig = new Rig()
    const message = messageBytes({ type: 'connect', clientId: 'n' })
    rig.raw(encodeMessage({ type: 'forwarded', radius: 1, nodeId: Buffer.alloc(60_000), message }))
    expect(rig.gateway.clients).toBe(0)
  })

  test('each node is a client of its own, and its answers are encapsulated', async () => {
    const rig = new Rig()
    const wrap = (node: number, message: Uint8Array) =>
      encodeMessage({ type: 'forwarded', radius: 1, nodeId: Buffer.from([node]), message })
    for (const node of [1, 2])
      rig.raw(wrap(node, messageBytes({ type: 'connect', clientId: `node-${node}` })))
    await Promise.resolve()
    const answers = rig.take() as Extract<SnMessage, { type: 'forwarded' }>[]
    expect(answers.map(({ nodeId }) => nodeId[0])).toEqual([1, 2])
    expect([...answers[0]!.message]).toEqual([3, 5, 0])
    expect(rig.gateway.clients).toBe(2)
  })
})

describe('bounds', () => {
  test('a flood of CONNECT: the longest silent stranger goes, clients that are known stay', async () => {
    const rig = new Rig({ limits: { clients: 10 } })
    await rig.connect('known')
    await rig.prove()
    for (let i = 0; i < 1000; i++) await rig.connect(`flood-${i}`, {}, `stranger-${i}`)
    expect(rig.gateway.clients).toBe(10)
    expect(rig.ask({ type: 'pingreq' })).toMatchObject([{ type: 'pingresp' }])
    expect(rig.links[1]!.calls).toEqual(['cut'])
    expect(rig.links.at(-1)!.calls).toEqual([])
  })

  test('a table of known clients is full: congestion; sessions of clients that are away go', async () => {
    const rig = new Rig({ limits: { clients: 2 } })
    await rig.connect('one', { cleanSession: false }, 'a')
    await rig.prove('a')
    await rig.connect('two', { cleanSession: false }, 'b')
    await rig.prove('b')
    expect(rig.ask({ type: 'connect', clientId: 'three' }, 'c')).toMatchObject([
      { type: 'connack', returnCode: 1 },
    ])
    rig.ask({ type: 'disconnect' }, 'a')
    await rig.connect('three', {}, 'c')
    expect(rig.gateway.clients).toBe(2)
  })

  test('one address with many identifiers is one client', async () => {
    const rig = new Rig()
    for (let i = 0; i < 100; i++) await rig.connect(`id-${i}`)
    expect(rig.gateway.clients).toBe(1)
  })

  test('messages for a sleeping client: QoS 0 beyond the bound is dropped, QoS 1 holds the server', async () => {
    const rig = new Rig({ limits: { queueMessages: 10 } })
    await sleeping(rig)
    const { link } = rig
    for (let i = 0; i < 20; i++) link.message('ab', `${i}`)
    expect(rig.log.filter((line) => line.startsWith('dropped'))).toEqual([
      'dropped sensor-one its queue is full',
    ])
    expect(link.calls).not.toContain('hold')
    link.message('ab', 'kept', { qos: 1 })
    expect(link.calls).toContain('hold')
    const answers = rig.ask({ type: 'pingreq', clientId: sleeper })
    expect(answers).toHaveLength(11)
    const { messageId } = answers.at(-1) as { messageId: number }
    rig.ask({ type: 'puback', messageId })
    expect(link.calls).toContain('go on')
  })

  test('bytes of messages that wait, of a client and of all', async () => {
    for (const limits of [{ queueBytes: 3000 }, { allQueueBytes: 3000 }]) {
      const rig = new Rig({ limits })
      await sleeping(rig)
      for (let i = 0; i < 100; i++) rig.link.message('ab', 'x'.repeat(300))
      expect(rig.log.filter((line) => line.startsWith('dropped'))).toHaveLength(1)
      expect(rig.ask({ type: 'pingreq', clientId: sleeper }).length).toBeLessThan(10)
    }
  })

  test('topic names of a client: the least recently used is forgotten', async () => {
    const rig = new Rig({ limits: { topics: 5 } })
    await rig.connect()
    const ids = Array.from(
      { length: 20 },
      (_, i) => (rig.ask({ type: 'register', name: `t/${i}` })[0] as { topicId: number }).topicId,
    )
    const codes = ids.map((id) => rig.ask({ type: 'publish', topic: { kind: 'normal', id }, qos: 0 }).length)
    expect(codes.filter((count) => count === 0)).toHaveLength(5)
  })

  test('bytes of topic names and Topic Filters: congestion', async () => {
    for (const limits of [{ topicBytes: 500 }, { allTopicBytes: 500 }]) {
      const rig = new Rig({ limits })
      await rig.connect()
      expect(rig.ask({ type: 'register', name: 'x'.repeat(300) })).toMatchObject([{ returnCode: 1 }])
      for (let i = 0; i < 10; i++)
        rig.ask({ type: 'subscribe', topic: named(`filter/${i}`), messageId: i + 1 })
      expect(rig.link.calls.length).toBeLessThan(5)
    }
  })

  test('messages and requests of a client without an answer: 64, then congestion', async () => {
    const rig = new Rig()
    const link = await rig.connect()
    const answers = Array.from({ length: 70 }, (_, i) =>
      rig.ask({ type: 'publish', topic: short('ab'), qos: 1, messageId: i + 1 }),
    )
    expect(link.published).toHaveLength(64)
    expect(answers.flat()).toHaveLength(6)
    for (let i = 0; i < 70; i++) rig.ask({ type: 'subscribe', topic: named(`f/${i}`), messageId: i + 1 })
    expect(link.calls).toHaveLength(64)
  })

  test('addresses that ask for a sleeping client, and that have said goodbye: 1,000', async () => {
    const rig = new Rig()
    await sleeping(rig)
    for (let i = 0; i < 1500; i++) rig.ask({ type: 'pingreq', clientId: sleeper }, `stranger-${i}`)
    expect(rig.ask({ type: 'pingreq', clientId: sleeper })).toMatchObject([
      { type: 'publish' },
      { type: 'pingresp' },
    ])
  })
})
