import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../src/errors.js'
import type { AcknowledgeType } from '../../src/session/session.js'
import {
  acknowledgeNames,
  puback,
  pubcomp,
  pubrec,
  pubrel,
  type Scripted,
  scripted,
} from '../helpers/scripted.js'

const notFound = 0x92
const notAuthorized = 0x87

/** Puts Packet Identifier 1 into a state. */
const states = {
  'publish (QoS 1)': ({ session }: Scripted) => void session.publish(1, 'a'),
  'publish (QoS 2)': ({ session }: Scripted) => void session.publish(2, 'a'),
  release: ({ session, sent }: Scripted) => {
    session.publish(2, 'a')
    session.acknowledged(pubrec, 1, 0)
    sent.length = 0
  },
  none: () => {},
} as const

type State = keyof typeof states

interface Row {
  readonly state: State
  readonly type: AcknowledgeType
  readonly code?: number
  readonly version?: 4 | 5
  /** The expected result. */
  readonly sent?: readonly string[]
  readonly settled?: readonly string[]
  readonly inFlight?: number
  readonly unknown?: number
}

describe('a received acknowledgement', () => {
  const rows: readonly Row[] = [
    { state: 'publish (QoS 1)', type: puback, settled: ['1'] },
    { state: 'publish (QoS 1)', type: puback, code: 0x10, version: 5, settled: ['1 0x10'] },
    { state: 'publish (QoS 1)', type: puback, code: notAuthorized, version: 5, settled: ['1 0x87'] },
    { state: 'publish (QoS 2)', type: pubrec, sent: ['PUBREL 1'], inFlight: 1 },
    { state: 'publish (QoS 2)', type: pubrec, code: 0x10, version: 5, sent: ['PUBREL 1'], inFlight: 1 },
    { state: 'publish (QoS 2)', type: pubrec, code: notAuthorized, version: 5, settled: ['1 0x87'] },
    { state: 'release', type: pubrec, sent: ['PUBREL 1'], inFlight: 1 },
    { state: 'release', type: pubrec, code: notAuthorized, version: 5, settled: ['1 0x87'] },
    { state: 'release', type: pubcomp, settled: ['1'] },
    // Packet Identifier not found: the message was complete before the loss, and PUBREL was sent twice (3.7.2.1).
    { state: 'release', type: pubcomp, code: notFound, version: 5, settled: ['1'] },
    { state: 'none', type: puback, unknown: 1 },
    { state: 'none', type: pubrec, version: 4, sent: ['PUBREL 1'], unknown: 1 },
    { state: 'none', type: pubrec, version: 5, sent: ['PUBREL 1 0x92'], unknown: 1 },
    { state: 'none', type: pubcomp, unknown: 1 },
  ]
  const told = rows.map((row) => ({ ...row, name: acknowledgeNames[row.type], code: row.code ?? 0 }))

  test.each(told)('state $state, $name with Reason Code $code', (row) => {
    const script = scripted({ version: row.version ?? 4 })
    states[row.state](script)
    const { session, sent, settled } = script

    session.acknowledged(row.type, 1, row.code)

    expect({ sent, settled }).toEqual({ sent: row.sent ?? [], settled: row.settled ?? [] })
    expect(session.inFlight).toBe(row.inFlight ?? 0)
    expect(session.unknownAcknowledgements).toBe(row.unknown ?? 0)
  })

  test.each<[State, AcknowledgeType, string]>([
    ['publish (QoS 1)', pubrec, 'PUBREC for Packet Identifier 1, which waits for PUBACK'],
    ['publish (QoS 1)', pubcomp, 'PUBCOMP for Packet Identifier 1, which waits for PUBACK'],
    ['publish (QoS 2)', puback, 'PUBACK for Packet Identifier 1, which waits for PUBREC'],
    ['publish (QoS 2)', pubcomp, 'PUBCOMP for Packet Identifier 1, which waits for PUBREC'],
    ['release', puback, 'PUBACK for Packet Identifier 1, which waits for PUBCOMP'],
  ])('state %s, type %i: is a protocol error', (state, type, message) => {
    const script = scripted()
    states[state](script)
    const attempt = () => script.session.acknowledged(type, 1, 0)

    expect(attempt).toThrow(ProtocolError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ reasonCode: 0x82 }))
    expect(script.session.inFlight).toBe(1)
    expect(script.settled).toEqual([])
  })

  test('settles a message once; then its Packet Identifier is unknown', () => {
    const { session, settled } = scripted()
    session.publish(1, 'a')
    session.acknowledged(puback, 1, 0)
    session.acknowledged(puback, 1, 0)
    expect(settled).toEqual(['1'])
    expect(session.unknownAcknowledgements).toBe(1)
  })

  test.each([puback, pubrec, pubcomp] as const)('type %i does not answer a SUBSCRIBE', (type) => {
    const { session } = scripted()
    const messageId = session.request('suback')
    expect(() => session.acknowledged(type, messageId, 0)).toThrow('which waits for SUBACK')
  })
})

