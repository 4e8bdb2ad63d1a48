// ByteWriter output equals the concatenated strings, wherever the buffer ends.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter, encoded, putDigits, shortText, textOf } from '../../src/inspect/views/byte-writer.js'
import { durationText, putSeconds, timeOfDay } from '../../src/inspect/views/text.js'
import { jsonOf } from '../../src/text.js'

type Write = readonly [put: (out: ByteWriter) => void, text: string]

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
})

const write: fc.Arbitrary<Write> = fc.oneof(
  printable.map((text): Write => [(out) => out.ascii(text), text]),
  printable.map((text): Write => [(out) => out.encoded(encoded(text)), text]),
  fc.string({ unit: 'grapheme' }).map((text): Write => [(out) => out.text(text), text]),
  fc.maxSafeNat().map((value): Write => [(out) => out.number(value), String(value)]),
  fc.integer({ min: 0, max: 999_999_999 }).map((value): Write => {
    return [
      (out) => out.commit(putDigits(out.bytes, out.reserve(9), value, 9)),
      String(value).padStart(9, '0'),
    ]
  }),
  fc.integer({ min: 7000, max: 20_000 }).map((length): Write => {
    const text = 'é'.repeat(length)
    return [(out) => out.text(text), text]
  }),
  fc.integer({ min: 8000, max: 9000 }).map((length): Write => {
    return [(out) => out.ascii('a'.repeat(length)), 'a'.repeat(length)]
  }),
)

test('output is in the order of the writes', () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const text = textOf((out) => {
        for (const [put] of writes) put(out)
      })
      expect(text).toBe(writes.map(([, part]) => part).join(''))
    }),
    { seed: 7 },
  )
})

test('plain bytes and texts are written, others write nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const bytes = Buffer.from(text)
      const isPlain = /^[ !#-[\]-~]*$/.test(text)
      const results: boolean[] = []
      const out = textOf((out) => {
        out.ascii('<')
        results.push(out.plainBytes(bytes, 0, bytes.length), out.plainText(text))
        out.ascii('>')
      })
      expect(results).toEqual([isPlain, isPlain])
      expect(out).toBe(isPlain ? `<${text}${text}>` : '<>')
    }),
    { seed: 7 },
  )
})

test('many short writes are passed on as one', () => {
  const passed: string[] = []
  const out = new ByteWriter({
    text: (text) => void passed.push(text),
    range: (bytes, start, end) => void passed.push(Buffer.from(bytes.subarray(start, end)).toString()),
  })
  for (let i = 0; i < 10; i++) out.plainText('abc')
  expect(passed).toEqual([])
  out.flush()
  expect(passed).toEqual(['abc'.repeat(10)])
})

test('times and durations', () => {
  expect(timeOfDay({ second: 1_795_274_491, nanos: 163_288_999 })).toBe('15:21:31.163288')
  expect(timeOfDay({ second: -1, nanos: 0 })).toBe('')
  const last = { second: 4_294_967_295, nanos: 7 }
  expect(shortText((bytes, at) => putSeconds(bytes, at, last))).toBe('4294967295.000000007')
  const texts = [0, 42_000, 999_994, 12_345_678, 999_600_000, 1e9, 61.5e9, -42_000].map(durationText)
  expect(texts).toEqual([
    '0.00 us',
    '42.0 us',
    '1000 us',
    '12.3 ms',
    '1000 ms',
    '1.00 s',
    '61.5 s',
    '-42.0 us',
  ])
})

test('JSON has no terminal control characters and keeps its value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = jsonOf({ text: `${text}\u001b\u007f\u009b\u202e` })
      expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
      expect(JSON.parse(json)).toEqual({ text: `${text}\u001b\u007f\u009b\u202e` })
    }),
    { seed: 7 },
  )
})
