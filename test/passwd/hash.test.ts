import * as crypto from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashPassword, verifyHash } from '../../src/passwd/derive.js'
import { formatHash, parseHash, type StoredHash } from '../../src/passwd/hash.js'

const salt64 = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=='
const pbkdf2 = 'j5aX3DstWRgO5cjjfvKvsf7Z/KK812T4wGDMih+DCHQg8P7++fmj4sZcMp1smkEafZL0QZ29tE5ezahL/nyffw=='
const sha512 = 'wEYf8F4/yHDmlCt3YmMXwFi//Ux0IOce8NucN+r/9QAuqoVaYz7SU9131YSsyqLHn9NUpM/F4yTaDANhOFpYTQ=='

function stored(text: string): StoredHash {
  const hash = parseHash(text)
  if ('fault' in hash) throw new Error(hash.fault)
  return hash
}

const fault = (text: string): string | undefined => {
  const hash = parseHash(text)
  return 'fault' in hash ? hash.fault : undefined
}

describe.each([
  // The two with 64 bytes of salt were computed with Python's hashlib, the first with 12 by mosquitto_passwd 2.0.11;
  // mosquitto 2.0.11 admits the user of the last.
  ['$7$, 64 bytes of salt', `$7$1000$${salt64}$${pbkdf2}`, 'secret'],
  ['$6$, 64 bytes of salt', `$6$${salt64}$${sha512}`, 'secret'],
  [
    '$7$, 12 bytes of salt',
    '$7$101$Rmat9jMS7LvG5XbD$Lc8N0z4g3p496yfAMiA+DT4X1RB01U7BuEwG7bqezT/B52NjAt5AhLKsrkJZxRcn10YL/2YoynQHfA6vStJ4uQ==',
    'påss:wörd ',
  ],
  [
    '$6$, 12 bytes of salt',
    '$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==',
    'secret',
  ],
  // Output of the argon2 program of the reference implementation.
  [
    '$argon2id$, as mosquitto 2.1 writes it',
    '$argon2id$v=19$m=47104,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg$0nGWzMjUf6oZ8fu++KVWZ307KBwF+7muwVYQDW8cuHnSmGdMHDscax04wks4UJxdtWjhb6cn4MM+XUREOEBN/Q',
    'secret',
  ],
  [
    '$argon2id$, several passes and lanes',
    '$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQx$bUb81amRqAufqxfNYpC3s+U6/u1HzYc1J6PLoP99KMM',
    'påss:wörd ',
  ],
])('%s', (_, text, password) => {
  test('is written as read', () => {
    expect(formatHash(stored(text))).toBe(text)
  })

  test('matches its password', async () => {
    expect(await verifyHash(stored(text), Buffer.from(password))).toBe(true)
  })

  test.each([
    ['another', `${password}x`],
    ['an empty', ''],
    ['a shorter', password.slice(0, -1)],
  ])('%s password does not match', async (__, wrong) => {
    expect(await verifyHash(stored(text), Buffer.from(wrong))).toBe(false)
  })
})

test.each([
  ['secret', 'not a hash'],
  ['', 'not a hash'],
  ['$', "unknown hash scheme '$$'"],
  ['$2y$10$abcdefghijk', "unknown hash scheme '$2y$'"],
  ['$6$', 'a $6$ hash must have the form $6$SALT$HASH'],
  [`$6$${salt64}$${sha512}$`, 'a $6$ hash must have the form $6$SALT$HASH'],
  [`$7$${salt64}$${pbkdf2}`, 'a $7$ hash must have the form $7$ITERATIONS$SALT$HASH'],
  [`$7$0$${salt64}$${pbkdf2}`, "invalid number of iterations '0'"],
  [`$7$-1$${salt64}$${pbkdf2}`, "invalid number of iterations '-1'"],
  [`$7$1e3$${salt64}$${pbkdf2}`, "invalid number of iterations '1e3'"],
  [`$7$2147483648$${salt64}$${pbkdf2}`, "invalid number of iterations '2147483648'"],
  [`$7$1000$AAEC$${pbkdf2}`, 'the salt has 3 bytes, not 12 or 64'],
  [`$7$1000$$${pbkdf2}`, 'the salt is not base64'],
  [`$7$1000$${salt64.slice(0, -1)}$${pbkdf2}`, 'the salt is not base64'],
  [`$7$1000$${salt64}$${pbkdf2.slice(0, -4)}`, 'the hash has 63 bytes, not 64'],
  [`$7$1000$${salt64}$*${pbkdf2.slice(1)}`, 'the hash is not base64'],
  ['$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$aGFzaA', 'the salt is not 8 or more bytes in base64'],
  ['$argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaA', 'the hash is not 12 or more bytes in base64'],
  ['$argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ=$aGFzaA', 'the salt is not 8 or more bytes in base64'],
  ['$argon2id$v=16$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaA', "unsupported argon2id version 'v=16': only v=19"],
  ['$argon2id$v=19$m=4,t=1,p=1$c2FsdHNhbHQ$aGFzaA', "argon2id parameters 'm=4,t=1,p=1' out of range"],
  ['$argon2id$v=19$m=99999999,t=1,p=1$a$a', "argon2id parameters 'm=99999999,t=1,p=1' out of range"],
  [
    '$argon2id$v=19$m=47104,t=1$c2FsdHNhbHQ$aGFzaA',
    'an argon2id hash must have the form $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH',
  ],
])('%s is refused', (text, why) => {
  expect(fault(text)).toBe(why)
})

