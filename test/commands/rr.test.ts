import type { IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { latencyText } from '../../src/commands/rr/latency.js'
import { Pending, type Request } from '../../src/commands/rr/pending.js'
import { Unanswered } from '../../src/commands/rr/unanswered.js'
import type { ScriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { run } from './fake-host.js'
import { answerFor, rrServer } from './rr-server.js'

const ask = ['rr', '-t', 't', '-e', 'e']
const one = [...ask, '-m', 'x']
const requests = (server: ScriptedServer) =>
  server.received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
const honest = (request: IPublishPacket, send: (packet: Packet) => void) => send(answerFor(request))

test.each([
  [0.0005, 'Latency: 500ns'],
  [0.0125, 'Latency: 12.500000µs'],
  [4.466038, 'Latency: 4.466038ms'],
  [999.9999999, 'Latency: 1.000000000'],
  [12_345.678_901, 'Latency: 12.345678901'],
])('%f ms is printed as %s', (milliseconds, text) => {
  expect(latencyText(milliseconds)).toBe(text)
})

describe('pending requests', () => {
  const stopped: number[] = []
  const request = (line: number, data: Buffer | undefined, messageId = 0): Request => ({
    line,
    correlationData: data,
    messageId,
    sentAt: 0,
    stop: () => void stopped.push(line),
  })

  test('an answer is matched by the bytes of its Correlation Data, as often as replies are expected', () => {
    const pending = new Pending(2)
    pending.add(request(1, Buffer.of(0, 255)))
    pending.add(request(2, Buffer.of(0, 254)))
    expect(pending.answer(Buffer.of(0, 253))).toBeUndefined()
    expect(pending.answer(undefined)).toBeUndefined() // two wait
    const [first] = pending.requests
    expect(pending.answer(Buffer.of(0, 255))?.line).toBe(1)
    expect(pending.received(first!)).toBe(1)
    expect(pending.answer(Buffer.of(0, 255))?.line).toBe(1)
    expect(pending.answer(Buffer.of(0, 255))).toBeUndefined()
    expect(stopped).toEqual([1])
    expect(pending.requests.map(({ line }) => line)).toEqual([2])
    expect(pending.answer(undefined)?.line).toBe(2) // it waits alone
  })

  test('a request is acknowledged once; a reused Packet Identifier belongs to another request', () => {
    const pending = new Pending(1)
    pending.add(request(1, Buffer.of(1), 7))
    expect(pending.settled(7)?.line).toBe(1)
    expect(pending.settled(7)).toBeUndefined()
    pending.add(request(2, Buffer.of(2), 7))
    pending.answer(Buffer.of(1))
    expect(pending.settled(7)?.line).toBe(2)
  })
})

test('unanswered requests: a warning for the first ten, then only the count', () => {
  const warnings: string[] = []
  const unanswered = new Unanswered((text) => warnings.push(text))
  unanswered.check(5, undefined)
  for (let line = 1; line <= 12; line++) unanswered.note(line, 'no answer', line === 1 ? 135 : 27)
  expect(warnings).toHaveLength(10)
  expect(unanswered.text(20)).toBe(
    '12 of 20 requests had no answer: lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more',
  )
  expect(() => unanswered.check(20, 'why')).toThrow(expect.objectContaining({ exitCode: 135, hint: 'why' }))
})

describe('one request', () => {
  test('subscribes, publishes with a Response Topic, prints the answer, disconnects', async () => {
    const server = await rrServer(honest)
    const outcome = await run([...one, '--content-type', 'text/plain'], server)
    expect(outcome).toEqual({ status: 0, stdout: 're: x\n', stderr: '' })
    const [connect, subscribe, publish, disconnect] = server.received
    expect(connect).toMatchObject({ protocolVersion: 5, properties: { receiveMaximum: 1 } })
    expect(subscribe).toMatchObject({ messageId: 1, subscriptions: [{ topic: 'e', qos: 0, rh: 0 }] })
    expect(publish).toMatchObject({ topic: 't', payload: Buffer.from('x'), qos: 0, retain: false })
    const { properties } = publish as IPublishPacket
    expect(Object.keys(properties ?? {})).toEqual(['contentType', 'responseTopic'])
    expect(disconnect).toMatchObject({ cmd: 'disconnect', reasonCode: 0 })
  })

  test.each([1, 2])('-q %i in both directions: the answer is acknowledged before the end', async (qos) => {
    const server = await rrServer((request, send) =>
      send(answerFor(request, { qos: qos as 1, messageId: 5 })),
    )
    const outcome = await run([...one, '-q', `${qos}`], server)
    expect(outcome).toEqual({ status: 0, stdout: 're: x\n', stderr: '' })
    expect(server.received).toContainEqual(
      expect.objectContaining({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId: 5 }),
    )
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect' })
  })

  test('retained messages and other Correlation Data are ignored', async () => {
    const server = await rrServer((request, send) => {
      send(answerFor(request, { payload: 'stale', retain: true }))
      send(answerFor(request, { payload: 'foreign', properties: { correlationData: Buffer.from('other') } }))
      send(answerFor(request, { payload: 'elsewhere', topic: 'f' }))
      send(answerFor(request))
    })
    expect(await run(one, server)).toEqual({ status: 0, stdout: 're: x\n', stderr: '' })
  })

  test('-W: status 27 and the ignored messages', async () => {
    const server = await rrServer((request, send) => {
      send(answerFor(request, { retain: true }))
      send(answerFor(request, { properties: { correlationData: Buffer.from('other') } }))
    })
    const outcome = await run([...one, '-W', '1'], server)
    expect(outcome).toMatchObject({ status: 27, stdout: '' })
    expect(outcome.stderr).toMatch(/^Timed out\nhint: .*: 1 retained, 1 with other Correlation Data$/m)
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 4 })
  })

  test('Correlation Data of the command line is used', async () => {
    const server = await rrServer(honest)
    expect(await run([...one, '-D', 'publish', 'correlation-data', 'mine'], server)).toMatchObject({
      status: 0,
    })
    expect(requests(server)[0]?.properties?.correlationData?.toString()).toBe('mine')
  })

  test.each([
    ['', []],
    ['with Correlation Data of the command line', ['--correlation-data', 'mine']],
  ])('E72: an answer without Correlation Data is accepted %s', async (_, words) => {
    const server = await rrServer((request, send) => send(answerFor(request, { properties: {} })))
    expect(await run([...one, ...words], server)).toEqual({ status: 0, stdout: 're: x\n', stderr: '' })
  })

  test('--replies: several answers and a matching Receive Maximum', async () => {
    const server = await rrServer((request, send) => {
      for (const payload of ['a', 'b', 'c', 'd']) send(answerFor(request, { payload }))
    })
    expect(await run([...one, '--replies', '3'], server)).toMatchObject({ status: 0, stdout: 'a\nb\nc\n' })
    expect(server.received[0]).toMatchObject({ properties: { receiveMaximum: 3 } })
  })

  test('--replies: too few answers are a timeout with their number', async () => {
    const server = await rrServer(honest)
    const outcome = await run([...one, '--replies', '2', '-W', '1'], server)
    expect(outcome).toEqual({
      status: 27,
      stdout: 're: x\n',
      stderr: 'Timed out\nhint: 1 of 2 answers received\n',
    })
  })

  test('MQTT 3.1.1: the first message on the response topic that is not retained', async () => {
    const server = await rrServer(
      (request, send) => {
        send(answerFor(request, { payload: 'stale', retain: true }))
        send(answerFor(request))
      },
      { version: 4 },
    )
    expect(await run([...one, '-V', '311'], server)).toEqual({ status: 0, stdout: 're: x\n', stderr: '' })
  })

  test('--latency is printed after the answer', async () => {
    const server = await rrServer(honest)
    const { stdout } = await run([...one, '--latency'], server)
    expect(stdout).toMatch(/^re: x\nLatency: \d+\.\d{6}(ms|µs)\n$/)
  })

  test('--json and -F format the answer', async () => {
    const server = await rrServer(honest)
    expect(await run([...one, '-F', '%t:%p'], server)).toMatchObject({ stdout: 'e:re: x\n' })
    const { stdout } = await run([...one, '--json'], server)
    expect(JSON.parse(stdout)).toMatchObject({ topic: 'e', payload: 're: x', encoding: 'utf8' })
  })

  test('-R sets Retain Handling 2', async () => {
    const server = await rrServer(honest)
    await run([...one, '-R'], server)
    expect(server.received[1]).toMatchObject({ subscriptions: [{ rh: 2 }] })
  })

  test('a refused subscription: status is the Reason Code, and nothing is published', async () => {
    const server = await rrServer(honest, {
      override: (packet) =>
        packet.cmd === 'subscribe'
          ? { cmd: 'suback', messageId: packet.messageId!, granted: [135] }
          : undefined,
    })
    const outcome = await run(one, server)
    expect(outcome.status).toBe(135)
    expect(outcome.stderr).toContain(
      "Subscription to the response topic 'e' was refused: 0x87 Not authorized.",
    )
    expect(requests(server)).toEqual([])
  })

  test('a refused request: the status is the Reason Code', async () => {
    const server = await rrServer(() => {}, {
      override: (packet) =>
        packet.cmd === 'publish'
          ? { cmd: 'puback', messageId: packet.messageId!, reasonCode: 0x87 }
          : undefined,
    })
    const outcome = await run([...one, '-q', '1'], server)
    expect(outcome.status).toBe(135)
    expect(outcome.stderr).toContain('Error: The request was refused: 0x87 Not authorized')
  })

  test('a connection lost before the answer: status 7', async () => {
    const server = await rrServer((_request, _send, socket) => void socket.destroy())
    const outcome = await run(one, server)
    expect(outcome.status).toBe(7)
    expect(server.connections()).toBe(1)
  })

  test('SIGINT: status 130', async () => {
    const server = await rrServer(() => {})
    const outcome = await run(one, server, async ({ signal }) => {
      await once(() => requests(server).length === 1)
      signal('SIGINT')
    })
    expect(outcome).toMatchObject({ status: 130, stderr: 'Error: Ended by SIGINT\n' })
  })
})

