import { describe, expect, test } from 'vitest'
import { createDiagnostics } from '../../src/commands/diagnostics.js'
import { publishLines } from '../../src/commands/pub/lines.js'
import type { ConnectOptions } from '../../src/connection/options.js'
import { MqttxError } from '../../src/errors.js'
import { main } from '../../src/main.js'
import { bytes, failureOf, oblige, optionsFor, template } from '../connection/rig.js'
import { connack, type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once, sleep } from '../helpers/wait.js'
import { fakeHost, run } from './fake-host.js'

const payloads = (server: ScriptedServer) =>
  server.received.flatMap((packet) => (packet.cmd === 'publish' ? [String(packet.payload)] : []))

/** Acknowledges `count` messages, then resets this and all later connections. */
function acknowledging(count: number): Promise<ScriptedServer> {
  let settled = 0
  let over = false
  return scriptedServer({
    accept: (socket) => over && socket.resetAndDestroy(),
    packet(packet, socket) {
      if (over) return
      const last = packet.cmd === 'pubrel' || (packet.cmd === 'publish' && packet.qos === 1)
      if (last && settled++ >= count) {
        over = true
        socket.destroy()
      } else oblige(packet, socket)
    },
  })
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('')

/** `pub -l` with options that the command line lacks. */
async function publishing(
  server: ScriptedServer,
  { qos, input, ...overrides }: { qos: 0 | 1 | 2; input: string } & Partial<ConnectOptions>,
): Promise<{ failure: MqttxError; stderr: string }> {
  const { host, stdin, stderr } = fakeHost()
  stdin.end(input)
  const diagnostics = createDiagnostics({ quiet: false, debug: false }, host)
  const failure = await failureOf(
    publishLines(optionsFor(server.port, overrides), template(qos), { host, diagnostics }),
  )
  expect(failure).toBeInstanceOf(MqttxError)
  return { failure: failure as MqttxError, stderr: stderr.text() }
}

describe('pub -l', () => {
  test.each([0, 1, 2])(
    '-q %i: each line is a message, in order, and the last without line feed counts',
    async (qos) => {
      const server = await scriptedServer({ packet: oblige })
      const outcome = await run(['pub', '-t', 't', '-l', '-q', `${qos}`], server, ({ stdin }) => {
        stdin.end('one\n\ntwo\r\nth\0ree')
      })
      expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
      expect(payloads(server)).toEqual(['one', '', 'two\r', 'th\0ree'])
      expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect' })
    },
  )

  test.each([0, 1, 2])('-q %i: more lines than window and socket buffer hold', async (qos) => {
    const server = await scriptedServer({ packet: oblige })
    const outcome = await run(['pub', '-t', 't', '-l', '-q', `${qos}`, '-M', '7'], server, ({ stdin }) => {
      stdin.end(lines(5000))
    })
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(payloads(server)).toEqual(lines(5000).trimEnd().split('\n'))
  })

  test('each line is sent when it is read, not with the next line', async () => {
    const server = await scriptedServer({ packet: oblige })
    await run(['pub', '-t', 't', '-l'], server, async ({ stdin }) => {
      for (const line of ['one', 'two', 'three']) {
        stdin.write(`${line}\n`)
        await once(() => payloads(server).includes(line))
      }
      stdin.end()
    })
  })

  test('empty standard input sends nothing', async () => {
    const server = await scriptedServer({ packet: oblige })
    expect(await run(['pub', '-t', 't', '-l'], server)).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(server.received.map(({ cmd }) => cmd)).toEqual(['connect', 'disconnect'])
  })

  describe('if the server is lost for good', () => {
    test.each([
      [1, 0],
      [1, 1],
      [1, 13],
      [2, 0],
      [2, 13],
    ] as const)('QoS %i, after %i acknowledgements: the numbers are exact', async (qos, acknowledged) => {
      const server = await acknowledging(acknowledged)
      const { failure } = await publishing(server, { qos, input: lines(100), maxInFlight: 10 })
      const sent = acknowledged + 10
      const first = acknowledged + 1
      expect(failure.exitCode).toBe(7)
      expect(failure.message).toBe(
        `The connection was lost\nlines acknowledged: ${acknowledged}, sent: ${sent}, ` +
          `first without acknowledgement: ${first}`,
      )
      expect(failure.hint).toContain(
        `to resume, begin with line ${first}: tail -n +${first} FILE | mqttx pub -l ...`,
      )
    })

    test('reconnect attempts are reported first', async () => {
      const server = await acknowledging(3)
      const { failure, stderr } = await publishing(server, { qos: 1, input: lines(9), reconnects: 1 })
      expect(stderr).toMatch(/^Warning: The connection was lost: .*; reconnecting in 0\.[23] s\n$/)
      expect(failure.message).toContain('lines acknowledged: 3, sent: 9, first without acknowledgement: 4')
      expect(server.connections()).toBe(2)
    })

    test('acknowledgements out of order: resume at the first line without one', async () => {
      const server = await scriptedServer({
        packet(packet, socket) {
          if (packet.cmd === 'connect') return oblige(packet, socket)
          if (packet.cmd === 'publish' && packet.messageId !== 2) oblige(packet, socket)
          if (packet.messageId === 5) socket.end()
        },
      })
      const { failure } = await publishing(server, { qos: 1, input: lines(5) })
      expect(failure.message).toContain('lines acknowledged: 4, sent: 5, first without acknowledgement: 2')
    })

    test('QoS 2 and a server that lost the Session: status 7 and the line', async () => {
      let lose = true
      const server = await scriptedServer({
        packet(packet, socket) {
          if (packet.cmd !== 'publish' || packet.messageId !== 3 || !lose) return oblige(packet, socket)
          lose = false
          socket.destroy()
        },
      })
      const { failure } = await publishing(server, { qos: 2, input: lines(3), maxInFlight: 1, reconnects: 5 })
      expect(failure.exitCode).toBe(7)
      expect(failure.message).toContain('lines acknowledged: 2, sent: 3, first without acknowledgement: 3')
      expect(failure.hint).toContain('has lost the Session')
    })

    test('QoS 0: no line number is reported', async () => {
      const server = await scriptedServer({
        packet: (packet, socket) => (packet.cmd === 'connect' ? oblige(packet, socket) : socket.destroy()),
      })
      const { host, stdin } = fakeHost()
      stdin.write(lines(3))
      const diagnostics = createDiagnostics({ quiet: true, debug: false }, host)
      const failure = await failureOf(
        publishLines(optionsFor(server.port), template(0), { host, diagnostics }),
      )
      expect(failure).toMatchObject({ exitCode: 7, message: 'The connection was lost' })
    })
  })

  test('no line is lost by a reconnect', async () => {
    let left = 40
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'publish' && --left === 0) socket.destroy()
        else oblige(packet, socket)
      },
    })
    const outcome = await run(
      ['pub', '-t', 't', '-l', '-q', '1'],
      server,
      ({ stdin }) => void stdin.end(lines(100)),
    )
    expect(outcome.status).toBe(0)
    expect([...new Set(payloads(server))]).toEqual(lines(100).trimEnd().split('\n'))
    expect(outcome.stderr).toContain('reconnecting')
    expect(server.connections()).toBe(2)
  })

  test('the server is unreachable: the report says where to begin', async () => {
    const server = await scriptedServer({ packet: (_, socket) => void socket.write(connack(5)) })
    const outcome = await run(
      ['pub', '-t', 't', '-l', '-q', '1'],
      server,
      ({ stdin }) => void stdin.end(lines(3)),
    )
    expect(outcome.status).toBe(5)
    expect(outcome.stderr).toContain('lines acknowledged: 0, sent: 0, first without acknowledgement: 1')
  })

  describe('a signal', () => {
    test.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('%s while it waits for input: status %i and the report', async (name, status) => {
      const server = await scriptedServer({ packet: oblige })
      const words = ['pub', '-t', 't', '-l', '-q', '1', '-d']
      const outcome = await run(words, server, async ({ stdin, stdout, stderr, signal }) => {
        stdin.write(lines(3))
        await once(() => (stdout.text() + stderr.text()).split('received PUBACK').length > 3)
        signal(name)
      })
      expect(outcome.status).toBe(status)
      expect(outcome.stderr).toContain(
        `Ended by ${name}\nlines acknowledged: 3, sent: 3, first without acknowledgement: 4`,
      )
    })

    test.each([
      ['that waits with its window full', 'one\ntwo\nthree\n', false],
      ['that waits for the last acknowledgement, standard input at its end', 'one\ntwo\n', true],
    ])('ends a pub -l %s', async (_, input, end) => {
      const server = await scriptedServer({
        packet: (packet, socket) => packet.cmd === 'connect' && oblige(packet, socket),
      })
      const outcome = await run(['pub', '-t', 't', '-l', '-q', '1', '-M', '2'], server, async (fake) => {
        fake.stdin.write(input)
        if (end) fake.stdin.end()
        await once(() => payloads(server).length === 2)
        fake.signal('SIGTERM')
      })
      expect(outcome.status).toBe(143)
      expect(outcome.stderr).toContain('lines acknowledged: 0, sent: 2, first without acknowledgement: 1')
    })

    test('ends a pub -l that waits to reconnect', async () => {
      const server = await scriptedServer({
        packet: (packet, socket) => (packet.cmd === 'connect' ? oblige(packet, socket) : socket.destroy()),
      })
      const outcome = await run(
        ['pub', '-t', 't', '-l', '-q', '1'],
        server,
        async ({ stdin, stderr, signal }) => {
          stdin.write('one\n')
          await once(() => stderr.text().split('reconnecting').length > 2) // the second pause is half a second
          signal('SIGTERM')
        },
      )
      expect(outcome.status).toBe(143)
      expect(server.connections()).toBe(2)
    })
  })

  test.each(['-l', '-s'])(
    'standard input that cannot be read (%s): status 14 and the reason',
    async (option) => {
      const server = await scriptedServer({ packet: oblige })
      const outcome = await run(['pub', '-t', 't', option], server, ({ stdin }) => {
        setTimeout(() => stdin.destroy(Object.assign(new Error('EISDIR: read'), { code: 'EISDIR' })), 50)
      })
      expect(outcome).toMatchObject({ status: 14, stdout: '' })
      expect(outcome.stderr).toContain('Unable to read standard input: Is a directory.')
    },
  )

  test('a line that is too long for MQTT: status 9 and its number; earlier lines are delivered', async () => {
    const server = await scriptedServer({ packet: oblige })
    const outcome = await run(['pub', '-t', 't', '-l', '-q', '1'], server, async ({ stdin }) => {
      stdin.write('one\ntwo\n')
      const chunk = Buffer.alloc(16 * 1024 * 1024, 'x') // the same memory each time: 272 MB of line cost 16
      for (let i = 0; i < 17; i++) stdin.write(chunk)
    })
    expect(outcome.status).toBe(9)
    expect(outcome.stderr).toContain('Line 3 is too long')
    expect(outcome.stderr).toContain('lines acknowledged: 2, sent: 2, first without acknowledgement: 3')
    expect(payloads(server)).toEqual(['one', 'two'])
  })
})

