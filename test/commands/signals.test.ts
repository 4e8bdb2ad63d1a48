// Signals act as in a C program, and a second signal ends the process at once.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { choose } from '../helpers/amount.js'
import { type Broker, peerTest, startOwnBroker } from '../helpers/peers.js'
import { mqttx, programInShell, type Running, scratch, start, startMqttx } from '../helpers/run.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'

let broker: Broker
beforeAll(async () => {
  broker = await startOwnBroker()
})

/** Accepts the connection, then neither acknowledges nor closes. */
const silent = () =>
  scriptedServer({
    packet: ({ cmd }, socket) => void (cmd === 'connect' && socket.write(connack())),
  })

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

const subscribed = (running: Running) => running.until((_, stderr) => stderr.includes('SUBACK'))

test('E26: SIGUSR1 ends the command and opens no debugger', async () => {
  const running = startMqttx(['sub', ...broker.at, '-d', '-t', 't'])
  await subscribed(running)
  running.kill('SIGUSR1')
  const { status, stderr } = await running.ended
  expect(status).toBe(138)
  expect(stderr).not.toContain('Debugger')
})

describe('E30: SIGHUP is ignored', () => {
  test.each([
    ['under nohup', 'nohup mqttx "$@" <&-'],
    ['by nohup in a script', `nohup sh -c 'mqttx "$@"; exit $?' sh "$@"`],
    ['by the shell', `trap '' HUP; mqttx "$@"; exit $?`],
  ])('%s', async (_, script) => {
    const running = start('bash', ['-c', script, 'bash', 'sub', ...broker.at, '-d', '-t', 't', '-C', '1'])
    await subscribed(running)
    const pids = execFileSync('ps', ['-o', 'pid=,args=', '-g', String(running.child.pid)]).toString()
    const pid = pids
      .split('\n')
      .find((line) => /mqttx(\.js)?' ?sub|mqttx(\.js)? sub/.test(line) && !/nohup|bash|sh -c/.test(line))
    process.kill(Number.parseInt(pid ?? '', 10), 'SIGHUP')
    await startMqttx(['pub', ...broker.at, '-t', 't', '-m', 'still here']).ended
    expect((await running.ended).stdout.toString()).toBe('still here\n')
  })

  test('only under nohup', async () => {
    const running = startMqttx(['sub', ...broker.at, '-d', '-t', 't'])
    await subscribed(running)
    running.kill('SIGHUP')
    expect((await running.ended).status).toBe(129)
  })
})

describe('E33', () => {
  test('SIGTSTP and SIGCONT: messages received meanwhile are printed afterwards', async () => {
    const running = startMqttx(['sub', ...broker.at, '-d', '-t', 't', '-C', '1'])
    await subscribed(running)
    process.kill(running.child.pid!, 'SIGSTOP') // a process group without a terminal ignores SIGTSTP
    await startMqttx(['pub', ...broker.at, '-t', 't', '-m', 'meanwhile']).ended
    process.kill(running.child.pid!, 'SIGCONT')
    expect(await running.ended).toMatchObject({ status: 0, stdout: Buffer.from('meanwhile\n') })
  })

  test('SIGPIPE has no effect', async () => {
    const running = startMqttx(['sub', ...broker.at, '-d', '-t', 't', '-C', '1'])
    await subscribed(running)
    running.kill('SIGPIPE' as NodeJS.Signals)
    await startMqttx(['pub', ...broker.at, '-t', 't', '-m', 'x']).ended
    expect((await running.ended).status).toBe(0)
  })
})

describe('the first signal ends a command that waits for standard input', () => {
  test.concurrent.each([
    'pub -t t -l',
    'pub -t t -s',
    'pub -t t -f -',
    'pub --json',
    'rr -t t -e a -l',
    'rr -t t -e a -s',
    'replay',
    'replay --speed max -',
    'retained restore',
    'inspect',
    'inspect --view json -',
    'passwd -U -',
    'passwd -U - FILE',
    'passwd -c FILE ada',
    'passwd -c --password-file - FILE ada',
    'passwd --verify FILE ada',
  ])('%s', async (line) => {
    const file = join(scratch('users'), 'users')
    writeFileSync(file, '')
    const words = line.split(' ').map((word) => (word === 'FILE' ? file : word))
    const at = /^(passwd|inspect)/.test(line) ? [] : broker.at
    for (const [signal, status] of choose(signals, line.length)) {
      const running = startMqttx([...words, ...at], { stdin: 'open' })
      await Promise.race([sleep(800), running.ended])
      running.kill(signal)
      expect((await running.ended).status, running.stderr()).toBe(status)
    }
  })
})

describe('standard output that nobody reads keeps no command alive', () => {
  test.each<[line: string, signal: 'SIGINT' | 'SIGTERM' | undefined, expected: number]>([
    ['retained ls', 'SIGINT', 130],
    ['retained ls -W 2', undefined, 27],
    ['retained save', 'SIGTERM', 143],
    ['retained save -W 2', undefined, 27],
    ['sub -t #', 'SIGINT', 14],
    ['sub -t # -W 2', undefined, 14],
  ])('%s %s', async (line, signal, expected) => {
    const folder = scratch('unread')
    const messages = Array.from({ length: 4000 }, (_, index) =>
      JSON.stringify({
        topic: `many/${index}/${'x'.repeat(40)}`,
        retain: true,
        qos: 1,
        payload: 'y'.repeat(40),
      }),
    )
    const restored = await mqttx(['retained', 'restore', ...broker.at], { stdin: `${messages.join('\n')}\n` })
    expect(restored.status).toBe(0)
    // The shell keeps the pipe open, and reads nothing.
    const words = line.split(' ').map((word) => `'${word}'`)
    const script = `mkfifo out; exec 8<>out; exec ${programInShell} ${words.join(' ')} ${broker.at.join(' ')} >out`
    const running = start('bash', ['-c', `cd ${folder}; ${script}`])
    await Promise.race([sleep(1500), running.ended])
    if (signal !== undefined) running.kill(signal)
    const { status, stderr } = await running.ended
    expect(status, stderr).toBe(expected)
  })
})

describe('a named pipe keeps no command alive', () => {
  const pipes: readonly [name: string, prepare: (pipe: string) => number | undefined][] = [
    ['without a writer', () => undefined],
    [
      'whose writer is silent',
      (pipe) => {
        const descriptor = openSync(pipe, constants.O_RDWR) // opening it to write waits for a reader
        writeSync(descriptor, '{"time":"2026-11-27T08:00:00Z","topic":"t","payload":"x","retain":true}\n')
        return descriptor
      },
    ],
  ]
  type Row = readonly [line: string, signal: 'SIGINT' | 'SIGTERM' | undefined, status: number]
  const rows: readonly Row[] = [
    ['replay PIPE', 'SIGINT', 130],
    ['replay PIPE -W 1', undefined, 27],
    ['retained restore PIPE', 'SIGTERM', 143],
    ['retained restore PIPE -W 1', undefined, 27],
    ['inspect PIPE', 'SIGINT', 130],
  ]
  test.each(pipes)('%s', async (_, prepare) => {
    for (const [line, signal, status] of rows) {
      const pipe = join(scratch('pipe'), 'pipe')
      execFileSync('mkfifo', [pipe])
      const descriptor = prepare(pipe)
      const words = line.split(' ').map((word) => (word === 'PIPE' ? pipe : word))
      const running = startMqttx([...words, ...(line.startsWith('inspect') ? [] : broker.at)])
      await Promise.race([sleep(800), running.ended])
      if (signal !== undefined) running.kill(signal)
      expect((await running.ended).status, `${line}\n${running.stderr()}`).toBe(status)
      if (descriptor !== undefined) closeSync(descriptor)
    }
  })
})

describe('a second signal ends it at once', () => {
  const rows: readonly [name: string, words: readonly string[], ready: string][] = [
    ['sub', ['sub', '-d', '-t', 't'], 'SUBSCRIBE'],
    ['sub --exec', ['sub', '-d', '-t', 't', '--exec', 'cat'], 'SUBSCRIBE'],
    ['pub -l', ['pub', '-d', '-t', 't', '-l', '-q', '1'], 'PUBLISH'],
    ['rr', ['rr', '-d', '-V', 'mqttv311', '-t', 't', '-e', 'a', '-m', 'x'], 'SUBSCRIBE'],
    ['rr --serve', ['rr', '--serve', '--echo', '-d', '-V', 'mqttv311', '-t', 't', '-e', 'a'], 'SUBSCRIBE'],
  ]
  test.each(rows)('E33: %s', async (_, words, ready) => {
    for (const [signal, expected] of signals) {
      const server = await silent()
      const running = startMqttx([...words, ...server.at], { stdin: 'open' })
      running.write('line\n')
      await running.until((_, stderr) => stderr.includes(ready))
      running.kill(signal)
      await sleep(150) // a second signal that comes sooner counts as a copy of the first
      const begin = performance.now()
      running.kill(signal)
      const { status } = await running.ended
      expect(performance.now() - begin).toBeLessThan(20_000) // the server says nothing for ever
      expect([0, 255, expected]).toContain(status) // it may have ended by the first
    }
  })

  test('E33: bench without acknowledgements', async () => {
    const server = await silent()
    const running = startMqttx(['bench', 'pub', '-q', '1', '--duration', '60s', ...server.at])
    await once(() => server.received.some(({ cmd }) => cmd === 'publish'))
    running.kill('SIGINT')
    await sleep(150)
    running.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
  })

  test('E33: a duplicate signal, as from timeout(1), is not a second signal', async () => {
    const running = startMqttx(['sub', ...broker.at, '-d', '-t', 't'])
    await subscribed(running)
    running.kill('SIGTERM')
    running.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ status: 0, stderr: expect.stringContaining('DISCONNECT') })
  })
})

