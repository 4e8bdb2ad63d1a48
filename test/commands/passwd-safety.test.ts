// A password file never loses users, is never partial, and is never locked for good.
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test } from 'vitest'
import { parsePasswords, verifyUser } from '../../src/passwd/file.js'
import { amount, oneOfEvery } from '../helpers/amount.js'
import { measured } from '../helpers/memory.js'
import { mqttx, programInShell, scratch, shell, startMqttx } from '../helpers/run.js'

let folder: string
let file: string
beforeEach(() => {
  folder = scratch('safety')
  file = join(folder, 'users')
  writeFileSync(file, '', { mode: 0o600 })
})

const put = (user: string, password = 'x') => mqttx(['passwd', '-H', 'sha512', '-b', file, user, password])
/** The contents of the lock; undefined if there is none. */
function lockText(): string | undefined {
  try {
    return readFileSync(`${file}.lock`, 'utf8')
  } catch {
    return undefined
  }
}
const users = () => [...parsePasswords(readFileSync(file, 'utf8'), file).keys()]

test('concurrent runs lose no user', async () => {
  const names = Array.from(
    { length: amount({ inCi: 24, here: 8 }) },
    (_, at) => `user${String(at).padStart(2, '0')}`,
  )
  const runs = await Promise.all(names.map((name) => put(name)))

  expect(runs.map(({ status }) => status)).toEqual(names.map(() => 0))
  expect(users().sort()).toEqual(names)
  expect(readdirSync(folder)).toEqual(['users'])
}, 60_000)

/** Each starts a process. */
const kills = amount({ inCi: 200, here: 12 })

