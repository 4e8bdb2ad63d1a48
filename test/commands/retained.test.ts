// mqttx retained, in this process: against our broker, and against scripted servers for what it does not do.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../src/broker/broker.js'
import { withRemainingExpiry } from '../../src/commands/retained/restore.js'
import { TopicTable } from '../../src/commands/retained/topic-table.js'
import { bytes } from '../connection/rig.js'
import { amount } from '../helpers/amount.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { type FakeHost, type Outcome, run } from './fake-host.js'
import { live, type RetainedScript, retainedServer } from './retained-server.js'

interface At {
  readonly at: readonly string[]
}

async function ourBroker(options: Partial<Parameters<typeof startBroker>[0]> = {}): Promise<At> {
  const broker = await startBroker({
    ...{ port: 0, bind: '127.0.0.1', allowAnonymous: true, log: () => {} },
    ...options,
  })
  onTestFinished(() => broker.close())
  return { at: ['-h', '127.0.0.1', '-p', String(broker.address.port)] }
}

const retained = (
  words: readonly string[],
  server: At,
  meanwhile?: (fake: FakeHost) => void | Promise<void>,
): Promise<Outcome> => run(['retained', '--settle', '0.02', ...words, '-V', '5'], server, meanwhile)

const folder = scratch('retained')
let files = 0
const newFile = (): string => join(folder, `${++files}.ndjson`)

const lineOf = (message: Record<string, unknown>): string =>
  `${JSON.stringify({ retain: true, ...message })}\n`

/** Restores these lines. */
async function holding(server: At, messages: readonly Record<string, unknown>[]): Promise<void> {
  const file = newFile()
  writeFileSync(file, messages.map(lineOf).join(''))
  expect(await retained(['restore', file, '-M', '1000'], server)).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  })
}

/** The messages of NDJSON without their times, sorted. */
function messagesOf(text: string): unknown[] {
  const lines = text.split('\n').slice(0, -1)
  return lines
    .map((line) => ({ ...(JSON.parse(line) as { topic: string }), time: undefined }))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1))
}

/** Messages of all kinds. */
const samples = (many: number): Record<string, unknown>[] =>
  Array.from({ length: many }, (_, i) => ({
    topic: `plant/line${i % 7}/sensor${i}`,
    qos: i % 3,
    payload: Buffer.from([0xff, i & 255, i >> 8, 0]).toString('base64'),
    encoding: 'base64',
    ...(i % 4 === 0 && {
      properties: {
        contentType: 'a/b',
        userProperties: { a: ['1', `${i}`] },
        correlationData: { base64: 'AP8=' },
      },
    }),
    ...(i % 4 === 1 && { properties: { messageExpiryInterval: 4_000_000_000 } }),
  }))

