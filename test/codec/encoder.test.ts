// Encoding of the packets other than PUBLISH, compared with mqtt-packet.
import fc from 'fast-check'
import mqtt, { type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { type ControlPacket, encodePacket } from '../../src/codec/encoder.js'
import { type PropertyCarrier, type PropertyRow, properties } from '../../src/codec/properties.js'
import { parse } from './messages.js'

const connect = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clean: true,
  clientId: 'me',
  keepalive: 60,
  properties: { receiveMaximum: 20 },
} as const

test('E34: MQTT 5.0 allows a Password without a User Name (3.1.2.9)', () => {
  expect(encodePacket({ ...connect, password: Buffer.from('token') }, 5).toString('hex')).toBe(
    `1019${'00044d515454'}05${'42'}003c${'03210014'}${'00026d65'}${'0005746f6b656e'}`,
  )
})

test.each([0, 1, 105, 106, 107, 127, 128, 16_361, 16_362, 16_363, 65_535])(
  'E34: a Password of %i bytes, with a Will',
  (size) => {
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: true } as const
    const password = Buffer.alloc(size, 'x')
    const packet = encodePacket({ ...connect, will, password }, 5)
    const named = mqtt.generate({ ...connect, will, password, username: '' }, { protocolVersion: 5 })
    expect(packet.subarray(-size - 2)).toEqual(named.subarray(-size - 2))
    // Differs only in the User Name flag and its two bytes of length.
    const head = (bytes: Buffer) => bytes.subarray(bytes.indexOf('MQTT') - 2)
    expect(head(packet).length).toBe(head(named).length - 2)
    expect(head(packet)[7]).toBe(head(named)[7]! & ~0x80)
    let length = 0
    for (const [index, byte] of packet.subarray(1, packet.indexOf('MQTT') - 2).entries()) {
      length += (byte & 127) * 128 ** index
    }
    expect(length).toBe(head(packet).length)
    expect(parse(packet, 5)).toMatchObject([{ cmd: 'connect', will: { topic: 'w' } }])
  },
)

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const identifier = fc.integer({ min: 1, max: 65_535 })
const qos = fc.constantFrom(0, 1, 2)

function anyValue({ type, key, flag }: PropertyRow): fc.Arbitrary<unknown> {
  switch (type) {
    case 'byte':
      return flag === true && key !== 'maximumQoS' ? fc.boolean() : fc.constantFrom(0, 1)
    case 'two byte integer':
      return identifier
    case 'four byte integer':
      return fc.integer({ min: 1, max: 0xffffffff })
    case 'variable byte integer':
      return fc.integer({ min: 1, max: 268_435_455 })
    case 'utf-8 string':
      return text
    case 'binary data':
      return bytes
    default: {
      const value = fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 }))
      // mqtt-packet cannot encode an object without pairs.
      return fc.dictionary(name, value, { minKeys: 1, maxKeys: 3 })
    }
  }
}

/** Any properties that a packet may have; undefined for none. */
function propertiesOf(carrier: PropertyCarrier, version: number): fc.Arbitrary<object | undefined> {
  if (version < 5) return fc.constant(undefined)
  const rows = properties.filter(({ packets }) => packets.includes(carrier))
  const values = Object.fromEntries(rows.map((row) => [row.key, anyValue(row)]))
  return fc.option(fc.record(values, { requiredKeys: [] }), { nil: undefined })
}

type Fields = Record<string, fc.Arbitrary<unknown>>

/** The fields of each packet but its properties. */
function fieldsOf(cmd: ControlPacket['cmd'], version: number): Fields {
  const codes = version === 5 ? [0, 0x87] : [0, 0x80]
  const filters = fc.array(name, { minLength: 1, maxLength: 4 })
  const granted = fc.array(fc.constantFrom(...codes), { minLength: 1, maxLength: 4 })
  const subscription = {
    ...{ topic: name, qos },
    ...(version === 5 && { nl: fc.boolean(), rap: fc.boolean(), rh: qos }),
  }
  const will = { topic: name, payload: bytes, qos, retain: fc.boolean() }
  switch (cmd) {
    case 'connect':
      return {
        protocolId: fc.constant(version === 3 ? 'MQIsdp' : 'MQTT'),
        protocolVersion: fc.constant(version),
        clean: fc.boolean(),
        clientId: name,
        keepalive: fc.integer({ min: 0, max: 65_535 }),
        username: fc.constantFrom('', 'me'), // without one mqtt-packet refuses a password
        password: fc.option(bytes, { nil: undefined }),
        will: fc.option(fc.record({ ...will, properties: propertiesOf('will', version) }), {
          nil: undefined,
        }),
      }
    case 'connack':
      return {
        sessionPresent: fc.boolean(),
        [version === 5 ? 'reasonCode' : 'returnCode']: fc.constantFrom(...codes),
      }
    case 'subscribe':
      return { subscriptions: fc.array(fc.record(subscription), { minLength: 1, maxLength: 4 }) }
    case 'unsubscribe':
      return { unsubscriptions: filters }
    case 'suback':
    case 'unsuback':
      return { granted }
    case 'pingreq':
    case 'pingresp':
      return {}
    default:
      return { reasonCode: fc.constantFrom(...codes) }
  }
}

const commands = [
  ...(['connect', 'connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'suback'] as const),
  ...(['unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', 'auth'] as const),
]

describe.each([3, 4, 5])('version %i', (version) => {
  test.each(commands)('any %s is encoded as by mqtt-packet', (cmd) => {
    if (version < 5 && cmd === 'auth') return
    const fields = { ...fieldsOf(cmd, version), properties: propertiesOf(cmd, version) }
    fc.assert(
      fc.property(fc.record(fields), identifier, (given, messageId) => {
        const packet = { cmd, messageId, ...given } as unknown as ControlPacket
        const expected = mqtt.generate(packet as Packet, { protocolVersion: version })
        expect(encodePacket(packet, version).toString('hex')).toBe(expected.toString('hex'))
      }),
    )
  })
})

test.each<[string, ControlPacket]>([
  ['a Client Identifier of 65,536 bytes', { ...connect, clientId: 'x'.repeat(65_536) }],
  ['a Keep Alive of 65,536', { ...connect, keepalive: 65_536 }],
  [
    'a Reason String of 65,536 bytes',
    { cmd: 'disconnect', properties: { reasonString: 'x'.repeat(65_536) } },
  ],
  ['Packet Identifier 65,536', { cmd: 'unsubscribe', messageId: 65_536, unsubscriptions: ['t'] }],
  ['a Session Expiry Interval of 2^32', { ...connect, properties: { sessionExpiryInterval: 2 ** 32 } }],
])('%s does not fit its field', (_, packet) => {
  expect(() => encodePacket(packet, 5)).toThrow(RangeError)
})
