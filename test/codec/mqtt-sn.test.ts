import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeMessage, encodeMessage, isShortTopic, maxDatagram } from '../../src/codec/mqtt-sn.js'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { snLayouts, snNames } from '../../src/codec/mqtt-sn-names.js'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const noFlags = { dup: false, qos: 0, retain: false } as const

/** A message of each type as the tables of 5.4 lay it out. */
const rows: readonly (readonly [string, SnMessage])[] = [
  ['05 00 07 0384', { type: 'advertise', gatewayId: 7, duration: 900 }],
  ['03 01 02', { type: 'searchgw', radius: 2 }],
  ['03 02 07', { type: 'gwinfo', gatewayId: 7, gatewayAddress: bytes('') }],
  ['07 02 07 7f000001', { type: 'gwinfo', gatewayId: 7, gatewayAddress: bytes('7f000001') }],
  [
    '08 04 0c 01 003c 6869',
    { type: 'connect', will: true, cleanSession: true, protocolId: 1, duration: 60, clientId: 'hi' },
  ],
  [
    '06 04 00 01 0000',
    { type: 'connect', will: false, cleanSession: false, protocolId: 1, duration: 0, clientId: '' },
  ],
  ['03 05 01', { type: 'connack', returnCode: 1 }],
  ['02 06', { type: 'willtopicreq' }],
  ['05 07 50 612f', { type: 'willtopic', willTopic: 'a/', qos: 2, retain: true }],
  ['02 07', { type: 'willtopic', willTopic: '', qos: 0, retain: false }],
  ['02 08', { type: 'willmsgreq' }],
  ['04 09 ff00', { type: 'willmsg', data: bytes('ff00') }],
  ['08 0a 0000 0102 c3a9', { type: 'register', topicId: 0, messageId: 0x102, name: 'é' }],
  ['07 0b 0001 0102 02', { type: 'regack', topicId: 1, messageId: 0x102, returnCode: 2 }],
  [
    '08 0c a0 0001 0203 21',
    {
      ...{ type: 'publish', dup: true, qos: 1, retain: false, messageId: 0x203 },
      ...{ topic: { kind: 'normal', id: 1 }, data: bytes('21') },
    } as SnMessage,
  ],
  [
    '07 0c 71 ffff 0000',
    {
      ...{ type: 'publish', dup: false, qos: -1, retain: true, messageId: 0 },
      ...{ topic: { kind: 'predefined', id: 65_535 }, data: bytes('') },
    } as SnMessage,
  ],
  [
    '07 0c 42 6162 0000',
    {
      ...{ type: 'publish', dup: false, qos: 2, retain: false, messageId: 0 },
      ...{ topic: { kind: 'short', name: 'ab' }, data: bytes('') },
    } as SnMessage,
  ],
  ['07 0d 0001 0203 03', { type: 'puback', topicId: 1, messageId: 0x203, returnCode: 3 }],
  ['04 0e 0203', { type: 'pubcomp', messageId: 0x203 }],
  ['04 0f 0203', { type: 'pubrec', messageId: 0x203 }],
  ['04 10 0203', { type: 'pubrel', messageId: 0x203 }],
  [
    '07 12 c0 0004 2f23',
    { type: 'subscribe', dup: true, qos: 2, messageId: 4, topic: { kind: 'name', name: '/#' } },
  ],
  [
    '07 12 21 0004 0007',
    { type: 'subscribe', dup: false, qos: 1, messageId: 4, topic: { kind: 'predefined', id: 7 } },
  ],
  ['08 13 20 0007 0004 00', { type: 'suback', qos: 1, topicId: 7, messageId: 4, returnCode: 0 }],
  [
    '07 14 02 0004 6162',
    { type: 'unsubscribe', dup: false, qos: 0, messageId: 4, topic: { kind: 'short', name: 'ab' } },
  ],
  ['04 15 0004', { type: 'unsuback', messageId: 4 }],
  ['02 16', { type: 'pingreq', clientId: '' }],
  ['04 16 6869', { type: 'pingreq', clientId: 'hi' }],
  ['02 17', { type: 'pingresp' }],
  ['02 18', { type: 'disconnect', duration: undefined }],
  ['04 18 003c', { type: 'disconnect', duration: 60 }],
  ['04 1a 00 61', { type: 'willtopicupd', willTopic: 'a', qos: 0, retain: false }],
  ['02 1a', { type: 'willtopicupd', willTopic: '', qos: 0, retain: false }],
  ['03 1b 00', { type: 'willtopicresp', returnCode: 0 }],
  ['03 1c 21', { type: 'willmsgupd', data: bytes('21') }],
  ['03 1d 03', { type: 'willmsgresp', returnCode: 3 }],
  ['05 fe 02 0a0b 02 16', { type: 'forwarded', radius: 2, nodeId: bytes('0a0b'), message: bytes('0216') }],
]

