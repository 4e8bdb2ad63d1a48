import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors.js'
import type { MessageProperties } from '../../src/format/message.js'
import { compileTemplate, templated } from '../../src/format/template.js'
import { collector, context, message, render, renderBytes } from './rig.js'

test.each([
  ['', ''],
  ['plain text, é', 'plain text, é'],
  ['%%', '%'],
  ['%5%%-3%', '%%'],
  ['%t', 'f/t'],
  ['%5t|%-5t|%05t', '  f/t|f/t  |  f/t'],
  ['%.2t|%5.2t|%-5.2t|%.0t|%.t', 'f/|   f/|f/   ||'],
  ['%p', 'message'],
  ['%3p|%-3p|%03p', 'mes|mes|mes'],
  ['%10p|%010p|%-10p|', '   message|000message|message   |'],
  ['%.2p|%-p|', 'message|message|'],
  ['%-010p|', 'message   |'],
  ['%l|%3l|%03l|%-3l|%.1l', '7|  7|007|7  |7'],
  ['%q|%5q|%r|%05r', '1|1|1|1'],
  ['%m|%03m', '9|009'],
  ['%x|%X', '6d657373616765|6D657373616765'],
  ['%4x|%20x|%020x|', '6d657373|      6d657373616765|0000006d657373616765|'],
  ['%-20x|%-4x|%-x|', '6d657373616765      |6d657373|6d657373616765|'],
  ['%.2x|%.2:x|%.4-x', '6d 65 73 73 61 67 65|6d:65:73:73:61:67:65|6d65-7373-6167-65'],
  ['%.1x|%.0:x|%.:x', '6 d 6 5 7 3 7 3 6 1 6 7 6 5|6d657373616765|6d657373616765'],
  ['%.3_X', '6D6_573_736_167_65'],
  ['%20.2:x|%-20.2:x|', '  :  :  :6d:65:73:73:61:67:65|6d:65:73:73:61:67:65      |'],
  ['%:p|%|t|% l', 'message|f/t|7'],
  ['%..p', 'message'],
  ['%I', '2026-11-21T01:34:56+0100'],
  [
    '%.4I|%26I|%-26I|%026I',
    '2026|  2026-11-21T01:34:56+0100|2026-11-21T01:34:56+0100  |  2026-11-21T01:34:56+0100',
  ],
  ['%U', '1795221296.356944789'],
  ['@Y-@m-@dT@H:@M:@S.@N@z @@ @Z', '2026-11-21T01:34:56.356944789+0100 @ CET'],
  ['\\\\ \\0 \\a \\e \\n \\r \\t \\v', '\\ \0 \x07 \x1b \n \r \t \v'],
  ['a%tb\\nc@@d%%e', 'af/tb\nc@d%e'],
])('%j', (format, expected) => {
  expect(render(format, message({ qos: 1, retain: true, messageId: 9 }))).toBe(expected)
})

const properties: MessageProperties = {
  topicAlias: 7,
  contentType: 'text/é',
  correlationData: Buffer.from([0x00, 0xff, 0x41]),
  messageExpiryInterval: 60,
  payloadFormatIndicator: true,
  userProperties: { k: ['v', 'w'], k2: 'v2' },
  responseTopic: 'r/t',
  subscriptionIdentifier: [5, 6],
}

test.each([
  ['%A|%3A|%03A|%-3A|', '7|  7|007|7  |'],
  ['%C|%9C|%-9C|%09C|%.4C|', 'text/é|  text/é|text/é  |  text/é|text|'],
  ['%E|%04E|', '60|0060|'],
  ['%F|%02F|', '1|01|'],
  ['%P|%20P|', 'k:v k:w k2:v2|k:v k:w k2:v2|'],
  ['%R|%5R|%-5R|%.1R|', 'r/t|  r/t|r/t  |r|'],
  ['%S|%2S|', '5| 5|'],
])('%j with properties', (format, expected) => {
  expect(render(format, message({ properties }))).toBe(expected)
})

test('%D prints the bytes of the Correlation Data', () => {
  expect(renderBytes('<%9D>', message({ properties }))).toEqual(Buffer.from('<\0\xffA>', 'latin1'))
})

test('%E is signed, as in mosquitto_sub', () => {
  const far = message({ properties: { messageExpiryInterval: 4_294_967_290 } })
  expect(render('%E|%04E', far)).toBe('-6|-006')
})

test.each([
  ['%A|%3A|%03A|%-3A', '|   |000|   '],
  ['%C|%3C|%03C|%-3C', '|   |000|   '],
  ['%E|%3E|%03E', '|   |000'],
  ['%F|%3F|%03F', '|   |000'],
  ['%S|%3S|%03S|%-03S', '|   |000|   '],
  ['%R|%3R|%03R', '||'],
  ['%P|%3P|%D|%3D', '|||'],
])('%j without a value', (format, expected) => {
  expect(render(format, message())).toBe(expected)
  expect(render(format, message({ properties: {} }))).toBe(expected)
})

