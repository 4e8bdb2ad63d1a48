// passwd as a process: arguments and password sources.
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { file, isPassword, passwd, text, write } from '../helpers/passwd.js'
import { scratch, shell } from '../helpers/run.js'
import { run } from './fake-host.js'

describe('arguments', () => {
  test.each([
    [[], 'Password file and username missing.'],
    [['F'], 'Username missing.'],
    [['-b', 'F', 'u'], 'Password missing.'],
    [['F', 'u', 'p'], 'Too many arguments.\nhint: a password on the command line needs -b'],
    [['F', 'u', '-b'], "Too many arguments: '-b'.\nhint: options go before the file"],
    [['-H'], '-H argument given but not enough other arguments.'],
    [['-H', 'nohash'], "Unknown hash type 'nohash'"],
    [['-I'], '-I argument given but not enough other arguments.'],
    [['-I', '0'], 'Number of iterations must be > 0.'],
    [
      ['-I', '99999999999'],
      'Number of iterations must be from 1 to 2147483647.\nhint: a whole number from 1 to 2147483647',
    ],
    [['-I', 'x'], 'Number of iterations must be > 0.'],
    [['-c', '-D'], '-c and -D cannot be used together.'],
    [['-c', '-U', '-D'], '-c and -D cannot be used together.'],
    [['-c', '-U'], '-c and -U cannot be used together.'],
    [['-U', '-D'], '-D and -U cannot be used together.'],
    [['-b', '-D'], '-b and -D cannot be used together.'],
    [['-c', '-b'], '-c argument given but password file, username, or password missing.'],
    [['-c'], '-c argument given but password file or username missing.'],
    [['-D'], '-D argument given but password file or username missing.'],
    [['-U'], '-U argument given but password file missing.'],
    [['-U', '-', '-I', '1000', 'big'], "Too many arguments: '-I'.\nhint: options go before the file"],
    [['-U', 'F', '-I', '1000'], "Too many arguments: '-I'.\nhint: options go before the file"],
    [['-U', '-', '-x'], "Too many arguments: '-x'.\nhint: options go before the file"],
    [['-U', 'F', 'x'], '-U argument given but password file missing.'],
    [['--audit'], '--audit argument given but password file missing.'],
    [['--verify', '-c', 'F', 'u'], '-c and --verify cannot be used together.'],
    [['--generate', '-b', 'F', 'u', 'x'], '-b and --generate cannot be used together.'],
    [['--generate', '-D', 'F', 'u'], '-D and --generate cannot be used together.'],
    [['--rehash', 'F', 'u'], '--rehash needs --verify.'],
    [['--no-guess', 'F', 'u'], '--no-guess needs --audit.'],
    [['--if-changed', '-c', 'F', 'u'], '-c and --if-changed cannot be used together.'],
    [['--if-changed', '--generate', 'F', 'u'], '--generate and --if-changed cannot be used together.'],
    [['--if-changed', '-U', 'F'], '-U with --if-changed needs - and a file.'],
    [['--json', 'F', 'u'], '--json needs --list or --audit.'],
    [['--format', 'bcrypt', '-H', 'sha512', 'F', 'u'], '--format bcrypt and -H cannot be used together.'],
    [['--format', 'bcrypt', '-I', '32', 'F', 'u'], 'The bcrypt cost must be from 4 to 31.'],
    [['-x', 'F', 'u'], "Unknown option '-x'."],
    [['-D', 'F', 'bad:'], "Username must not contain the ':' character."],
    [['-D', 'F', 'bad\n'], 'Username must not contain control characters.'],
    [['-D', 'F', 'a'.repeat(65_536)], 'Username must be less than 65536 characters long.'],
    [['-b', 'F', '', 'x'], 'Username must not be empty.'],
    [['-b', 'F', '#a', 'x'], "Username must not begin with '#'"],
    [['-b', 'F', ' a', 'x'], 'Username must not begin or end with white space.'],
    [['-b', 'F', 'a', 'x'.repeat(65_536)], 'Password must be less than 65536 characters long.'],
  ])('%j', async (words, message) => {
    const { status, stdout, stderr } = await run(['passwd', ...words], { at: [] })

    expect(stderr.startsWith(`Error: ${message}`), stderr).toBe(true)
    expect([status, stdout]).toEqual([1, ''])
  })

  test('a name that is not UTF-8 is refused', async () => {
    const { status, stderr } = await shell(`mqttx passwd -b '${file}' $'a\\xff' x`)
    expect([status, stderr]).toEqual([1, "Error: Username must be UTF-8.\nhint: see 'mqttx passwd --help'\n"])
  })

  test('a password may be any bytes, begin with a dash, or be empty', async () => {
    write('')
    await shell(
      `mqttx passwd -b '${file}' ada -c; mqttx passwd -b '${file}' bob $'\\xff'; mqttx passwd -b '${file}' eve ''`,
    )

    expect(await isPassword('ada', '-c')).toBe(0)
    expect((await shell(`mqttx passwd --verify -b '${file}' bob $'\\xff'`)).status).toBe(0)
    expect(await isPassword('eve', '')).toBe(0)
  })

  test('arguments after -c FILE USER are ignored with a warning', async () => {
    const { status, stderr } = await passwd(['-c', file, 'ada', 'x'], { stdin: 'y\ny\n' })
    expect([status, stderr]).toEqual([
      0,
      'Warning: ignoring arguments after the user name; use -b to pass a password there\n',
    ])
    expect(await isPassword('ada', 'y')).toBe(0)
  })
})

