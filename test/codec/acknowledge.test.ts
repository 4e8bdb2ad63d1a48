// PUBACK, PUBREC, PUBREL and PUBCOMP, compared with mqtt-packet.
import fc from 'fast-check'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { type AcknowledgeType, encodeAcknowledge } from '../../src/codec/acknowledge.js'
import { Decoder } from '../../src/codec/decoder.js'
import { generate, keepingBatch, parse, versions } from './messages.js'

const types = [
  ['puback', 4, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['pubrec', 5, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['pubrel', 6, [0, 0x92]],
  ['pubcomp', 7, [0, 0x92]],
] as const

function encoded(type: AcknowledgeType, messageId: number, reasonCode: number): Buffer {
  const { batch, kept } = keepingBatch()
  encodeAcknowledge(batch, type, messageId, reasonCode)
  batch.flush()
  return Buffer.concat(kept)
}

type Seen = [type: AcknowledgeType, messageId: number, reasonCode: number, properties: unknown]

function decoded(wire: Buffer, version: 4 | 5): Seen[] {
  const seen: Seen[] = []
  const refuse = () => {
    throw new Error('not an acknowledgement')
  }
  const acknowledge = (...answer: [AcknowledgeType, number, number, unknown?]) => {
    seen.push([answer[0], answer[1], answer[2], answer[3]])
  }
  new Decoder({ publish: refuse, acknowledge, packet: refuse }, version).push(wire)
  return seen
}

const anyId = fc.integer({ min: 1, max: 65_535 })

describe.each(types)('%s', (cmd, type, reasonCodes) => {
  test.each(versions)('the bytes are those of mqtt-packet, version %i', (version) => {
    fc.assert(
      fc.property(anyId, (messageId) => {
        expect(encoded(type, messageId, 0)).toEqual(
          generate({ cmd, messageId, reasonCode: 0 } as Packet, version),
        )
      }),
    )
  })

  test.each(reasonCodes)('Reason Code %i is decoded by mqtt-packet', (reasonCode) => {
    expect(parse(encoded(type, 4660, reasonCode), 5)).toMatchObject([{ cmd, messageId: 4660, reasonCode }])
  })

  test.each(reasonCodes)('Reason Code %i of mqtt-packet is decoded', (reasonCode) => {
    const wire = generate({ cmd, messageId: 4660, reasonCode } as Packet, 5)
    expect(decoded(wire, 5)).toEqual([[type, 4660, reasonCode, undefined]])
    expect(decoded(encoded(type, 4660, reasonCode), 5)).toEqual([[type, 4660, reasonCode, undefined]])
  })

  test.each(versions)('is decoded, version %i', (version) => {
    fc.assert(
      fc.property(anyId, (messageId) => {
        expect(decoded(encoded(type, messageId, 0), version)).toEqual([[type, messageId, 0, undefined]])
      }),
    )
  })

  test('properties are decoded', () => {
    const properties = { reasonString: 'because' }
    const wire = generate({ cmd, messageId: 7, reasonCode: reasonCodes[1], properties } as Packet, 5)
    expect(decoded(wire, 5)).toEqual([[type, 7, reasonCodes[1], properties]])
  })
})