describe('one message', () => {
  test.each([
    ['0', ['connect', 'publish', 'disconnect']],
    ['1', ['connect', 'publish', 'disconnect']],
    ['2', ['connect', 'publish', 'pubrel', 'disconnect']],
  ])('-q %s: %j', async (qos, packets) => {
    const server = await scriptedServer({ packet: oblige })
    const outcome = await run(['pub', '-t', 't', '-m', 'x', '-q', qos], server)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(server.received.map(({ cmd }) => cmd)).toEqual(packets)
  })

  test.each([
    ['-f', '/dev/null', 0],
    ['-f', '-', 1],
    ['-s', '', 1],
  ])('E74: empty %s %s: status %i', async (option, file, status) => {
    const server = await scriptedServer({ packet: oblige })
    const words = ['pub', '-q', '1', '-t', 't', option, file].filter((word) => word !== '')
    const outcome = await run(words, server)
    expect(outcome.status).toBe(status)
    expect(payloads(server)).toEqual(status === 0 ? [''] : [])
    if (status !== 0) expect(outcome.stderr).toContain('Zero length input.\n')
  })

  test.each([
    [[], 1, 'Error: Both topic and message must be supplied.\n'],
    [['-l'], 0, 'Reading standard input. Press Ctrl-D to end.\n'],
    [['-s'], 0, 'Reading standard input. Press Ctrl-D to end.\n'],
    [['-f', '-'], 0, 'Reading standard input. Press Ctrl-D to end.\n'],
    [['--json'], 0, 'Reading standard input. Press Ctrl-D to end.\n'],
    [['-l', '--quiet'], 0, ''],
  ] as const)('E44: pub -t t %j on a terminal', async (words, status, said) => {
    const server = await scriptedServer({ packet: oblige })
    const fake = fakeHost()
    const stdin = Object.assign(fake.stdin, { isTTY: true })
    stdin.end('{"payload":"x"}\n')
    const outcome = await main(['pub', '-t', 't', ...words, ...server.at], { ...fake.host, stdin })
    expect(outcome).toBe(status)
    expect(fake.stderr.text().split('hint')[0]).toBe(said)
  })

  test('without acknowledgement because the server closes: status 7', async () => {
    const server = await acknowledging(0)
    expect(await run(['pub', '-t', 't', '-m', 'x', '-q', '1'], server)).toMatchObject({ status: 7 })
    expect(server.connections()).toBe(1)
  })

  test('--repeat with a delay sends each message after the acknowledgement of the previous one', async () => {
    const server = await scriptedServer({ packet: oblige })
    const words = ['pub', '-t', 't', '-m', 'x', '-q', '1', '--repeat', '30', '--repeat-delay', '0.01']
    expect(await run(words, server)).toMatchObject({ status: 0 })
    expect(payloads(server)).toEqual(Array(30).fill('x'))
  })

  test('a connection lost between repetitions: status 7 at once', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        oblige(packet, socket)
        if (packet.cmd === 'publish') setTimeout(() => socket.destroy(), 20)
      },
    })
    const before = performance.now()
    const words = ['pub', '-t', 't', '-m', 'x', '-q', '1', '--repeat', '2', '--repeat-delay', '30']
    expect(await run(words, server)).toMatchObject({ status: 7 })
    expect(performance.now() - before).toBeLessThan(20_000)
  })

  test('refused by the server: the status is the Reason Code', async () => {
    const server = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect')
          socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
        if (packet.cmd !== 'publish') return
        socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0x87 }, 5))
      },
    })
    const outcome = await run(['pub', '-V', '5', '-t', 't', '-m', 'x', '-q', '1'], server)
    expect(outcome).toEqual({
      status: 0x87,
      stdout: '',
      stderr: 'Warning: Publish 1 failed: Not authorized (0x87).\n',
    })
  })
})

