// mqttx replay against our broker and against scripted servers: what is published, when it ends, and with which status.
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { IPublishPacket } from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../src/library/index.js'
import { bytes } from '../connection/rig.js'
import { scratch } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { type FakeHost, type Outcome, run } from './fake-host.js'

const folder = scratch('replay')

let files = 0
function written(contents: string | Buffer): string {
  const file = join(folder, `recording-${++files}`)
  writeFileSync(file, contents)
  return file
}

/** A line as of `sub --json`, `ms` after the first. */
const line = (topic: string, ms: number, more: object = {}): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 10, 27, 8) + ms).toISOString(), topic, qos: 0, retain: false, payload: 'x', ...more })}\n`

/** `count` messages at QoS 1, a millisecond apart, to t/1, t/2, ... */
const lines = (count: number, first = 1): string =>
  Array.from({ length: count }, (_, index) => line(`t/${first + index}`, first + index, { qos: 1 })).join('')

/** The Reason Code for a message; undefined: no answer. */
type Judge = (topic: string) => number | 'end' | undefined

/** A server of MQTT 5. */
async function judging(judge: Judge = () => 0, connack: object = {}): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect') {
        socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: connack }, 5))
      }
      if (packet.cmd === 'disconnect') socket.end()
      if (packet.cmd !== 'publish') return
      const { topic, qos, messageId = 0 } = packet
      const reasonCode = judge(topic)
      if (reasonCode === 'end') socket.destroy()
      else if (qos === 1 && reasonCode !== undefined) {
        socket.write(bytes({ cmd: 'puback', messageId, reasonCode }, 5))
      }
    },
  })
}

const published = ({ received }: ScriptedServer): IPublishPacket[] =>
  received.filter((packet) => packet.cmd === 'publish')
const topics = (server: ScriptedServer): string =>
  published(server)
    .map(({ topic }) => topic)
    .join(' ')

async function replay(
  server: ScriptedServer,
  words: readonly string[],
  stdin: string | Buffer = '',
): Promise<Outcome> {
  return run(['replay', ...words], server, (fake) => void fake.stdin.end(stdin))
}

describe('what is published', () => {
  const five = written(['a/1', 'b/2', 'a/3', '$x/4', 'b/5'].map((topic, at) => line(topic, at * 10)).join(''))
  const late = written(line('late', 25))
  const rows: readonly [words: readonly string[], topics: string][] = [
    [[five], 'a/1 b/2 a/3 $x/4 b/5'],
    [['--filter', 'a/+', five], 'a/1 a/3'],
    [['--filter', 'b/#', '--filter', 'a/3', five], 'b/2 a/3 b/5'],
    [['--from', '15ms', five], 'a/3 $x/4 b/5'],
    [['--to', '10ms', five], 'a/1 b/2'],
    [['--from', '2026-11-27T08:00:00.020', '--to', '+0.03', five], 'a/3 $x/4'],
    [['--start-at', '4', five], '$x/4 b/5'],
    [['--prefix', 'p/', '--map', 's/a/c/', five], 'p/c/1 p/b/2 p/c/3 p/$x/4 p/b/5'],
    [['--loop=2', '--to', '5ms', five, '--speed', '100'], 'a/1 a/1'],
    [['--loop-count', '2', '--start-at', '4', five, '--speed', 'max'], '$x/4 b/5 a/1 b/2 a/3 $x/4 b/5'],
    [['--loop=3', '--start-at', '15', five, '--speed', 'max'], 'b/5'],
    [
      ['--loop=9', '--start-at', '7', '--filter', 'b/2', five, '--speed', 'max'],
      'b/2 b/2 b/2 b/2 b/2 b/2 b/2 b/2',
    ],
    [[late, five], 'a/1 b/2 a/3 late $x/4 b/5'],
    [[written(gzipSync(lines(2)))], 't/1 t/2'],
    [[written(`\n${line('a', 0)}\r\n \n${line('b', 1).trim()}`)], 'a b'],
  ]
  test.each(rows)('%j: %s', async (words, expected) => {
    const server = await judging()
    expect(await replay(server, words)).toMatchObject({ status: 0, stdout: '' })
    expect(topics(server)).toBe(expected)
  })

  test.each([
    ['-', ['-']],
    ['no file', []],
  ])('%s is standard input', async (_, words) => {
    const server = await judging()
    expect(await replay(server, words, lines(3))).toMatchObject({ status: 0 })
    expect(topics(server)).toBe('t/1 t/2 t/3')
  })

  test.each([
    [[], [true, false]],
    [['--retain'], [true, true]],
    [['--no-retain'], [false, false]],
  ])('RETAIN with %j: %j', async (words, expected) => {
    const server = await judging()
    await replay(server, [...words, written(line('a', 0, { retain: true }) + line('b', 1))])
    expect(published(server).map(({ retain }) => retain)).toEqual(expected)
  })

  test('lines of mosquitto_sub -F %j and %J', async () => {
    const tst = (second: number) => `2026-11-27T09:00:0${second}.250000+0100`
    const j = `{"tst":"${tst(0)}","topic":"j","qos":0,"retain":0,"payloadlen":4,"payload":"text"}\n`
    const J = `{"tst":"${tst(1)}","topic":"J","qos":0,"retain":0,"payloadlen":7,"payload":{"a":1}}\n`
    const server = await judging()
    expect(await replay(server, ['--speed', '100', written(j + J)])).toMatchObject({ status: 0 })
    expect(published(server).map(({ topic, payload }) => `${topic} ${payload}`)).toEqual([
      'j text',
      'J {"a":1}',
    ])
  })

  test('a message is not published before it is due', async () => {
    const server = await judging()
    const before = performance.now()
    await replay(server, [written(line('a', 0) + line('b', 600)), '--speed', '2'])
    expect(performance.now() - before).toBeGreaterThan(300)
    expect(topics(server)).toBe('a b')
  })

  test('without --speed max the summary has the schedule error, with it not, with --quiet there is none', async () => {
    const server = await judging()
    const file = written(lines(2))
    expect((await replay(server, [file])).stderr).toMatch(
      /^Published 2 messages in \d\.\d s\. Schedule error: p50 \d+\.\d ms, p99 \d+\.\d ms, max \d+\.\d ms\.\n$/,
    )
    expect((await replay(server, [file, '--speed', 'max'])).stderr).toMatch(
      /^Published 2 messages in \d\.\d s\.\n$/,
    )
    expect((await replay(server, [file, '--quiet'])).stderr).toBe('')
  })
})

test('a recording, replayed and recorded again, is the same but for its times', async () => {
  /** What a subscriber of a new broker records of `publish`. */
  const recorded = async (
    count: number,
    publish: (broker: Awaited<ReturnType<typeof startBroker>>) => Promise<unknown>,
  ) => {
    const broker = await startBroker()
    onTestFinished(() => broker.close())
    const sub = ['sub', '-V', '5', '-q', '2', '-t', '#', '--retain-as-published', '--json', '-d']
    const outcome = await run(
      [...sub, '-C', `${count}`, '-W', '30'],
      serverOf(broker.url),
      async ({ stderr }) => {
        await once(() => stderr.text().includes('Subscribed'))
        await publish(broker)
      },
    )
    return outcome.stdout
  }
  const properties = {
    payloadFormatIndicator: true,
    messageExpiryInterval: 3600,
    contentType: 'text/plain',
    responseTopic: 'answers/é',
    correlationData: { base64: '/wAB' },
    userProperties: { b: ['1', '2'], a: 'x', '': '' },
  }
  const messages = Array.from({ length: 60 }, (_, at) =>
    line(`room/${at % 4}/ü`, at * 5, {
      qos: at % 3,
      retain: at % 5 === 0,
      payload: at % 2 === 0 ? `text ${at}\n` : Buffer.from([0, 255, at]).toString('base64'),
      encoding: at % 2 === 0 ? 'utf8' : 'base64',
      ...(at % 7 === 0 && { properties: at % 2 === 0 ? properties : { userProperties: { n: String(at) } } }),
    }),
  ).join('')
  const first = await recorded(60, async ({ url }) => {
    const outcome = await run(
      ['pub', '-V', '5', '--json'],
      serverOf(url),
      ({ stdin }) => void stdin.end(messages),
    )
    expect(outcome).toMatchObject({ status: 0 })
  })
  const second = await recorded(60, async ({ url }) => {
    const outcome = await run(['replay', written(first)], serverOf(url))
    expect(outcome).toMatchObject({ status: 0 })
  })
  /** By QoS: messages at QoS 0 may overtake others that wait for a place in flight. */
  const withoutTimes = (text: string) =>
    ['"qos":0', '"qos":1', '"qos":2'].map((qos) =>
      text
        .replace(/"time":"[^"]*"/g, '')
        .split('\n')
        .filter((line) => line.includes(qos)),
    )
  expect(withoutTimes(first).map(({ length }) => length)).toEqual([20, 20, 20])
  expect(withoutTimes(second)).toEqual(withoutTimes(first))
})

function serverOf(url: string): { at: readonly string[] } {
  return { at: ['-h', '127.0.0.1', '-p', /:(\d+)$/.exec(url)![1]!] }
}

describe('bad input: what comes before it is delivered, then an error with the place', () => {
  const good = lines(3)
  test.each<[string, string, readonly string[], number, string, string]>([
    [
      'a line that breaks off',
      `${good}{"time":"2026-11-27T08:00`,
      [],
      1,
      'Error: Line 4: it is not JSON',
      '4',
    ],
    ['the same in the middle', `${good}{"ti\n${good}`, [], 1, 'Line 4: it is not JSON', '4'],
    ['blank lines count', `\n${good}\n\nx`, [], 1, 'Line 7: it is not JSON', '5'],
    ['a line without a time', `${good}{"topic":"a","payload":""}\n`, [], 1, 'Line 4: it has no "time"', '4'],
    [
      'a time that is none',
      `${good}{"topic":"a","payload":"","time":"now"}`,
      [],
      1,
      '"time" is "now", not a time',
      '4',
    ],
    ['a topic with a wildcard', good + line('a/#', 9), [], 1, "Line 4: Invalid publish topic 'a/#'", '4'],
    [
      'a topic that --map spoils',
      good,
      ['--map', 's,t/3,,'],
      1,
      "Message 3: topic 't/3' becomes '', which",
      '3',
    ],
    [
      'properties with MQTT 3.1.1',
      good + line('a', 9, { properties: { contentType: 'x' } }),
      ['-V', '311'],
      1,
      'which need MQTT 5',
      '4',
    ],
    ['no UTF-8', `${good}{"\xff`, [], 1, 'Line 4: it is not UTF-8', '4'],
  ])('%s', async (_, contents, words, status, message, resume) => {
    const server = words.includes('311') ? await scriptedServer({ packet: old }) : await judging()
    const file = written(Buffer.from(contents, contents.includes('\xff') ? 'latin1' : 'utf8'))
    const outcome = await replay(server, [...words, file])
    expect(outcome.status).toBe(status)
    expect(outcome.stderr).toContain(message)
    expect(outcome.stderr).toContain(`hint: to resume, add --start-at ${resume}\n`)
    expect(topics(server)).toBe(message.startsWith('Message 3') ? 't/1 t/2' : 't/1 t/2 t/3')
  })

  describe('damaged gzip: all that comes before is published, and the status is 1', () => {
    const notAll = 'Error: The recording is damaged or cut off: not all of it could be read\n'
    const whole = gzipSync(lines(300))
    const parts = Array.from({ length: 60 }, (_, at) => gzipSync(lines(5, 1 + 5 * at)))
    test.each<[string, Buffer, number, string]>([
      ['its last bytes are missing', whole.subarray(0, -5), 300, notAll],
      ['it ends between two lines', Buffer.concat(parts).subarray(0, -4), 300, notAll],
      ['something else follows', Buffer.concat([...parts, Buffer.from('garbage')]), 100, 'it is not JSON'],
    ])('%s', async (_, contents, least, error) => {
      const server = await judging()
      const { status, stderr } = await replay(server, ['--speed', 'max', written(contents)])
      expect(status).toBe(1)
      expect(published(server).length).toBeGreaterThanOrEqual(least)
      expect(stderr.match(/Warning: the gzip data is damaged or truncated/g)).toHaveLength(1)
      expect(stderr).toContain(error)
    })

    test('of several files, the one that is damaged is named; with --loop once', async () => {
      const server = await judging()
      const file = written(whole.subarray(0, -5))
      const outcome = await replay(server, ['--speed', 'max', '--loop=3', written(lines(3)), file])
      expect(outcome.status).toBe(1)
      expect(published(server)).toHaveLength(909)
      expect(outcome.stderr.match(/Warning: .*/g)).toEqual([
        expect.stringContaining(`Warning: ${file}: the gzip data is damaged or truncated`),
      ])
    })
  })

  test('--start-at leaves out a line that is not a message', async () => {
    const server = await judging()
    const file = written(`{"cut\n${lines(2)}oops\n\n${lines(2, 3)}`)
    const outcome = await replay(server, ['--start-at', '2', file])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Error: Line 4: it is not JSON')
    expect(outcome.stderr).toContain(
      'hint: to go on after it, add --start-at 5\nhint: to resume, add --start-at 4\n',
    )
    expect(await replay(server, ['--start-at', '5', file])).toMatchObject({ status: 0 })
    expect(topics(server)).toBe('t/1 t/2 t/3 t/4')
  })

  test('several files: the error names the file, and those of the others before it are published', async () => {
    const server = await judging()
    const broken = written(`${line('b/1', 1)}oops`)
    const outcome = await replay(server, [written(line('a/1', 0) + line('a/2', 5)), broken])
    expect(outcome).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`Error: ${broken}: line 2: `),
    })
    expect(topics(server)).toBe('a/1 b/1')
  })

  test('a file that is removed while another one is awaited', async () => {
    const server = await judging()
    const file = written(lines(1))
    const outcome = await run(['replay', file, '-'], server, async (fake) => {
      await sleep(300)
      rmSync(file)
      fake.stdin.end(line('t/2', 2))
    })
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain(`cannot read ${file}: No such file or directory`)
  })

  test('a file that is emptied between two rounds', async () => {
    const file = written(lines(3))
    const server = await judging((topic) => {
      if (topic === 't/3') truncateSync(file)
      return 0
    })
    const outcome = await replay(server, ['--loop', file])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Error: The recording is empty now, in round 2\n')
    expect(topics(server)).toBe('t/1 t/2 t/3')
  })

  test('without times, --speed max publishes', async () => {
    const server = await judging()
    const file = written('{"topic":"a","payload":""}\n{"topic":"b","payload":""}\n')
    expect(await replay(server, ['--speed', 'max', file])).toMatchObject({ status: 0 })
    expect(topics(server)).toBe('a b')
    const outcome = await replay(server, ['--speed', 'max', '--from', '1s', file])
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('Line 1: it has no "time"') })
  })

  test('times that run backwards: published at once, in the order of the file, and counted once', async () => {
    const server = await judging()
    const file = written([0, 20, 5, 10, 25].map((ms, at) => line(`t/${at}`, ms)).join(''))
    const outcome = await replay(server, [file])
    expect(outcome.status).toBe(0)
    expect(outcome.stderr).toContain('Out of order: 2 messages older than one before, published at once.\n')
    expect(topics(server)).toBe('t/0 t/1 t/2 t/3 t/4')
  })

  test.each<[string, readonly string[], string]>([
    ['a filter that matches nothing', ['--filter', 'none'], 'No message was selected: 3 messages read'],
    ['times after all messages', ['--from', '1h'], 'No message was selected: 3 messages read'],
    [
      'times before all messages',
      ['--to', '2020-01-01'],
      'No message was selected: the first is later than --to',
    ],
    ['a number after all messages', ['--start-at', '9'], 'No message was selected: 3 messages read'],
    ['in a loop too', ['--filter', 'none', '--loop'], 'No message was selected: 3 messages read'],
  ])('%s: status 1', async (_, words, message) => {
    const outcome = await replay(await judging(), [...words, written(good)])
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining(`Error: ${message}\n`) })
  })

  test.each([
    ['an empty file', ''],
    ['blank lines', '\n \n'],
    ['text', 'this is no recording\n'],
  ])('%s: status 1', async (_, contents) => {
    const outcome = await replay(await judging(), [written(contents)])
    expect(outcome).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('The recording has no message'),
    })
  })
})