describe('after a reconnect with the Session present', () => {
  test.each<[State, string[]]>([
    ['publish (QoS 1)', ['PUBLISH 1 DUP a']],
    ['publish (QoS 2)', ['PUBLISH 1 DUP a']],
    ['release', ['PUBREL 1']],
    ['none', []],
  ])('state %s: sends %j', (state, words) => {
    const script = scripted()
    states[state](script)
    script.session.disconnected()
    script.session.resume()
    expect(script.sent).toEqual(words)
  })

  test('messages in flight are sent again in the original order [MQTT-4.6.0-1]', () => {
    const { session, sent } = scripted()
    for (const [qos, payload] of [
      [1, 'a'],
      [2, 'b'],
      [2, 'c'],
      [1, 'd'],
      [1, 'e'],
    ] as const) {
      session.publish(qos, payload)
    }
    session.acknowledged(pubrec, 3, 0) // c is released
    session.acknowledged(puback, 4, 0) // d is done
    sent.length = 0

    session.resume()
    expect(sent).toEqual(['PUBLISH 1 DUP a', 'PUBLISH 2 DUP b', 'PUBREL 3', 'PUBLISH 5 DUP e'])
  })

  test('and again after the next reconnect', () => {
    const { session, sent } = scripted()
    session.publish(1, 'a')
    session.publish(2, 'b')
    session.resume()
    session.acknowledged(pubrec, 2, 0)
    sent.length = 0
    session.resume()
    expect(sent).toEqual(['PUBLISH 1 DUP a', 'PUBREL 2'])
  })

  test('the order is kept when Packet Identifiers wrap around to 1', () => {
    const { session, sent } = scripted({ maxInFlight: 65_535 })
    for (let i = 0; i < 65_530; i++) session.publish(0, undefined)
    for (const payload of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) session.publish(1, payload)
    session.resume()
    expect(sent).toEqual([
      'PUBLISH 65531 DUP a',
      'PUBLISH 65532 DUP b',
      'PUBLISH 65533 DUP c',
      'PUBLISH 65534 DUP d',
      'PUBLISH 65535 DUP e',
      'PUBLISH 1 DUP f',
      'PUBLISH 2 DUP g',
    ])
  })
})

describe('Packet Identifiers', () => {
  test('count from 1, at QoS 0 too', () => {
    const { session } = scripted()
    expect([0, 1, 0, 2].map((qos) => session.publish(qos as 0, 'a'))).toEqual([1, 2, 3, 4])
  })

  test('wrap around from 65,535 to 1: 0 is not used [MQTT-2.2.1-3]', () => {
    const { session } = scripted()
    const used = new Set<number>()
    for (let i = 0; i < 65_535; i++) {
      const messageId = session.publish(1, 'a')
      used.add(messageId)
      session.acknowledged(puback, messageId, 0)
    }
    expect(used.size).toBe(65_535)
    expect([Math.min(...used), Math.max(...used)]).toEqual([1, 65_535])
    expect(session.publish(1, 'a')).toBe(1)
  })

  test('in use are skipped', () => {
    const { session } = scripted()
    session.publish(1, 'slow')
    session.publish(2, 'slow')
    for (let i = 2; i < 65_535; i++) session.publish(0, undefined)
    expect(session.publish(1, 'a')).toBe(3)
  })

  test('are shared with SUBSCRIBE and UNSUBSCRIBE', () => {
    const { session } = scripted()
    expect([session.request('suback'), session.publish(1, 'a'), session.request('unsuback')]).toEqual([
      1, 2, 3,
    ])
  })

  test('65,535 messages can be in flight at once', () => {
    const { session, settled } = scripted({ maxInFlight: 65_535 })
    const used = new Set<number>()
    while (session.open) used.add(session.publish(1, 'a'))
    expect(used.size).toBe(65_535)
    for (const messageId of used) session.acknowledged(puback, messageId, 0)
    expect(settled).toHaveLength(65_535)
    expect(session.inFlight).toBe(0)
  })
})

