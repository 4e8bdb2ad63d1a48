// PUBLISH: same bytes and same fields as mqtt-packet.
import fc from 'fast-check'
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { Decoder } from '../../src/codec/decoder.js'
import { maxRemainingLength } from '../../src/codec/framing.js'
import {
  decodePublish,
  encodePublish,
  maxPayload,
  type Publish,
  publishSize,
  publishTemplate,
} from '../../src/codec/publish.js'
import { ProtocolError } from '../../src/errors.js'
import { everyCut } from '../helpers/cuts.js'
import {
  encoded,
  generate,
  keepingBatch,
  parse,
  publishes,
  templateOf,
  type Version,
  versions,
} from './messages.js'

function decoded(chunks: Iterable<Buffer>, version: Version): Publish[] {
  const found: Publish[] = []
  const refuse = () => {
    throw new Error('not a PUBLISH')
  }
  const decoder = new Decoder(
    {
      publish: (publish) => found.push(publish),
      acknowledge: refuse,
      packet: ({ cmd }) => (cmd === 'connack' ? undefined : refuse()),
    },
    version,
  )
  // A large PUBLISH is accepted only after CONNACK.
  decoder.push(version === 5 ? Buffer.of(0x20, 3, 0, 0, 0) : Buffer.of(0x20, 2, 0, 0))
  for (const chunk of chunks) decoder.push(chunk)
  return found
}

/** The fields of a received message, under mqtt-packet's names. */
function fieldsOf({ topic, payload, qos, retain, dup, messageId, properties }: Publish) {
  return { topic, payload, qos, retain, dup, messageId, properties }
}

function fieldsByMqttPacket(wire: Buffer, version: Version) {
  const {
    topic,
    payload,
    qos,
    retain,
    dup,
    messageId = 0,
    properties,
  } = parse(wire, version)[0] as IPublishPacket
  return { topic, payload, qos, retain, dup, messageId, properties }
}

describe.each(versions)('version %i', (version) => {
  test('encodes as mqtt-packet does', () => {
    fc.assert(
      fc.property(publishes(version), (packet) => {
        expect(encoded(packet, version)).toEqual(generate(packet, version))
      }),
    )
  })

  test('decodes as mqtt-packet does', () => {
    fc.assert(
      fc.property(publishes(version), (packet) => {
        const wire = generate(packet, version)
        const expected = fieldsByMqttPacket(wire, version)
        // mqtt-packet loses an empty value of a repeated name.
        const { userProperties } = packet.properties ?? {}
        if (userProperties !== undefined) expected.properties = { ...expected.properties, userProperties }
        expect(decoded([wire], version).map(fieldsOf)).toEqual([expected])
      }),
    )
  })

  test('publishSize is the size of the encoding', () => {
    fc.assert(
      fc.property(publishes(version), (packet) => {
        const size = publishSize(templateOf(packet, version), packet.payload.length)
        expect(size).toBe(encoded(packet, version).length)
      }),
    )
  })

  const boundaries = [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]
  const aroundBoundaries = boundaries.flatMap((boundary) => [-1, 0, 1].map((step) => boundary + step))
  test.each(aroundBoundaries)('a Remaining Length of %i', (remainingLength) => {
    for (const qos of [0, 1, 2] as const) {
      const bare: IPublishPacket = {
        cmd: 'publish',
        topic: 'a/b',
        payload: '',
        qos,
        retain: true,
        dup: false,
      }
      const packet = { ...bare, ...(qos > 0 && { messageId: 0x1234 }) }
      const overhead = publishSize(templateOf(packet, version), 0) - 2
      const payload = Buffer.alloc(remainingLength - overhead, 'payload')
      const wire = generate({ ...packet, payload }, version)

      expect(encoded({ ...packet, payload }, version).equals(wire)).toBe(true)
      const [message] = decoded([wire], version)
      expect(message).toMatchObject({ topic: 'a/b', qos, messageId: qos > 0 ? 0x1234 : 0 })
      expect(message!.payload.equals(payload)).toBe(true)
    }
  })

  test('the largest payload fills the largest packet', () => {
    for (const qos of [0, 1, 2] as const) {
      const properties = Buffer.alloc(version === 5 ? 1 : 0)
      const template = publishTemplate('a/b', { qos, retain: false, properties })
      expect(publishSize(template, maxPayload(template))).toBe(1 + 4 + maxRemainingLength)
    }
  })

  test('is decoded with any chunk boundaries', () => {
    const packet = {
      cmd: 'publish',
      topic: 'é/b',
      payload: Buffer.from([0, 0xff, 10]),
      qos: 2,
      retain: true,
      dup: true,
      messageId: 513,
      ...(version === 5 && { properties: { contentType: 'x', userProperties: { a: ['1', '2'] } } }),
    } satisfies IPublishPacket as IPublishPacket
    const wire = generate(packet, version)
    for (const chunks of everyCut(wire)) {
      expect(decoded(chunks, version).map(fieldsOf)).toEqual([fieldsByMqttPacket(wire, version)])
    }
  })
})