describe('-l', () => {
  const input =
    (text: string) =>
    ({ stdin }: { stdin: { end(text: string): void } }) =>
      stdin.end(text)

  test('requests are in flight together; answers are printed in order of arrival', async () => {
    const held: (() => void)[] = []
    const server = await rrServer((request, send) => {
      held.unshift(() => send(answerFor(request)))
      if (held.length === 3) for (const answer of held) answer()
    })
    const outcome = await run([...ask, '-l'], server, input('a\nb\nc'))
    expect(outcome).toEqual({ status: 0, stdout: 're: c\nre: b\nre: a\n', stderr: '' })
    expect(server.received[0]).toMatchObject({ properties: { receiveMaximum: 20 } })
    const data = requests(server).map(({ properties }) => properties?.correlationData?.toString('hex'))
    expect(new Set(data).size).toBe(3)
  })

  test('E72: answers without Correlation Data are accepted with one request at a time', async () => {
    const bare = (request: IPublishPacket, send: (packet: Packet) => void) =>
      send(answerFor(request, { properties: {} }))
    const input = ({ stdin }: { stdin: { end(text: string): void } }) => void stdin.end('a\nb\nc\n')
    const server = await rrServer(bare)
    const outcome = await run([...ask, '-l', '-M', '1'], server, input)
    expect(outcome).toEqual({ status: 0, stdout: 're: a\nre: b\nre: c\n', stderr: '' })
    expect(requests(server).map(({ properties }) => properties?.correlationData)).toEqual(
      Array(3).fill(undefined),
    )
    const again = await run([...ask, '-l', '-W', '1'], await rrServer(bare), input)
    expect(again.status).toBe(27)
    expect(again.stderr).toContain('without Correlation Data (-M 1 accepts them)\n')
  })

  test('-M limits requests in flight', async () => {
    let waiting = 0
    let most = 0
    const server = await rrServer((request, send) => {
      most = Math.max(most, ++waiting)
      setTimeout(() => {
        waiting--
        send(answerFor(request))
      }, 2)
    })
    const lines = Array.from({ length: 50 }, (_, index) => `${index}\n`).join('')
    const outcome = await run([...ask, '-l', '-M', '4'], server, input(lines))
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(outcome.stdout.split('\n')).toHaveLength(51)
    expect(most).toBeLessThanOrEqual(4)
    expect(most).toBeGreaterThan(1)
  })

  test.each([
    ['MQTT 3.1.1', ['-V', '311'], 4],
    ['Correlation Data of our own', ['-D', 'publish', 'correlation-data', 'c'], 5],
  ] as const)('%s: one at a time', async (_, words, version) => {
    let waiting = 0
    const server = await rrServer(
      (request, send) => {
        expect(++waiting).toBe(1)
        setTimeout(() => {
          waiting--
          send(answerFor(request))
        }, 2)
      },
      { version },
    )
    const outcome = await run([...ask, '-l', ...words], server, input('a\nb\nc\n'))
    expect(outcome).toEqual({ status: 0, stdout: 're: a\nre: b\nre: c\n', stderr: '' })
  })

  test('-W applies to each request; unanswered ones are listed', async () => {
    const server = await rrServer((request, send) => String(request.payload) !== 'b' && honest(request, send))
    const outcome = await run([...ask, '-l', '-W', '1'], server, input('a\nb\nc\n'))
    expect(outcome).toEqual({
      status: 27,
      stdout: 're: a\nre: c\n',
      stderr: 'Warning: Line 2: no answer within 1 s\nError: 1 of 3 requests had no answer: line 2\n',
    })
    expect(server.received.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0 })
  })

  test.each([1, 2])('QoS %i: a refused request is listed, the others succeed', async (qos) => {
    const server = await rrServer(
      (request, send) => String(request.payload) !== 'b' && honest(request, send),
      {
        override: (packet) =>
          packet.cmd === 'publish' && String(packet.payload) === 'b'
            ? ({
                cmd: qos === 1 ? 'puback' : 'pubrec',
                messageId: packet.messageId!,
                reasonCode: 0x97,
              } as Packet)
            : undefined,
      },
    )
    const outcome = await run([...ask, '-l', '-q', `${qos}`], server, input('a\nb\nc\n'))
    expect(outcome.status).toBe(0x97)
    expect(outcome.stdout).toBe('re: a\nre: c\n')
    expect(outcome.stderr).toContain('Line 2: the request was refused: 0x97 Quota exceeded')
  })

  test('a lost connection: lines without an answer are listed', async () => {
    const server = await rrServer((request, send, socket) => {
      if (String(request.payload) === 'a') honest(request, send)
      else if (String(request.payload) === 'c') socket.destroySoon()
    })
    const outcome = await run([...ask, '-l'], server, input('a\nb\nc\n'))
    expect(outcome).toMatchObject({ status: 7, stdout: 're: a\n' })
    expect(outcome.stderr).toContain('2 of 3 requests had no answer: lines 2, 3')
  })

  test('empty input: no requests, status 0', async () => {
    const server = await rrServer(honest)
    expect(await run([...ask, '-l'], server, input(''))).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('the reader of standard output closes: status 0', async () => {
    const server = await rrServer(honest)
    const outcome = await run([...ask, '-l'], server, ({ stdin, stdout }) => {
      stdout.fail('EPIPE')
      stdin.write('a\n')
    })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('arguments', () => {
  test.each([
    [['-t', 't', '-m', 'x'], 'Error: All of topic, message, and response topic must be supplied.'],
    [['-e', 'e', '-m', 'x'], 'Error: All of topic, message, and response topic must be supplied.'],
    [['-t', 't', '-e', 'e'], 'Error: All of topic, message, and response topic must be supplied.'],
    [
      ['-t', 't', '-e', 'e', '-n', '-D', 'publish', 'response-topic', 'x'],
      'Error in PUBLISH properties: Duplicate response topic.',
    ],
    [['-t', 't', '-e', 'e/+', '-n'], "Error: Invalid response topic 'e/+', does it contain '+' or '#'?"],
    [['-t', 't/#', '-e', 'e', '-n'], "Error: Invalid publish topic 't/#', does it contain '+' or '#'?"],
    [['-e'], 'Error: -e argument given but no response topic specified.'],
    [['-m', 'x', '-l'], 'Error: Only one type of message can be sent at once.'],
    [['-C', '1'], "Error: Unknown option '-C'."],
    [['-t', 't', '--echo'], 'Error: --exec and --echo need --serve.'],
    [['--serve', '-t', 't'], 'Error: --serve needs a topic (-t) and one of --exec and --echo.'],
    [['--serve', '--echo', '--exec', 'x'], 'Error: Only one of --exec and --echo can be given.'],
    [['--serve', '-t', 't', '--echo', '-m', 'x'], 'Error: --serve cannot be combined'],
    [['--serve', '-t', 't', '--echo', '-V', '311'], 'Error: --serve needs -e with this version of MQTT.'],
    [['--serve', '-t', 'a/#', '-e', 'a/b', '--echo'], 'Error: The response topic (-e) must not match'],
  ])('rr %j', async (words, message) => {
    const outcome = await run(['rr', ...words], { at: [] })
    expect(outcome).toMatchObject({ status: 1, stdout: '' })
    expect(outcome.stderr.slice(0, message.length)).toBe(message)
  })
})