describe('passwords', () => {
  test.each([
    ['from a file', ['--password-file', 'F'], ''],
    ['from standard input', ['--password-file', '-'], 'se:cret \n'],
  ])('%s', async (_, options, stdin) => {
    const secret = join(scratch('secret'), 'secret')
    writeFileSync(secret, 'se:cret \r\n')
    const words = options.map((word) => (word === 'F' ? secret : word))
    const set = await passwd([...words, '-c', file, 'ada'], { stdin })

    expect([set.status, set.stdout.toString()]).toEqual([0, 'Adding password for user ada\n'])
    expect(await isPassword('ada', 'se:cret ')).toBe(0)
    expect((await passwd(['--verify', ...words, file, 'ada'], { stdin })).status).toBe(0)
    expect((await passwd(['--verify', file, 'ada'], { stdin: 'se:cret ' })).status).toBe(0)
  })

  test.each([
    ['empty', '', 'Empty password.'],
    ['more than one line', 'a\nb\n', 'Standard input has more than one line.'],
    ['too long', 'x'.repeat(70_000), 'Password must be less than 65536 characters long.'],
  ])('%s', async (_, stdin, message) => {
    const { status, stderr } = await passwd(['--password-file', '-', '-c', file, 'ada'], { stdin })
    expect([status, stderr]).toEqual([1, expect.stringContaining(`Error: ${message}\n`)])
    expect(existsSync(file)).toBe(false)
  })

  test('--generate prints only the password', async () => {
    const { stdout, stderr } = await passwd(['--generate', '-c', file, 'ada'])
    const password = stdout.toString().trimEnd()

    expect(stdout.toString()).toMatch(/^[A-Za-z0-9]{24}\n$/)
    expect(stderr).toBe('Adding password for user ada\n')
    expect(await isPassword('ada', password)).toBe(0)
    expect((await passwd(['--generate', file, 'bob'])).stdout.toString()).not.toBe(stdout.toString())
  })

  test('-n and -c - print the line', async () => {
    const printed = await passwd(['-n', '-b', 'ada', 'x'])
    const create = await passwd(['-c', '-b', '-', 'ada', 'x'])
    const asked = await passwd(['-c', '-', 'ada'], { stdin: 'x\nx\n' })

    expect(printed.stdout.toString()).toMatch(/^ada:\$7\$1000\$.*\n$/)
    expect(create.stdout.toString()).toMatch(/^ada:\$7\$1000\$.*\n$/)
    expect(asked.stdout.toString()).toMatch(/^Password: \nReenter password: \nada:\$7\$1000\$/)
  })

  test.each([
    ['the right one', 'ada', 'x', 0, ''],
    ['a wrong one', 'ada', 'y', 4, 'Error: Wrong password for user ada.\n'],
    ['no such user', 'eve', 'x', 4, 'Error: User eve not found in password file.\n'],
  ])('--verify: %s', async (_, user, password, status, stderr) => {
    await passwd(['-c', '-b', file, 'ada', 'x'])
    const { stdout, ...rest } = await passwd(['--verify', '-b', file, user, password])
    expect({ ...rest, stdout: stdout.toString() }).toEqual({ status, stderr, stdout: '' })
  })

  test('--rehash replaces a weaker hash once, and only for the correct password', async () => {
    await passwd(['-H', 'sha512', '-c', '-b', file, 'ada', 'x'])
    const before = text()
    await passwd(['--verify', '--rehash', '-b', file, 'ada', 'y'])
    expect(text()).toBe(before)
    await passwd(['--verify', '--rehash', '-b', file, 'ada', 'x'])
    expect(text()).toMatch(/^ada:\$7\$1000\$/)
    await passwd(['--verify', '--rehash', '-I', '2000', '-b', file, 'ada', 'x'])
    const strong = text()
    expect(strong).toMatch(/^ada:\$7\$2000\$/)
    await passwd(['--verify', '--rehash', '-b', file, 'ada', 'x'])
    expect(text()).toBe(strong)
    expect(await isPassword('ada', 'x')).toBe(0)
  })
})

