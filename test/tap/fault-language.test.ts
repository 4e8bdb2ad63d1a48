// The language of faults: each form, and errors that point at the word.
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.js'
import { parseFault, parseFaultFile } from '../../src/tap/fault-language.js'

const none = {
  ...{ type: undefined, direction: undefined, nth: undefined, topic: undefined, client: undefined },
  ...{ probability: undefined, times: undefined },
}

test.each([
  ['puback c2s #2 drop', { type: 4, direction: 'c2s', nth: 2, action: { kind: 'drop' } }],
  [
    'publish s2c topic=a/# delay 200ms',
    { type: 3, direction: 's2c', topic: 'a/#', action: { kind: 'delay', ms: 200 } },
  ],
  ['connack delay 20s', { type: 2, action: { kind: 'delay', ms: 20_000 } }],
  ['CONNACK delay 1.5m', { type: 2, action: { kind: 'delay', ms: 90_000 } }],
  [
    'publish c2s #3 close after 17',
    { type: 3, direction: 'c2s', nth: 3, action: { kind: 'close', after: 17 } },
  ],
  ['publish close', { type: 3, action: { kind: 'close', after: 0 } }],
  ['pubrel reset after 2 times=1', { type: 6, times: 1, action: { kind: 'reset', after: 2 } }],
  ['connect answer 0x97', { type: 1, action: { kind: 'answer', code: 0x97 } }],
  ['connect answer 5', { type: 1, action: { kind: 'answer', code: 5 } }],
  ['publish duplicate p=0.1', { type: 3, probability: 0.1, action: { kind: 'duplicate' } }],
  ['all throttle 10KB/s', { action: { kind: 'throttle', bytesPerSecond: 10_000 } }],
  [
    'all s2c throttle 1.5MiB/s',
    { direction: 's2c', action: { kind: 'throttle', bytesPerSecond: 1_572_864 } },
  ],
  ['suback truncate 1', { type: 9, action: { kind: 'truncate', bytes: 1 } }],
  ['pingresp drop', { type: 13, action: { kind: 'drop' } }],
  [
    'publish topic="a b/c" client="x y" drop',
    { type: 3, topic: 'a b/c', client: 'x y', action: { kind: 'drop' } },
  ],
  ['  all   times=3   drop  ', { times: 3, action: { kind: 'drop' } }],
])('%s', (text, expected) => {
  expect(parseFault(text)).toEqual({ ...none, ...expected, text: text.trim() })
})