/** A server of MQTT 3.1.1. */
const old: NonNullable<Parameters<typeof scriptedServer>[0]['packet']> = (packet, socket) => {
  if (packet.cmd === 'connect') socket.write(Buffer.of(0x20, 2, 0, 0))
  if (packet.cmd === 'publish') socket.write(bytes({ cmd: 'puback', messageId: packet.messageId! }))
  if (packet.cmd === 'disconnect') socket.end()
}

describe('the command line', () => {
  test.each<[readonly string[], string]>([
    [['-', '-'], 'standard input can be read only once'],
    [['--loop'], '--loop needs files'],
    [['--loop=2', '-'], '--loop needs files'],
    [['--from', '2s', '--to', '1s'], '--from is later than --to'],
    [['--retain', '--no-retain'], '--retain and --no-retain cannot be used together'],
    [['--speed', '0'], "--speed: '0' is not a speed"],
    [['--speed', 'fast'], "--speed: 'fast' is not a speed"],
    [['--direction', 'up'], "--direction: unknown value 'up'"],
    [['-L', 'mqtt://localhost/topic'], '-L has a topic'],
    [['/does/not/exist'], 'cannot read /does/not/exist: No such file'],
    [['/'], 'cannot read /: Is a directory'],
    [['--loop', '/dev/null'], '--loop needs regular files'],
  ])('%j is refused before anything is sent', async (words, message) => {
    const server = await judging()
    const outcome = await run(['replay', ...words], { at: words.includes('-L') ? [] : server.at })
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining(message) })
    expect(server.received).toEqual([])
  })
})

