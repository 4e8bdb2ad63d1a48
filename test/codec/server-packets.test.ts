// Invalid packets from a server: one row for each packet, field and rule (H10, H12, H13, H19). Harmless violations that
// mosquitto accepts are only reported.
import { describe, expect, test } from 'vitest'
import { Decoder } from '../../src/codec/decoder.js'
import { properties, propertyTitle } from '../../src/codec/properties.js'
import { utf8Fault } from '../../src/codec/utf8.js'
import { ProtocolError } from '../../src/errors.js'

const malformed = 0x81
const protocolError = 0x82

interface Heard {
  readonly packets: unknown[]
  readonly remarks: string[]
}

/** Decodes `bytes` after a CONNACK, in pieces of `size`. */
function hear(bytes: Uint8Array, version: 3 | 4 | 5, size = 1000): Heard {
  const heard: Heard = { packets: [], remarks: [] }
  const decoder = new Decoder(
    {
      publish: ({ topic, properties }) => heard.packets.push({ topic, ...properties }),
      acknowledge: (type, messageId, reasonCode, properties) =>
        heard.packets.push({ type, messageId, reasonCode, ...properties }),
      packet: (packet) => heard.packets.push(packet),
      remark: (text) => heard.remarks.push(text),
    },
    version,
  )
  decoder.push(version === 5 ? Buffer.of(0x20, 3, 0, 0, 0) : Buffer.of(0x20, 2, 0, 0))
  heard.packets.pop()
  for (let at = 0; at < bytes.length; at += size) decoder.push(Buffer.from(bytes.subarray(at, at + size)))
  return heard
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** A packet from a hexadecimal header and body. */
const packet = (header: string, body: string): Buffer => {
  const bytes = hex(body)
  return Buffer.concat([hex(header), Buffer.of(bytes.length), bytes])
}
/** PUBLISH to `a` at QoS 0 with these properties and the payload `x`. */
const publish = (body: string): Buffer =>
  packet('30', `000161${hex(body).length.toString(16).padStart(2, '0')}${body}78`)
const connack = (body: string): Buffer =>
  packet('20', `0000${hex(body).length.toString(16).padStart(2, '0')}${body}`)

describe.each([
  // packet, version, bytes, Reason Code, what the message names
  [
    'PUBLISH, Response Topic twice',
    5,
    publish('0800016108000161'),
    0x82,
    'PUBLISH: duplicate Response Topic',
  ],
  ['PUBLISH, Content Type twice', 5, publish('0300016103000161'), 0x82, 'PUBLISH: duplicate Content Type'],
  ['PUBLISH, Topic Alias twice', 5, publish('230001230001'), 0x82, 'PUBLISH: duplicate Topic Alias'],
  ['PUBLISH, Payload Format twice', 5, publish('01010101'), 0x82, 'duplicate Payload Format Indicator'],
  ['PUBLISH, Correlation Data twice', 5, publish('0900016109000161'), 0x82, 'duplicate Correlation Data'],
  [
    'PUBLISH, Message Expiry twice',
    5,
    publish('02000000010200000001'),
    0x82,
    'duplicate Message Expiry Interval',
  ],
  [
    'PUBLISH, Topic Alias cut short',
    5,
    packet('30', '000161 02 2300 012300'),
    0x81,
    'it ends within its Topic Alias',
  ],
  [
    'PUBLISH, Message Expiry cut short',
    5,
    packet('30', '000161 03 020000 787878'),
    0x81,
    'within its Message Expiry Interval',
  ],
  [
    'PUBLISH, User Property cut short',
    5,
    packet('30', '000161 05 26000161 00 787878'),
    0x81,
    'within its User Property',
  ],
  ['PUBLISH, Subscription Identifier 0', 5, publish('0b00'), 0x82, 'Subscription Identifier is 0'],
  ['PUBLISH, Topic Alias 0', 5, publish('230000'), 0x82, 'Topic Alias is 0'],
  ['PUBLISH, Subscription Identifier of 5 bytes', 5, publish('0b8080808001'), 0x81, 'has more than 4 bytes'],
  ['PUBLISH, a Reason String', 5, publish('1f000161'), 0x81, 'Reason String is not allowed in it'],
  ['PUBLISH, a property that does not exist', 5, publish('7f00'), 0x81, 'unknown property 127'],
  ['PUBLISH, topic not UTF-8', 4, packet('30', '0001ff78'), 0x81, 'PUBLISH: Topic Name is not UTF-8'],
  ['PUBLISH, topic with a surrogate', 4, packet('30', '0003eda08078'), 0x81, 'Topic Name is not UTF-8'],
  ['PUBLISH, overlong slash in a topic', 4, packet('30', '0002c0af78'), 0x81, 'Topic Name is not UTF-8'],
  ['PUBLISH, topic with U+0000', 4, packet('30', '00036100 6178'), 0x81, 'Topic Name contains U+0000'],
  ['PUBLISH, Content Type not UTF-8', 5, publish('030001ff'), 0x81, 'Content Type is not UTF-8'],
  ['PUBLISH, Response Topic with U+0000', 5, publish('08000100'), 0x81, 'Response Topic contains U+0000'],
  ['PUBLISH, User Property name not UTF-8', 5, publish('260001ff000161'), 0x81, 'User Property is not UTF-8'],
  [
    'PUBLISH, User Property value with U+0000',
    5,
    publish('26000161000100'),
    0x81,
    'User Property contains U+0000',
  ],
  ['PUBLISH, Packet Identifier 0', 4, packet('32', '000161000078'), 0x82, 'Packet Identifier 0'],
  ...(['40', '50', '62', '70'] as const).flatMap((header, index) => {
    const name = ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'][index]!
    return [
      [`${name}, Packet Identifier 0`, 4, packet(header, '0000'), 0x82, `${name}: Packet Identifier is 0`],
      [
        `${name}, Packet Identifier 0 with a code`,
        5,
        packet(header, '000000'),
        0x82,
        `${name}: Packet Identifier is 0`,
      ],
      [
        `${name}, half a Packet Identifier`,
        4,
        packet(header, '00'),
        0x81,
        `${name}: it ends within its Packet Identifier`,
      ],
      [
        `${name}, a code that does not exist`,
        5,
        packet(header, '000142'),
        0x82,
        `${name}: invalid Reason Code 0x42`,
      ],
      [
        `${name}, Reason String twice`,
        5,
        packet(header, '000100 08 1f000161 1f000161'),
        0x82,
        'duplicate Reason String',
      ],
      [
        `${name}, Reason String not UTF-8`,
        5,
        packet(header, '000100 04 1f0001ff'),
        0x81,
        'Reason String is not UTF-8',
      ],
      [
        `${name}, a Server Reference`,
        5,
        packet(header, '000100 04 1c000161'),
        0x81,
        'Server Reference is not allowed in it',
      ],
      [
        `${name}, properties beyond its end`,
        5,
        packet(header, '000100 09 1f000161'),
        0x81,
        'longer than the packet',
      ],
      [
        `${name}, flags`,
        4,
        packet(header === '62' ? '60' : `${header[0]}1`, '0001'),
        0x81,
        `${name}: its flags`,
      ],
    ] as const
  }),
  ['SUBACK, Packet Identifier 0', 4, packet('90', '000000'), 0x82, 'SUBACK: Packet Identifier is 0'],
  ['SUBACK, a Return Code that does not exist', 4, packet('90', '000103'), 0x82, 'Reason Code 0x03'],
  ['SUBACK, a Reason Code that does not exist', 5, packet('90', '00010003'), 0x82, 'Reason Code 0x03'],
  ['SUBACK, no Property Length', 5, packet('90', '0001'), 0x81, 'it ends within its Property Length'],
  ['UNSUBACK, a Reason Code that does not exist', 5, packet('b0', '00010001'), 0x82, 'Reason Code 0x01'],
  ['CONNACK, Acknowledge Flags', 4, packet('20', '0200'), 0x81, 'its Connect Acknowledge Flags are 2'],
  ['CONNACK, a Reason Code that does not exist', 5, packet('20', '000600'), 0x82, 'Reason Code 0x06'],
  ['CONNACK, no Property Length', 5, packet('20', '0000'), 0x81, 'it ends before its Property Length'],
  ['CONNACK, Maximum QoS 2', 5, connack('2402'), 0x82, 'Maximum QoS is 2'],
  ['CONNACK, Retain Available 2', 5, connack('2502'), 0x82, 'Retain Available is 2'],
  ['CONNACK, Receive Maximum 0', 5, connack('210000'), 0x82, 'Receive Maximum is 0'],
  ['CONNACK, Maximum Packet Size 0', 5, connack('2700000000'), 0x82, 'Maximum Packet Size is 0'],
  [
    'CONNACK, Assigned Client Identifier empty',
    5,
    connack('120000'),
    0x82,
    'Assigned Client Identifier is empty',
  ],
  ['CONNACK, Server Keep Alive twice', 5, connack('13000a13000b'), 0x82, 'duplicate Server Keep Alive'],
  ['CONNACK, a Topic Alias', 5, connack('230001'), 0x81, 'Topic Alias is not allowed in it'],
  ['DISCONNECT, code 0x04', 5, packet('e0', '04'), 0x82, 'DISCONNECT: invalid Reason Code 0x04'],
  [
    'DISCONNECT, Session Expiry Interval',
    5,
    packet('e0', '00 05 1100000001'),
    0x81,
    'Session Expiry Interval is not allowed in it',
  ],
  [
    'DISCONNECT, Reason String twice',
    5,
    packet('e0', '00 08 1f000161 1f000161'),
    0x82,
    'duplicate Reason String',
  ],
  ['DISCONNECT before MQTT 5', 4, packet('e0', ''), 0x82, 'DISCONNECT from an MQTT 3.1.1 server'],
  ['AUTH, code 0x19', 5, packet('f0', '1900'), 0x82, 'AUTH: invalid Reason Code 0x19'],
  ['CONNECT', 4, packet('10', ''), 0x82, 'CONNECT from the server'],
  ['SUBSCRIBE', 5, packet('82', ''), 0x82, 'SUBSCRIBE from the server'],
  ['UNSUBSCRIBE', 5, packet('a2', ''), 0x82, 'UNSUBSCRIBE from the server'],
  ['PINGREQ', 4, packet('c0', ''), 0x82, 'PINGREQ from the server'],
] as const)('refused: %s', (_, version, bytes, code, text) => {
  test.each([1000, 1])('in pieces of %i bytes', (size) => {
    expect(() => hear(bytes, version, size)).toThrow(
      expect.objectContaining({ reasonCode: code, message: expect.stringContaining(text) }),
    )
    expect(() => hear(bytes, version, size)).toThrow(ProtocolError)
    if (code === malformed) expect(() => hear(bytes, version, size)).toThrow(/^Malformed packet: /)
  })
})

test.each([
  [
    'PINGRESP with a body',
    4,
    packet('d0', '0102'),
    'PINGRESP: 2 bytes after the last field [MQTT-4.13.1-1]',
    { cmd: 'pingresp' },
  ],
  ['PUBACK of 3 bytes before MQTT 5', 4, packet('40', '000700'), 'PUBACK: 1 bytes after', { messageId: 7 }],
  [
    'PUBREC with bytes after its properties',
    5,
    packet('50', '00071000ff'),
    'PUBREC: 1 bytes after',
    { reasonCode: 0x10 },
  ],
  [
    'CONNACK of 3 bytes before MQTT 5',
    4,
    packet('20', '000000'),
    'CONNACK: 1 bytes after',
    { returnCode: 0 },
  ],
  [
    'UNSUBACK with codes before MQTT 5',
    4,
    packet('b0', '000711'),
    'UNSUBACK: 1 bytes after',
    { messageId: 7 },
  ],
  [
    'a length that is not minimal',
    4,
    hex('d08000'),
    'PINGRESP: Remaining Length is longer',
    { cmd: 'pingresp' },
  ],
  [
    'a Property Length that is not minimal',
    5,
    packet('30', '000161 8000 78'),
    'PUBLISH: Property Length is longer',
    { topic: 'a' },
  ],
  [
    'Payload Format 2',
    5,
    publish('0102'),
    'PUBLISH: Payload Format Indicator is 2',
    { payloadFormatIndicator: 2 },
  ],
  [
    'a Response Topic with a wildcard',
    5,
    publish('0800022f23'),
    'PUBLISH: Response Topic contains a wildcard',
    { responseTopic: '/#' },
  ],
] as const)('remarked, once a connection: %s', (_, version, bytes, text, values) => {
  const { packets, remarks } = hear(Buffer.concat([bytes, bytes, bytes]), version)
  expect(remarks).toEqual([expect.stringContaining(text)])
  expect(packets).toHaveLength(3)
  expect(packets[2]).toMatchObject(values)
})

describe('valid packets are accepted', () => {
  test.each([
    ['PUBACK', 5, packet('40', '0001 10'), { type: 4, messageId: 1, reasonCode: 0x10 }],
    [
      'PUBCOMP with a Reason String',
      5,
      packet('70', '0001 92 04 1f000161'),
      { reasonCode: 0x92, reasonString: 'a' },
    ],
    ['SUBACK', 5, packet('90', '0001 00 0002a2'), { messageId: 1, granted: [0, 2, 0xa2] }],
    ['SUBACK before MQTT 5', 4, packet('90', '0001 000280'), { granted: [0, 2, 0x80] }],
    ['UNSUBACK before MQTT 5', 4, packet('b0', '0001'), { messageId: 1, granted: [] }],
    ['CONNACK that refuses', 4, packet('20', '0005'), { returnCode: 5, sessionPresent: false }],
    ['DISCONNECT of nothing', 5, packet('e0', ''), { reasonCode: 0 }],
    ['DISCONNECT of a code', 5, packet('e0', '8b'), { reasonCode: 0x8b }],
    ['AUTH', 5, packet('f0', '18 04 15000161'), { reasonCode: 0x18, authenticationMethod: undefined }],
    ['several Subscription Identifiers', 5, publish('0b010b02'), { subscriptionIdentifier: [1, 2] }],
    ['topics of every length of character', 4, packet('30', '000a 61c3a9e282acf09f9880'), { topic: 'aé€😀' }],
  ] as const)('%s', (_, version, bytes, values) => {
    for (const size of [1000, 1]) {
      const { packets, remarks } = hear(bytes, version, size)
      expect(remarks).toEqual([])
      expect(packets).toHaveLength(1)
      const { authenticationMethod, ...rest } = values as Record<string, unknown>
      expect(packets[0]).toMatchObject(rest)
    }
  })

  test('a User Property may have any name, also a repeated one (H16)', () => {
    const pair = (name: string, value: string) => {
      const text = (word: string) =>
        `00${word.length.toString(16).padStart(2, '0')}${Buffer.from(word).toString('hex')}`
      return `26${text(name)}${text(value)}`
    }
    const body =
      pair('__proto__', 'a') + pair('constructor', 'b') + pair('toString', 'c') + pair('__proto__', 'd')
    const { packets } = hear(publish(body), 5)
    const { userProperties } = packets[0] as { userProperties: Record<string, unknown> }
    expect(Object.entries(userProperties)).toEqual([
      ['__proto__', ['a', 'd']],
      ['constructor', 'b'],
      ['toString', 'c'],
    ])
  })

  test('every property is decoded in every packet that may have it', () => {
    const values = {
      byte: '01',
      'two byte integer': '0102',
      'four byte integer': '01020304',
      'variable byte integer': '8101',
      'utf-8 string': '000161',
      'binary data': '000161',
      'utf-8 string pair': '000161000162',
    }
    for (const row of properties) {
      if (!row.packets.includes('connack')) continue
      const { packets } = hear(connack(row.id.toString(16).padStart(2, '0') + values[row.type]), 5)
      expect(packets[0], propertyTitle(row)).toHaveProperty(`properties.${row.key}`)
    }
  })

  const notZero = ['Subscription Identifier', 'Receive Maximum', 'Topic Alias', 'Maximum Packet Size']
  const zero = {
    byte: '00',
    'two byte integer': '0000',
    'four byte integer': '00000000',
    'variable byte integer': '00',
    'utf-8 string': '0000',
    'binary data': '0000',
    'utf-8 string pair': '00000000',
  }
  test.each(
    properties
      .filter((row) => !notZero.includes(propertyTitle(row)) && row.key !== 'assignedClientIdentifier')
      .flatMap((row) => [
        ...(row.packets.includes('connack') ? [{ name: propertyTitle(row), row, of: connack }] : []),
        ...(row.packets.includes('publish') ? [{ name: propertyTitle(row), row, of: publish }] : []),
      ])
      .filter(({ row, of }) => !row.fromClient?.includes(of === connack ? 'connack' : 'publish')),
  )('0, or nothing, as the value of $name', ({ row, of }) => {
    const { packets, remarks } = hear(of(row.id.toString(16).padStart(2, '0') + zero[row.type]), 5)
    expect(remarks).toEqual([])
    expect(JSON.stringify(packets)).toContain(`"${row.key}":`)
  })
})

describe('sizes (H19)', () => {
  test.each([
    ['CONNACK', 0x20],
    ['PUBACK', 0x40],
    ['PUBREL', 0x62],
    ['SUBACK', 0x90],
    ['UNSUBACK', 0xb0],
    ['PINGRESP', 0xd0],
    ['DISCONNECT', 0xe0],
    ['AUTH', 0xf0],
  ])('%s of 268,435,455 bytes is refused at its Fixed Header', (_, header) => {
    expect(() => hear(Buffer.of(header, 255, 255, 255, 127), 5)).toThrow(
      expect.objectContaining({ reasonCode: 0x95, message: expect.stringContaining('Packet too large') }),
    )
  })

  test('PUBLISH may be large after CONNACK, not before', () => {
    const header = Buffer.of(0x30, 255, 255, 255, 127)
    expect(hear(header, 5).packets).toEqual([])
    const handler = { publish() {}, acknowledge() {}, packet() {} }
    expect(() => new Decoder(handler, 5).push(header)).toThrow('Packet too large')
  })
})

test('utf8Fault agrees with TextDecoder for all relevant sequences of up to four bytes', () => {
  const edges = [0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf]
  const leads = [...edges, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const isValid = (bytes: Uint8Array) => {
    try {
      decoder.decode(bytes)
      return true
    } catch {
      return false
    }
  }
  for (const a of leads)
    for (const b of edges)
      for (const c of edges)
        for (const d of edges)
          for (let length = 1; length <= 4; length++) {
            const bytes = Uint8Array.of(a, b, c, d).subarray(0, length)
            const fault = utf8Fault(bytes, 0, length)
            if ((fault === undefined) !== isValid(bytes)) expect([...bytes]).toBe('judged otherwise')
          }
  expect(utf8Fault(Uint8Array.of(0x61, 0, 0x62), 0, 3)).toBe('nul')
})

test('an error that is not a malformed packet is a Protocol Error', () => {
  expect(() => hear(connack('210000'), 5)).toThrow(
    expect.objectContaining({ reasonCode: protocolError, exitCode: 2 }),
  )
})
