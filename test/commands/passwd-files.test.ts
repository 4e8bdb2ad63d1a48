// passwd with valid and invalid files.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { file, passwd, text, write } from '../helpers/passwd.js'
import { programInShell, scratch, shell } from '../helpers/run.js'

/** Only the file remains in its directory: no lock, no temporary file. */
const alone = () => expect(readdirSync(dirname(file))).toEqual([basename(file)])

describe('a file', () => {
  test('is created with mode 0600 with any umask', async () => {
    const { stdout } = await shell(`umask 0; mqttx passwd -c -b '${file}' ada x`)

    expect(stdout.toString()).toBe('Adding password for user ada\n')
    expect(text()).toMatch(/^ada:\$7\$1000\$[\w+/]{16}\$[\w+/]{86}==\n$/)
    expect(statSync(file).mode & 0o7777).toBe(0o600)
    alone()
  })

  test('keeps its mode, its owner and every other line', async () => {
    const other = '# people\r\n\nno colon\nbob:$6$x\n$8$new:thing\nb\\xe9:y'
    write(Buffer.from(`${other}\xff`, 'latin1'), 0o640)
    if (process.getuid?.() === 0) await shell(`chown 1234:2345 '${file}'`)
    chmodSync(file, 0o640)
    await passwd(['-b', file, 'ada', 'x'])
    await passwd(['-b', file, 'ada', 'y'])

    expect(readFileSync(file, 'latin1')).toMatch(
      /^# people\r\n\nno colon\nbob:\$6\$x\n\$8\$new:thing\nb\\xe9:y\xff\nada:.*\n$/,
    )
    expect(statSync(file).mode & 0o7777).toBe(0o640)
    if (process.getuid?.() === 0) expect([statSync(file).uid, statSync(file).gid]).toEqual([1234, 2345])
    alone()
  })

  test('is changed through a symbolic link, which is kept', async () => {
    write('')
    const link = join(scratch('link'), 'link')
    symlinkSync(file, link)
    await passwd(['-b', link, 'ada', 'x'])
    await passwd(['-b', '-c', link, 'bob', 'x'])

    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(text()).toMatch(/^bob:/)
  })

  test('with users is replaced by -c with a warning', async () => {
    await passwd(['-c', '-b', file, 'ada', 'x'])
    const { status, stderr } = await passwd(['-c', '-b', file, 'bob', 'x'])

    expect([status, stderr]).toEqual([0, `Warning: File ${file} exists; replacing its 1 user\n`])
    expect(text()).toMatch(/^bob:.*\n$/)
  })

  test('of another kind is not replaced by -c', async () => {
    write('root:x:0:0:root:/root:/bin/sh\n')
    const { status, stderr } = await passwd(['-c', '-b', file, 'bob', 'x'])

    expect(status).toBe(1)
    expect(stderr).toContain(`Error: Unable to open file ${file} for writing. File exists.\n`)
    expect(text()).toBe('root:x:0:0:root:/root:/bin/sh\n')
  })

  test.each([
    ['a configuration', 'listener 1883\n'],
    ['a configuration that is all comments', '# listener 1883\n'],
    ['an access control list', 'user ada\ntopic read a/#\n'],
    ['a script', '#!/bin/sh\necho a:b\n'],
    ['hosts(5)', '127.0.0.1 localhost\n::1 localhost\n'],
    ['passwords that are not hashed', 'ada:secret\n'],
  ])('E58: %s is not replaced by -c', async (_, contents) => {
    write(contents)
    const { status, stderr } = await passwd(['-c', '-b', file, 'bob', 'x'])
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^Error: Unable to open file .* for writing\. File exists\.\nhint: line 1|2: /),
    ])
    expect(text()).toBe(contents)
    alone()
  })

  test('with a duplicate user has the user once after a change', async () => {
    write('ada:$6$x\nbob:$6$y\nada:$6$z\n')
    const { stdout, stderr } = await passwd(['-b', file, 'ada', 'x'])

    expect(stdout.toString()).toBe('Updating password for user ada\n')
    expect(stderr).toBe(`Warning: ${file}:3: removing duplicate of user ada\n`)
    expect(text()).toMatch(/^ada:\$7.*\nbob:\$6\$y\n$/)
  })

  test('loses exactly the lines of a deleted user', async () => {
    write('ada:$6$x\n# c\nbob:$6$y\nada:$6$z')
    const first = await passwd(['-D', file, 'ada'])
    const second = await passwd(['-D', file, 'ada'])

    expect([first.status, first.stdout.toString(), first.stderr]).toEqual([0, '', ''])
    expect(text()).toBe('# c\nbob:$6$y\n')
    expect([second.status, second.stderr]).toEqual([1, 'Warning: User ada not found in password file.\n'])
  })

  test('readable by all users causes a warning', async () => {
    write('', 0o644)
    chmodSync(file, 0o644)
    const { status, stderr } = await passwd(['-b', file, 'ada', 'x'])

    expect(status).toBe(0)
    expect(stderr).toContain(
      `Warning: File ${file} has world readable permissions. Future versions will refuse`,
    )
  })
})