describe('lines that the server refuses, loses or drops', () => {
  /** Answers the nth PUBLISH of a connection (from 1) with a Reason Code, not at all, or by closing. */
  const answering = (answer: (number: number) => number | 'nothing' | 'end') => {
    let number = 0
    return scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect')
          socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
        if (packet.cmd !== 'publish') return
        const reasonCode = answer(++number)
        if (reasonCode === 'end') socket.destroy()
        else if (reasonCode !== 'nothing')
          socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode }, 5))
      },
    })
  }
  const five = (words: string[]): [input: string, words: string[]] =>
    words.includes('--json')
      ? [lines(5).replace(/(.*)\n/g, '{"topic":"t","payload":"$1"}\n'), words]
      : [lines(5), ['-t', 't', ...words]]

  test.each([
    {
      title: 'E16: refused',
      answer: (number: number) => (number === 3 ? 0x97 : 0),
      words: [],
      status: 0x97,
      stderr: [
        'Warning: Publish of line 3 failed: Quota exceeded (0x97).',
        'Error: The server refused 1 of 5 lines: Quota exceeded (0x97)',
        'lines acknowledged: 4, sent: 5, first without acknowledgement: 3',
        'lines refused: 3',
      ],
    },
    {
      title: 'E17: refused, then the connection lost',
      answer: (number: number) => (number === 3 ? 0x97 : number === 5 ? 'end' : 0),
      words: ['-M', '1', '--no-reconnect'],
      status: 7,
      stderr: [
        'Warning: Publish of line 3 failed: Quota exceeded (0x97).',
        'Error: The connection was lost',
        'lines acknowledged: 3, sent: 5, first without acknowledgement: 3',
        'lines refused: 3',
      ],
    },
    {
      title: 'E18: an acknowledgement that never comes',
      answer: (number: number) => (number === 3 ? 'nothing' : 0),
      words: ['--timeout', '1'],
      status: 27,
      stderr: ['Timed out', 'lines acknowledged: 4, sent: 5, first without acknowledgement: 3'],
    },
    {
      title: 'E17: lost before one that was refused',
      answer: (number: number) => (number === 2 ? 'nothing' : number === 4 ? 0x87 : number === 5 ? 'end' : 0),
      words: ['--no-reconnect'],
      status: 7,
      stderr: [
        'Warning: Publish of line 4 failed: Not authorized (0x87).',
        'Error: The connection was lost',
        'lines acknowledged: 2, sent: 5, first without acknowledgement: 2',
        'lines refused: 4',
      ],
    },
  ] as const)('$title: the report says where to resume', async ({ answer, words, status, stderr }) => {
    for (const source of ['-l', '--json']) {
      const server = await answering(answer)
      const [input, options] = five([source, ...words])
      const outcome = await run(
        ['pub', '-V', '5', '-q', '1', ...options],
        server,
        ({ stdin }) => void stdin.end(input),
      )
      const first = /acknowledgement: (\d+)/.exec(outcome.stderr)?.[1]
      expect(outcome.status).toBe(status)
      expect(outcome.stderr.split('\n').filter((line) => !line.startsWith('hint: '))).toEqual([...stderr, ''])
      expect(outcome.stderr).toContain(`tail -n +${first} FILE | mqttx pub ${source} ...`)
    }
  })

  test('E16: ten refusals are listed, the others counted; the status is the first Reason Code', async () => {
    const server = await answering((number) => (number % 2 === 0 ? (number === 2 ? 0x97 : 0x87) : 0))
    const outcome = await run(['pub', '-V', '5', '-t', 't', '-l', '-q', '1'], server, ({ stdin }) => {
      stdin.end(lines(30))
    })
    expect(outcome.status).toBe(0x97)
    expect(outcome.stderr.match(/Publish of line \d+ failed/g)).toHaveLength(10)
    expect(outcome.stderr).toContain('The server refused 15 of 30 lines: Quota exceeded (0x97)\n')
    expect(outcome.stderr).toContain('lines refused: 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and 5 more\n')
  })

  test('E16: reused Packet Identifiers do not confuse line numbers', async () => {
    const server = await answering((number) => (number === 70_000 ? 0x97 : 0))
    const outcome = await run(['pub', '-V', '5', '-t', 't', '-l', '-q', '1'], server, ({ stdin }) => {
      stdin.end(lines(70_001))
    })
    expect(outcome.stderr).toContain('Publish of line 70000 failed')
    expect(outcome.stderr).toContain('sent: 70001, first without acknowledgement: 70000\n')
  })
})