const datagrams = rows.map(([hex]) => bytes(hex))

describe('a message of each type', () => {
  test('the rows have all types', () => {
    expect([...new Set(rows.map(([, { type }]) => type))].sort()).toEqual(
      snLayouts.map(([, type]) => type).sort(),
    )
    expect(snNames[0x1a]).toBe('WILLTOPICUPD')
  })

  test.each(rows)('%s is encoded and decoded', (hex, message) => {
    expect(encodeMessage(message).toString('hex')).toBe(bytes(hex).toString('hex'))
    expect(decodeMessage(bytes(hex))).toEqual(message)
  })

  test.each(rows)('%s in any larger buffer is the same', (hex, message) => {
    const whole = Buffer.concat([bytes('ffff'), bytes(hex), bytes('ff')])
    expect(decodeMessage(new Uint8Array(whole).subarray(2, whole.length - 1))).toEqual(message)
  })

  test('bytes are not copied', () => {
    const datagram = bytes('08 0c a0 0001 0203 21')
    const message = decodeMessage(datagram)
    datagram[7] = 0x22
    expect(message).toMatchObject({ data: bytes('22') })
  })
})

describe('the Length field', () => {
  const publish = (length: number): SnMessage => ({
    ...{ type: 'publish', ...noFlags, messageId: 0 },
    ...{ topic: { kind: 'normal', id: 1 }, data: Buffer.alloc(length, 'x') },
  })

  test.each([
    [0, 1, 7],
    [248, 1, 255],
    [249, 3, 258],
    [65_498, 3, maxDatagram],
  ])('%d bytes of data: %d octets of Length', (data, octets, size) => {
    const datagram = encodeMessage(publish(data))
    expect(datagram.length).toBe(size)
    expect(datagram[0] === 1 ? 3 : 1).toBe(octets)
    expect(decodeMessage(datagram)).toEqual(publish(data))
  })

  test('more than a datagram carries is refused', () => {
    expect(() => encodeMessage(publish(65_499))).toThrow('larger than a datagram')
    const inner = encodeMessage(publish(65_490))
    expect(() =>
      encodeMessage({ type: 'forwarded', radius: 0, nodeId: Buffer.alloc(10), message: inner }),
    ).toThrow('larger than a datagram')
  })

  test('three octets for a short message are accepted', () => {
    expect(decodeMessage(bytes('01 0004 17'))).toEqual({ type: 'pingresp' })
  })
})