describe('ls', () => {
  test('topics; with -v and --json size, QoS and expiry; nothing if there are none', async () => {
    const server = await ourBroker()
    expect(await retained(['ls'], server)).toEqual({ status: 0, stdout: '', stderr: '' })
    await holding(server, [
      { topic: 'a/b', payload: 'four', qos: 1 },
      { topic: 'c', payload: 'x', properties: { messageExpiryInterval: 4_000_000 } },
    ])
    expect((await retained(['ls', '#', 'a/+'], server)).stdout).toBe('a/b\nc\n')
    expect((await retained(['ls', '-v', 'a/#'], server)).stdout).toBe('        4   1          - a/b\n')
    const { stdout } = await retained(['ls', '--json', '-t', 'c'], server)
    expect(stdout).toMatch(/^\{"topic":"c","size":1,"qos":0,"messageExpiryInterval":(4000000|3999999)\}\n$/)
    expect(await retained(['ls', 'z/#'], server)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('$SYS only if a filter names it, also if the server sends it', async () => {
    const server = await retainedServer({ topics: ['$SYS/x', 'a'] })
    expect((await retained(['ls'], server)).stdout).toBe('a\n')
    expect((await retained(['ls', '$SYS/#'], server)).stdout).toBe('$SYS/x\n')
  })

  test('names are escaped on a terminal, and only there', async () => {
    const server = await retainedServer({ topics: ['a\u001b[31m'] })
    expect((await retained(['ls'], server)).stdout).toBe('a\u001b[31m\n')
    const terminal = ({ host }: FakeHost) => void Object.assign(host.stdout, { isTTY: true })
    const shown = await retained(['ls', '-v'], server, terminal)
    expect(shown.stdout).toMatch(/^ +SIZE QOS +EXPIRES TOPIC\n +6 +0 +- a\\u001b\[31m\n$/)
  })

  test('a server that sends them slowly, and answers other packets meanwhile', async () => {
    const topics = Array.from({ length: 12 }, (_, i) => `t/${i}`)
    const server = await retainedServer({ topics, everyMs: 40 })
    expect((await retained(['ls', 't/#', '--settle', '0.3'], server)).stdout.split('\n').length - 1).toBe(12)
    const hasty = await retained(['ls', 't/#', '--settle', '0.001'], server)
    expect(hasty.stdout.split('\n').length - 1).toBeLessThan(12)
  })
})

describe('what is asked for is not possible', () => {
  test.each<[string, RetainedScript, readonly string[], number, RegExp]>([
    [
      'Retain Available 0',
      { topics: [], connack: { retainAvailable: false } },
      ['ls'],
      0x9a,
      /^Error: The server does not support retained messages/,
    ],
    [
      'all filters refused',
      { topics: [], refuses: () => 0x87 },
      ['ls'],
      0x87,
      /All subscription requests were denied/,
    ],
    [
      'one filter refused',
      { topics: ['b'], refuses: (filter) => (filter === 'a' ? 0x87 : undefined) },
      ['ls', 'a', 'b'],
      0x87,
      /Subscription to 'a' was refused/,
    ],
    [
      'a server that hangs after half',
      { topics: ['a', 'b', 'c'], hangsAfter: 2 },
      ['ls', '-W', '1'],
      27,
      /^Timed out\n/,
    ],
    [
      'a save that hangs after half',
      { topics: ['a', 'b', 'c'], hangsAfter: 4 },
      ['save', '-W', '1'],
      27,
      /^Timed out\n/,
    ],
    [
      'a topic that cannot be read',
      { topics: ['a', 'b'], qos: 2, queue: 0 },
      ['save'],
      1,
      /2 retained messages could not be read: 'a', 'b'/,
    ],
  ])('%s', async (_, script, words, status, stderr) => {
    const outcome = await retained(words, await retainedServer(script))
    expect(outcome.stderr).toMatch(stderr)
    expect(outcome.status).toBe(status)
  })

  test.each<[string, readonly string[], RegExp]>([
    ['no action', [], /missing action/],
    ['an unknown action', ['list'], /unknown action 'list'/],
    ['rm without a filter', ['rm'], /missing Topic Filter/],
    ['a shared subscription', ['ls', '$share/g/a'], /gets no retained messages/],
    ['a filter with a misplaced wildcard', ['ls', 'a#'], /Invalid subscription topic/],
    ['--yes with ls', ['ls', '--yes'], /--yes is valid only with rm/],
    ['--output with rm', ['rm', '#', '-o', 'x'], /--output is valid only with save/],
    ['two undo options', ['rm', '#', '--undo', 'x', '--no-undo'], /Only one of/],
    ['two files', ['restore', 'a', 'b'], /unexpected argument 'b'/],
    ['a filter for restore', ['restore', '-t', 'a'], /each line has its own topic/],
    ['a file that is not there', ['restore', '/nowhere'], /Unable to open file "\/nowhere": No such file/],
  ])('%s', async (_, words, stderr) => {
    const outcome = await retained(words, { at: ['-p', '1'] })
    expect(outcome.stderr).toMatch(stderr)
    expect(outcome.status).toBe(1)
  })
})

test('save, rm, restore: bit for bit, and the undo file has what was removed', async () => {
  const many = amount({ inCi: 5000, here: 1200 })
  const server = await ourBroker()
  await holding(server, samples(many))
  const saved = await retained(['save'], server)
  expect([saved.status, saved.stderr]).toEqual([0, ''])
  expect(messagesOf(saved.stdout)).toHaveLength(many)
  const undo = newFile()
  const removed = await retained(['rm', 'plant/#', '--yes', '--undo', undo], server)
  expect(removed).toEqual({
    status: 0,
    stdout: '',
    stderr: `Removed ${many} of ${many} retained messages; to restore: mqttx retained restore ${undo}\n`,
  })
  expect(statSync(undo).mode & 0o777).toBe(0o600)
  expect((await retained(['ls'], server)).stdout).toBe('')
  expect(await retained(['restore', undo], server)).toEqual({ status: 0, stdout: '', stderr: '' })
  const file = newFile()
  expect((await retained(['save', '-o', file], server)).status).toBe(0)
  const texts = [saved.stdout, readFileSync(undo, 'utf8'), readFileSync(file, 'utf8')]
  const [first, second, third] = texts.map((text) =>
    messagesOf(text.replaceAll(/3999999\d{3}/g, '4000000000')),
  )
  expect(second).toEqual(first)
  expect(third).toEqual(first)
})

describe('a server whose queue is too short for what it is asked for', () => {
  test.each([1, 7, 40])('%s messages: all are saved with their QoS', async (queue) => {
    const topics = Array.from({ length: 60 }, (_, i) => `t/${i}`)
    const server = await retainedServer({ topics, qos: 1, queue })
    const { status, stdout } = await retained(['save', 't/#', '--settle', '0.001'], server)
    expect(status).toBe(0)
    expect(messagesOf(stdout)).toHaveLength(60)
    expect(stdout.match(/"qos":1/g)).toHaveLength(60)
  })

  test('more topics than a batch are asked for by name, a batch at a time', async () => {
    const topics = Array.from({ length: 1100 }, (_, i) => `t/${i}`)
    const server = await retainedServer({ topics, qos: 2, queue: 1000 })
    const { stdout } = await retained(['save', 't/#'], server)
    expect(messagesOf(stdout)).toHaveLength(1100)
    expect(server.largestBatch()).toBe(500)
  })
})

describe('rm', () => {
  test('without --yes it lists, and removes nothing', async () => {
    const server = await ourBroker()
    await holding(server, [{ topic: 'a', payload: 'x' }])
    const outcome = await retained(['rm', '#'], server)
    expect(outcome).toEqual({
      status: 0,
      stdout: 'a\n',
      stderr: '1 retained message would be removed; --yes removes them.\n',
    })
    expect((await retained(['ls'], server)).stdout).toBe('a\n')
  })

  test.each([
    ['y', 'Removed 1 of 1 retained message', ''],
    ['n', 'Nothing was removed.', 'a\n'],
    ['', 'Nothing was removed.', 'a\n'],
  ])('on a terminal it asks: %j', async (answer, said, left) => {
    const server = await ourBroker()
    await holding(server, [{ topic: 'a', payload: 'x' }])
    const undo = newFile()
    const outcome = await retained(['rm', '#', '--undo', undo], server, async ({ host, stdin, stderr }) => {
      for (const stream of [host.stdin, host.stderr]) Object.assign(stream, { isTTY: true })
      await once(() => stderr.text().includes('[y/N]'))
      expect(existsSync(undo)).toBe(false)
      stdin.end(`${answer}\n`)
    })
    expect(outcome.stdout).toBe('a\n')
    expect(outcome.stderr).toContain(`Remove 1 retained message? [y/N]\n${said}`)
    expect(existsSync(undo)).toBe(answer === 'y')
    expect((await retained(['ls'], server)).stdout).toBe(left)
  })

  test('a name that restore would refuse is left, unless there is no undo file', async () => {
    const server = await retainedServer({ topics: ['a\u0001', 'b'] })
    const outcome = await retained(['rm', '#', '--yes', '--undo', newFile()], server)
    expect(outcome.stderr).toContain("restore refuses such names (--no-undo removes them) (1): 'a\\u0001'\n")
    expect([outcome.status, ...server.store]).toEqual([42, 'a\u0001'])
    expect((await retained(['rm', '#', '--yes', '--no-undo'], server)).status).toBe(0)
    expect(server.store.size).toBe(0)
  })

  test('nothing matches: status 0, and no file', async () => {
    const undo = newFile()
    const outcome = await retained(['rm', 'x/#', '--yes', '--undo', undo], await ourBroker())
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: 'No retained message matches.\n' })
    expect(existsSync(undo)).toBe(false)
  })

  test('an undo file that exists is not overwritten', async () => {
    const server = await ourBroker()
    await holding(server, [{ topic: 'a', payload: 'x' }])
    const undo = newFile()
    writeFileSync(undo, 'precious')
    const outcome = await retained(['rm', '#', '--yes', '--undo', undo], server)
    expect(outcome.stderr).toMatch(/exists: it may be needed/)
    expect([outcome.status, readFileSync(undo, 'utf8')]).toEqual([1, 'precious'])
    expect((await retained(['ls'], server)).stdout).toBe('a\n')
  })

  test('an undo file that cannot be written: nothing is removed', async () => {
    const server = await ourBroker()
    await holding(server, [{ topic: 'a', payload: 'x' }])
    const outcome = await retained(['rm', '#', '--yes', '--undo', '/nowhere/undo'], server)
    expect(outcome.stderr).toBe(
      'Error: Unable to write /nowhere/undo: No such file or directory.\nNothing was removed.\n',
    )
    expect(outcome.status).toBe(14)
    expect((await retained(['ls'], server)).stdout).toBe('a\n')
  })

  const topics = Array.from({ length: 30 }, (_, i) => `t/${String(i).padStart(2, '0')}`)
  test.each<[string, Partial<RetainedScript>, number, RegExp, readonly string[]]>([
    [
      'published to after it was read',
      { onRead: (_, send) => send(live('t/29')) },
      42,
      /^Removed 29 of 29 .*\nLeft, because they were published to meanwhile \(1\): 't\/29'\n$/,
      ['t/29'],
    ],
    [
      'published to while others are removed',
      { onRemoval: (topic, send) => void (topic === 't/00' && send(live('t/29'))) },
      42,
      /^Removed 29 of 30 .*\nLeft, because they were published to meanwhile \(1\): 't\/29'\n$/,
      ['t/29'],
    ],
    [
      'published to just before the removal arrives',
      { onRemoval: (topic, send) => void (topic === 't/05' && send(live('t/05'))) },
      42,
      /^Removed 30 of 30 .*\nPublished to just before the removal arrived, .* \(1\): 't\/05'\n$/,
      [],
    ],
    [
      'refused',
      { onRemoval: (topic) => (topic === 't/07' ? 0x87 : undefined) },
      0x87,
      /^Removed 29 of 30 .*\nRefused by the server, Not authorized \(0x87\) \(1\): 't\/07'\n$/,
      ['t/07'],
    ],
    [
      'acknowledged, but not done',
      { onRemoval: (topic) => (topic > 't/10' ? 'kept' : undefined) },
      42,
      /^Removed 30 of 30 .*\nAcknowledged, but there still: .* \(19\): 't\/11', .* and 9 more\n$/,
      topics.slice(11),
    ],
  ])('%s', async (_, script, status, stderr, left) => {
    const server = await retainedServer({ topics, ...script })
    const undo = newFile()
    const outcome = await retained(['rm', 't/#', '--yes', '--undo', undo], server)
    expect(outcome.stderr).toMatch(stderr)
    expect(outcome.status).toBe(status)
    expect([...server.store]).toEqual(left)
    const saved = messagesOf(readFileSync(undo, 'utf8')).map(
      (message) => (message as { topic: string }).topic,
    )
    for (const topic of topics.filter((name) => !left.includes(name))) expect(saved).toContain(topic)
    if (!stderr.source.includes('Acknowledged')) for (const topic of left) expect(saved).not.toContain(topic)
  })

  describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
    const many = amount({ inCi: 3000, here: 700 })
    const all = Array.from({ length: many }, (_, i) => `t/${String(i).padStart(5, '0')}`)
    const status = signal === 'SIGINT' ? 130 : 143

    test('while it reads: nothing is removed, and there is no file', async () => {
      let stop = () => {}
      const server = await retainedServer({ topics: all, onRead: () => stop() })
      const undo = newFile()
      const outcome = await retained(['rm', 't/#', '--yes', '--undo', undo], server, (fake) => {
        stop = () => fake.signal(signal)
      })
      expect(outcome).toEqual({
        status,
        stdout: '',
        stderr: `Error: Ended by ${signal}\nNothing was removed.\n`,
      })
      expect(server.store.size).toBe(many)
      expect(
        readdirSync(folder).filter((name) => undo === join(folder, name) || name.includes('.tmp')),
      ).toEqual([])
    })

    test.each([1, 20, 21, 333])(
      'at removal %s: it says how far it got; the file has what was removed',
      async (at) => {
        let removals = 0
        let stop = () => {}
        const server = await retainedServer({
          topics: all,
          onRemoval: () => void (++removals === at && stop()),
        })
        const undo = newFile()
        const outcome = await retained(['rm', 't/#', '--yes', '--undo', undo], server, (fake) => {
          stop = () => fake.signal(signal)
        })
        expect(outcome.status).toBe(status)
        expect(outcome.stderr).toMatch(
          new RegExp(`^Error: Ended by ${signal}\nRemoved \\d+ of ${many} retained messages; to restore: `),
        )
        const saved = messagesOf(readFileSync(undo, 'utf8')).map(
          (message) => (message as { topic: string }).topic,
        )
        expect(saved).toEqual(all.filter((topic) => !server.store.has(topic)))
        expect(Number(/Removed (\d+)/.exec(outcome.stderr)![1])).toBe(saved.length)
      },
    )
  })

  const silently = (action: () => void): 'silent' => {
    action()
    return 'silent'
  }

  test('a server that acknowledges nothing: a signal ends it in a second, with what is unknown', async () => {
    let stop = () => {}
    const server = await retainedServer({ topics, onRemoval: () => silently(stop) })
    const undo = newFile()
    const outcome = await retained(['rm', 't/#', '--yes', '--undo', undo], server, (fake) => {
      stop = () => fake.signal('SIGINT')
    })
    expect(outcome.status).toBe(130)
    expect(outcome.stderr).toMatch(
      /\nRemoved 0 of 30 retained messages, and 20 without an acknowledgement; to restore: /,
    )
    expect(messagesOf(readFileSync(undo, 'utf8'))).toHaveLength(20)
  })

  test('--no-undo: no file', async () => {
    const server = await ourBroker()
    await holding(server, [{ topic: 'a', payload: 'x' }])
    const outcome = await retained(['rm', '#', '--yes', '--no-undo'], server)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: 'Removed 1 of 1 retained message\n' })
  })
})