describe.each([
  [{ scheme: 'sha512' }, /^\$6\$[\w+/]{16}\$[\w+/]{86}==$/],
  [{ scheme: 'sha512-pbkdf2' }, /^\$7\$1000\$[\w+/]{16}\$[\w+/]{86}==$/],
  [{ scheme: 'sha512-pbkdf2', iterations: 7 }, /^\$7\$7\$/],
  [{ scheme: 'argon2id' }, /^\$argon2id\$v=19\$m=47104,t=1,p=1\$[\w+/]{86}\$[\w+/]{86}$/],
  [{ scheme: 'argon2id', iterations: 2 }, /^\$argon2id\$v=19\$m=47104,t=2,p=1\$/],
] as const)('a new hash with %j', (settings, form) => {
  test('has a form and salt that mosquitto 2.0 and 2.1 read', async () => {
    const hash = await hashPassword(settings, Buffer.from('secret'))

    expect(formatHash(hash)).toMatch(form)
    expect(await verifyHash(stored(formatHash(hash)), Buffer.from('secret'))).toBe(true)
    expect(await verifyHash(hash, Buffer.from('Secret'))).toBe(false)
  })

  test('has a new salt each time', async () => {
    const [one, other] = [1, 2].map(() => hashPassword(settings, Buffer.from('secret')))

    expect(formatHash(await one!)).not.toBe(formatHash(await other!))
  })
})

/** node:crypto's argon2id (24.7) accepts an empty password, hash-wasm does not. */
const takeNoEmpty = 'argon2' in crypto ? (['bcrypt'] as const) : (['argon2id', 'bcrypt'] as const)

test.each(takeNoEmpty)('%s refuses an empty password and matches none', async (scheme) => {
  await expect(hashPassword({ scheme }, Buffer.alloc(0))).rejects.toThrow('Unable to hash password.')
  const hash = await hashPassword({ scheme, iterations: scheme === 'bcrypt' ? 4 : 1 }, Buffer.from('x'))
  expect(await verifyHash(hash, Buffer.alloc(0))).toBe(false)
})

test('argon2id does not block the event loop', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await Promise.all([1, 2, 3, 4].map(() => hashPassword({ scheme: 'argon2id' }, Buffer.from('x'))))
  clearInterval(timer)

  expect(turns).toBeGreaterThan(20)
})

describe("Node's own argon2id, where it has one", () => {
  type Compute = (algorithm: string, parameters: object, done: (error: unknown, hash: Buffer) => void) => void

  /** Hashes with this function in the place of Node's. */
  async function hashedBy(compute: Compute): Promise<StoredHash> {
    const module = process.getBuiltinModule('node:crypto') as { argon2?: Compute }
    const before = module.argon2
    module.argon2 = compute
    try {
      return await hashPassword({ scheme: 'argon2id' }, Buffer.from('secret'), Buffer.alloc(64))
    } finally {
      if (before === undefined) delete module.argon2
      else module.argon2 = before
    }
  }

  test.each([null, undefined])('its hash is used if the error is %s', async (error) => {
    const hash = Buffer.alloc(64, 7)
    expect((await hashedBy((_algorithm, _parameters, done) => done(error, hash))).hash).toEqual(hash)
  })

  test('its error is reported', async () => {
    const failed = hashedBy((_algorithm, _parameters, done) => done(new Error('no memory'), Buffer.alloc(0)))
    await expect(failed).rejects.toMatchObject({ message: 'Unable to hash password.', hint: 'no memory' })
  })
})
