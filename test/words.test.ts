import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordFromBytes, wordToBytes } from '../src/words.js'

test('any bytes survive the way through a word', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(wordToBytes(wordFromBytes(Buffer.from(bytes)))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('UTF-8 is an ordinary string, the replacement character too', () => {
  expect(wordFromBytes(Buffer.from('é😀\ufffd'))).toBe('é😀\ufffd')
  expect(wordToBytes('é😀\ufffd')).toEqual(Buffer.from('é😀\ufffd'))
})

test('a byte that is no UTF-8 is told apart from what stands around it', () => {
  expect(wordFromBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa9]))).toBe('a\udcffé')
})