describe('what is not a message', () => {
  test.each([
    ['', 'a message of 0 bytes is too short'],
    ['02', 'a message of 1 byte is too short'],
    ['01 0004', 'a message of 3 bytes is too short'],
    ['00 16', 'the Length field says 0 bytes, the datagram has 2'],
    ['03 16', 'the Length field says 3 bytes, the datagram has 2'],
    ['02 16 00', 'the Length field says 2 bytes, the datagram has 3'],
    ['01 0003 16', 'the Length field says 3 bytes, the datagram has 4'],
    ['02 03', 'the message type 0x03 is reserved'],
    ['02 1e', 'the message type 0x1e is reserved'],
    ['02 ff', 'the message type 0xff is reserved'],
    ['03 17 00', 'PINGRESP: 1 byte too many'],
    ['02 05', 'CONNACK: too short'],
    ['03 18 00', 'DISCONNECT: too short'],
    ['07 0c 03 0001 0000', 'PUBLISH: the TopicIdType 3 is reserved'],
    ['07 12 03 0001 0000', 'SUBSCRIBE: the TopicIdType 3 is reserved'],
    ['06 12 01 0001 00', 'SUBSCRIBE: too short'],
    ['08 12 01 0001 000000', 'SUBSCRIBE: 1 byte too many'],
    ['07 0c 02 ff61 0000', 'PUBLISH: a text is not valid UTF-8'],
    ['07 0a 0000 0001 00', 'REGISTER: a text is not valid UTF-8'],
    ['07 04 00 01 0000 ff', 'CONNECT: a text is not valid UTF-8'],
    ['03 fe 00 0216', 'forwarded'],
    ['03 07 20', 'WILLTOPIC: Flags without a topic'],
    ['02 fe', 'FORWARDED: too short'],
    ['06 fe 00 0a', 'the Length field says 6 bytes, the datagram has 4'],
  ])('%s: %s', (hex, fault) => {
    const message = decodeMessage(bytes(hex))
    if (message.type === undefined) expect(message.fault).toBe(fault)
    else expect(message.type).toBe(fault)
  })

  test('every cut of every message is a fault or a whole message', () => {
    for (const datagram of datagrams) {
      for (let end = 0; end < datagram.length; end++) {
        const cut = decodeMessage(datagram.subarray(0, end))
        // Only the header of a forwarder says nothing about the message after it.
        if (cut.type !== undefined) expect(cut.type).toBe('forwarded')
        const corrected = Buffer.from(datagram.subarray(0, end))
        if (end > 1 && corrected[0] !== 1) corrected[0] = end
        const message = decodeMessage(corrected)
        if (message.type !== undefined) expect(typeof message.type).toBe('string')
      }
    }
  })
})

const octet = fc.nat(255)
const two = fc.nat(65_535)
const text = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((value) => !value.includes('\0'))
const data = fc.uint8Array({ maxLength: 600 }).map((value) => Buffer.from(value))
const qos = fc.constantFrom(-1, 0, 1, 2)
const topic = fc.oneof(
  fc.record({ kind: fc.constantFrom('normal', 'predefined'), id: two }),
  fc.record({ kind: fc.constant('short'), name: fc.constantFrom('ab', 'é', '++', '/a') }),
)
const filter = fc.oneof(
  fc.record({ kind: fc.constant('predefined'), id: two }),
  fc.record({ kind: fc.constant('short'), name: fc.constantFrom('ab', 'é', '+/') }),
  fc.record({ kind: fc.constant('name'), name: text }),
)
/** An arbitrary value for each member that a row has. */
const members: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...{ gatewayId: octet, protocolId: octet, radius: fc.nat(3), returnCode: octet },
  ...{ topicId: two, messageId: two, clientId: text, name: text, willTopic: text, qos },
  ...{ dup: fc.boolean(), retain: fc.boolean(), will: fc.boolean(), cleanSession: fc.boolean() },
  ...{ data, gatewayAddress: data, nodeId: data, message: data },
}

const arbitrary = (row: SnMessage): fc.Arbitrary<SnMessage> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => {
          if (key === 'type') return [key, fc.constant(value)]
          if (key === 'topic') return [key, row.type === 'publish' ? topic : filter]
          if (key === 'duration')
            return [key, row.type === 'disconnect' ? fc.option(two, { nil: undefined }) : two]
          return [key, members[key]!]
        }),
      ),
    )
    .map((made) => ('willTopic' in made && made.willTopic === '' ? { ...made, qos: 0, retain: false } : made))
    .map((made) => made as unknown as SnMessage)

test.each(rows.map(([, message]) => message))('any $type survives the round trip', (row) => {
  fc.assert(
    fc.property(arbitrary(row), (message) => {
      expect(decodeMessage(encodeMessage(message))).toEqual(message)
    }),
    { numRuns: 50 },
  )
})

test('any bytes are a message or a fault, and a message is encoded to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), fc.nat(30), (raw, fix, type) => {
      const datagram = Buffer.from(raw)
      if (fix && datagram.length > 1) datagram.set([datagram.length, type === 30 ? 0xfe : type])
      const message = decodeMessage(datagram)
      if (message.type === undefined) return void expect(message.fault).not.toBe('')
      const again = encodeMessage(message)
      expect(decodeMessage(again)).toEqual(message)
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['ab', true],
  ['é', true],
  ['a', false],
  ['', false],
  ['aé', false],
  ['abc', false],
])('isShortTopic(%j): %s', (name, is) => expect(isShortTopic(name)).toBe(is))
