import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Framer, maxRemainingLength, remainingLengthSize } from '../../src/codec/framing.js'
import { ProtocolError } from '../../src/errors.js'
import { cutAt, everyCut } from '../helpers/cuts.js'

/** Encodes a Remaining Length (MQTT 5.0, 1.5.5). */
function variableByteInteger(length: number): number[] {
  return length < 128 ? [length] : [(length % 128) + 128, ...variableByteInteger(Math.floor(length / 128))]
}

/** A Control Packet whose body bytes are their own offsets. */
function packet(header: number, length: number): Buffer {
  const body = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) body[i] = i % 251
  return Buffer.concat([Buffer.from([header, ...variableByteInteger(length)]), body])
}

interface Frame {
  readonly header: number
  readonly body: Buffer
  readonly whole: Buffer
}

function frames(chunks: Iterable<Buffer>, framer = new Framer()): Frame[] {
  const found: Frame[] = []
  for (const chunk of chunks) {
    framer.push(chunk)
    while (framer.next()) {
      const { header, bytes, origin, start, end } = framer
      found.push({ header, body: bytes.subarray(start, end), whole: bytes.subarray(origin, end) })
    }
  }
  return found
}

/** The error that `chunks` cause. */
function failure(chunks: Iterable<Buffer>, framer?: Framer): ProtocolError {
  try {
    frames(chunks, framer)
  } catch (error) {
    return error as ProtocolError
  }
  throw new Error('nothing was refused')
}

/** The limits of each size of the Remaining Length (MQTT 5.0, table 1-1). */
const boundaries = [0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_151, 2_097_152, 2_097_153]

test.each([
  [0, 1],
  [127, 1],
  [128, 2],
  [16_383, 2],
  [16_384, 3],
  [2_097_151, 3],
  [2_097_152, 4],
  [maxRemainingLength, 4],
])('a Remaining Length of %i takes %i bytes', (length, size) => {
  expect(remainingLengthSize(length)).toBe(size)
  expect(variableByteInteger(length)).toHaveLength(size)
})

describe('the packets do not depend on the chunk boundaries:', () => {
  test('packets of two and three bytes', () => {
    const packets = [packet(0xd0, 0), packet(0x40, 2), packet(0x30, 5), packet(0xd0, 0), packet(0x30, 1)]
    for (const chunks of everyCut(Buffer.concat(packets))) {
      expect(frames(chunks).map(({ whole }) => whole)).toEqual(packets)
    }
  })

  test('a Remaining Length of two bytes', () => {
    const packets = [packet(0x30, 130), packet(0x40, 2)]
    for (const chunks of everyCut(Buffer.concat(packets))) {
      expect(frames(chunks).map(({ whole }) => whole)).toEqual(packets)
    }
  })

  test.each(boundaries)('a Remaining Length of %i', (length) => {
    const packets = [packet(0x40, 2), packet(0x32, length), packet(0xd0, 0)]
    const bytes = Buffer.concat(packets)
    const nearEnds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((n) => [n, bytes.length - n])
    const places = [...new Set(nearEnds)].filter((n) => n > 0 && n < bytes.length).sort((a, b) => a - b)

    for (const chunks of [[bytes], cutAt(bytes, places), ...places.map((place) => cutAt(bytes, [place]))]) {
      const found = frames(chunks)
      expect(found.map(({ header, body }) => [header, body.length])).toEqual([
        [0x40, 2],
        [0x32, length],
        [0xd0, 0],
      ])
      expect(found.every(({ whole }, index) => whole.equals(packets[index]!))).toBe(true)
    }
  })

  test('any packets', () => {
    const anyPacket = fc.tuple(fc.integer({ min: 1, max: 255 }), fc.oneof(fc.nat(5), fc.nat(400)))
    fc.assert(
      fc.property(fc.array(anyPacket), fc.array(fc.nat(2000)), (shapes, cuts) => {
        const packets = shapes.map(([header, length]) => packet(header, length))
        const bytes = Buffer.concat(packets)
        const places = cuts.filter((place) => place < bytes.length).sort((a, b) => a - b)
        expect(frames(cutAt(bytes, places)).map(({ whole }) => whole)).toEqual(packets)
      }),
    )
  })

  test('a large packet received byte by byte is copied once', () => {
    const bytes = packet(0x30, 200_000)
    expect(frames(cutAt(bytes, Array.from(bytes.keys()).slice(1)))[0]!.whole.equals(bytes)).toBe(true)
  })
})

test('a packet within one chunk is a view of it', () => {
  const chunk = Buffer.concat([packet(0x40, 2), packet(0x30, 20)])
  expect(frames([chunk]).every(({ whole }) => whole.buffer === chunk.buffer)).toBe(true)
})

describe('[MQTT-1.5.5-1] a Remaining Length has at most 4 bytes:', () => {
  test('a fifth is refused with any chunk boundaries', () => {
    const bytes = Buffer.concat([packet(0x40, 2), Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01)])
    for (const chunks of everyCut(bytes)) {
      expect(failure(chunks)).toMatchObject({ reasonCode: 0x81, exitCode: 21 })
    }
  })

  test('as soon as the fourth has its continuation bit set', () => {
    expect(failure([Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff)])).toBeInstanceOf(ProtocolError)
  })

  test('four are accepted for a small length', () => {
    expect(frames([Buffer.of(0xd0, 0x80, 0x80, 0x80, 0x00)])).toMatchObject([{ header: 0xd0 }])
  })
})

describe('the largest accepted packet', () => {
  const limit = 100 // of the whole packet: 2 bytes of Fixed Header and 98 others

  test('is accepted', () => {
    expect(frames([packet(0x30, 98)], new Framer(limit))).toHaveLength(1)
  })

  test('one byte more is refused before the body is received', () => {
    const bytes = packet(0x30, 99)
    for (const chunks of everyCut(bytes.subarray(0, 2))) {
      expect(failure(chunks, new Framer(limit))).toMatchObject({ reasonCode: 0x95 })
    }
  })

  test("is MQTT's own by default", () => {
    expect(frames([Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f)])).toEqual([])
  })
})
