import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formats } from '../../src/passwd/formats.js'
import type { StoredHash } from '../../src/passwd/hash.js'
import {
  foreignLine,
  lineFault,
  passwordLines,
  refuseCorrupt,
  textOf,
  withoutUser,
  withUsers,
} from '../../src/passwd/lines.js'

const { mosquitto } = formats
const stored: StoredHash = { scheme: 'sha512', salt: Buffer.alloc(12, 1), hash: Buffer.alloc(64, 2) }
const hash = mosquitto.join('', stored).slice(1)

const lines = (text: string, format = mosquitto) => passwordLines(text, format)
const put = (text: string, ...users: string[]) =>
  textOf(withUsers(lines(text), new Map(users.map((user) => [user, stored])), mosquitto))

test('every line keeps its text and its end', () => {
  const text = '# a\r\nada:x\n\nlast'

  expect(lines(text).map((line) => [line.number, line.text, line.end])).toEqual([
    [1, '# a', '\r\n'],
    [2, 'ada:x', '\n'],
    [3, '', '\n'],
    [4, 'last', ''],
  ])
  expect(textOf(lines(text))).toBe(text)
})

test('whatever a file holds, reading and writing it changes nothing', () => {
  const unit = fc.constantFrom('a', ':', '#', '\n', '\r', '\r\n', ' ', '\0', '\udc80', 'é')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(textOf(lines(text))).toBe(text)
    }),
  )
})

test('whatever a file holds, only the lines of the user change', () => {
  const unit = fc.constantFrom('ada', 'bob', ':', '#', '\n', ' ', 'x')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const others = (of: string) => lines(of).filter(({ entry }) => entry?.user !== 'ada')
      const texts = (of: string) => others(of).map((line) => line.text)
      expect(texts(put(text, 'ada'))).toEqual(texts(text))
      expect(lines(put(text, 'ada')).filter(({ entry }) => entry?.user === 'ada')).toHaveLength(1)
    }),
  )
})

describe('a user', () => {
  test.each([
    ['who is new stands at the end', 'ada:x\n', 'bob', `ada:x\nbob:${hash}\n`],
    ['who is new does not stick to a last line without an end', 'ada:x', 'bob', `ada:x\nbob:${hash}\n`],
    ['in an empty file', '', 'bob', `bob:${hash}\n`],
    ['who is known keeps his place', '# a\nada:x\nbob:y\n', 'ada', `# a\nada:${hash}\nbob:y\n`],
    ['on the last line, which has no end', 'bob:y\nada:x', 'ada', `bob:y\nada:${hash}`],
    ['with blanks around his name', ' ada : x\n', 'ada', `ada:${hash}\n`],
    ['who is there twice stands there once', 'ada:x\nbob:y\nada:z\n', 'ada', `ada:${hash}\nbob:y\n`],
  ])('%s', (_, text, user, expected) => {
    expect(put(text, user)).toBe(expected)
  })

  test('who goes takes all his lines with him', () => {
    const kept = withoutUser(lines('ada:x\n# ada:y\nbob:z\nada:y'), 'ada')
    expect(textOf(kept)).toBe('# ada:y\nbob:z\n')
  })
})

test('a new file has the header of its format', () => {
  const text = textOf(withUsers([], new Map([['ada', stored]]), formats['emqx-csv']))
  expect(text).toMatch(/^user_id,password_hash,salt,is_superuser\nada,(02){64},/)
})

test.each([
  ['ada:x', undefined],
  ['# any\tthing', undefined],
  ['', undefined],
  ['no colon', undefined],
  [':x', 'there is no user name'],
  ['  :x', 'there is no user name'],
  ['ada:', 'there is nothing behind the user name'],
  ['ada: ', 'there is nothing behind the user name'],
  ['a\0b:x', 'the line has a control character'],
  ['ada:x\u007f', 'the line has a control character'],
  [`ada:${'x'.repeat(131_068)}`, 'the line is too long: more than 131071 characters'],
])('%j: %s', (text, fault) => {
  expect(lineFault(lines(text)[0] ?? lines('\n')[0]!)).toBe(fault)
})

test.each([
  ['{"users": []}', 'JSON'],
  ['[1]', 'JSON'],
  ['-----BEGIN CERTIFICATE-----', 'a key or certificate'],
  ['root:x:0:0:root:/root:/bin/sh', 'passwd(5) or shadow(5)'],
  ['root:*:19000:0:99999:7:::', 'passwd(5) or shadow(5)'],
  ['user_id,password_hash,salt', 'an import file of EMQX'],
  ['ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC', 'bcrypt'],
  [`ada:${hash}`, undefined],
  ['ada:secret', undefined],
  ['ada:$8$new', undefined],
])('%s is %s', (line, what) => {
  expect(foreignLine(lines(`# a comment\n\n${line}\n`), mosquitto)).toEqual(what && { number: 3, what })
})

test('a file of mosquitto is another format for the others', () => {
  for (const name of ['bcrypt', 'rabbitmq', 'emqx-csv'] as const) {
    expect(foreignLine(lines(`ada:${hash}\n`), formats[name])?.what).toBe('a password file of mosquitto')
  }
})

test('what is corrupt is told in the words of the reference, with file and line', () => {
  expect(() => refuseCorrupt(lines('ada:x\n:y\n'), mosquitto, 'users')).toThrow(
    'Corrupt password file at line 2.\nusers:2: there is no user name',
  )
})