test.each([
  ['pubakc drop', 0, "'pubakc' is not a packet type", "did you mean 'puback'?"],
  ['drop', 0, "'drop' is not a packet type", 'begin with a type such as publish, or all'],
  ['', 0, "'' is not a packet type", 'begin with a type such as publish, or all'],
  ['puback c2s #2 drpo', 14, "unknown word 'drpo'", "did you mean 'drop'?"],
  [
    'puback xyzzy drop',
    7,
    "unknown word 'xyzzy'",
    /^use c2s, s2c, topic=, client=, p=, times=, #N or an action$/,
  ],
  ['puback c2s', 11, 'what shall happen?', /^end it with an action: drop, delay/],
  ['puback #0 drop', 8, "'0' is not a number from 1 to 268435460", undefined],
  ['puback #x drop', 8, "'x' is not a number from 1 to 268435460", undefined],
  ['puback times=-1 drop', 13, "'-1' is not a number from 1 to 268435460", undefined],
  ['publish p=2 drop', 10, "'2' is not a probability", 'such as p=0.1'],
  ['publish delay 20', 14, "'20' is not a time", 'such as 200ms, 1.5s or 2m'],
  ['publish delay 9999999m', 14, "'9999999m' is not a time", 'such as 200ms, 1.5s or 2m'],
  ['publish delay', 14, 'delay needs a time, such as 200ms', undefined],
  ['all throttle 10', 13, "'10' is not a rate", 'such as 512B/s, 10KB/s or 1MB/s'],
  ['suback truncate one', 16, "'one' is not a number from 0 to 268435460", undefined],
  ['publish close after', 20, 'after needs a number of bytes', undefined],
  ['publish answer 0x97', 8, 'only a CONNECT can be answered', 'as in: connect answer 0x97'],
  ['connect answer 0x00', 15, "'0x00' is not a code that refuses", 'use 0x80 to 0xff'],
  ['puback topic=a drop', 7, 'only a PUBLISH has a topic', 'as in: publish topic=a/# drop'],
  ['publish topic=a/#/b drop', 16, '# must be the last level', undefined],
  ['publish topic= drop', 14, 'a Topic Filter is missing', undefined],
  ['publish drop drop', 13, "'drop' is one too many", 'write two rules'],
  ['publish c2s s2c drop', 12, "'s2c' is one too many", 'write two rules'],
])('%s: the error points at column %i', (text, column, message, hint) => {
  let error: unknown
  try {
    parseFault(text)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(UsageError)
  const { lines, hint: given } = error as UsageError
  expect(lines).toEqual([`--fault: ${message}`, `  ${text}`, `  ${' '.repeat(column)}^`])
  if (hint instanceof RegExp) expect(given).toMatch(hint)
  else expect(given).toBe(hint)
})

describe('MQTT-SN', () => {
  test.each([
    ['advertise drop', { type: 0, action: { kind: 'drop' } }],
    ['register s2c #2 delay 1s', { type: 10, direction: 's2c', nth: 2, action: { kind: 'delay', ms: 1000 } }],
    ['publish topic=a/# duplicate', { type: 12, topic: 'a/#', action: { kind: 'duplicate' } }],
    ['pingresp truncate 1', { type: 23, action: { kind: 'truncate', bytes: 1 } }],
    ['connect answer 3', { type: 4, action: { kind: 'answer', code: 3 } }],
    ['all p=0.1 drop', { probability: 0.1, action: { kind: 'drop' } }],
  ])('%s', (text, expected) => {
    expect(parseFault(text, '--fault', 'mqtt-sn')).toEqual({ ...none, ...expected, text })
  })

  test.each([
    ['auth drop', "'auth' is not a message type", 'begin with a type such as publish, or all'],
    ['registr drop', "'registr' is not a message type", "did you mean 'register'?"],
    [
      'publish close',
      'close is for TCP: a datagram has no connection',
      'use drop, delay, duplicate, truncate, answer',
    ],
    [
      'all throttle 1KB/s',
      'throttle is for TCP: a datagram has no connection',
      'use drop, delay, duplicate, truncate, answer',
    ],
    ['connect answer 0x97', "'0x97' is not a code that refuses", 'use 1 to 3'],
    ['connect answer', 'answer needs a return code, 1 to 3', undefined],
    ['publish answer 1', 'only a CONNECT can be answered', 'as in: connect answer 1'],
    ['register topic=a drop', 'only a PUBLISH has a topic', 'as in: publish topic=a/# drop'],
  ])('%s is an error', (text, message, hint) => {
    expect(() => parseFault(text, '--fault', 'mqtt-sn')).toThrow(
      expect.objectContaining({ lines: expect.arrayContaining([`--fault: ${message}`]), hint }),
    )
  })
})

describe('a file', () => {
  test('one rule a line, with comments', () => {
    const rules = parseFaultFile('# first\n\npuback #2 drop # the second\r\n  all delay 1s\n#', 'faults')
    expect(rules.map(({ text }) => text)).toEqual(['puback #2 drop', 'all delay 1s'])
  })

  test('an error names the line', () => {
    expect(() => parseFaultFile('all drop\nall dorp\n', 'faults')).toThrow(
      "faults, line 2: unknown word 'dorp'",
    )
  })

  test('and too many rules are refused', () => {
    expect(() => parseFaultFile('all drop\n'.repeat(1001), 'faults')).toThrow('faults: more than 1000 faults')
  })
})

test('a line of control characters is shown in one line, and the column is right', () => {
  expect(() => parseFault('all \u001b[1m drop')).toThrow(/ {2}all \\u001b\[1m drop\n {6}\^/)
})

test('a rule of a megabyte', () => {
  expect(() => parseFault('a'.repeat(1_000_000))).toThrow('longer than 4096 characters')
})