describe('a received message', () => {
  test('at QoS 0 is delivered', () => {
    const { session, sent, delivered } = scripted()
    session.receive({ qos: 0, messageId: 0 })
    expect([delivered.length, sent]).toEqual([1, []])
  })

  test('at QoS 1 is delivered, then acknowledged, each time', () => {
    const { session, sent, delivered } = scripted()
    session.receive({ qos: 1, messageId: 7 })
    session.receive({ qos: 1, messageId: 7 })
    expect([delivered.length, sent]).toEqual([2, ['PUBACK 7', 'PUBACK 7']])
  })

  test('at QoS 2 received twice is delivered once', () => {
    const { session, sent, delivered } = scripted()
    session.receive({ qos: 2, messageId: 7 })
    session.receive({ qos: 2, messageId: 7 })
    session.acknowledged(pubrel, 7, 0)
    expect(delivered).toHaveLength(1)
    expect(sent).toEqual(['PUBREC 7', 'PUBREC 7', 'PUBCOMP 7'])
  })

  test('at QoS 2 with a released Packet Identifier is a new message', () => {
    const { session, delivered } = scripted()
    session.receive({ qos: 2, messageId: 7, payload: 'a' })
    session.acknowledged(pubrel, 7, 0)
    session.receive({ qos: 2, messageId: 7, payload: 'b' })
    expect(delivered.map(({ payload }) => payload)).toEqual(['a', 'b'])
  })

  test('at QoS 2 is recognised after a reconnect with the Session', () => {
    const { session, sent, delivered } = scripted()
    session.receive({ qos: 2, messageId: 7 })
    session.disconnected()
    session.resume()
    session.receive({ qos: 2, messageId: 7 })
    expect([delivered.length, sent]).toEqual([1, ['PUBREC 7', 'PUBREC 7']])
  })

  test('at QoS 2 is new if the server has a new Session', () => {
    const { session, delivered } = scripted()
    session.receive({ qos: 2, messageId: 7 })
    session.begin()
    session.receive({ qos: 2, messageId: 7 })
    expect(delivered).toHaveLength(2)
  })

  test('does not share Packet Identifiers with sent messages', () => {
    const { session, delivered, settled } = scripted()
    session.publish(2, 'a')
    session.receive({ qos: 2, messageId: 1 })
    session.acknowledged(pubrel, 1, 0)
    expect([delivered.length, settled, session.inFlight]).toEqual([1, [], 1])
  })

  test.each([
    [4, 'PUBCOMP 9'],
    [5, 'PUBCOMP 9 0x92'],
  ] as const)('a PUBREL for nothing, version %i: %s', (version, word) => {
    const { session, sent } = scripted({ version })
    session.acknowledged(pubrel, 9, 0)
    session.acknowledged(pubrel, 9, notFound)
    expect(sent).toEqual([word, word])
  })
})

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  test('are answered by SUBACK and UNSUBACK', () => {
    const { session } = scripted()
    session.request('suback')
    session.request('unsuback')
    session.answered('suback', 1)
    session.answered('unsuback', 2)
    expect(() => session.answered('suback', 1)).toThrow('Unexpected SUBACK for Packet Identifier 1')
  })

  test.each(['suback', 'unsuback'] as const)('%s for another request is a protocol error', (answer) => {
    const { session } = scripted()
    session.publish(1, 'a')
    session.request(answer === 'suback' ? 'unsuback' : 'suback')
    for (const messageId of [1, 2, 3]) {
      expect(() => session.answered(answer, messageId)).toThrow(ProtocolError)
    }
  })

  test.each([
    ['suback', 2, 1, 'SUBACK with 1 Reason Codes for 2 Topic Filters [MQTT-3.8.4-6]'],
    ['suback', 1, 2, 'SUBACK with 2 Reason Codes for 1 Topic Filters [MQTT-3.8.4-6]'],
    ['suback', 1, 0, 'SUBACK with 0 Reason Codes for 1 Topic Filters [MQTT-3.8.4-6]'],
    ['unsuback', 1, 2, 'UNSUBACK with 2 Reason Codes for 1 Topic Filters [MQTT-3.11.3-1]'],
  ] as const)(
    'H13: %s for %i filters with %i codes is a protocol error',
    (answer, filters, codes, message) => {
      const { session } = scripted()
      session.request(answer, filters)
      expect(() => session.answered(answer, 1, codes)).toThrow(
        expect.objectContaining({ reasonCode: 0x82, message }),
      )
    },
  )

  test('are dropped with the connection, messages are not', () => {
    const { session, sent } = scripted()
    session.request('suback')
    session.publish(1, 'a')
    session.request('unsuback')
    session.disconnected()
    session.resume()
    expect(sent).toEqual(['PUBLISH 2 DUP a'])
    expect(() => session.answered('suback', 1)).toThrow(ProtocolError)
  })
})

test('a QoS 2 message in flight can only be finished in its Session', () => {
  const { session } = scripted()
  session.publish(1, 'a')
  expect(session.hasQoS2InFlight()).toBe(false)
  session.publish(2, 'b')
  expect(session.hasQoS2InFlight()).toBe(true)
  session.acknowledged(pubrec, 2, 0)
  expect(session.hasQoS2InFlight()).toBe(true)
  session.acknowledged(pubcomp, 2, 0)
  expect(session.hasQoS2InFlight()).toBe(false)
})

test('whatever acknowledgements come, each message is settled at most once and the window never overflows', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('publish' as const), qos: fc.constantFrom(1 as const, 2 as const) }),
    fc.record({
      kind: fc.constant('acknowledge' as const),
      type: fc.constantFrom<AcknowledgeType>(puback, pubrec, pubrel, pubcomp),
      messageId: fc.integer({ min: 1, max: 8 }),
      code: fc.constantFrom(0, 0x10, notAuthorized),
    }),
    fc.constant({ kind: 'resume' as const }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { session, settled } = scripted({ maxInFlight: 5, version: 5 })
      let published = 0
      for (const action of steps) {
        if (action.kind === 'resume') session.resume()
        else if (action.kind === 'publish') {
          if (!session.open) continue
          session.publish(action.qos, `m${++published}`)
        } else {
          try {
            session.acknowledged(action.type, action.messageId, action.code)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
        expect(session.inFlight).toBeLessThanOrEqual(5)
        expect(settled.length + session.inFlight).toBe(published)
      }
    }),
  )
})