test('--repeat of a refused message: ten warnings, then the total', async () => {
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
      if (packet.cmd === 'publish')
        socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0x97 }, 5))
    },
  })
  const outcome = await run(['pub', '-V', '5', '-t', 't', '-m', 'x', '-q', '1', '--repeat', '12'], server)
  expect(outcome.status).toBe(0x97)
  expect(outcome.stderr.split('\n')).toHaveLength(12)
  expect(outcome.stderr).toMatch(/^Warning: Publish 1 failed: Quota exceeded \(0x97\)\.\n/)
  expect(outcome.stderr).toContain('Warning: 12 messages were refused in total.\n')
})

test('pub -l at QoS 0 across a reset connection: status 7 and the number of lost lines', async () => {
  let reset: (() => void) | undefined
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd !== 'connect') return
      oblige(packet, socket)
      if (reset !== undefined) return
      socket.pause()
      reset = () => void socket.resetAndDestroy()
    },
  })
  const { host, stdin } = fakeHost()
  const diagnostics = createDiagnostics({ quiet: true, debug: false }, host)
  const options = optionsFor(server.port, { reconnects: 3 })
  const publishing = failureOf(publishLines(options, template(0), { host, diagnostics }))
  const line = Buffer.alloc(10_000, 'x')
  line[9_999] = 10
  for (let i = 0; i < 3000; i++) stdin.write(line)
  stdin.end()
  const unread = () => stdin.readableLength + stdin.writableLength
  for (let before = 0; before !== unread() || before === 3000 * line.length; await sleep(400))
    before = unread()
  reset?.()
  const failure = await publishing
  expect(failure).toMatchObject({ exitCode: 7 })
  expect(failure.message).toMatch(/^The connection was lost, and with it \d+ lines at QoS 0$/)
  const arrived = server.received.filter(({ cmd }) => cmd === 'publish').length
  const told = Number(/\d+ lines/.exec(failure.message)![0].split(' ')[0])
  expect(arrived).toBeGreaterThan(0)
  expect(arrived + told).toBeLessThanOrEqual(3000)
})

test('MQTT 3.1, QoS 2', async () => {
  const server = await scriptedServer({ packet: oblige })
  const outcome = await run(['pub', '-V', '31', '-t', 't', '-m', 'x', '-q', '2'], server)
  expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
})