describe('save', () => {
  test('a file that exists is replaced when the new one is complete', async () => {
    const file = newFile()
    writeFileSync(file, 'old')
    const slow = await retainedServer({ topics: ['a', 'b'], hangsAfter: 3 })
    expect((await retained(['save', '-o', file, '-W', '1'], slow)).status).toBe(27)
    expect(readFileSync(file, 'utf8')).toBe('old')
    const server = await retainedServer({ topics: ['a', 'b'] })
    expect((await retained(['save', '-o', file], server)).status).toBe(0)
    expect(messagesOf(readFileSync(file, 'utf8'))).toHaveLength(2)
  })

  test.each([
    [
      'a folder',
      () => {
        const path = newFile()
        mkdirSync(path)
        return path
      },
    ],
    ['a device', () => '/dev/full'],
  ])('%s is not replaced', async (_, path) => {
    const outcome = await retained(['save', '-o', path()], await retainedServer({ topics: ['a'] }))
    expect(outcome.stderr).toMatch(/is not a regular file\.\nhint: use > /)
    expect(outcome.status).toBe(1)
  })

  test('a symbolic link stays; its file need not exist', async () => {
    const server = await retainedServer({ topics: ['a'] })
    const [link, other, file] = [newFile(), newFile(), newFile()]
    symlinkSync(basename(other), link)
    symlinkSync(file, other)
    for (const _ of ['new', 'replaced']) {
      expect(await retained(['save', '-o', link], server)).toMatchObject({ status: 0, stdout: '' })
      expect(readlinkSync(link)).toBe(basename(other))
      expect(messagesOf(readFileSync(file, 'utf8'))).toHaveLength(1)
    }
  })

  test('-o - is standard output', async () => {
    const { status, stdout } = await retained(['save', '-o', '-'], await retainedServer({ topics: ['a'] }))
    expect(status).toBe(0)
    expect(messagesOf(stdout)).toHaveLength(1)
    expect(existsSync('-')).toBe(false)
  })

  test('standard output that fails: status 14', async () => {
    const server = await retainedServer({ topics: ['a'] })
    const outcome = await retained(['save'], server, ({ stdout }) => stdout.fail('ENOSPC'))
    expect(outcome.stderr).toMatch(/^Error: standard output: write ENOSPC\nhint: disk full, /)
    expect(outcome.status).toBe(14)
  })
})