test(`after ${kills} kills at random times the file is the complete old or new file`, async () => {
  const lines = Array.from({ length: 2000 }, (_, at) => `# ${String(at).padStart(200, '.')}\n`).join('')
  writeFileSync(file, lines)
  const start = performance.now()
  await put('ada', 'p0')
  const usualMs = performance.now() - start
  let now = 'p0'
  let replaced = 0
  const kill = async (run: number) => {
    const password = `p${run}`
    const abandoned = lockText()
    const { ino } = statSync(file)
    const running = startMqttx(['passwd', '-H', 'sha512', '-b', file, 'ada', password])
    running.ended.catch(() => {})
    const until = async (event: () => boolean) => {
      while (!event() && running.child.exitCode === null) await sleep(1)
    }
    // In turn: at a random time, near the replacement, at the start of the hash, when the file has been replaced.
    if (run % 4 === 0) await sleep(usualMs * (0.3 + Math.random()))
    else if (run % 4 === 3) await until(() => statSync(file).ino !== ino)
    else {
      await until(() => ![abandoned, undefined].includes(lockText()))
      if (run % 4 === 1) await sleep(Math.random() * 15)
    }
    running.kill('SIGKILL')
    await running.ended
    const text = readFileSync(file, 'utf8')
    const entries = parsePasswords(text, file)
    expect(text.startsWith(lines) && text.endsWith('\n')).toBe(true)
    expect([...entries.keys()]).toEqual(['ada'])
    const isNew = await verifyUser(entries, 'ada', Buffer.from(password))
    if (!isNew) expect(await verifyUser(entries, 'ada', Buffer.from(now))).toBe(true)
    if (isNew) [now, replaced] = [password, replaced + 1]
  }
  for (let run = 1; run <= kills; run++) await kill(run)
  expect(replaced).toBeGreaterThanOrEqual(kills / 4)
  expect(replaced).toBeLessThan(kills)

  const last = await put('bob')
  expect([last.status, last.stderr]).toEqual([0, ''])
  expect(users()).toEqual(['ada', 'bob'])
  expect(readdirSync(folder)).toEqual(['users'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
}, 600_000)

test.each([
  ['of a process that has ended', () => `999999999 1 ${hostname()} 0123456789ab\n`],
  ['of a process whose id another one has now', () => `${process.pid} 1 ${hostname()} 0123456789ab\n`],
])('a lock %s is taken over and its temporary file removed', async (_, text) => {
  writeFileSync(`${file}.lock`, text())
  writeFileSync(`${file}.0123456789ab.tmp`, 'half')
  const { status } = await put('ada')

  expect(status).toBe(0)
  expect(readdirSync(folder)).toEqual(['users'])
})

test('an empty lock is taken over when it is old', async () => {
  writeFileSync(`${file}.lock`, '')
  expect((await put('ada')).status).toBe(0)
  expect(readdirSync(folder)).toEqual(['users'])
})

test.each([
  ['of another machine', `1 1 elsewhere 0123456789ab\n`],
  ['of another program', 'mine\n'],
])('a lock %s is respected and kept', async (_, text) => {
  writeFileSync(`${file}.lock`, text)
  const running = startMqttx(['passwd', '-b', file, 'ada', 'x'])
  await sleep(1500)
  running.kill('SIGTERM')

  expect((await running.ended).status).toBe(143)
  expect(readFileSync(`${file}.lock`, 'utf8')).toBe(text)
  expect(users()).toEqual([])
})

test.each([
  [[], 'Waiting for the password file F: it is being changed by process 1 on elsewhere.\n'],
  [['--quiet'], ''],
])('waiting for a lock is announced: %j', async (options, said) => {
  writeFileSync(`${file}.lock`, '1 1 elsewhere 0123456789ab\n')
  const running = startMqttx(['passwd', ...options, '-b', file, 'ada', 'x'])
  if (said === '') await sleep(2500)
  else await running.until((_, stderr) => stderr.endsWith('\n'))
  rmSync(`${file}.lock`)
  const { status, stderr } = await running.ended

  expect([status, stderr]).toEqual([0, said.replace('F', file)])
  expect(users()).toEqual(['ada'])
})

test.each([
  ['a full disk', '>/dev/full', 'standard output: '],
  ['a reader that has gone', '| sleep 0', 'closed before reading the password'],
])('a generated password that cannot be printed (%s) changes nothing', async (_, redirection, said) => {
  await put('ada')
  const before = readFileSync(file, 'utf8')
  const script = `(sleep 1; mqttx passwd --generate ${file} ada; echo status $? >&2) ${redirection}`
  const { stderr } = await shell(script)

  expect(stderr).toContain(said)
  expect(stderr).toMatch(/status 14\n$/)
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect(readdirSync(folder)).toEqual(['users'])
})

test('a signal during hashing leaves the file unchanged and no lock', async () => {
  const plain = Array.from({ length: 200 }, (_, at) => `user${at}:x\n`).join('')
  writeFileSync(file, plain)
  const running = startMqttx(['passwd', '-I', '100000', '-U', file])
  await running.until(() => readdirSync(folder).includes('users.lock'))
  await sleep(100)
  running.kill('SIGINT')

  expect((await running.ended).status).toBe(130)
  expect(readFileSync(file, 'utf8')).toBe(plain)
  expect(readdirSync(folder)).toEqual(['users'])
})

const long: [NodeJS.Signals, number, string[]][] = [
  ['SIGINT', 130, ['-H', 'argon2id', '-I', '89', '-b', 'F', 'ada', 'x']],
  ['SIGTERM', 143, ['-I', '10000000', '-b', 'F', 'ada', 'x']],
  ['SIGTERM', 143, ['--format', 'bcrypt', '-I', '16', '-b', 'F', 'ada', 'x']],
  ['SIGINT', 130, ['-I', '10000000', '-U', 'F']],
]
test.each(oneOfEvery(2, long))(
  '%s ends a hash that takes long, status %d: %j',
  async (signal, status, args) => {
    const before = args.includes('-U') ? 'eve:secret\n' : ''
    writeFileSync(file, before)
    const running = startMqttx(['passwd', ...args.map((word) => (word === 'F' ? file : word))])
    await running.until(() => readdirSync(folder).includes('users.lock'))
    await sleep(300)
    running.kill(signal)
    const ended = await running.ended

    expect([ended.status, ended.stderr]).toEqual([status, `Error: Ended by ${signal}\n`])
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(readdirSync(folder)).toEqual(['users'])
  },
)

test('a signal ends a verification', async () => {
  const bytes = Buffer.alloc(64).toString('base64')
  writeFileSync(file, `ada:$7$10000000$${bytes}$${bytes}\n`)
  const running = startMqttx(['passwd', '--verify', '-b', file, 'ada', 'x'])
  await sleep(1000)
  running.kill('SIGTERM')

  expect((await running.ended).status).toBe(143)
})

/** File types in place of the lock. */
test.each([
  ['a FIFO', (lock: string) => `mkfifo ${lock}`],
  ['a link to a device without end', (lock: string) => `ln -s /dev/zero ${lock}`],
  ['a link to a file', (lock: string) => `ln -s ${lock}.other ${lock}; echo > ${lock}.other`],
  ['a folder', (lock: string) => `mkdir ${lock}`],
  ['a large file', (lock: string) => `head -c 100000 /dev/zero > ${lock}`],
])('H50: %s in place of the lock is an error that names it', async (_, make) => {
  await shell(make(`${file}.lock`))
  const { status, stderr } = await put('ada')

  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: .*users\.lock exists, and is not a lock file: .*\.\nhint: remove it/),
  ])
  expect(users()).toEqual([])
})

