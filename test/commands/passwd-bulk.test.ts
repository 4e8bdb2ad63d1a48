// passwd -U: many users at a time.
import { statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { file, isPassword, passwd, text, write } from '../helpers/passwd.js'
import { shell } from '../helpers/run.js'

describe('passwd -U', () => {
  test('-U FILE hashes the plain-text passwords', async () => {
    write('# people\nada:x\n\n bob :  a:b \neve:x\n')
    await passwd(['-b', file, 'eve', 'y'])
    const eve = text().split('\n')[4]
    const { status, stdout, stderr } = await passwd(['-I', '500', '-U', file])

    expect([status, stdout.toString(), stderr]).toEqual([0, '', ''])
    expect(text()).toMatch(/^# people\nada:\$7\$500\$.*\n\nbob:\$7\$500\$.*\neve:\$7\$1000\$.*\n$/)
    expect(text().split('\n')[4]).toBe(eve)
    expect(await isPassword('bob', 'a:b')).toBe(0)
    const once = text()
    await passwd(['-U', file])
    expect(text()).toBe(once)
  })

  test.each([
    ['no colon', 'ada:x\nbob\n', 2],
    ['no password', 'ada:x\nbob:\n', 2],
    ['a user twice', 'ada:x\nbob:x\nada:y\n', 3],
    ['a damaged hash', 'ada:$7$1000$x\n', 1],
  ])('-U FILE, %s: the file is unchanged', async (_, contents, line) => {
    write(contents)
    const { status, stderr } = await passwd(['-U', file])
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${file}:${line}: `)])
    expect(text()).toBe(contents)
  })

  test('-U - hashes lines in order', async () => {
    const users = Array.from({ length: 30 }, (_, at) => `user${at}`)
    const { stdout } = await passwd(['-I', '10', '-U', '-'], {
      stdin: users.map((user) => `${user}: p:${user}\r\n`).join(''),
    })
    write(stdout)

    expect(text().match(/^[^:]+/gm)).toEqual(users)
    expect(await isPassword('user7', ' p:user7')).toBe(0)
  })

  test('-U - FILE adds to a file or creates it', async () => {
    await passwd(['-U', '-', file], { stdin: 'ada:x\nbob:y\n' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await passwd(['-U', '-', file], { stdin: 'bob:z\neve:z' })

    expect(text().match(/^[^:]+/gm)).toEqual(['ada', 'bob', 'eve'])
    expect(await isPassword('bob', 'z')).toBe(0)
  })

  test.each([
    ['ada:x\nbob\n', 2, "missing ':'"],
    ['ada:x\n:y\n', 2, 'a username must not be empty'],
    ['a\0b:x\n', 1, 'a username must not contain control characters'],
    ['ada:x\nada:y\n', 2, 'same user as on line 1'],
    ['# c\n\nada:\n', 3, 'Empty password.'],
    [`ada:${'x'.repeat(65_536)}\n`, 1, 'Password must be less than 65536 characters long.'],
    [`ada:${'x'.repeat(140_000)}\n`, 1, 'the line is too long'],
  ])('standard input, case %#', async (stdin, line, fault) => {
    const { status, stdout, stderr } = await passwd(['-U', '-'], { stdin })
    expect([status, stdout.toString()]).toEqual([1, ''])
    expect(stderr).toContain(
      `Error: Corrupt password file at line ${line}.\nstandard input:${line}: ${fault}`,
    )
  })

  test.each(['bcrypt', 'rabbitmq', 'emqx-csv'])('%s', async (format) => {
    const cost = format === 'bcrypt' ? ['-I', '4'] : []
    await passwd(['--format', format, ...cost, '-U', '-', file], { stdin: 'ada:x\nb,o"b:y\n' })
    await passwd(['--format', format, ...cost, '-b', file, 'ada', 'z'])

    expect(await isPassword('ada', 'z', '--format', format)).toBe(0)
    expect(await isPassword('b,o"b', 'y', '--format', format)).toBe(0)
    expect((await passwd(['--format', format, '--list', file])).stdout.toString()).toMatch(
      /^ada\t.*\nb,o"b\t.*\n$/,
    )
    expect((await passwd(['-b', file, 'ada', 'x'])).status).toBe(format === 'rabbitmq' ? 0 : 1)
  })
})

test('the users on standard input are limited in bytes', async () => {
  const script = 'for (let i = 0; i < 4500; i++) console.log("user" + i + ":" + "x".repeat(65000))'
  const { status, stderr } = await shell(`node -e '${script}' | mqttx passwd -U - >/dev/null`, {
    timeoutMs: 60_000,
  })
  expect(stderr).toMatch(/standard input:4\d\d\d: more than 256 MiB of users: import them in parts/)
  expect(status).toBe(1)
}, 60_000)
