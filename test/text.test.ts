// Text from outside cannot control a terminal, forge a line or fill the screen.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explain, MqttxError } from '../src/errors.js'
import { jsonOf, oneLine, quoted, safeJson, screenText, shown, shownLine } from '../src/text.js'

const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

describe('shown', () => {
  test.each([
    ['plain, and é 😀', 'plain, and é 😀'],
    ['no \x1b]0;pwned\x07\x1b[2J', 'no \\u001b]0;pwned\\u0007\\u001b[2J'],
    ['a\r\nError: disk full\t', 'a\\r\\nError: disk full\\t'],
    ['\u0085\u009b31m\x7f', '\\u0085\\u009b31m\\u007f'],
    [
      '\u202egpj.exe \u2066\u200b\u200f\u061c\ufeff\u00ad',
      '\\u202egpj.exe \\u2066\\u200b\\u200f\\u061c\\ufeff\\u00ad',
    ],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['\ud800 \udc80 \udcff', '\\ud800 \\x80 \\xff'],
  ])('%j', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  test('is limited in bytes and counts the rest (H2)', () => {
    expect(shown('x'.repeat(1024))).toBe('x'.repeat(1024))
    expect(shown('x'.repeat(60_000))).toBe(`${'x'.repeat(1024)}... (58976 more bytes)`)
    expect(shown('é'.repeat(600))).toBe(`${'é'.repeat(512)}... (176 more bytes)`)
    expect(shown('\x1b'.repeat(171))).toBe(`${'\\u001b'.repeat(170)}... (1 more bytes)`)
    expect(shown('😀'.repeat(257))).toBe(`${'😀'.repeat(256)}... (4 more bytes)`)
  })

  test('holds for any text and is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1200 }), fc.boolean(), (text, half) => {
        const line = shown(half ? `${text}\ud800` : text)
        expect(line).not.toMatch(unsafe)
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1024 + 24)
        expect(shownLine(line)).toBe(line)
      }),
      { numRuns: 30 },
    )
  })
})

test('data of any length is escaped', () => {
  const long = 'é\x1b'.repeat(5000)
  expect(oneLine(long)).toBe('é\\u001b'.repeat(5000))
  expect(screenText('a\n\tb\r\x1b')).toBe('a\n\tb\\r\\u001b')
  expect(quoted('a"b\\c\n\u202e')).toBe('"a\\"b\\\\c\\n\\u202e"')
})

describe('JSON (H5)', () => {
  test('is equal and has no invisible character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = { [text]: `${text}\u0080\u009b\u202e\u200b\u2028\u{e0041}` }
        for (const json of [jsonOf(value), safeJson(JSON.stringify(value))]) {
          expect(json).not.toMatch(unsafe)
          expect(JSON.parse(json)).toEqual(value)
        }
      }),
    )
  })

  test('keeps its layout', () => {
    expect(jsonOf({ a: '\n\u009b' }, 2)).toBe('{\n  "a": "\\n\\u009b"\n}')
  })
})

test('an error has exactly the lines it was created with', () => {
  const error = new MqttxError(['one\nError: forged', 'two'], { hint: ['x\ny', 'z'] })
  expect(explain(error)).toBe('Error: one\\nError: forged\ntwo\nhint: x\\ny\nhint: z\n')
  expect(error).toMatchObject({ message: 'one\nError: forged\ntwo', hint: 'x\ny; z' })
})