test.each([
  [['-I', '10000001'], 'too expensive: 10000001 iterations, maximum 10000000'],
  [['-H', 'argon2id', '-I', '90'], 'too expensive: 90 passes, maximum with 47104 KiB 89'],
  [['--format', 'bcrypt', '-I', '17'], 'too expensive: cost 17, maximum 16'],
])('H28: %j is refused before the prompt', async (options, fault) => {
  const { status, stderr } = await mqttx(['passwd', ...options, file, 'ada'])
  expect([status, stderr]).toEqual([1, expect.stringContaining(`Error: -I ${options.at(-1)} is ${fault}.`)])
})

test('H28: a hash that is too expensive is refused by --verify and can be replaced', async () => {
  const bytes = (count: number) => Buffer.alloc(count).toString('base64')
  writeFileSync(file, `ada:$7$2147483647$${bytes(12)}$${bytes(64)}\n`, { mode: 0o600 })
  const verified = await mqttx(['passwd', '--verify', '-b', file, 'ada', 'x'])
  expect([verified.status, verified.stderr]).toEqual([1, expect.stringContaining('too expensive')])
  expect((await put('ada')).status).toBe(0)
  expect((await mqttx(['passwd', '--verify', '-b', file, 'ada', 'x'])).status).toBe(0)
})

const isRoot = process.getuid?.() === 0

/** Files that cannot be replaced by rename. */
test.for([
  ['E59: that is a mount point', 'touch other; mount --bind other users', 'it is a mount point'],
  ['H52: with two names', 'ln users other', 'it has 2 names (hard links)'],
] as const)('%s is written in place, with a warning', async ([name, make, why], { skip }) => {
  const made = await shell(`cd ${folder} && ${make}`)
  if (made.status !== 0) skip(made.stderr)
  try {
    const { ino } = statSync(file)
    const added = await put('ada')
    expect([added.status, added.stderr]).toEqual([
      0,
      expect.stringContaining(`Warning: Writing file ${file} in place, because ${why}`),
    ])
    await put('bob')
    expect((await mqttx(['passwd', '-D', file, 'ada'])).status).toBe(0)
    expect(users()).toEqual(['bob'])
    expect(statSync(file).ino).toBe(ino)
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe(readFileSync(file, 'utf8'))
    expect(readdirSync(folder).sort()).toEqual(['other', 'users'])
  } finally {
    if (name.startsWith('E59')) await shell(`umount ${file}`)
  }
})

test.runIf(isRoot)(
  'a file of another owner keeps that owner: it is written in place by its group',
  async () => {
    await shell(
      `chmod 711 $(dirname ${folder}); chown 1234:65534 ${file}; chmod 660 ${file}; chmod 777 ${folder}`,
    )
    const { status, stderr } = await shell(`setpriv --reuid 65534 --regid 65534 --clear-groups \
    ${programInShell} passwd -b '${file}' ada x`)
    expect([status, stderr]).toEqual([0, expect.stringContaining('in place, because')])
    expect([statSync(file).uid, statSync(file).mode & 0o777]).toEqual([1234, 0o660])
    expect(users()).toEqual(['ada'])
  },
)

const thousands = amount({ inCi: 300, here: 20 })
test(`H25: a file with ${thousands},000 users is changed, verified, listed and audited in bounded memory`, async () => {
  await put('ada')
  const hash = readFileSync(file, 'utf8').slice('ada:'.length)
  writeFileSync(file, '')
  for (let at = 0; at < thousands; at++) {
    const lines = Array.from({ length: 1000 }, (_, each) => `user${at * 1000 + each}:${hash}`)
    appendFileSync(file, lines.join(''))
  }
  const before = statSync(file).size
  for (const args of [
    ['-b', file, 'ada', 'x'],
    ['--verify', '-b', file, 'ada', 'x'],
    ['-D', file, 'user77'],
    ['--list', file],
    ['--audit', '--no-guess', file],
    ['-U', file],
  ])
    expect(
      (await measured(['passwd', ...args], { timeoutMs: 120_000 })).peakMiB,
      args.join(' '),
    ).toBeLessThan(150)
  expect(statSync(file).size).toBeGreaterThan(before)
  expect(readFileSync(file, 'utf8')).not.toContain('\nuser77:')
}, 180_000)
