// Hashes from the documentation of other brokers are reproduced and verified.
import { describe, expect, test } from 'vitest'
import { verifyHash } from '../../src/passwd/derive.js'
import { type FormatName, formats } from '../../src/passwd/formats.js'
import type { StoredHash } from '../../src/passwd/hash.js'

function stored(name: FormatName, text: string): StoredHash {
  const hash = formats[name].parse(text)
  if ('fault' in hash) throw new Error(hash.fault)
  return hash
}

describe.each([
  // https://httpd.apache.org/docs/2.4/misc/password_encryptions.html, with the prefix that htpasswd writes
  [
    'bcrypt',
    'myName:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
    'myPassword',
    'myName:$2a$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
  ],
  // https://www.rabbitmq.com/docs/passwords: salt 908D C60A, password test12
  ['rabbitmq', 'guest:kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR', 'test12'],
  // https://docs.emqx.com/en/emqx/latest/access-control/authn/user_management.html, which does not say the passwords: they
  // are the ones that these hashes are of.
  [
    'emqx-csv',
    'myuser3,b6c743545a7817ae8c8f624371d5f5f0373234bb0ff36b8ffbf19bce0e06ab75,de1024f462fb83910fd13151bd4bd235,true',
    'mypassword3',
  ],
  [
    'emqx-csv',
    'myuser4,ee68c985a69208b6eda8c6c9b4c7c2d2b15ee2352cdd64a903171710a99182e8,ad773b5be9dd0613fe6c2f4d8c403139,false',
    'mypassword4',
  ],
] as const)('%s: %s', (name, line, password, written: string = line) => {
  const format = formats[name]
  const fields = format.split(line)!

  test('the documented password matches', async () => {
    expect(await verifyHash(stored(name, fields.hash), Buffer.from(password))).toBe(true)
    expect(await verifyHash(stored(name, fields.hash), Buffer.from(`${password}x`))).toBe(false)
  })

  test('the line is written as read', () => {
    expect(format.join(fields.user, stored(name, fields.hash), fields)).toBe(written)
  })
})

test.each([
  ['mosquitto', {}],
  ['bcrypt', { iterations: 4 }],
  ['rabbitmq', {}],
  ['emqx-csv', {}],
] as const)('%s: a new hash is read again and verified', async (name, settings) => {
  const format = formats[name]
  const hash = await format.hash(Buffer.from('påss'), { scheme: 'sha512-pbkdf2', ...settings })
  const line = format.join('åda', hash)

  const { user, hash: text } = format.split(line)!
  expect(user).toBe('åda')
  expect(await verifyHash(stored(name, text), Buffer.from('påss'))).toBe(true)
})

test.each(['a,b', 'a"b', '"', ',', 'plain'])('emqx-csv: the name %s survives a round trip', async (name) => {
  const format = formats['emqx-csv']
  const line = format.join(name, await format.hash(Buffer.from('x'), { scheme: 'sha256' }))

  expect(format.split(line)?.user).toBe(name)
})

test('emqx-csv: is_superuser is kept', async () => {
  const format = formats['emqx-csv']
  const hash = await format.hash(Buffer.from('x'), { scheme: 'sha256' })

  expect(format.join('a', hash, { user: 'a', hash: 'aa,bb,true' })).toMatch(/,true$/)
})

test('emqx-csv: the header is not a user', () => {
  expect(formats['emqx-csv'].split('user_id,password_hash,salt,is_superuser')).toBeUndefined()
})

test.each([
  ['a password of more than 72 bytes', 'x'.repeat(73)],
  ['a NUL', 'a\0b'],
])('bcrypt refuses %s, which it would truncate', async (_, password) => {
  await expect(
    formats.bcrypt.hash(Buffer.from(password), { scheme: 'bcrypt', iterations: 4 }),
  ).rejects.toThrow('Unable to hash password.')
})

test.each([
  ['bcrypt', '$2y$05$short'],
  ['bcrypt', '$2y$32$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'],
  ['bcrypt', '$2y$03$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'],
  ['rabbitmq', 'kI3GCqW5JLM='],
  ['emqx-csv', 'abc,def,true'],
  ['emqx-csv', `${'a'.repeat(64)},salt,maybe`],
  ['emqx-csv', `${'a'.repeat(64)},salt,true,more`],
] as const)('%s: %s is refused', (name, text) => {
  expect(formats[name].parse(text)).toHaveProperty('fault')
})
