import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageProperties } from '../../src/format/message.js'
import { jsonOf } from '../../src/text.js'
import { context, message, render, renderBytes } from './rig.js'

const tst = '"tst":"2026-11-21T01:34:56.356944+0100"'
const pretty = context({ pretty: true })

/** The JSON text of the payload as printed by %J; undefined if refused. */
function copied(payload: string | Buffer): string | undefined {
  const within = context()
  const printed = render('%J', message({ payload }), within)
  if (printed === '') {
    expect(within.warnings).toEqual(['Error: Message payload is not valid JSON on topic f/t.'])
    return undefined
  }
  expect(() => JSON.parse(printed)).not.toThrow()
  return printed.slice(printed.indexOf('"payload":') + '"payload":'.length, -1)
}

describe('members', () => {
  test('QoS 0', () => {
    expect(render('%j', message())).toBe(
      `{${tst},"topic":"f/t","qos":0,"retain":false,"payloadlen":7,"payload":"message"}`,
    )
  })

  test('QoS 1 has a mid', () => {
    expect(render('%j', message({ qos: 1, retain: true, messageId: 4 }))).toBe(
      `{${tst},"topic":"f/t","qos":1,"retain":true,"payloadlen":7,"mid":4,"payload":"message"}`,
    )
  })

  test('an empty payload is null', () => {
    const expected = `{${tst},"topic":"f/t","qos":0,"retain":false,"payloadlen":0,"payload":null}`
    expect(render('%j', message({ payload: '' }))).toBe(expected)
    expect(render('%J', message({ payload: '' }))).toBe(expected)
  })

  test('a payload that is not UTF-8 is base64 with "encoding"', () => {
    expect(render('%j', message({ payload: Buffer.from([0xff, 0x00]) }))).toBe(
      `{${tst},"topic":"f/t","qos":0,"retain":false,"payloadlen":2,"encoding":"base64","payload":"/wA="}`,
    )
  })

  test.each([
    ['a"b\\c/d', '"a\\"b\\\\c/d"'],
    ['\b\f\n\r\t\v\x00\x1f\x7f', '"\\b\\f\\n\\r\\t\\u000b\\u0000\\u001f\\u007f"'],
    ['žluť 💩\ufeff\ufffd\u2028', '"žluť 💩\\ufeff\ufffd\\u2028"'],
  ])('the payload %j', (payload, json) => {
    expect(render('%j', message({ payload })).endsWith(`,"payload":${json}}`)).toBe(true)
  })
})

describe('properties', () => {
  const withProperties = (properties: MessageProperties) => {
    const printed = render('%j', message({ properties }))
    expect(() => JSON.parse(printed)).not.toThrow()
    return printed.slice(
      printed.indexOf('"payloadlen":7,') + '"payloadlen":7,'.length,
      printed.indexOf(',"payload":'),
    )
  }

  test.each<[MessageProperties, string]>([
    [{ payloadFormatIndicator: true }, '{"payload-format-indicator":1}'],
    [{ payloadFormatIndicator: false }, '{"payload-format-indicator":0}'],
    [{ messageExpiryInterval: 4_294_967_290 }, '{"message-expiry-interval":4294967290}'],
    [{ topicAlias: 3, contentType: 'a"b' }, '{"topic-alias":3,"content-type":"a\\"b"}'],
    [
      { contentType: 'c', topicAlias: 3, responseTopic: 'r' },
      '{"content-type":"c","topic-alias":3,"response-topic":"r"}',
    ],
    [{ correlationData: Buffer.from('cd\0e') }, '{"correlation-data":"cd\\u0000e"}'],
    [{ correlationData: Buffer.from([0xff]) }, '{"correlation-data-base64":"/w=="}'],
    [{ subscriptionIdentifier: 5 }, '{"subscription-identifier":5}'],
    [{ subscriptionIdentifier: [5] }, '{"subscription-identifier":5}'],
    [{ subscriptionIdentifier: [5, 6] }, '{"subscription-identifier":[5,6]}'],
    [{ userProperties: { k: 'v', k2: 'v2' } }, '{"user-properties":[{"k":"v"},{"k2":"v2"}]}'],
    [{ userProperties: { k: ['v', 'w'] } }, '{"user-properties":[{"k":"v"},{"k":"w"}]}'],
  ])('%j', (properties, expected) => {
    expect(withProperties(properties)).toBe(`"properties":${expected}`)
  })

  test('no properties: no member', () => {
    expect(render('%j', message({ properties: {} }))).not.toContain('properties')
  })
})

