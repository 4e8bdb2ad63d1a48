// Withheld acknowledgements are sent in the order of the messages.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../src/errors.js'
import { Withheld } from '../../src/session/withheld.js'
import { type Received, scripted } from '../helpers/scripted.js'

test('are all sent, in the order of the messages', () => {
  const messages = fc.array(fc.record({ held: fc.nat(2), type: fc.constantFrom(4 as const, 5 as const) }))
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat()), (all, chance) => {
      const sent: number[] = []
      const withheld = new Withheld((_, messageId) => sent.push(messageId), 1000)
      const releases: (() => void)[] = []
      all.forEach(({ held, type }, index) => {
        for (let i = 0; i < held; i++) releases.push(withheld.withhold())
        withheld.answer(type, index)
      })
      const first = all.findIndex(({ held }) => held > 0)
      expect(sent).toHaveLength(first === -1 ? all.length : first)
      while (releases.length > 0) {
        const [release] = releases.splice(chance.next().value % releases.length, 1)
        release!()
        release!() // the second call has no effect
        expect(sent).toEqual(sent.map((_, index) => index))
      }
      expect(sent).toHaveLength(all.length)
    }),
  )
})

test('are dropped with the connection', () => {
  const sent: number[] = []
  const withheld = new Withheld((_, messageId) => sent.push(messageId), 1000)
  const release = withheld.withhold()
  withheld.answer(4, 1)
  withheld.clear()
  withheld.answer(4, 2)
  release()
  expect(sent).toEqual([2])
})

test('more than the limit is a protocol error', () => {
  const withheld = new Withheld(() => {}, 2)
  withheld.withhold()
  withheld.answer(4, 1)
  withheld.answer(4, 2)
  expect(() => withheld.answer(4, 3)).toThrow(ProtocolError)
})

test('65,535 wait, one more is a protocol error', () => {
  const withheld = new Withheld(() => {}, 65_535)
  withheld.withhold()
  for (let id = 1; id <= 65_535; id++) withheld.answer(4, id)
  expect(() => withheld.answer(4, 1)).toThrow('More than 65535 messages without an acknowledgement')
})

describe('a message that the server sends again on the same connection while it is withheld', () => {
  const message = (qos: 1 | 2, payload = 'x'): Received => ({ qos, messageId: 7, payload })

  function received(qos: 1 | 2) {
    const releases: (() => void)[] = []
    const out = scripted({
      deliver: ({ payload }, withhold) => void releases.push(withhold((other) => other.payload === payload)),
    })
    out.session.receive(message(qos))
    return { ...out, releases }
  }

  test.each([1, 2] as const)('is not delivered again, and answered once: QoS %i', (qos) => {
    const { session, sent, delivered, releases } = received(qos)
    session.receive(message(qos))
    expect([delivered.length, sent, session.unreleased]).toEqual([1, [], 0])
    releases[0]!()
    expect(sent).toEqual([qos === 1 ? 'PUBACK 7' : 'PUBREC 7'])
  })

  test('also if it has been received on an earlier one', () => {
    const { session, sent, delivered, releases } = received(1)
    session.disconnected()
    session.receive(message(1))
    session.receive(message(1))
    releases[0]!()
    expect([delivered.length, sent]).toEqual([1, ['PUBACK 7']])
  })

  test('after the answer it is delivered', () => {
    const { session, delivered, releases } = received(1)
    releases[0]!()
    session.receive(message(1))
    expect(delivered).toHaveLength(2)
  })

  test('another one with its Packet Identifier is delivered', () => {
    const { session, sent, delivered, releases } = received(1)
    session.receive(message(1, 'y'))
    for (const release of releases) release()
    expect([delivered.length, sent]).toEqual([2, ['PUBACK 7', 'PUBACK 7']])
  })

  test('PUBREL without PUBREC frees the Packet Identifier', () => {
    const { session, delivered } = received(2)
    session.acknowledged(6, 7, 0)
    session.receive(message(2))
    expect(delivered).toHaveLength(2)
  })
})

describe('a message that is withheld when the connection is lost, and sent again', () => {
  const message = (qos: 1 | 2, payload = 'x'): Received => ({ qos, messageId: 7, payload })

  /** Receives a message, withholds its answer and loses the connection. */
  function lost(qos: 1 | 2) {
    const out = scripted({
      deliver: (received, withhold) => {
        const { payload } = received
        releases.push(withhold((other) => other.payload === payload))
      },
    })
    const releases: (() => void)[] = []
    out.session.receive(message(qos))
    out.session.disconnected()
    return { ...out, release: () => releases[0]!() }
  }

  const answer = { 1: 'PUBACK 7', 2: 'PUBREC 7' } as const
  test.each([1, 2] as const)('is not delivered again, and answered when released: QoS %i', (qos) => {
    const { session, sent, delivered, release } = lost(qos)
    expect(session.knows(message(qos))).toBe(true)
    session.receive(message(qos))
    expect([delivered.length, sent]).toEqual([1, []])
    expect(session.unreleased).toBe(0)
    release()
    expect(sent).toEqual([answer[qos]])
  })

  test.each([1, 2] as const)('released meanwhile, it is answered at once: QoS %i', (qos) => {
    const { session, sent, delivered, release } = lost(qos)
    release()
    expect([sent, session.unreleased]).toEqual([[], 1])
    session.receive(message(qos))
    expect([delivered.length, sent, session.unreleased]).toEqual([1, [answer[qos]], qos - 1])
  })

  test.each([1, 2] as const)('after a second loss too: QoS %i', (qos) => {
    const { session, sent, delivered, release } = lost(qos)
    session.receive(message(qos))
    session.disconnected()
    session.disconnected()
    session.receive(message(qos))
    release()
    expect([delivered.length, sent]).toEqual([1, [answer[qos]]])
  })

  test('another message with its Packet Identifier is delivered', () => {
    const { session, sent, delivered, release } = lost(1)
    expect(session.knows(message(1, 'y'))).toBe(false)
    session.receive(message(1, 'y'))
    release()
    expect([delivered.length, sent]).toEqual([2, []])
  })

  test('at another QoS too', () => {
    const { session, delivered } = lost(1)
    session.receive(message(2))
    expect(delivered).toHaveLength(2)
  })

  test.each([1, 2] as const)('in a new Session it is delivered: QoS %i', (qos) => {
    const { session, sent, delivered, release } = lost(qos)
    session.begin()
    session.receive(message(qos))
    release()
    expect([delivered.length, sent]).toEqual([2, []])
  })

  test('PUBREL without PUBREC frees the Packet Identifier', () => {
    const { session, delivered } = lost(2)
    session.acknowledged(6, 7, 0)
    session.receive(message(2))
    expect(delivered).toHaveLength(2)
  })
})
