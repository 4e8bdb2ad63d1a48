import { expect, test } from 'vitest'
import { Audit, auditMode } from '../../src/passwd/audit.js'
import { hashPassword } from '../../src/passwd/derive.js'
import { parsePasswords, verifyUser } from '../../src/passwd/file.js'
import { formats } from '../../src/passwd/formats.js'
import type { StoredHash } from '../../src/passwd/hash.js'
import { passwordLines } from '../../src/passwd/lines.js'
import { effortOf, isBelow, weaknessOf } from '../../src/passwd/policy.js'
import { SeenUsers } from '../../src/passwd/seen-users.js'

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

const bcrypt = (cost: number): StoredHash => ({ scheme: 'bcrypt', cost, ...bytes })

test.each([
  [sha512, undefined, '$6$ is one round of SHA-512'],
  [pbkdf2(1000), undefined, '1000 iterations, recommended: 210000 or more'],
  [pbkdf2(1000), 2000, '1000 iterations, required: 2000 or more'],
  [pbkdf2(2000), 2000, undefined],
  [bcrypt(9), undefined, 'cost 9, recommended: 10 or more'],
  [bcrypt(10), 11, 'cost 10, required: 11 or more'],
  [bcrypt(10), undefined, undefined],
  [argon2id(7167, 5), undefined, '7167 KiB and 5 passes, recommended: 7168 and 5 or equivalent'],
  [argon2id(7168, 5), undefined, undefined],
  [argon2id(47_104, 1), 2, '1 passes, required: 2 or more'],
] as const)('%j, at least %j: %s', (stored, iterations, message) => {
  expect(weaknessOf(stored, iterations)?.message).toBe(message)
})

test.each([
  [sha512, 1],
  [pbkdf2(1000), 500],
  [bcrypt(10), 61_440],
  [argon2id(47_104, 2), 188_416],
])('%j takes about %i microseconds', (stored, microseconds) => {
  expect(effortOf(stored)).toBe(microseconds)
})

test('ten thousand users, each with the line of its first appearance', () => {
  const seen = new SeenUsers()
  const lines = Array.from({ length: 10_000 }, (_, i) => i + 1)
  for (const number of lines) expect(seen.earlier(`user ${number}`, number)).toBeUndefined()
  expect(seen.size).toBe(10_000)
  for (const number of lines) expect(seen.earlier(`user ${number}`, 20_000)).toBe(number)
  expect(seen.size).toBe(10_000)
})

test.each([
  [0o100600, undefined],
  [0o100640, undefined],
  [0o100700, undefined],
  [0o100660, 'mode 0660: writable by its group; use chmod 0600'],
  [0o100644, 'mode 0644: accessible to all users; use chmod 0600'],
  [0o100666, 'mode 0666: accessible to all users; use chmod 0600'],
])('the mode %i of a file', (mode, message) => {
  const found =
    message === undefined ? [] : [{ line: undefined, user: undefined, rule: 'permissions', message }]
  expect(auditMode(mode)).toEqual(found)
})

const line = (user: string, stored: StoredHash) => formats.mosquitto.join(user, stored)
async function auditOf(text: string, iterations?: number, guess = false) {
  const audit = new Audit({ format: formats.mosquitto, iterations, guess })
  const lines = passwordLines(text, formats.mosquitto)
  return (await Promise.all(lines.map((line) => audit.line(line)))).flat()
}
const findings = async (text: string, iterations?: number, guess = false) =>
  (await auditOf(text, iterations, guess)).map(({ line, rule, user }) => [line, rule, user])

test('a file without problems', async () => {
  const text = `# people\n${line('ada', pbkdf2(210_000))}\n${line('bob', argon2id(47_104))}\n`
  expect(await findings(text)).toEqual([])
})