function unshareWorks(): boolean {
  try {
    execFileSync('unshare', ['-Urpf', '--kill-child', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!unshareWorks())('E7: as the first process of a container (needs unshare -Urpf)', () => {
  test.each([
    [
      'pub --repeat',
      ['pub', '-d', '-t', 't', '-m', 'x', '--repeat', '1000', '--repeat-delay', '1'],
      'PUBLISH',
      143,
    ],
    ['pub --retry', ['pub', '-p', '1', '-t', 't', '-m', 'x', '--retry', '1000'], 'reconnecting', 143],
    ['sub', ['sub', '-d', '-t', 't'], 'SUBACK', 0],
  ])('%s ends at SIGTERM', async (_, words, ready, status) => {
    const at = words.includes('-p') ? [] : broker.at
    const mark = join(scratch('first'), 'pid')
    const running = start('unshare', [
      '-Urpf',
      '--kill-child',
      'sh',
      '-c',
      `exec mqttx "$@"`,
      mark,
      ...words,
      ...at,
    ])
    await running.until((_, stderr) => stderr.includes(ready))
    const child = execFileSync('ps', ['-o', 'pid=', '--ppid', String(running.child.pid)])
      .toString()
      .trim()
    process.kill(Number(child), 'SIGTERM')
    expect((await running.ended).status).toBe(status)
  })
})

describe('standard output whose reader has stopped:', () => {
  test.each([
    ['sub', 'sub', ['SIGTERM'], 14],
    ['sub -C', 'sub -C 1', ['SIGTERM'], 143],
    ['sub --exec', 'sub --exec cat', ['SIGTERM'], 14],
    ['sub --exec, at once', 'sub --exec cat', ['SIGTERM', 'SIGTERM'], 143],
    ['top', 'top --json -C 1', ['SIGTERM'], 143],
  ] as const)('%s ends by signals', async (_, command, names, status) => {
    const folder = scratch('stopped-reader')
    const at = broker.at.join(' ')
    const running = start('bash', [
      '-c',
      `cd ${folder}; mkfifo p; exec 9<>p; head -c 65536 /dev/zero >&9; exec mqttx ${command} ${at} -t stopped -d >&9`,
    ])
    await running.until((_out, stderr) => stderr.includes('SUBACK'))
    await startMqttx(['pub', ...broker.at, '-t', 'stopped', '-m', 'x']).ended
    await running.until((_out, stderr) => stderr.includes('PUBLISH'))
    for (const name of names) {
      await sleep(500) // two at once would be one
      running.kill(name)
    }
    expect((await running.ended).status).toBe(status)
  })
})

peerTest('H47: a terminal that goes away while SIGHUP is ignored: status 14', ['python3'], async () => {
  const helper = join(import.meta.dirname, '../helpers/hang_up.py')
  const words = ['mqttx', 'sub', ...broker.at, '-d', '-t', 't']
  const running = start('python3', [helper, 'SUBACK', ...words])
  await running.until((stdout) => stdout.includes('gone'))
  await startMqttx(['pub', ...broker.at, '-t', 't', '-m', 'x']).ended
  await startMqttx(['pub', ...broker.at, '-t', 't', '-m', 'x']).ended
  expect((await running.ended).stdout.toString()).toBe('gone\n14\n')
})
