// mqttx top in this process: reports, ends, refusals, reconnects, and the screen on a terminal that a test plays.
import type { Socket } from 'node:net'
import type { Packet } from 'mqtt-packet'
import { describe, expect, test, vi } from 'vitest'
import { main } from '../../src/main.js'
import { answerTo, bytes, oblige } from '../connection/rig.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { type FakeHost, fakeHost, type Outcome, run } from './fake-host.js'

interface Said {
  readonly topic: string
  readonly payload?: string
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
}

function publishes(messages: readonly Said[], version: 4 | 5): Buffer {
  const wire = messages.map(({ topic, payload = 'x', qos = 0, retain = false }, index) =>
    bytes({ cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: index + 1 }, version),
  )
  return Buffer.concat(wire)
}

interface Serving {
  readonly messages?: readonly Said[]
  readonly granted?: readonly number[]
  readonly version?: 4 | 5
  /** After the messages of a connection. */
  after?(socket: Socket, subscriptions: number): void
}

/** A server that answers SUBSCRIBE with these messages. */
function serving({ messages = [], granted, version = 4, after }: Serving): Promise<ScriptedServer> {
  let subscriptions = 0
  return scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect' && version === 5)
        return void socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
      if (packet.cmd !== 'subscribe') return oblige(packet, socket)
      const suback = { ...answerTo(packet), ...(granted && { granted }) } as Packet
      socket.write(Buffer.concat([bytes(suback, version), publishes(messages, version)]))
      after?.(socket, ++subscriptions)
    },
  })
}

const house: Said[] = [
  { topic: 'home/door', payload: 'open', retain: true },
  ...Array.from({ length: 3 }, () => ({ topic: 'home/power', payload: '12345' })),
  { topic: 'home/temp', payload: '21' },
]
const rowsOf = ({ stdout }: Outcome) => stdout.split('\n').map((line) => line.trim().split(/ +/).at(-1))

describe('a report', () => {
  test('of text at the end: the topics by rate', async () => {
    const outcome = await run(['top', '-C', '5'], await serving({ messages: house }))
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(outcome.stdout).toMatch(
      /^127\.0\.0\.1:\d+ # {2}0:00:00 {2}3 topics {2}4 messages .* 1 stored message\n/,
    )
    expect(rowsOf(outcome).slice(2)).toEqual(['home/power', 'home/temp', 'home/door', ''])
  })

  test.each<[string, string[], (string | undefined)[]]>([
    ['--sort name', ['--sort', 'name'], ['home/door', 'home/power', 'home/temp', '']],
    ['--reverse', ['--sort', 'name', '--reverse'], ['home/temp', 'home/power', 'home/door', '']],
    ['--limit', ['--limit', '1'], ['home/power', 'topics', '']],
    ['--view tree', ['--view', 'tree', '--sort', 'name'], ['home/', 'door', 'power', 'temp', '']],
    ['--view tree --limit', ['--view', 'tree', '--limit', '1'], ['home/', '']],
  ])('%s', async (_, words, expected) => {
    const outcome = await run(['top', '-C', '5', ...words], await serving({ messages: house }))
    expect(rowsOf(outcome).slice(2)).toEqual(expected)
  })

  test.each([['--json'], ['--format', 'json']])('as JSON: %s', async (...words) => {
    const outcome = await run(['top', '-C', '5', '-q', '2', ...words], await serving({ messages: house }))
    expect(outcome.stdout.endsWith('}\n')).toBe(true)
    const report = JSON.parse(outcome.stdout)
    expect(report).toMatchObject({
      ...{ filters: ['#'], messages: 4, bytes: 17, storedMessages: 1, topicCount: 3, retainedTopics: 1 },
      ...{ silentTopics: 0, sampling: 1, skippedMessages: 0, otherTopics: null },
    })
    expect(report.topics.map(({ topic }: { topic: string }) => topic)).toEqual([
      'home/power',
      'home/temp',
      'home/door',
    ])
    expect(report.topics[0]).toMatchObject({
      messages: 3,
      bytes: 15,
      silent: false,
      qos: [0],
      retained: false,
    })
    expect(report.topics[2]).toMatchObject({ messages: 0, age: null, silence: null, retained: true })
  })

  test('as metrics', async () => {
    const hostile = [...house, { topic: 'a"b\\c\x7f' }]
    const { stdout } = await run(
      ['top', '-C', '6', '--format', 'prometheus', '--limit', '9'],
      await serving({ messages: hostile }),
    )
    expect(stdout).toContain('# TYPE mqttx_top_messages_total counter\nmqttx_top_messages_total 5\n')
    expect(stdout).toContain('mqttx_topic_messages_total{topic="home/power"} 3\n')
    expect(stdout).toContain('mqttx_topic_messages_total{topic="a\\"b\\\\\\\\c\\\\u007f"} 1\n')
    for (const line of stdout.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) mqttx_\w+ .+|mqttx_\w+(\{topic="([^"\\\n]|\\["\\n])*"\})? [\d.e+-]+)$/,
      )
    const series = stdout.split('\n').map((line) => line.split('} ')[0])
    expect(new Set(series).size).toBe(series.length)
  })

  test('every interval, and at the end', async () => {
    const outcome = await run(
      ['top', '--json', '--interval', '0.1'],
      await serving({ messages: house }),
      async (fake) => {
        await once(() => fake.stdout.text().split('\n').length > 3)
        fake.signal('SIGINT')
      },
    )
    expect(outcome.status).toBe(0)
    const reports = outcome.stdout.trimEnd().split('\n')
    expect(reports.length).toBeGreaterThan(3)
    for (const line of reports) expect(JSON.parse(line).topicCount).toBe(3)
  })

  test('with MQTT 5, RETAIN is as published: an empty message removes it', async () => {
    const messages: Said[] = [
      { topic: 'a', retain: true },
      { topic: 'b', retain: true },
      { topic: 'a', retain: true, payload: '' },
    ]
    const server = await serving({ messages, version: 5 })
    const { stdout } = await run(['top', '-V', '5', '-C', '3', '--json'], server)
    expect(JSON.parse(stdout)).toMatchObject({ storedMessages: 2, messages: 1, retainedTopics: 1 })
    const subscribe = server.received.find(({ cmd }) => cmd === 'subscribe')
    expect(subscribe).toMatchObject({ subscriptions: [{ topic: '#', qos: 0, rap: true, rh: 0 }] })
  })
})

