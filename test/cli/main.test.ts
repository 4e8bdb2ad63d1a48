// main: stdout, stderr and the exit status.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { BrokenPipe, ConnectionError, ConnectRefused, ExitCode, UsageError } from '../../src/errors.js'
import type { Host } from '../../src/host.js'
import { main } from '../../src/main.js'
import { version } from '../../src/version.js'

const run = vi.hoisted(() => vi.fn<(args: Record<string, unknown>) => Promise<number>>())
vi.mock('../../src/commands/pub/run.js', () => ({ run }))

class Paper extends Writable {
  text = ''
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

function hostWith(env: Record<string, string> = {}, stdout: Writable = new Paper()) {
  const stderr = new Paper()
  const host: Host = {
    stdin: Readable.from([]),
    stdout,
    stderr,
    env,
    pid: 1,
    now: () => 0,
    onSignal: () => () => undefined,
  }
  return { host, stdout, stderr }
}

async function mqttx(argv: readonly string[], env?: Record<string, string>) {
  const { host, stdout, stderr } = hostWith(env)
  const status = await main(argv, host)
  return { status, stdout: (stdout as Paper).text, stderr: stderr.text }
}

beforeEach(() => void run.mockReset().mockResolvedValue(ExitCode.ok))

describe('texts on stdout, with status 0', () => {
  test.each([
    [['--version'], `mqttx ${version}\n`],
    [['pub', '--version'], `mqttx ${version}\n`],
    [[], 'Usage: mqttx COMMAND'],
    [['--help'], 'Usage: mqttx COMMAND'],
    [['help'], 'Usage: mqttx COMMAND'],
    [['help', 'sub'], 'Usage: mqttx sub'],
    [['help'], '  cookbook           Recipes for shell scripts and CI\n'],
    [['help', 'tls'], 'TLS, WebSocket, proxies and passwords\n\n    '],
    [['--generate', 'man', 'tls'], '.TH MQTTX-TLS 7'],
    [['pub', '--help'], 'All options: mqttx pub --help all.'],
    [['pub', '--help', 'all'], '--topic-alias'],
    [['help', 'pub', 'all'], '--topic-alias'],
    [['--help', 'all'], '\nExit statuses:\n'],
    [['help', 'all'], '\nExit statuses:\n'],
    [['--generate', 'man'], '.TH MQTTX 1'],
    [['--generate', 'man', 'pub'], '.TH MQTTX\\-PUB 1'.replaceAll('\\', '')],
    [['--generate=bash'], 'complete -F _mqttx mqttx'],
    [['--generate', 'zsh'], '#compdef mqttx'],
    [['--generate', 'fish'], 'complete -c mqttx'],
    ...['-h', '-help', '-?'].map((word): [string[], string] => [[word], 'MQTT from the command line.']), // E39
    ...['-v', '-V', '-version'].map((word): [string[], string] => [[word], 'mqttx ']),
    [['completion', 'bash'], 'complete -F _mqttx mqttx'],
    [['completion', 'zsh'], '#compdef mqttx'],
    [['completion', 'fish'], 'complete -c mqttx'],
  ])('mqttx %j', async (argv, text) => {
    const { status, stdout, stderr } = await mqttx(argv)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(text)
  })
})

describe('an error on stderr, nothing on stdout, status 1', () => {
  test.each([
    [['sbu'], "Error: Unknown command 'sbu'.\nhint: did you mean 'sub'?\n"],
    [
      ['xyzzy'],
      `Error: Unknown command 'xyzzy'.\nhint: the commands are ${commands.map(({ name }) => name).join(', ')}\n`,
    ],
    [
      ['help', 'sub', 'extra'],
      "Error: help: unexpected argument 'extra'\nhint: usage: mqttx help [COMMAND|GUIDE] [all]\n",
    ],
    [
      ['help', 'cookbook', 'all', 'more'],
      "Error: help: unexpected argument 'more'\nhint: usage: mqttx help [COMMAND|GUIDE] [all]\n",
    ],
    [['help', 'pbu'], "Error: Unknown command or guide 'pbu'.\nhint: did you mean 'pub'?\n"],
    [['help', 'cokbook'], "Error: Unknown command or guide 'cokbook'.\nhint: did you mean 'cookbook'?\n"],
    [
      ['help', 'xyzzy'],
      "Error: Unknown command or guide 'xyzzy'.\nhint: 'mqttx help' lists commands and guides\n",
    ],
    [['--hlep'], "Error: Unknown option '--hlep'.\nhint: did you mean '--help'?\n"],
    [['-x'], "Error: Unknown option '-x'.\nhint: see 'mqttx --help'\n"],
    [['version'], "Error: Unknown command 'version'.\nhint: did you mean 'mqttx --version'?\n"], // E37
    [['conn', '-h', 'x'], "Error: Unknown command 'conn'.\nhint: did you mean 'mqttx sub -E'?\n"],
    [['simulate'], "Error: Unknown command 'simulate'.\nhint: did you mean 'mqttx bench'?\n"],
    [
      ['zz'],
      `Error: Unknown command 'zz'.\nhint: the commands are ${commands.map(({ name }) => name).join(', ')}\n`,
    ],
    [
      ['__proto__'],
      `Error: Unknown command '__proto__'.\nhint: the commands are ${commands.map(({ name }) => name).join(', ')}\n`,
    ],
    [['pub', '--qso', '1'], "Error: Unknown option '--qso'.\nhint: did you mean '--qos'?\n"],
    [['pub', '-q', '3'], 'Error: Invalid QoS given: 3\nhint: use 0, 1 or 2\n'],
    [['pub', '-q', '3', '--quiet'], 'Error: Invalid QoS given: 3\nhint: use 0, 1 or 2\n'],
    [['pub'], "Error: Both topic and message must be supplied.\nhint: see 'mqttx pub --help'\n"],
    [
      ['--generate'],
      'Error: --generate argument given but no kind specified.\nhint: use man, bash, zsh, fish\n',
    ],
    [['--generate', 'csh'], "Error: Unknown kind 'csh' for --generate.\nhint: use man, bash, zsh, fish\n"],
  ])('mqttx %j', async (argv, stderr) => {
    expect(await mqttx(argv)).toEqual({ status: 1, stdout: '', stderr })
    expect(run).not.toHaveBeenCalled()
  })
})

describe('a command that runs', () => {
  const line = ['pub', '-t', 't', '-m', 'm']

  test('gets the arguments, and its status is the exit status', async () => {
    run.mockResolvedValue(ExitCode.connectionLost)
    expect(await mqttx(line)).toEqual({ status: 7, stdout: '', stderr: '' })
    expect(run.mock.calls[0]?.[0]).toMatchObject({ topic: 't', message: 'm' })
  })

  test.each([
    [
      new ConnectionError('Connection refused', { hint: 'is it running?' }),
      1,
      'Error: Connection refused\nhint: is it running?\n',
    ],
    [
      new ConnectRefused('Connection Refused: not authorised', 5),
      5,
      'Connection error: Connection Refused: not authorised\n',
    ],
    [
      new TypeError('x is not a function'),
      70,
      'Error: x is not a function\nhint: internal error: please report it with the command line\n',
    ],
    [new BrokenPipe('write EPIPE'), 0, ''],
    [
      Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), // E8: of a socket
      70,
      'Error: write EPIPE\nhint: internal error: please report it with the command line\n',
    ],
  ])('that throws %s', async (error, status, stderr) => {
    run.mockRejectedValue(error)
    expect(await mqttx(line)).toEqual({ status, stdout: '', stderr })
  })

  test('--quiet suppresses errors at run time, except bad usage and internal errors', async () => {
    run.mockRejectedValueOnce(new ConnectionError('Connection refused'))
    expect(await mqttx([...line, '--quiet'])).toEqual({ status: 1, stdout: '', stderr: '' })
    run.mockRejectedValueOnce(new UsageError('Unable to read file.'))
    expect(await mqttx([...line, '--quiet'])).toMatchObject({ stderr: 'Error: Unable to read file.\n' })
    run.mockRejectedValueOnce(new TypeError('x'))
    expect(await mqttx([...line, '--quiet'])).toMatchObject({
      status: 70,
      stderr: expect.stringContaining('internal error'),
    })
  })
})