describe('restore', () => {
  test('what has expired is left out, the rest has what is left of its time', async () => {
    const server = await ourBroker()
    const file = newFile()
    const saved = new Date(Date.now() - 100_000).toISOString()
    const message = { time: saved, retain: true, payload: 'x' }
    const lines = [
      { ...message, topic: 'gone', properties: { messageExpiryInterval: 100 } },
      { ...message, topic: 'kept', properties: { messageExpiryInterval: 4000 } },
      { ...message, topic: 'live', retain: false },
      { ...message, topic: 'empty', payload: '' },
    ]
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const outcome = await retained(['restore', file], server)
    expect(outcome).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'Not restored: 1 message expired meanwhile.\nNot restored: 2 lines without a retained message ("retain":false or empty).\n',
    })
    const { stdout } = await retained(['ls', '--json'], server)
    const [only] = stdout.split('\n')
    expect(JSON.parse(only!)).toMatchObject({ topic: 'kept', size: 1, qos: 0 })
    const { messageExpiryInterval } = JSON.parse(only!) as { messageExpiryInterval: number }
    expect(messageExpiryInterval).toBeGreaterThan(3800)
    expect(messageExpiryInterval).toBeLessThanOrEqual(3900)
  })

  const message = { topic: 'a', qos: 0, retain: true, payload: Buffer.alloc(0) } as const
  test.each([
    [1000, 0, 1000],
    [1000, 999, 1000],
    [1000, 1000, 999],
    [1000, 999_999, 1],
    [1000, 1_000_000, undefined],
    [1000, -5000, 1000],
    [0, 0, undefined],
  ])('%s s, saved %s ms ago: %s', (messageExpiryInterval, ago, left) => {
    const restored = withRemainingExpiry(
      { ...message, time: 1e12 - ago, properties: { messageExpiryInterval } },
      1e12,
    )
    expect(restored?.properties?.messageExpiryInterval).toBe(left)
  })

  test('-q is the least QoS; standard input', async () => {
    const server = await ourBroker()
    const text = [0, 1, 2].map((qos) => lineOf({ topic: `q${qos}`, payload: 'x', qos })).join('')
    const outcome = await retained(['restore', '-q', '1'], server, ({ stdin }) => void stdin.end(text))
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    const { stdout } = await retained(['ls', '-v'], server)
    expect(stdout.match(/ \d +-/g)!.map((part) => part[1])).toEqual(['1', '1', '2'])
  })

  test.each<[string, string, number, RegExp]>([
    ['not JSON', 'x\n', 1, /Line 2: it is not JSON/],
    ['a line that breaks off', '{"topic":"b","payl', 1, /Line 2: it is not JSON/],
    ['no topic', '{"payload":"x"}\n', 1, /Line 2: it has no "topic"/],
    [
      'a time that is none',
      '{"topic":"b","payload":"x","time":"noon"}\n',
      1,
      /Line 2: "time" is "noon", not a time/,
    ],
    [
      'refused',
      lineOf({ topic: 'denied', payload: 'x', qos: 1 }),
      0x87,
      /refused 1 of 2 lines: Not authorized.*\n.*\nlines refused: 2\nhint: to resume, begin with line 2: tail -n \+2 FILE \| mqttx retained restore/,
    ],
    [
      'no topic, which no option gives',
      '{"payload":"x","qos":1}\n',
      1,
      /has no "topic"\n.*\nhint: to resume, begin with line 2/,
    ],
  ])('%s: the lines before are restored', async (_, text, status, stderr) => {
    const server = await ourBroker({
      authorize: (_client, action, topic) => action !== 'publish' || topic !== 'denied',
    })
    const file = newFile()
    writeFileSync(file, lineOf({ topic: 'a', payload: 'x', qos: 1 }) + text)
    const outcome = await retained(['restore', file], server)
    expect(outcome.stderr).toMatch(stderr)
    expect(outcome.status).toBe(status)
    expect((await retained(['ls'], server)).stdout).toBe('a\n')
  })
})

test('restore at QoS 2, and the server has lost the session: no advice about options that it does not have', async () => {
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
      if (packet.cmd === 'publish') socket.destroy()
    },
  })
  const outcome = await run(
    ['retained', 'restore'],
    server,
    ({ stdin }) => void stdin.end(lineOf({ topic: 'a', payload: 'x', qos: 2 })),
  )
  expect(outcome.status).toBe(7)
  expect(outcome.stderr).toContain(
    'hint: the server has lost the Session, which QoS 2 messages in flight need\nhint: to resume',
  )
})

test('topics that are kept are limited in bytes', () => {
  const table = new TopicTable(10_000)
  expect(() => {
    for (let i = 0; ; i++) table.add(`topic/${i}`)
  }).toThrow(/^There are too many retained messages: more than \d+\.$/)
  expect(table.size).toBeLessThan(100)
})