test.each([
  ['%', 'Incomplete format specifier.'],
  ['a%-', 'Incomplete format specifier.'],
  ['%05', 'Incomplete format specifier.'],
  ['%5.', 'Incomplete format specifier.'],
  ['%.2:', 'Incomplete format specifier.'],
  ['@', 'Incomplete format specifier.'],
  ['\\', 'Incomplete escape specifier.'],
  ['%Q', "Invalid format specifier 'Q'."],
  ['%é', "Invalid format specifier 'é'."],
  ['%💩', "Invalid format specifier '💩'."],
  ['%--5t', "Invalid format specifier '5'."],
  ['%0-5l', "Invalid format specifier '5'."],
  ['%::p', "Invalid format specifier ':'."],
  ['\\q', "Invalid escape specifier 'q'."],
  ['%t\\x %', "Invalid escape specifier 'x'."],
  ['%268435456p', 'Invalid format specifier: 268435456 is larger than 268435455.'],
])('%j is refused', (format, text) => {
  expect(() => compileTemplate(format)).toThrow(new UsageError(text))
})

const float32 = (value: number) => Buffer.from(new Float32Array([value]).buffer)
const float64 = (value: number) => Buffer.from(new Float64Array([value]).buffer)

test.each([
  ['%f', float32(1.5), '1.500000'],
  ['%f', float32(0.1), '0.100000'],
  ['%.10f', float32(0.1), '0.1000000015'],
  ['%.2d|%.0d|%d', float64(2.5), '2.50|2|2.500000'],
  ['%.0d', float64(3.5), '4'],
  ['%8.2d|%08.2d|%-8.2d|', float64(-3.1372), '   -3.14|-0003.14|-3.14   |'],
  ['%.1d', float64(1e22), '10000000000000000000000.0'],
  ['%.3d', float64(-0), '-0.000'],
  ['%.0d', float64(0.5), '0'],
  ['%.20d', float64(0.1), '0.10000000000000000555'],
  ['%d', float64(5e-324), '0.000000'],
  ['%d|%06d', float64(Number.POSITIVE_INFINITY), 'inf|   inf'],
  ['%d', float64(Number.NEGATIVE_INFINITY), '-inf'],
  ['%d', float64(Number.NaN), 'nan'],
])('%j of the number %j', (format, payload, expected) => {
  expect(render(format, message({ payload }))).toBe(expected)
})

test('%.1100d prints every digit of the smallest number, then zeros', () => {
  expect(render('%.1100d', message({ payload: float64(2 ** -1074) }))).toMatch(/^0\.0{323}49\d+625(0{26})$/)
})

test('a payload of another size is not a number', () => {
  const within = context()
  expect(render('<%f|%d|%5d>', message({ payload: 'abc' }), within)).toBe('<||>')
  expect(within.warnings).toEqual([
    'requested float printing, but non-float data received',
    'requested double printing, but non-double data received',
    'requested double printing, but non-double data received',
  ])
})

test('all @ of a format share one clock reading; %U and %I have their own', () => {
  let seconds = 100
  const within = context({ clock: () => ({ seconds: seconds++, nanoseconds: 5 }) })

  expect(render('@s @s %U @s %U', message(), within)).toBe('100 100 101.000000005 100 102.000000005')
})

test('a line feed follows unless -N is given', () => {
  const template = compileTemplate('%t')
  const line = collector()
  templated(template, { ...context(), newline: true })(message(), line)
  templated(template, { ...context(), newline: false })(message(), line)
  expect(line.all().toString()).toBe('f/t\nf/t')
})

test('%x prints every byte', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 0, max: 9 }), (bytes, group) => {
      const hex = render(`%.${group}x`, message({ payload: Buffer.from(bytes) }))
      expect(Buffer.from(hex.replaceAll(' ', ''), 'hex')).toEqual(Buffer.from(bytes))
      if (group > 0 && bytes.length > 0)
        expect(
          hex
            .split(' ')
            .slice(0, -1)
            .every((run) => run.length === group),
        ).toBe(true)
    }),
  )
})

test('%x of a long payload is written in pieces', () => {
  const payload = Buffer.alloc(100_001, 'abc')
  expect(render('%x', message({ payload }))).toBe(payload.toString('hex'))
  expect(render('%.3x', message({ payload }))).toBe(payload.toString('hex').replace(/...(?=.)/g, '$& '))
  expect(render('%50000t', message()).length).toBe(50_000)
})

test('payloads are unchanged', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(renderBytes('%p', message({ payload: Buffer.from(bytes) }))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('any text compiles or throws UsageError', () => {
  const pieces = fc.constantFrom(
    '%',
    '@',
    '\\',
    '-',
    '0',
    '5',
    '.',
    ':',
    'x',
    't',
    'I',
    'd',
    'N',
    'é',
    '💩',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(pieces), (characters) => {
      try {
        render(characters.join(''), message())
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
      }
    }),
  )
})