describe('the options file', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'mqttx-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is read', async () => {
    writeFileSync(join(folder, 'mosquitto_pub'), '-t from/file\n-m é\n')
    expect(await mqttx(['pub'], { XDG_CONFIG_HOME: folder })).toMatchObject({ status: 0 })
    expect(run.mock.calls[0]?.[0]).toMatchObject({ topic: 'from/file', message: 'é' })
  })

  test('is an error if it cannot be read or is not UTF-8', async () => {
    const folderAsFile = await mqttx(['pub', '-o', folder])
    expect(folderAsFile.stderr).toMatch(
      /^Error: Unable to read options file ".*": illegal operation on a directory\.\n$/,
    )
    writeFileSync(join(folder, 'binary'), Buffer.from([0x2d, 0x74, 0x20, 0xff]))
    const binary = await mqttx(['pub', '-o', join(folder, 'binary')])
    expect(binary).toMatchObject({ status: 1, stderr: expect.stringMatching(/is not UTF-8 text\.\n$/) })
  })

  test('if missing is an error only with -o', async () => {
    expect((await mqttx(['pub', '-t', 't', '-n'], { XDG_CONFIG_HOME: join(folder, 'no') })).status).toBe(0)
    expect((await mqttx(['pub', '-t', 't', '-n', '-o', join(folder, 'no')])).status).toBe(1)
    expect(
      (await mqttx(['pub', '-t', 't', '-n'], { XDG_CONFIG_HOME: join(folder, 'no', 'no') })).status,
    ).toBe(0)
  })
})

const noRoom =
  'Error: standard output: ENOSPC: no space left on device\nhint: disk full, terminal closed, or the reader stopped?\n'

test('a full disk is a system error', async () => {
  const full = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left on device')),
  })
  const { host, stderr } = hostWith({}, full)
  expect(await main(['--help'], host)).toBe(ExitCode.system)
  expect(stderr.text).toBe(noRoom)
})

test.each([[['completion', 'bash']], [['context', 'ls']], [['context', 'show']], [['broker', '-p', '0']]])(
  'a full disk is a system error for %j too',
  async (argv) => {
    const full = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left on device')),
    })
    const folder = mkdtempSync(join(tmpdir(), 'mqttx-'))
    mkdirSync(join(folder, 'mqttx'))
    const file = { current: 'a', contexts: { a: { host: 'h' } } }
    writeFileSync(join(folder, 'mqttx', 'contexts.json'), JSON.stringify(file))
    const { host, stderr } = hostWith({ XDG_CONFIG_HOME: folder }, full)
    const status = await main(argv, host)
    rmSync(folder, { recursive: true })
    expect([status, stderr.text]).toEqual([ExitCode.system, noRoom])
  },
)

test('a closed pipe after --help is not an error', async () => {
  const gone = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const { host, stderr } = hostWith({}, gone)
  expect(await main(['--help'], host)).toBe(0)
  expect(stderr.text).toBe('')
})