describe('it ends', () => {
  test('with status 0 after -W, which counts from the subscription on', async () => {
    const outcome = await run(['top', '-W', '1', '--json'], await serving({ messages: house }))
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout).seconds).toBeGreaterThanOrEqual(1)
  })

  test('with status 27 after -W without a subscription', async () => {
    const server = await scriptedServer({
      packet: (packet, socket) => void (packet.cmd === 'connect' && oblige(packet, socket)),
    })
    expect(await run(['top', '-W', '1'], server)).toEqual({ status: 27, stdout: '', stderr: 'Timed out\n' })
  })

  test('and says so if nothing came', async () => {
    const outcome = await run(['top', '-W', '1', 'a/b', '-t', 'c'], await serving({}))
    expect(outcome).toMatchObject({ status: 0, stderr: "Warning: No messages on 'a/b', 'c'.\n" })
    expect(outcome.stdout).toContain('0 topics')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('at %s, with a report', async (signal) => {
    const outcome = await run(
      ['top', '--interval', '0.1'],
      await serving({ messages: house }),
      async (fake) => {
        await once(() => fake.stdout.text() !== '')
        fake.signal(signal)
      },
    )
    expect(outcome.status).toBe(0)
    expect(outcome.stdout).toContain('\n\n') // two reports at least
  })

  test('with status 255 at a signal before CONNACK', async () => {
    const server = await scriptedServer({})
    const outcome = await run(['top'], server, async (fake) => {
      await once(() => server.received.length > 0)
      fake.signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 255, stdout: '' })
  })

  test('with the Reason Code if every subscription is refused', async () => {
    const outcome = await run(
      ['top', '-V', '5', 'a', 'b'],
      await serving({ granted: [0x87, 0x87], version: 5 }),
    )
    expect(outcome.status).toBe(0x80 | 7)
    expect(outcome.stderr).toContain("Subscription to 'a' was refused")
  })

  test('with the Reason Code at the end if one is refused', async () => {
    const server = await serving({ messages: house, granted: [0x80, 0] })
    const outcome = await run(['top', 'a', 'b', '-C', '5'], server)
    expect(outcome.status).toBe(0x80)
    expect(rowsOf(outcome)).toContain('home/power')
  })

  test('when the reader of standard output has gone', async () => {
    const outcome = await run(
      ['top', '--interval', '0.1'],
      await serving({ messages: house }),
      ({ stdout }) => stdout.fail('EPIPE'),
    )
    expect(outcome.status).toBe(0)
  })

  test('with status 14 if standard output fails', async () => {
    const outcome = await run(['top', '-C', '5'], await serving({ messages: house }), ({ stdout }) =>
      stdout.fail('ENOSPC'),
    )
    expect(outcome.status).toBe(14)
  })

  test('at once at a second signal, whatever standard output does', async () => {
    const outcome = await run(
      ['top', '--interval', '0.1'],
      await serving({ messages: house }),
      async (fake) => {
        fake.stdout.pause()
        await once(() => fake.handlers() > 0)
        await new Promise((resolve) => setTimeout(resolve, 500))
        fake.signal('SIGINT')
        fake.signal('SIGINT')
      },
    )
    expect(outcome.status).toBe(130)
  })
})

