// The output of sub -v on a terminal: marks, colours, escapes, previews of binary payloads; and --pretty.
import { describe, expect, test } from 'vitest'
import { plain } from '../../src/format/plain.js'
import { pretty } from '../../src/format/pretty.js'
import { noColour, type TerminalOptions, terminalPlain } from '../../src/format/terminal.js'
import { format, message } from './rig.js'

const palette = { topic: (text: string) => `<${text}>`, faint: (text: string) => `(${text})` }
/** 12:34:56 in whatever zone the test runs in. */
const clock = () => ({ seconds: new Date(2026, 0, 2, 12, 34, 56).getTime() / 1000, nanoseconds: 0 })
const defaults = { verbose: true, newline: true, pretty: false, palette: noColour, clock }
const shows = (options: Partial<TerminalOptions>, of: Parameters<typeof message>[0]) =>
  format(terminalPlain({ ...defaults, ...options }), message(of))

describe('on a terminal', () => {
  test.each<[string, Partial<TerminalOptions>, Parameters<typeof message>[0], string]>([
    ['topic and payload', {}, { topic: 'a', payload: 'x' }, '12:34:56 a x\n'],
    ['colours', { palette }, { topic: 'a', payload: 'x' }, '(12:34:56) <a> x\n'],
    [
      'a retained message',
      { palette },
      { topic: 'a', payload: 'x', retain: true },
      '(12:34:56) <a>( [retained]) x\n',
    ],
    ['an empty message', {}, { topic: 'a', payload: '' }, '12:34:56 a (null)\n'],
    ['an empty message without -v', { verbose: false }, { payload: '' }, ''],
    ['-N', { newline: false }, { topic: 'a', payload: 'x' }, '12:34:56 a x'],
    [
      'control characters',
      {},
      { topic: 'a\n\x1b[2J', payload: '1\n\t\x1b]0;t\x07' },
      '12:34:56 a\\n\\u001b[2J 1\n\t\\u001b]0;t\\u0007\n',
    ],
    ['bidi characters', {}, { topic: 'a', payload: 'x\u202ey\u2066' }, '12:34:56 a x\\u202ey\\u2066\n'],
    [
      'a payload that is not UTF-8',
      {},
      { topic: 'a', payload: Buffer.from([0xff, 1]) },
      '12:34:56 a 2 bytes: ff 01\n',
    ],
    ['a payload with NUL', { palette }, { topic: 'a', payload: 'x\0' }, '(12:34:56) <a> (2 bytes: 78 00)\n'],
    [
      'a long binary payload',
      { verbose: false },
      { payload: Buffer.alloc(1000) },
      `1000 bytes: ${'00 '.repeat(32)}...\n`,
    ],
    [
      '--pretty with a control character',
      { pretty: true },
      { topic: 'a', payload: '{"b":"\x1b"}' },
      '12:34:56 a {\n\t"b":\t"\\u001b"\n}\n',
    ],
    [
      '--pretty with JSON',
      { pretty: true },
      { topic: 'a', payload: '{"b":[1,2]}' },
      '12:34:56 a {\n\t"b":\t[1, 2]\n}\n',
    ],
    [
      '--pretty with another payload',
      { pretty: true },
      { topic: 'a', payload: '{oops' },
      '12:34:56 a {oops\n',
    ],
  ])('%s', (_, options, of, expected) => {
    expect(shows(options, of)).toBe(expected)
  })
})

describe('--pretty in a pipe', () => {
  const formatter = pretty(plain({ verbose: true, newline: true }))
  test.each([
    ['{"b":1.50,"a":{"c":[]}}', '{\n\t"b":\t1.50,\n\t"a":\t{\n\t\t"c":\t[]\n\t}\n}'],
    [' [1]', '[1]'],
    ['21.5', '21.5'],
    ['"text"', '"text"'],
    ['{"a":1} x', '{"a":1} x'],
    ['\xff{}', '\xff{}'],
    ['', '(null)'],
  ])('%j', (payload, printed) => {
    expect(format(formatter, message({ topic: 't', payload: Buffer.from(payload, 'latin1') }))).toBe(
      `t ${printed}\n`,
    )
  })
})