describe('E62: --if-changed', () => {
  test('does not change the file if the user has this password', async () => {
    write('')
    const put = (...words: string[]) => passwd(['--if-changed', '-I', '500', '-b', ...words])
    expect((await put(file, 'ada', 'x')).stdout.toString()).toBe('Adding password for user ada\n')
    const first = text()
    const { ino } = statSync(file)
    const again = await put(file, 'ada', 'x')
    expect([again.status, again.stdout.toString()]).toEqual([0, 'Password for user ada is unchanged\n'])
    expect([text(), statSync(file).ino]).toEqual([first, ino])
    expect((await put(file, 'ada', 'y')).stdout.toString()).toBe('Updating password for user ada\n')
    expect(await isPassword('ada', 'y')).toBe(0)
  })

  test('replaces a weak hash and removes a duplicate line', async () => {
    await passwd(['-I', '500', '-c', '-b', file, 'ada', 'x'])
    await passwd(['--if-changed', '-I', '600', '-b', file, 'ada', 'x'])
    expect(text()).toMatch(/^ada:\$7\$600\$.*\n$/)
    write(text() + text())
    await passwd(['--if-changed', '-I', '600', '-b', file, 'ada', 'x'])
    expect(text()).toMatch(/^ada:\$7\$600\$.*\n$/)
  })

  test('-U - FILE changes only passwords that differ', async () => {
    const stdin = 'ada:x\nbob:y\n'
    await passwd(['-I', '500', '-U', '-', file], { stdin })
    const first = text()
    const { ino } = statSync(file)
    await passwd(['--if-changed', '-I', '500', '-U', '-', file], { stdin })
    expect([text(), statSync(file).ino]).toEqual([first, ino])
    await passwd(['--if-changed', '-I', '500', '-U', '-', file], { stdin: 'ada:x\nbob:z\neve:z\n' })
    expect(text().split('\n')[0]).toBe(first.split('\n')[0])
    expect(await isPassword('bob', 'z')).toBe(0)
    expect(await isPassword('eve', 'z')).toBe(0)
  })
})

describe('reading a file', () => {
  test('--list', async () => {
    await shell(`mqttx passwd -c -b '${file}' ada x; mqttx passwd -H sha512 -b '${file}' bob x`)
    const listed = await passwd(['--list', file])
    const json = await passwd(['--list', '--json', file])

    expect(listed.stdout.toString()).toBe('ada\tsha512-pbkdf2\t1000\nbob\tsha512\t1\n')
    expect(JSON.parse(json.stdout.toString())).toEqual([
      { line: 1, user: 'ada', scheme: 'sha512-pbkdf2', cost: 1000 },
      { line: 2, user: 'bob', scheme: 'sha512', cost: 1 },
    ])
  })

  test('--audit', async () => {
    await shell(`mqttx passwd -I 210000 -c -b '${file}' ada x; mqttx passwd -H sha512 -b '${file}' bob x`)
    const audited = await passwd(['--audit', file])
    const json = await passwd(['--audit', '--json', file])
    await passwd(['-D', file, 'bob'])
    const clean = await passwd(['--audit', file])

    const message = '$6$ is one round of SHA-512'
    expect(audited.stdout.toString()).toBe(`${file}:2: weak-scheme: user bob: ${message}\n`)
    expect([audited.status, audited.stderr]).toEqual([42, '2 users, 1 finding.\n'])
    expect(JSON.parse(json.stdout.toString())).toEqual({
      file,
      users: 2,
      findings: [{ line: 2, user: 'bob', rule: 'weak-scheme', message }],
    })
    expect(json.status).toBe(42)
    expect([clean.status, clean.stdout.toString()]).toEqual([0, ''])
  })

  test('E61: --audit tests for guessable passwords unless --no-guess is given', async () => {
    await shell(`cd $(dirname ${file}); mqttx passwd -c -b users ada ada; mqttx passwd -b users bob ''`)
    const audited = await passwd(['--audit', '-I', '1000', file])
    expect(audited.stdout.toString()).toBe(
      `${file}:1: password-is-user: user ada: the password is the user name\n` +
        `${file}:2: empty-password: user bob: the password is empty\n`,
    )
    const quick = await passwd(['--audit', '--no-guess', '-I', '1000', file])
    expect([quick.status, quick.stdout.toString()]).toEqual([0, ''])
  })

  test.each([
    ['{\n "clients": [{ "username": "ada" }]\n}\n', "JSON of mosquitto's dynamic security plugin"],
    ['{"rabbit_version": "4.0"}\n', 'a definitions file of RabbitMQ'],
  ])('E60: JSON files are identified: %j', async (contents, what) => {
    write(contents)
    const audited = await passwd(['--audit', file])
    expect([audited.stdout.toString(), audited.stderr]).toEqual([
      `${file}:1: other-format: this looks like ${what}, not this format\n`,
      '0 users, 1 finding.\n',
    ])
    for (const words of [
      ['--verify', '-b', file, 'ada', 'x'],
      ['--list', file],
      ['-b', file, 'ada', 'x'],
    ]) {
      const { status, stderr } = await passwd(words)
      expect([status, stderr]).toEqual([1, expect.stringContaining(`this looks like ${what}`)])
    }
    expect(text()).toBe(contents)
  })
})