describe('a lost connection', () => {
  test('it subscribes again, without the retained messages that it has seen', async () => {
    const server = await serving({
      messages: [{ topic: 'a' }],
      version: 5,
      after: (socket, subscriptions) => void (subscriptions === 1 && setTimeout(() => socket.destroy(), 50)),
    })
    const { status, stdout, stderr } = await run(['top', '-V', '5', '-C', '2', '--json'], server)
    expect(status).toBe(0)
    expect(stderr).toMatch(/^Warning: The connection was lost.*reconnecting in .*\nWarning: Reconnected\.\n$/)
    expect(JSON.parse(stdout)).toMatchObject({ messages: 2, topicCount: 1 })
    const subscribes = server.received.filter(({ cmd }) => cmd === 'subscribe')
    expect(subscribes).toMatchObject([{ subscriptions: [{ rh: 0 }] }, { subscriptions: [{ rh: 2 }] }])
  })

  test('with --no-reconnect the report comes before the error', async () => {
    const server = await serving({
      messages: house,
      after: (socket) => void setTimeout(() => socket.destroy(), 50),
    })
    const outcome = await run(['top', '--no-reconnect'], server)
    expect(outcome.status).toBe(7)
    expect(rowsOf(outcome)).toContain('home/power')
    expect(outcome.stderr).toContain('connection was lost')
  })
})

test('messages at QoS 2 are acknowledged', async () => {
  const server = await serving({
    messages: [
      { topic: 'a', qos: 2 },
      { topic: 'b', qos: 1 },
    ],
  })
  const { stdout } = await run(['top', '-q', '2', '-C', '2', '--json', '--sort', 'name'], server)
  expect(JSON.parse(stdout).topics).toMatchObject([{ qos: [2] }, { qos: [1] }])
  const answers = server.received.map(({ cmd }) => cmd)
  expect(answers).toEqual(expect.arrayContaining(['pubrec', 'puback']))
})

interface Played extends FakeHost {
  /** Calls of `setRawMode`. */
  readonly raw: boolean[]
  type(keys: string): void
  resize(columns: number, rows: number): void
  /** The last frame without escape sequences. */
  frame(): string
}