describe('what could not be delivered is the status', () => {
  test('messages that the server refuses: the others are delivered', async () => {
    const server = await judging((topic) => (topic === 't/3' || topic === 't/5' ? 0x87 : 0))
    const outcome = await replay(server, [written(lines(6))])
    expect(topics(server)).toBe('t/1 t/2 t/3 t/4 t/5 t/6')
    expect(outcome.status).toBe(0x87)
    expect(outcome.stderr).toContain('Warning: Publish of message 3 failed: Not authorized (0x87).')
    expect(outcome.stderr).toContain('Error: The server refused 2 of 6 messages: Not authorized (0x87)\n')
    expect(outcome.stderr).toContain('messages refused: 3, 5\n')
    expect(outcome.stderr).toContain('hint: to resume, add --start-at 3\n')
  })

  test('messages that the server would refuse by its CONNACK: the others are delivered', async () => {
    const server = await judging(() => 0, { maximumQoS: 1, retainAvailable: false, maximumPacketSize: 100 })
    const file = written(
      line('a', 0, { qos: 2 }) +
        line('b', 1, { retain: true }) +
        line('c', 2, { payload: 'x'.repeat(200) }) +
        line('d', 3),
    )
    const outcome = await replay(server, [file])
    expect(topics(server)).toBe('d')
    expect(outcome.status).toBe(0x9b)
    expect(outcome.stderr).toContain('The server refused 3 of 4 messages')
  })

  test('a connection that is lost: it goes on where it was', async () => {
    let lost = false
    const server = await judging((topic) => {
      if (topic !== 't/3' || lost) return 0
      lost = true
      return 'end'
    })
    expect(await replay(server, [written(lines(6))])).toMatchObject({ status: 0 })
    expect(new Set(published(server).map(({ topic }) => topic)).size).toBe(6)
    expect(server.connections()).toBe(2)
  })

  test('a connection that is lost for good: the number to resume with', async () => {
    const server = await judging((topic) => (topic === 't/3' ? 'end' : 0))
    const outcome = await replay(server, ['--no-reconnect', written(lines(6))])
    expect(outcome.status).toBe(7)
    expect(outcome.stderr).toContain('first without acknowledgement: 3\n')
    expect(outcome.stderr).toContain('hint: to resume, add --start-at 3\n')
  })

  test('a server that is slow holds it up, and no message is left out', async () => {
    const waiting: (() => void)[] = []
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') {
          socket.write(
            bytes(
              { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { receiveMaximum: 2 } },
              5,
            ),
          )
        }
        if (packet.cmd === 'disconnect') socket.end()
        if (packet.cmd !== 'publish') return
        const { messageId } = packet
        const answer = () =>
          void socket.write(bytes({ cmd: 'puback', messageId: messageId!, reasonCode: 0 }, 5))
        if (waiting.push(answer) === 2) setTimeout(() => waiting.splice(0).forEach((go) => void go()), 60)
      },
    })
    const outcome = await replay(server, [written(lines(10))])
    expect(outcome.status).toBe(0)
    expect(topics(server).split(' ')).toHaveLength(10)
    expect(outcome.stderr).toMatch(
      /^The schedule fell behind by up to 0\.\d s: the server held up \d messages\.$/m,
    )
  })
})

