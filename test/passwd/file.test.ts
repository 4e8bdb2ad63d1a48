import { expect, test } from 'vitest'
import { MqttxError } from '../../src/errors.js'
import { parsePasswords, verifyUser } from '../../src/passwd/file.js'

const right =
  '$7$101$zJbmZyckMvYKex70$He5n/rmJO194yXVw25O3DsHxLl9X4OaEjYlWwMgad86NdZvIXgaudkI481oYVNu4P+X+8TtZGiNyP2QHP9gqhA=='

const verify = (text: string, user: string, password: string): Promise<boolean> =>
  verifyUser(parsePasswords(text, 'users'), user, Buffer.from(password))

function refusal(text: string): MqttxError {
  try {
    parsePasswords(text, 'users')
  } catch (error) {
    if (error instanceof MqttxError) return error
  }
  throw new Error('was accepted')
}

test('the users of a file with their line numbers', () => {
  const entries = parsePasswords(
    `# people\n\nada:${right}\nno colon\n bob : ${right} \r\n#eve:${right}\n`,
    'users',
  )

  expect([...entries.values()].map(({ user, line }) => [user, line])).toEqual([
    ['ada', 3],
    ['bob', 5],
  ])
})

test.each([
  ['a last line without its end', `ada:${right}`],
  ['text after a second colon', `ada:${right}:comment`],
])('%s', async (_, text) => {
  expect(await verify(text, 'ada', 'right')).toBe(true)
})

test('an empty file has no users', () => {
  expect(parsePasswords('', 'users').size).toBe(0)
})

test('a user is verified only by the password', async () => {
  expect(await verify(`ada:${right}`, 'ada', 'right')).toBe(true)
  expect(await verify(`ada:${right}`, 'ada', 'wrong')).toBe(false)
  expect(await verify(`ada:${right}`, 'ADA', 'right')).toBe(false)
  expect(await verify(`ada:${right}`, 'nobody', 'right')).toBe(false)
})

test('argon2id is verified, and an unknown user takes as long', async () => {
  const text =
    'ada:$argon2id$v=19$m=47104,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg$0nGWzMjUf6oZ8fu++KVWZ307KBwF+7muwVYQDW8cuHnSmGdMHDscax04wks4UJxdtWjhb6cn4MM+XUREOEBN/Q\n'
  const time = async (user: string) => {
    const start = performance.now()
    await verify(text, user, 'wrong')
    return performance.now() - start
  }

  expect(await verify(text, 'ada', 'secret')).toBe(true)
  expect(await verify(text, 'ada', 'wrong')).toBe(false)
  const [known, unknown] = [await time('ada'), await time('eve')]
  expect(unknown).toBeGreaterThan(known / 4)
})

test('a duplicate user is an error that names both lines', () => {
  const error = refusal(`ada:${right}\n\nbob:${right}\nada:${right}\n`)

  expect(error.message).toBe("users:4: duplicate user 'ada', first on line 1")
  expect(error.exitCode).toBe(1)
})

test('an invalid line is an error that names it', () => {
  expect(refusal(`ada:${right}\nbob:secret\n`).message).toBe(
    "users:2: cannot use the hash of 'bob': not a hash",
  )
  expect(refusal('bob:\n').message).toBe("users:1: cannot use the hash of 'bob': not a hash")
  expect(refusal(`:${right}\n`).message).toBe("users:1: no user name before ':'")
})