/** A terminal of 80 columns and 24 rows. */
function terminal(env: Record<string, string> = {}): Played {
  const fake = fakeHost()
  const raw: boolean[] = []
  const { stdin } = fake
  const stdout = Object.assign(fake.stdout.stream, { isTTY: true, columns: 80, rows: 24 })
  Object.assign(stdin, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  return {
    ...fake,
    host: { ...fake.host, stdout, env: { LANG: 'C.UTF-8', NO_COLOR: '1', ...env } },
    raw,
    type: (keys) => void stdin.write(keys),
    resize(columns, rows) {
      Object.assign(stdout, { columns, rows })
      stdout.emit('resize')
    },
    frame: () => (fake.stdout.text().split('\x1b[H').at(-1) ?? '').replace(/\x1b\[[?\d;]*[A-Za-z]/g, ''),
  }
}

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'

describe('on a terminal', () => {
  const quickly = ['--interval', '0.1']

  /** Runs it on a terminal until `play` has ended it. */
  async function played(
    words: readonly string[],
    server: ScriptedServer,
    play: (fake: Played) => Promise<void>,
    env: Record<string, string> = {},
  ): Promise<Outcome & { raw: boolean[] }> {
    const fake = terminal(env)
    const running = main(['top', ...words, ...server.at], fake.host)
    await play(fake)
    return { status: await running, stdout: fake.stdout.text(), stderr: fake.stderr.text(), raw: fake.raw }
  }
  const shows = (fake: Played, text: string | RegExp) => once(() => fake.frame().search(text) >= 0)

  test('keys act, the size is followed, and the terminal is as before', async () => {
    const outcome = await played(quickly, await serving({ messages: house }), async (fake) => {
      await shows(fake, /▾ home\/\s+\n.* power\n.* temp\n.* door/)
      fake.type('t')
      await shows(fake, />.* home\/power/)
      fake.type('/')
      fake.type('Temp')
      await shows(fake, '/Temp_')
      fake.type('\r')
      await shows(fake, /with 'Temp'.*\n.*\n>.*home\/temp/)
      fake.type('\x1b')
      await shows(fake, 'home/power')
      fake.resize(30, 5)
      await once(() => fake.frame().split('\n').length === 5)
      fake.type('r')
      await shows(fake, /0 home\/door/)
      fake.type('q')
    })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(outcome.stdout.split(enter)).toHaveLength(2)
    expect(outcome.stdout.split(leave)).toHaveLength(2)
    expect(outcome.raw.at(-1)).toBe(false)
    expect(outcome.raw).toContain(true)
    expect(outcome.stdout.slice(outcome.stdout.indexOf(leave))).toContain('home/power')
  })

  test.each([
    ['Ctrl-C', '\x03'],
    ['q', 'q'],
  ])('%s ends it before the server answers', async (_, key) => {
    const outcome = await played([], await scriptedServer({}), async (fake) => {
      await shows(fake, 'connecting')
      fake.type(key)
    })
    expect(outcome.status).toBe(255)
    expect(outcome.raw.at(-1)).toBe(false)
  })

  test('a lost connection is said on the screen', async () => {
    const server = await serving({
      messages: house,
      after: (socket, subscriptions) => void (subscriptions === 1 && setTimeout(() => socket.destroy(), 300)),
    })
    const outcome = await played(quickly, server, async (fake) => {
      await shows(fake, 'power')
      await shows(fake, 'NOT CONNECTED: The connection was lost')
      await shows(fake, /^(?!.*NOT CONNECTED).*\n/)
      fake.type('q')
    })
    expect(outcome.stderr).toContain('reconnecting in')
  })

  test('without a keyboard it is drawn until -W', async () => {
    const fake = terminal()
    Object.assign(fake.stdin, { isTTY: false })
    const server = await serving({ messages: house })
    expect(await main(['top', '-W', '1', ...quickly, ...server.at], fake.host)).toBe(0)
    expect(fake.stdout.text()).toContain(enter)
    expect(fake.raw).toEqual([])
  })

  test.each<[string, string[], Record<string, string>, string]>([
    ['TERM=dumb', [], { TERM: 'dumb' }, 'home/power'],
    ['--json', ['--json'], {}, '"home/power"'],
    ['--format text', ['--format', 'text'], {}, 'home/power'],
  ])('%s: a report in place of the screen', async (_, words, env, text) => {
    const outcome = await played(
      ['-C', '5', ...words],
      await serving({ messages: house }),
      async () => {},
      env,
    )
    expect(outcome.stdout).not.toContain('\x1b')
    expect(outcome.stdout).toContain(text)
  })

  test.each([
    ['colours', {}, true],
    ['NO_COLOR', { NO_COLOR: '1' }, false],
  ])('%s', async (_, env, has) => {
    const outcome = await played(
      quickly,
      await serving({ messages: house }),
      async (fake) => {
        await shows(fake, 'power')
        fake.type('q')
      },
      { NO_COLOR: '', ...env },
    )
    expect(/\x1b\[(36|7)m/.test(outcome.stdout)).toBe(has)
  })
})

test.each([
  [['--json', '--format', 'text'], '--json and --format text cannot be used together.'],
  [['--sort', 'size'], "--sort: 'size' is not an order"],
  [['--limit', '0'], "--limit: '0' is not"],
  [['--interval', '0'], "--interval: '0' is not"],
  [['a/#/b'], 'Invalid subscription topic'],
])('%j is refused', async (words, text) => {
  const outcome = await run(['top', ...words], { at: [] })
  expect(outcome.status).toBe(1)
  expect(outcome.stderr).toContain(text)
})

test('a process that is busy with live messages samples, and says so', async () => {
  const busy = { idle: 0, active: 1, utilization: 1 }
  const look = vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue(busy)
  const burst = publishes(Array<Said>(100).fill({ topic: 'a/b' }), 4)
  const server = await serving({
    after: (socket) => {
      const timer = setInterval(() => socket.write(burst), 20)
      socket.on('close', () => clearInterval(timer))
    },
  })
  const outcome = await run(['top', '--json', '--interval', '0.2'], server, async (fake) => {
    await once(() => fake.stdout.text().includes('"sampling":4'))
    fake.signal('SIGINT')
  })
  look.mockRestore()
  const last = JSON.parse(outcome.stdout.trimEnd().split('\n').at(-1)!)
  expect(last.skippedMessages).toBeGreaterThan(0)
  expect(last.messages).toBeGreaterThan(last.skippedMessages) // each counted one stands for two or four
})