describe('an invalid file is not changed', () => {
  const actions = {
    add: () => passwd(['-b', file, 'ada', 'x']),
    delete: () => passwd(['-D', file, 'bob']),
    import: () => passwd(['-U', '-', file], { stdin: 'ada:x\n' }),
  }
  test.each([
    ['no user', 'bob:$6$x\n:$6$y\n', 2, 'missing user name'],
    ['no hash', 'bob:$6$x\neve:\n', 2, 'missing hash after the user name'],
    ['binary', 'bob:$6$x\n\n\x89PNG\0\n', 3, 'the line has a control character'],
    ['a long line', `bob:${'x'.repeat(140_000)}\n`, 1, 'the line is too long'],
    ['JSON', '{"users": {}}\n', 1, 'this looks like JSON'],
    ['shadow(5)', 'bob:*:19000:0:99999:7:::\n', 1, 'this looks like passwd(5) or shadow(5)'],
    ['a configuration', '# x\nlistener 1883\n', 2, 'not a password file: no user in this line'],
    ['bcrypt', 'bob:$2a$10$c4WoMPo3SXsafkva.HHa6u\n', 1, 'this looks like bcrypt'],
  ])('%s', async (_, contents, line, fault) => {
    write(contents)
    for (const action of Object.values(actions)) {
      const { status, stderr } = await action()
      expect(status).toBe(1)
      expect(stderr).toContain(`Error: Corrupt password file at line ${line}.\n${file}:${line}: ${fault}`)
      expect(text()).toBe(contents)
    }
    alone()
  })

  test('a missing file', async () => {
    const { status, stderr } = await actions.add()
    expect([status, stderr]).toEqual([
      1,
      `Error: Unable to open password file ${file}. No such file or directory.\n`,
    ])
    expect(existsSync(file)).toBe(false)
  })

  test.each([
    [['-b'], 'password file F. Is a directory.'],
    [['-c', '-b'], 'file F for writing. Is a directory.'],
  ])('a directory: %j', async (options, message) => {
    mkdirSync(file)
    const { status, stderr } = await passwd([...options, file, 'ada', 'x'])
    expect([status, stderr]).toEqual([1, `Error: Unable to open ${message.replace('F', file)}\n`])
  })

  test('a missing directory', async () => {
    const { stderr } = await passwd(['-c', '-b', join(file, 'x'), 'ada', 'x'])
    expect(stderr).toMatch(/^Error: Unable to open file .*\/x for writing\. No such file or directory\.\n$/)
  })

  test('a device', async () => {
    const { status, stderr } = await passwd(['-b', '/dev/null', 'ada', 'x'])
    expect([status, stderr]).toEqual([1, 'Error: /dev/null is not a regular file.\n'])
  })

  test('H53: a dangling symbolic link is named', async () => {
    symlinkSync(join(dirname(file), 'nothing'), file)
    for (const options of [['-c'], []]) {
      const { status, stderr } = await passwd([...options, '-b', file, 'ada', 'x'])
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(
          /No such file or directory\.\nhint: it is a symbolic link to .*\/nothing, which does not exist\n$/,
        ),
      ])
    }
    alone()
  })

  test.runIf(process.getuid?.() === 0)('no permission', async () => {
    write('bob:$6$x\n')
    const as = (mode: number, options = '') => {
      chmodSync(file, mode)
      return shell(`chmod 755 '${dirname(file)}'; setpriv --reuid 65534 --regid 65534 --clear-groups \
        ${programInShell} passwd ${options} -b '${file}' ada x`)
    }
    await shell(`chmod 711 '${dirname(dirname(file))}'`)
    for (const [mode, options] of [[0o600], [0o644], [0o666], [0o644, '-c']] as const) {
      const { status, stderr } = await as(mode, options)
      expect([status, stderr]).toEqual([1, expect.stringContaining('Permission denied.')])
      expect(text()).toBe('bob:$6$x\n')
    }
  })

  const big = `${'# '.padEnd(100, 'x')}\n`.repeat(200)

  test('a file size limit (ulimit)', async () => {
    write(big)
    const { status, stderr } = await shell(`ulimit -f 8; mqttx passwd -b '${file}' ada x`)
    expect([status, stderr]).toEqual([
      1,
      `Error occurred updating password file.\n${file}: File too large\nhint: the file is unchanged\n`,
    ])
    expect(text()).toBe(big)
    alone()
  })

  test.runIf(process.getuid?.() === 0)('a full disk', async ({ skip }) => {
    const disk = scratch('disk')
    const mount = await shell(`mount -t tmpfs -o size=64k tmpfs '${disk}'`)
    if (mount.status !== 0) skip(mount.stderr)
    try {
      const users = join(disk, 'users')
      writeFileSync(users, big, { mode: 0o600 })
      await shell(
        `head -c 100000 /dev/zero > '${disk}/rest'; rm '${disk}/rest'; head -c 36000 /dev/zero > '${disk}/rest'`,
      )
      const { status, stderr } = await passwd(['-b', users, 'ada', 'x'])
      expect([status, stderr]).toEqual([1, expect.stringContaining(`${users}: No space left on device\n`)])
      expect(text(users)).toBe(big)
      expect(readdirSync(disk)).toEqual(['rest', 'users'])
    } finally {
      await shell(`umount '${disk}'`)
    }
  })
})
