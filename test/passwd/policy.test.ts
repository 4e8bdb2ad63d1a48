import { expect, test } from 'vitest'
import { auditLines, auditMode } from '../../src/passwd/audit.js'
import { formats } from '../../src/passwd/formats.js'
import type { StoredHash } from '../../src/passwd/hash.js'
import { passwordLines } from '../../src/passwd/lines.js'
import { isBelow } from '../../src/passwd/policy.js'

const bytes = { salt: Buffer.alloc(12), hash: Buffer.alloc(64) }
const sha512: StoredHash = { scheme: 'sha512', ...bytes }
const pbkdf2 = (iterations: number): StoredHash => ({ scheme: 'sha512-pbkdf2', iterations, ...bytes })
const argon2id = (memory: number, passes = 1): StoredHash => ({
  ...{ scheme: 'argon2id', memory, passes, lanes: 1, length: 64 },
  ...bytes,
})

test.each([
  [sha512, { scheme: 'sha512-pbkdf2' }, true],
  [pbkdf2(101), { scheme: 'sha512-pbkdf2' }, true],
  [pbkdf2(999), { scheme: 'sha512-pbkdf2' }, true],
  [pbkdf2(1000), { scheme: 'sha512-pbkdf2' }, false],
  [pbkdf2(1000), { scheme: 'sha512-pbkdf2', iterations: 1001 }, true],
  [pbkdf2(100_000), { scheme: 'argon2id' }, true],
  [argon2id(47_104), { scheme: 'argon2id' }, false],
  [argon2id(47_104), { scheme: 'sha512-pbkdf2', iterations: 1_000_000 }, false],
  [sha512, { scheme: 'sha512' }, false],
] as const)('%j is below %j: %s', (stored, settings, below) => {
  expect(isBelow(stored, settings)).toBe(below)
})

const line = (user: string, stored: StoredHash) => formats.mosquitto.join(user, stored)
const findings = (text: string, iterations?: number) =>
  auditLines(passwordLines(text, formats.mosquitto), formats.mosquitto, iterations).map((finding) => [
    finding.line,
    finding.rule,
    finding.user,
  ])

test('a good file', () => {
  expect(findings(`# people\n${line('ada', pbkdf2(1000))}\n${line('bob', argon2id(47_104))}\n`)).toEqual([])
})

test('everything that can be wrong, with its line', () => {
  const text = [
    line('ada', sha512),
    line('bob', pbkdf2(101)),
    '',
    line('ada', pbkdf2(1000)),
    'no colon',
    'eve:secret',
    'fay:$7$x',
    ':x',
    line('gus', argon2id(19_456)),
    line('hal', argon2id(19_456, 2)),
  ].join('\n')

  expect(findings(text)).toEqual([
    [1, 'weak-scheme', 'ada'],
    [2, 'low-iterations', 'bob'],
    [3, 'empty-line', undefined],
    [4, 'duplicate', 'ada'],
    [5, 'malformed', undefined],
    [6, 'plain-text', 'eve'],
    [7, 'malformed', 'fay'],
    [8, 'malformed', ''],
    [9, 'low-iterations', 'gus'],
    [10, 'no-newline', 'hal'],
  ])
})

test('what may be a password is not shown', () => {
  const lines = passwordLines('eve:$ecret$word\n', formats.mosquitto)
  expect(JSON.stringify(auditLines(lines, formats.mosquitto, undefined))).not.toContain('ecret')
})

test('the least iterations can be asked for', () => {
  const text = `${line('ada', pbkdf2(1000))}\n${line('bob', pbkdf2(5000))}\n`
  expect(findings(text, 5000)).toEqual([[1, 'low-iterations', 'ada']])
})

test('another format is one finding', () => {
  expect(findings('root:x:0:0:root:/root:/bin/sh\nada:x:1:1::/:/bin/sh\n')).toEqual([
    [1, 'other-format', undefined],
  ])
})

test.each([
  [0o100600, 0],
  [0o100640, 0],
  [0o100400, 0],
  [0o100660, 1],
  [0o100644, 1],
  [0o100602, 1],
])('the mode %o: %s', (mode, count) => {
  expect(auditMode(mode)).toHaveLength(count)
})