describe('%J', () => {
  test.each([
    ['{"a":1}', '{"a":1}'],
    [' \t\r\n[ 1 , 2 , { } , [ ] ] \x01', '[1,2,{},[]]'],
    ['\ufeff{"a" : "b"}', '{"a":"b"}'],
    ['{"a":1,"a":2,"":null}', '{"a":1,"a":2,"":null}'],
    ['{"2":1,"1":2}', '{"2":1,"1":2}'],
    ['true', 'true'],
    ['[false,null]', '[false,null]'],
    ['"\\u00e9\\ud83d\\udca9\\/"', '"é💩/"'],
    ['"\\ud83d x \\udca9\\uDCA9"', '"\\ud83d x \\udca9\\udca9"'],
    ['"\\u0000\\u001F\\u007f\\u2028"', '"\\u0000\\u001f\\u007f\\u2028"'],
    ['"\\b\\f\\n\\r\\t\\"\\\\"', '"\\b\\f\\n\\r\\t\\"\\\\"'],
    ['"a\tb\nc"', '"a\\tb\\nc"'],
    ['"ends in \\\\"', '"ends in \\\\"'],
    ['{"\\u0061\\"":1}', '{"a\\"":1}'],
    ['9007199254740993', '9007199254740993'],
    ['123456789012345678901', '123456789012345678901'],
    ['1.0', '1.0'],
    ['1e3', '1e3'],
    ['[1E400,-1.50e-10]', '[1E400,-1.50e-10]'],
    ['-0', '-0'],
    ['01', '1'],
    ['-007', '-7'],
    ['00.50', '0.50'],
    ['1.', '1'],
    ['1.e5', '1e5'],
    ['-.5', '-0.5'],
    ['000', '0'],
  ])('%j', (payload, expected) => {
    expect(copied(payload)).toBe(expected)
  })

  test.each([
    ' ',
    '{',
    '[',
    ']',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{"a":1 "b":2}',
    '{a:1}',
    '{1:1}',
    '.5',
    '+1',
    '-',
    '-.',
    '1e',
    '1e+',
    '--1',
    '0x10',
    '1-2',
    'NaN',
    'Infinity',
    'nul',
    'truex',
    "'a'",
    '"a',
    '"a\\"',
    '"\\x41"',
    '"\\u12"',
    '"\\',
    '1\0',
    '\0',
    '"\0"',
    '1 2',
    '{}{}',
    '[}',
    '{]',
    'undefined',
    '\ufeff',
    '/**/1',
    '[1}',
  ])('%j is refused', (payload) => {
    expect(copied(payload)).toBeUndefined()
  })

  test('bytes that are not UTF-8 are not JSON', () => {
    expect(copied(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined()
  })

  test('nesting is limited to 1000', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(copied(nested(1000))).toBe(nested(1000))
    expect(copied(nested(1001))).toBeUndefined()
    expect(copied('{"a":'.repeat(1_000_000))).toBeUndefined()
  })

  test('the rest of the format is still printed', () => {
    const within = context()
    expect(render('<%t %J>', message({ payload: '{' }), within)).toBe('<f/t >')
    expect(within.warnings).toHaveLength(1)
  })

  test('long texts are written in pieces', () => {
    const payload = JSON.stringify({ text: `${'\n💩x'.repeat(50_000)}`, list: Array(50_000).fill(1.5) })
    expect(copied(payload)).toBe(payload)
    expect(JSON.parse(render('%j', message({ payload }))).payload).toBe(payload)
    expect(copied('9'.repeat(1_000_000))).toHaveLength(1_000_000)
  })
})

test('--pretty is the layout of cJSON', () => {
  const payload = '{"a":{"b":[1,{"c":[]},{}],"d":"x"},"e":[[1,2],[]]}'
  const properties = {
    userProperties: { k: 'v', k2: 'v2' },
    contentType: 'c',
    subscriptionIdentifier: [1, 2],
  }
  expect(render('%J', message({ payload, qos: 1, messageId: 1, properties }), pretty)).toBe(
    [
      '{',
      '\t"tst":\t"2026-11-21T01:34:56.356944+0100",',
      '\t"topic":\t"f/t",',
      '\t"qos":\t1,',
      '\t"retain":\tfalse,',
      '\t"payloadlen":\t50,',
      '\t"mid":\t1,',
      '\t"properties":\t{',
      '\t\t"user-properties":\t[{',
      '\t\t\t\t"k":\t"v"',
      '\t\t\t}, {',
      '\t\t\t\t"k2":\t"v2"',
      '\t\t\t}],',
      '\t\t"content-type":\t"c",',
      '\t\t"subscription-identifier":\t[1, 2]',
      '\t},',
      '\t"payload":\t{',
      '\t\t"a":\t{',
      '\t\t\t"b":\t[1, {',
      '\t\t\t\t\t"c":\t[]',
      '\t\t\t\t}, {',
      '\t\t\t\t}],',
      '\t\t\t"d":\t"x"',
      '\t\t},',
      '\t\t"e":\t[[1, 2], []]',
      '\t}',
      '}',
    ].join('\n'),
  )
})

const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\0', '"', '\\', '💩', '\ufffd')),
})

test('%j is JSON and preserves the bytes of the payload', () => {
  const payloads = fc.oneof(
    fc.uint8Array(),
    text.map((characters) => Buffer.from(characters)),
  )
  fc.assert(
    fc.property(payloads, text, fc.boolean(), (payload, topic, lines) => {
      const printed = renderBytes(
        '%j',
        message({ topic, payload: Buffer.from(payload) }),
        lines ? pretty : context(),
      )
      const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(printed))
      expect(parsed.topic).toBe(topic)
      expect(Buffer.from(parsed.payload ?? '', parsed.encoding ?? 'utf8')).toEqual(Buffer.from(payload))
    }),
  )
})

test('%J prints any JSON value unchanged', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.nat(4), fc.boolean(), (json, indent, lines) => {
      const payload = JSON.stringify(JSON.parse(json), null, indent)
      const printed = render('%J', message({ payload }), lines ? pretty : context())
      expect(JSON.parse(printed).payload).toEqual(JSON.parse(json))
      if (!lines) expect(copied(payload)).toBe(jsonOf(JSON.parse(json)))
    }),
  )
})

test('%J accepts everything that JSON.parse accepts, and prints JSON or nothing', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    '-',
    '.',
    'e',
    '0',
    'true',
    ' ',
    '\\',
    'u00e9',
  )
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1 }), (characters) => {
      const json = characters.join('')
      const accepted = copied(json) !== undefined
      let valid = true
      try {
        JSON.parse(json)
      } catch {
        valid = false
      }
      if (valid) expect(accepted).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