describe('a signal', () => {
  const slow = written(
    line('t/1', 0, { qos: 1 }) + line('t/2', 1, { qos: 1 }) + line('t/3', 3_600_000, { qos: 1 }),
  )
  const interrupted = (
    server: ScriptedServer,
    words: readonly string[],
    when: (fake: FakeHost) => Promise<void>,
  ): Promise<Outcome> => run(['replay', ...words], server, when)

  test.each(['SIGINT', 'SIGTERM'] as const)('%s between two messages says where to resume', async (name) => {
    const server = await judging()
    const outcome = await interrupted(server, [slow], async ({ signal }) => {
      await once(() => published(server).length === 2)
      signal(name)
    })
    expect(outcome.status).toBe(name === 'SIGINT' ? 130 : 143)
    expect(outcome.stderr).toContain(`Error: Ended by ${name}\nmessages acknowledged: 2, sent: 2`)
    expect(outcome.stderr).toContain('hint: to resume, add --start-at 3\n')
    expect(server.received.at(-1)?.cmd).toBe('disconnect')
  })

  test('while nothing is acknowledged: the first without acknowledgement', async () => {
    const server = await judging((topic) => (topic === 't/1' ? 0 : undefined))
    const outcome = await interrupted(server, [slow], async ({ signal }) => {
      await once(() => published(server).length === 2)
      signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 130, stderr: expect.stringContaining('--start-at 2\n') })
  })

  test('while standard input is silent', async () => {
    const server = await judging()
    const outcome = await interrupted(server, ['-'], async ({ stdin, signal }) => {
      stdin.write(lines(2))
      await once(() => published(server).length === 2)
      signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 130, stderr: expect.stringContaining('--start-at 3\n') })
  })

  test('while the last acknowledgement is missing', async () => {
    const server = await judging(() => undefined)
    const outcome = await interrupted(server, [written(lines(1))], async ({ signal }) => {
      await once(() => published(server).length === 1)
      signal('SIGINT')
      signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 130, stderr: expect.stringContaining('--start-at 1\n') })
  })

  test('in a loop without end', async () => {
    const server = await judging()
    const outcome = await interrupted(
      server,
      ['--loop', written(lines(3)), '--speed', '10'],
      async ({ signal }) => {
        await once(() => published(server).length > 20)
        signal('SIGINT')
      },
    )
    expect(outcome.status).toBe(130)
    const resume = Number(/--start-at (\d+)/.exec(outcome.stderr)![1])
    expect(resume).toBe(published(server).length + 1)
  })

  test('-W stops too: status 27', async () => {
    const server = await judging()
    const outcome = await replay(server, [slow, '-W', '1'])
    expect(outcome.status).toBe(27)
    expect(outcome.stderr).toContain('Timed out\nmessages acknowledged: 2, sent: 2')
    expect(outcome.stderr).toContain('--start-at 3\n')
  })
})

test('what a resumed replay publishes is the rest', async () => {
  const file = written(lines(8))
  for (let from = 1; from <= 8; from++) {
    const server = await judging((topic) => (topic === `t/${from}` ? 'end' : 0))
    const outcome = await replay(server, ['--no-reconnect', '--speed', 'max', '-M', '1', file])
    const [, resume = ''] = /--start-at (\d+)/.exec(outcome.stderr)!
    expect(Number(resume)).toBe(from)
    const rest = await judging()
    expect(await replay(rest, ['--start-at', resume, file])).toMatchObject({ status: 0 })
    expect(topics(rest)).toBe(Array.from({ length: 9 - from }, (_, at) => `t/${from + at}`).join(' '))
  }
})