test('every kind of problem, with its line', async () => {
  const text = [
    line('ada', sha512),
    line('bob', pbkdf2(209_999)),
    '',
    line('ada', pbkdf2(210_000)),
    'no colon',
    'eve:secret',
    'fay:$7$x',
    ':x',
    line('gus', argon2id(19_456)),
    line('hal', argon2id(19_456, 2)),
  ].join('\n')

  expect(await findings(text)).toEqual([
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

test('possible plain-text passwords are not printed', async () => {
  expect(JSON.stringify(await auditOf('eve:$ecret$word\n'))).not.toContain('ecret')
})

test('the minimum number of iterations can be set', async () => {
  const text = `${line('ada', pbkdf2(1000))}\n${line('bob', pbkdf2(5000))}\n`
  expect(await findings(text, 5000)).toEqual([[1, 'low-iterations', 'ada']])
})

/** For each scheme, a hash that just passes and one just below. */
test.each([
  ['sha512-pbkdf2', pbkdf2(210_000), pbkdf2(209_999)],
  ['argon2id with much memory', argon2id(47_104), argon2id(35_839)],
  ['argon2id with many passes', argon2id(7168, 5), argon2id(7168, 4)],
  ['argon2id, less memory than recommended', argon2id(7168, 6), argon2id(7167, 6)],
])("E61: today's recommendation: %s", async (_, good, low) => {
  expect(await findings(`${line('ada', good)}\n`)).toEqual([])
  expect(await findings(`${line('ada', low)}\n`)).toEqual([[1, 'low-iterations', 'ada']])
})

test.each([
  ['sha512', {}],
  ['sha512-pbkdf2', { iterations: 210_000 }],
] as const)('E61: %s: an empty password, and one that is the user name', async (scheme, more) => {
  const made = async (user: string, password: string) =>
    `${line(user, await hashPassword({ scheme, ...more }, Buffer.from(password)))}\n`
  const text = (await made('ada', '')) + (await made('bob', 'bob')) + (await made('eve', 'x'))
  const rules = (await findings(text, undefined, true)).filter(([, rule]) => rule !== 'weak-scheme')
  expect(rules).toEqual([
    [1, 'empty-password', 'ada'],
    [2, 'password-is-user', 'bob'],
  ])
})

const zeros = (count: number) => Buffer.alloc(count).toString('base64').replace(/=+$/, '')
const cheap = formats.mosquitto.join('x', sha512)

/** Hashes that would take hours to verify. */
const tooExpensive = [
  `ada:$7$2147483647$${Buffer.alloc(12).toString('base64')}$${Buffer.alloc(64).toString('base64')}`,
  `ada:$7$10000001$${Buffer.alloc(12).toString('base64')}$${Buffer.alloc(64).toString('base64')}`,
  `ada:$argon2id$v=19$m=47104,t=1000000000,p=1$${zeros(16)}$${zeros(64)}`,
  `ada:$argon2id$v=19$m=1048577,t=1,p=1$${zeros(16)}$${zeros(64)}`,
]
test.each(tooExpensive)('H28: %s is a finding, and an error for a broker', async (text) => {
  expect(await findings(`${text}\n`, undefined, true)).toEqual([[1, 'too-expensive', 'ada']])
  expect(() => parsePasswords(`${text}\n`, 'users')).toThrow(
    "users:1: cannot use the hash of 'ada': too expensive",
  )
})

test('H28: the bcrypt cost is limited', () => {
  const rest = 'c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'
  expect(formats.bcrypt.parse(`$2y$17$${rest}`)).toMatchObject({ expensive: true })
  expect(formats.bcrypt.parse(`$2y$16$${rest}`)).not.toHaveProperty('fault')
})

test('H29: a refusal takes the time of the costliest hash, for any user', async () => {
  const text = `ada:${cheap.slice(2)}\n${line('bob', pbkdf2(400_000))}\neve:${cheap.slice(2)}\n`
  const entries = parsePasswords(text, 'users')
  const time = async (user: string) => {
    const start = performance.now()
    expect(await verifyUser(entries, user, Buffer.from('wrong'))).toBe(false)
    return performance.now() - start
  }
  const costly = await time('bob')
  for (const user of ['ada', 'eve', 'nobody']) expect(await time(user)).toBeGreaterThan(costly / 4)
})

test('H51: a name with an invisible first or last character is a finding', async () => {
  const text = `\ufeff${line('ada', argon2id(47_104))}\n${line('bob\u00a0', argon2id(47_104))}\n`
  expect((await auditOf(text)).map(({ rule, message }) => [rule, message])).toEqual([
    ['invisible', 'U+FEFF, the byte order mark of the file, is part of the name'],
    ['invisible', 'U+00A0 is part of the name'],
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
