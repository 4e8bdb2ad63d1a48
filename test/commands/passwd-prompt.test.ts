// The prompt of passwd, on a terminal and from a pipe.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { findPeer, peerTest } from '../helpers/peers.js'
import { mqttx, programInShell, programWords, scratch, start, startMqttx } from '../helpers/run.js'

const folder = scratch('passwd-prompt')
const helper = resolve(import.meta.dirname, '../helpers/on_a_terminal.py')

type Step = [wanted: string, answer: string] | [wanted: string, answer: null, signal: string]

interface OnTerminal {
  readonly output: string
  readonly status: number | null
  readonly echo: readonly boolean[]
  readonly restored: boolean
}

async function onTerminal(steps: readonly Step[], ...args: string[]): Promise<OnTerminal> {
  const command = [...programWords, 'passwd', ...args]
  const run = start(findPeer('python3')!, [helper, JSON.stringify(steps), ...command], {
    timeoutMs: 60_000,
    env: { NO_COLOR: '1' },
  })
  const { stdout, stderr } = await run.ended
  expect(stderr).toBe('')
  return JSON.parse(stdout.toString()) as OnTerminal
}

const verifies = async (file: string, password: string) =>
  (await mqttx(['passwd', '--verify', '-b', file, 'ada', password])).status === 0

peerTest('a password is asked for twice, and not shown', ['python3'], async () => {
  const file = join(folder, 'new')
  const seen = await onTerminal(
    [
      ['Password: ', 'sécret\r'],
      ['Reenter password: ', 'sécret\r'],
    ],
    '-c',
    file,
    'ada',
  )

  expect(seen).toEqual({
    output: 'Password: \r\nReenter password: \r\nAdding password for user ada\r\n',
    status: 0,
    echo: [false, false],
    restored: true,
  })
  expect(await verifies(file, 'sécret')).toBe(true)
})

peerTest('both answers may be there before the first question', ['python3'], async () => {
  const file = join(folder, 'ahead')
  const seen = await onTerminal([['Password: ', 'x\rx\r']], '-c', file, 'ada')

  expect(seen).toMatchObject({ status: 0, restored: true })
  expect(await verifies(file, 'x')).toBe(true)
})

peerTest('backspace and Ctrl-U take back what was typed', ['python3'], async () => {
  const file = join(folder, 'edited')
  await onTerminal(
    [
      ['Password: ', 'wrong\u0015aé\u007f\u007fb\r'],
      ['Reenter password: ', 'b\r'],
    ],
    '-c',
    file,
    'ada',
  )

  expect(await verifies(file, 'b')).toBe(true)
})

peerTest(
  'H54: arrow keys, function keys and control keys are no part of a password',
  ['python3'],
  async () => {
    const file = join(folder, 'keys')
    await onTerminal(
      [
        ['Password: ', 'a\u001b[A\u001b[1;5Db\u001bOP\u001bx\u0001c\u0017\r'],
        ['Reenter password: ', 'abc\r'],
      ],
      '-c',
      file,
      'ada',
    )

    expect(await verifies(file, 'abc')).toBe(true)
  },
)

const shell = async (line: string, steps: readonly Step[]) => {
  const run = start(findPeer('python3')!, [helper, JSON.stringify(steps), 'bash', '-c', line], {
    timeoutMs: 60_000,
  })
  return JSON.parse((await run.ended).stdout.toString()) as OnTerminal
}

peerTest('H54: Ctrl-Z stops the process, and the question comes again', ['python3'], async () => {
  const file = join(folder, 'stopped')
  const script = `set -m; ${programInShell} passwd -c ${file} ada; stty; echo "stopped $?"; read _; stty -echo; fg`
  const seen = await shell(script, [
    ['Password: ', 'a\u001a'],
    ['stopped 0', '\r'],
    ['Password: ', 'b\r'],
    ['Reenter password: ', 'ab\r'],
  ])
  expect(seen.status).toBe(0)
  expect(seen.output.slice(0, seen.output.indexOf('stopped'))).not.toContain('-echo')
  expect(seen.echo).toEqual([false, true, false, false])
  expect(await verifies(file, 'ab')).toBe(true)
})

peerTest('Ctrl-Z without a shell to continue it: the question comes again', ['python3'], async () => {
  const file = join(folder, 'orphan')
  const seen = await onTerminal(
    [
      ['Password: ', 'a\u001a'],
      ['Password: ', 'b\r'],
      ['Reenter password: ', 'ab\r'],
    ],
    '-c',
    file,
    'ada',
  )
  expect(seen).toMatchObject({ status: 0, echo: [false, false, false], restored: true })
  expect(await verifies(file, 'ab')).toBe(true)
})

