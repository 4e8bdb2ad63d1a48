import fc from 'fast-check'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { Decoder, type PacketHandler } from '../../src/codec/decoder.js'
import { ProtocolError } from '../../src/errors.js'
import { everyCut } from '../helpers/cuts.js'
import { acknowledgeNames } from '../helpers/scripted.js'
import { generate, type Version, versions } from './messages.js'

/** Records the calls of the handler. */
function listener(): { words: string[]; handler: PacketHandler } {
  const words: string[] = []
  const handler: PacketHandler = {
    publish: ({ topic, payload, qos, messageId }) =>
      void words.push(`PUBLISH ${topic} ${payload} q${qos} m${messageId}`),
    acknowledge: (type, messageId, reasonCode) =>
      void words.push(`${acknowledgeNames[type]} ${messageId} ${reasonCode}`),
    packet: ({ cmd, messageId = '' }) => void words.push(`${cmd.toUpperCase()} ${messageId}`.trimEnd()),
  }
  return { words, handler }
}

function heard(chunks: Iterable<Buffer>, version: Version): string[] {
  const { words, handler } = listener()
  const decoder = new Decoder(handler, version)
  for (const chunk of chunks) decoder.push(chunk)
  return words
}

/** All packets of a server, including long acknowledgements. */
function conversation(version: Version): { packet: Packet; word: string }[] {
  const code = version === 5 ? 0x10 : 0
  const connack: Packet = { cmd: 'connack', sessionPresent: true, returnCode: 0, reasonCode: 0 }
  return [
    { packet: connack, word: 'CONNACK' },
    { packet: { cmd: 'suback', messageId: 1, granted: [0, 2, 128] }, word: 'SUBACK 1' },
    {
      packet: { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: true },
      word: 'PUBLISH a x q0 m0',
    },
    {
      packet: { cmd: 'publish', topic: 'b', payload: '', qos: 1, dup: true, retain: false, messageId: 300 },
      word: 'PUBLISH b  q1 m300',
    },
    { packet: { cmd: 'puback', messageId: 2, reasonCode: code }, word: `PUBACK 2 ${code}` },
    { packet: { cmd: 'pubrec', messageId: 3, reasonCode: 0 }, word: 'PUBREC 3 0' },
    { packet: { cmd: 'pubrel', messageId: 4, reasonCode: 0 }, word: 'PUBREL 4 0' },
    { packet: { cmd: 'pubcomp', messageId: 65_535, reasonCode: 0 }, word: 'PUBCOMP 65535 0' },
    { packet: { cmd: 'pingresp' }, word: 'PINGRESP' },
    { packet: { cmd: 'unsuback', messageId: 5, granted: [0] }, word: 'UNSUBACK 5' },
  ]
}

describe.each(versions)('version %i', (version) => {
  const said = conversation(version)
  const wire = Buffer.concat(said.map(({ packet }) => generate(packet, version)))

  test('the packets do not depend on the chunk boundaries', () => {
    const words = said.map(({ word }) => word)
    for (const chunks of everyCut(wire)) expect(heard(chunks, version)).toEqual(words)
  })

  test('after stop() the handler is not called, for this chunk or the next', () => {
    const { words, handler } = listener()
    const decoder = new Decoder({ ...handler, packet: () => decoder.stop() }, version)
    decoder.push(wire)
    decoder.push(wire)
    expect(words).toEqual([])
  })

  test('packets before a malformed packet are handled', () => {
    const { words, handler } = listener()
    const pingresp = Buffer.of(0xd0, 0)
    const attempt = () =>
      new Decoder(handler, version).push(Buffer.concat([pingresp, Buffer.of(0x36, 0), pingresp]))
    expect(attempt).toThrow(ProtocolError)
    expect(words).toEqual(['PINGRESP'])
  })

  test('any bytes cause a ProtocolError or nothing', () => {
    const packet = fc
      .tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 }))
      .map(([header, body]) => Buffer.from([header, body.length, ...body]))
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.array(fc.oneof(packet, noise), { minLength: 1, maxLength: 5 }), (chunks) => {
        try {
          heard(chunks, version)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['type 0', [0x00, 0]],
    ['CONNACK', [0x21, 2, 0, 0]],
    ['PUBACK', [0x41, 2, 0, 1]],
    ['PUBREC', [0x52, 2, 0, 1]],
    ['PUBREL without 0010 [MQTT-3.6.1-1]', [0x60, 2, 0, 1]],
    ['PUBCOMP', [0x78, 2, 0, 1]],
    ['SUBACK', [0x91, 3, 0, 1, 0]],
    ['UNSUBACK', [0xb2, 2, 0, 1]],
    ['PINGRESP', [0xd1, 0]],
    ['DISCONNECT', [0xe1, 0]],
  ])('reserved bits of the first byte [MQTT-2.1.3-1]: %s', (_, bytes) => {
    const attempt = () => heard([Buffer.from(bytes)], version)
    expect(attempt).toThrow(ProtocolError)
    expect(attempt).toThrow(expect.objectContaining({ reasonCode: 0x81, exitCode: 21 }))
  })
})

test('AUTH is a packet of MQTT 5 only', () => {
  const wire = generate(
    { cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'm' } } as Packet,
    5,
  )
  expect(heard([wire], 5)).toEqual(['AUTH'])
  expect(() => heard([wire], 4)).toThrow(ProtocolError)
})

test('a packet over the limit is refused', () => {
  const { handler } = listener()
  const attempt = () => new Decoder(handler, 5, 10).push(Buffer.of(0x30, 9))
  expect(attempt).toThrow(expect.objectContaining({ reasonCode: 0x95 }))
})