test('encodes a range of the payload, and DUP on request', () => {
  const template = publishTemplate('t', { qos: 1, retain: false, properties: Buffer.alloc(0) })
  const { batch, kept } = keepingBatch()
  const lines = Buffer.from('one\ntwo\nthree')
  encodePublish(batch, template, 1, false, lines, 4, 7)
  encodePublish(batch, template, 1, true, lines, 4, 7)
  batch.flush()
  expect(parse(Buffer.concat(kept), 4)).toMatchObject([
    { payload: Buffer.from('two'), messageId: 1, dup: false },
    { payload: Buffer.from('two'), messageId: 1, dup: true },
  ])
})

test('[MQTT-1.5.4] a Topic Name of 65,535 bytes fits, one more does not', () => {
  const template = { qos: 0, retain: false, properties: Buffer.alloc(0) } as const
  const packet: IPublishPacket = {
    cmd: 'publish',
    topic: `${'é'.repeat(32_767)}e`,
    payload: Buffer.from('x'),
    qos: 0,
    retain: false,
    dup: false,
  }
  expect(encoded(packet, 4, publishTemplate(packet.topic, template)).equals(generate(packet, 4))).toBe(true)
  expect(() => publishTemplate(`${packet.topic}e`, template)).toThrow(ProtocolError)
})

test('a payload is a view of the chunk', () => {
  const wire = Buffer.from([0x30, 5, 0, 1, 0x74, 0x68, 0x69])
  expect(decoded([wire], 4)[0]!.payload.buffer).toBe(wire.buffer)
})

describe('refuses', () => {
  const malformed = 0x81
  const protocolError = 0x82
  const topicInvalid = 0x90
  test.each<[string, number, Version, number[]]>([
    ['QoS 3 [MQTT-3.3.1-4]', malformed, 4, [0x36, 5, 0, 1, 0x74, 0, 1]],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', malformed, 4, [0x38, 3, 0, 1, 0x74]],
    ['an empty body', malformed, 4, [0x30, 0]],
    ['half the length of a Topic Name', malformed, 4, [0x30, 1, 0]],
    ['a Topic Name longer than the packet', malformed, 4, [0x30, 3, 0, 2, 0x74]],
    ['no Packet Identifier at QoS 1', malformed, 4, [0x32, 3, 0, 1, 0x74]],
    ['half a Packet Identifier', malformed, 4, [0x32, 4, 0, 1, 0x74, 0]],
    ['Packet Identifier 0 [MQTT-2.2.1-3]', protocolError, 4, [0x32, 5, 0, 1, 0x74, 0, 0]],
    ['an empty Topic Name [MQTT-4.7.3-1]', protocolError, 4, [0x30, 3, 0, 0, 0x74]],
    ['an empty Topic Name, MQTT 5', protocolError, 5, [0x30, 4, 0, 0, 0, 0x74]],
    ['+ in a Topic Name [MQTT-3.3.2-2]', topicInvalid, 4, [0x30, 5, 0, 3, 0x61, 0x2b, 0x61]],
    ['# in a Topic Name [MQTT-3.3.2-2]', topicInvalid, 5, [0x30, 4, 0, 1, 0x23, 0]],
    ['U+0000 in a Topic Name [MQTT-1.5.4-2]', malformed, 4, [0x30, 4, 0, 2, 0x61, 0]],
    ['no Property Length', malformed, 5, [0x30, 3, 0, 1, 0x74]],
    ['properties longer than the packet', malformed, 5, [0x30, 5, 0, 1, 0x74, 2, 0x01]],
    ['a Property Length of 5 bytes', malformed, 5, [0x30, 8, 0, 1, 0x74, 128, 128, 128, 128, 0]],
    ['a property that does not exist', malformed, 5, [0x30, 6, 0, 1, 0x74, 2, 0x7f, 0]],
  ])('%s', (_, reasonCode, version, bytes) => {
    const attempt = () => decoded([Buffer.from(bytes)], version)
    expect(attempt).toThrow(ProtocolError)
    expect(attempt).toThrow(expect.objectContaining({ reasonCode }))
  })

  test('any invalid bytes with a ProtocolError', () => {
    fc.assert(
      fc.property(
        fc.nat(15),
        fc.uint8Array({ maxLength: 30 }),
        fc.constantFrom(...versions),
        (flags, body, version) => {
          const bytes = Buffer.from(body)
          try {
            decodePublish(0x30 | flags, bytes, 0, bytes.length, version === 5 ? () => undefined : undefined)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        },
      ),
    )
  })
})

test('the check of a topic does not depend on its position in the chunk', () => {
  const byte = fc.oneof(
    fc.constantFrom(0x00, 0x23, 0x24, 0x2b, 0x2c, 0x2f, 0x7f, 0x80, 0xc3, 0xff),
    fc.integer({ min: 0, max: 255 }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.array(byte, { maxLength: 3 }), (base, odd) => {
      const topic = Buffer.from(base.map((value) => 0x2c + (value % 0x50)))
      odd.forEach((value, i) => {
        if (topic.length > 0) topic[(i * 7 + base[0]!) % topic.length] = value
      })
      const body = Buffer.concat([Buffer.of(0, topic.length), topic, Buffer.from('x')])
      const outcome = (bytes: Buffer, start: number) => {
        try {
          return decodePublish(0x30, bytes, start, start + body.length).topic
        } catch (error) {
          return (error as Error).message
        }
      }
      const chunk = Buffer.concat([body, body, body])
      const alone = outcome(Buffer.from(body), 0)
      for (const place of [0, 1, 2]) expect(outcome(chunk, place * body.length)).toBe(alone)
    }),
    { numRuns: 2000 },
  )
})
