// Decoder and Session with arbitrary input from the server.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Decoder } from '../../src/codec/decoder.js'
import { ProtocolError } from '../../src/errors.js'
import { scripted } from '../helpers/scripted.js'

/** Receives `bytes` while a message at QoS 1 and one at QoS 2 are in flight. */
function hear(chunks: readonly Buffer[], version: 4 | 5): void {
  const { session } = scripted({ version })
  session.publish(1, 'a')
  session.publish(2, 'b')
  const decoder = new Decoder(
    {
      publish: ({ qos, messageId }) => session.receive({ qos, messageId }),
      acknowledge: (type, messageId, reasonCode) => session.acknowledged(type, messageId, reasonCode),
      packet({ cmd, messageId }) {
        if (cmd === 'suback' || cmd === 'unsuback') session.answered(cmd, messageId!)
      },
    },
    version,
  )
  for (const chunk of chunks) decoder.push(chunk)
}

const packetOf = ([header, body]: [number, Iterable<number>]) => {
  const bytes = [...body]
  return Buffer.from([header, bytes.length, ...bytes])
}
const packet = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 12 })).map(packetOf)
const answer = fc
  .tuple(fc.constantFrom(0x40, 0x50, 0x62, 0x70, 0x90, 0xb0), fc.array(fc.nat(3), { maxLength: 5 }))
  .map(packetOf)

describe.each([4, 5] as const)('version %i', (version) => {
  test('any bytes cause a ProtocolError or nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(answer, packet), { maxLength: 6 }), (chunks) => {
        try {
          hear(chunks, version)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['PUBACK', 0x40],
    ['PUBREC', 0x50],
    ['PUBREL', 0x62],
    ['PUBCOMP', 0x70],
    ['SUBACK', 0x90],
    ['UNSUBACK', 0xb0],
  ])('%s with an incomplete Packet Identifier is malformed', (_, header) => {
    for (const body of [[], [0]]) {
      const attempt = () => hear([packetOf([header, body])], version)
      expect(attempt).toThrow(ProtocolError)
      expect(attempt).toThrow(expect.objectContaining({ reasonCode: 0x81, exitCode: 21 }))
    }
  })
})
