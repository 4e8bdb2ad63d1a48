import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Recogniser } from '../../src/passwd/foreign.js'
import { formats } from '../../src/passwd/formats.js'
import type { StoredHash } from '../../src/passwd/hash.js'
import {
  type Edit,
  invisibleEnd,
  lineFault,
  passwordLines,
  putUsers,
  removeUser,
} from '../../src/passwd/lines.js'

const { mosquitto } = formats
const stored: StoredHash = { scheme: 'sha512', salt: Buffer.alloc(12, 1), hash: Buffer.alloc(64, 2) }
const hash = mosquitto.join('', stored).slice(1)

const lines = (text: string, format = mosquitto) => passwordLines(text, format)
const edited = (text: string, edit: Edit, format = mosquitto) =>
  lines(text, format)
    .map((line) => edit.line(line))
    .join('') + edit.rest()
const put = (text: string, ...users: string[]) =>
  edited(text, putUsers(new Map(users.map((user) => [user, stored])), mosquitto))
const textOf = (all: readonly { text: string; end: string }[]) =>
  all.map(({ text, end }) => text + end).join('')

function recognise(text: string, format = mosquitto): Recogniser {
  const recogniser = new Recogniser(format)
  for (const line of lines(text, format)) recogniser.add(line)
  return recogniser
}

test('every line keeps its text and line ending', () => {
  const text = '# a\r\nada:x\n\nlast'

  expect(lines(text).map((line) => [line.number, line.text, line.end])).toEqual([
    [1, '# a', '\r\n'],
    [2, 'ada:x', '\n'],
    [3, '', '\n'],
    [4, 'last', ''],
  ])
  expect(textOf(lines(text))).toBe(text)
})

test('reading and writing any file changes nothing', () => {
  const unit = fc.constantFrom('a', ':', '#', '\n', '\r', '\r\n', ' ', '\0', '\udc80', 'é')
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(textOf(lines(text))).toBe(text)
    }),
  )
})

test('in any file only the lines of the user change', () => {
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

  test('removing a user removes all of its lines', () => {
    const kept = edited('ada:x\n# ada:y\nbob:z\nada:y', removeUser('ada'))
    expect(kept).toBe('# ada:y\nbob:z\n')
  })
})

test('a new file has the header of its format', () => {
  const format = formats['emqx-csv']
  const text = edited('', putUsers(new Map([['ada', stored]]), format), format)
  expect(text).toMatch(/^user_id,password_hash,salt,is_superuser\nada,(02){64},/)
})

test.each([
  ['ada:x', undefined],
  ['# any\tthing', undefined],
  ['', undefined],
  ['no colon', undefined],
  [':x', 'missing user name'],
  ['  :x', 'missing user name'],
  ['ada:', 'missing hash after the user name'],
  ['ada: ', 'missing hash after the user name'],
  ['a\0b:x', 'the line has a control character'],
  ['ada:x\u007f', 'the line has a control character'],
  [`ada:${'x'.repeat(131_068)}`, 'the line is too long: more than 131071 characters'],
])('%j: %s', (text, fault) => {
  expect(lineFault(lines(text)[0] ?? lines('\n')[0]!)).toBe(fault)
})

const bcryptLine = 'ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'
const anotherFormat = (what: string) => `this looks like ${what}, not this format`
const noPasswordFile = 'not a password file: no user in this line and no hash in any line'

/** Files given by mistake; `kept`: -c does not replace it. */
test.each([
  ['{"users": []}', anotherFormat('JSON')],
  ['[1]', anotherFormat('JSON')],
  [
    '{\n "clients": [{\n  "username": "ada", "password": "x"}],\n "defaultACLAccess": {}}',
    anotherFormat("JSON of mosquitto's dynamic security plugin"),
  ],
  [
    '{"rabbit_version": "3.13", "users": [{"name": "ada", "password_hash": "x"}]}',
    anotherFormat('a definitions file of RabbitMQ'),
  ],
  ['[{"user_id": "ada", "password_hash": "x"}]', anotherFormat('a JSON import file of EMQX')],
  ['<?xml version="1.0"?>\n<file-rbac/>', anotherFormat('XML')],
  ['-----BEGIN CERTIFICATE-----', anotherFormat('a key or certificate')],
  ['root:x:0:0:root:/root:/bin/sh', anotherFormat('passwd(5) or shadow(5)')],
  ['root:*:19000:0:99999:7:::', anotherFormat('passwd(5) or shadow(5)')],
  ['user_id,password_hash,salt', anotherFormat('an import file of EMQX')],
  [bcryptLine, anotherFormat('bcrypt')],
  ['listener 1883', noPasswordFile],
  ['listener 1883\ncafile /etc/ca.crt\nbridge_bind b:1', noPasswordFile],
  ['user ada\ntopic read a/#', noPasswordFile],
  ['#!/bin/sh\necho hi', noPasswordFile],
  ['127.0.0.1 localhost\n::1 localhost', noPasswordFile],
  ['no colon', noPasswordFile],
])('E58, E60: %j: %s, and -c keeps it', (text, fault) => {
  const recogniser = recognise(`# a comment\n\n${text}\n`)
  const number = text.startsWith('#!') ? 4 : 3
  expect(recogniser.verdict()).toMatchObject({ number, fault })
  expect(recogniser.whyKept()).toMatchObject({ number, fault })
})

test.each([
  [`ada:${hash}\n`, false],
  [`# people\nada:${hash}\n\n`, false],
  ['ada:$8$new\n', false],
  ['', false],
  ['ada:secret\n', true],
  [`ada:${hash}\nno colon\n`, true],
  ['# listener 1883\n', true],
])('E58: %j is a password file; -c keeps it: %s', (text, kept) => {
  const recogniser = recognise(text)
  expect(recogniser.verdict()).toBeUndefined()
  expect(recogniser.whyKept() !== undefined).toBe(kept)
})

test('a mosquitto file is refused by the other formats', () => {
  for (const name of ['bcrypt', 'rabbitmq', 'emqx-csv'] as const) {
    const fault = anotherFormat('a password file of mosquitto')
    expect(recognise(`ada:${hash}\n`, formats[name]).verdict()?.fault).toBe(fault)
  }
})

test.each([
  ['ada', undefined],
  ['a\u00a0b', undefined],
  ['\ufeffada', 'U+FEFF'],
  ['ada\u00a0', 'U+00A0'],
  ['ada\u200b', 'U+200B'],
])('H51: the name %j begins or ends with an invisible character: %s', (user, character) => {
  expect(mosquitto.split(`${user}:x`)?.user).toBe(user)
  expect(invisibleEnd(user)).toBe(character)
})