for (const [signal, status] of [
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
  ['SIGUSR1', 138],
] as const) {
  peerTest(`${signal} restores the terminal`, ['python3'], async () => {
    const seen = await onTerminal([['Password: ', null, signal]], '-c', join(folder, 'signal'), 'ada')
    expect(seen).toMatchObject({ status, restored: true })
  })
}

const endings: readonly [string, readonly Step[], number, string][] = [
  ['Ctrl-C', [['Password: ', '\u0003']], 130, 'Interrupted'],
  [
    'Ctrl-C at the second question',
    [
      ['Password: ', 'x\r'],
      ['Reenter password: ', '\u0003'],
    ],
    130,
    'Interrupted',
  ],
  ['Ctrl-\\', [['Password: ', '\u001c']], 130, 'Interrupted'],
  ['SIGINT', [['Password: ', null, 'SIGINT']], 130, 'Ended by SIGINT'],
  ['SIGTERM', [['Password: ', null, 'SIGTERM']], 143, 'Ended by SIGTERM'],
  ['Ctrl-D', [['Password: ', '\u0004']], 1, 'Empty password.'],
  ['an empty line', [['Password: ', '\r']], 1, 'Empty password.'],
  [
    'another password at the second question',
    [
      ['Password: ', 'x\r'],
      ['Reenter password: ', 'y\r'],
    ],
    2,
    'Passwords do not match.',
  ],
]

for (const [name, steps, status, text] of endings) {
  peerTest(
    `${name} ends with status ${status}, the terminal as before, and the file too`,
    ['python3'],
    async () => {
      const file = join(folder, 'kept')
      writeFileSync(file, 'bob:$6$x\n', { mode: 0o600 })
      const seen = await onTerminal(steps, file, 'ada')

      expect(seen).toMatchObject({ status, restored: true })
      expect(seen.output).toContain(`Error: ${text}`)
      expect(readFileSync(file, 'utf8')).toBe('bob:$6$x\n')
    },
  )
}

peerTest('--verify asks once', ['python3'], async () => {
  const file = join(folder, 'verified')
  await mqttx(['passwd', '-c', '-b', file, 'ada', 'x'])
  const right = await onTerminal([['Password: ', 'x\r']], '--verify', file, 'ada')
  const wrong = await onTerminal([['Password: ', 'y\r']], '--verify', file, 'ada')

  expect(right).toMatchObject({ status: 0, output: 'Password: \r\n', echo: [false] })
  expect(wrong).toMatchObject({ status: 4, output: 'Password: \r\nError: Wrong password for user ada.\r\n' })
})

peerTest('E63: a progress line shows how far -U - is, and the time left', ['python3'], async () => {
  const plain = join(folder, 'plain')
  writeFileSync(plain, Array.from({ length: 40 }, (_, at) => `user${at}:x\n`).join(''))
  const script = `unset CI; stty columns 80; ${programInShell} passwd -I 100000 -U - <'${plain}' >/dev/null`
  const run = start(findPeer('python3')!, [helper, '[]', 'bash', '-c', script], {
    timeoutMs: 60_000,
    env: { NO_COLOR: '1' },
  })
  const seen = JSON.parse((await run.ended).stdout.toString()) as OnTerminal

  expect(seen.output).toMatch(/Hashing: \d+ of 40, \d+ s left/) // E63
  expect(seen.status).toBe(0)
})

test.each([
  ['two lines', 'x\nx\n', 0, ''],
  ['two lines with carriage returns', 'x\r\nx\r\n', 0, ''],
  ['the second line without an end', 'x\nx', 0, ''],
  ['two lines that differ', 'x\ny\n', 2, 'Error: Passwords do not match.\n'],
  ['one line', 'x\n', 1, 'Error: Empty password.\n'],
  ['nothing', '', 1, 'Error: Empty password.\n'],
  [
    'a line that is too long',
    'x'.repeat(65_536),
    1,
    'Error: Password must be less than 65536 characters long.\n',
  ],
])('from a pipe: %s', async (_, stdin, status, stderr) => {
  const file = join(scratch('pipe'), 'users')
  const ran = await mqttx(['passwd', '-c', file, 'ada'], { stdin })

  expect([ran.status, ran.stderr]).toEqual([status, stderr])
  if (status === 0) expect(await verifies(file, 'x')).toBe(true)
  else expect(() => readFileSync(file)).toThrow('ENOENT')
})

test('a signal ends waiting for a pipe', async () => {
  const running = startMqttx(['passwd', '-c', join(folder, 'waiting'), 'ada'], { stdin: 'open' })
  await running.until((stdout) => stdout.includes('Password: '))
  running.kill('SIGTERM')

  expect((await running.ended).status).toBe(143)
})
