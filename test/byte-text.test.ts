import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToText, textToBytes } from '../src/byte-text.js'

test('any bytes survive a round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(textToBytes(bytesToText(Buffer.from(bytes)))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('UTF-8 decodes to an ordinary string, U+FFFD too', () => {
  expect(bytesToText(Buffer.from('é😀\ufffd'))).toBe('é😀\ufffd')
  expect(textToBytes('é😀\ufffd')).toEqual(Buffer.from('é😀\ufffd'))
})

test('a byte that is not UTF-8 is kept apart from its neighbours', () => {
  expect(bytesToText(Buffer.from([0x61, 0xff, 0xc3, 0xa9]))).toBe('a\udcffé')
})
