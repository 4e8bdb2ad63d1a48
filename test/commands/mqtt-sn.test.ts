// pub and sub with -V mqtt-sn, against a scripted gateway on UDP.
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { once } from '../helpers/wait.js'
import { type Script, type UdpGateway, udpGateway } from '../sn/scripted-gateway.js'
import { type FakeHost, type Outcome, run } from './fake-host.js'

const folder = mkdtempSync(join(tmpdir(), 'mqttx-sn-'))
const predefined = join(folder, 'topics')
writeFileSync(predefined, '# of the test\n7 home/kitchen\n\n8 home/hall\n')
const open: UdpGateway[] = []

afterEach(() => {
  for (const gateway of open.splice(0)) gateway.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

async function gatewayOf(script?: Script, host?: string): Promise<UdpGateway> {
  const made = await udpGateway(script, host)
  made.gateway.predefined.set(7, 'home/kitchen')
  open.push(made)
  return made
}

const types = ({ gateway }: UdpGateway): string[] => gateway.received.map(({ type }) => type)
const typed =
  (text: string) =>
  ({ stdin }: FakeHost) =>
    void stdin.end(text)
const quick = ['--retry-interval', '0.05']

const pub = (gateway: UdpGateway, args: readonly string[], meanwhile?: (fake: FakeHost) => void) =>
  run(['pub', ...args], gateway, meanwhile)

describe('pub', () => {
  test.each([
    ['QoS 0', ['-t', 'a/b', '-m', 'x'], { topic: 'a/b', payload: 'x', qos: 0, retain: false }],
    [
      'QoS 1, retained',
      ['-t', 'a/b', '-m', 'x', '-q', '1', '-r'],
      { topic: 'a/b', payload: 'x', qos: 1, retain: true },
    ],
    ['QoS 2', ['-t', 'a/b', '-m', 'x', '-q', '2'], { topic: 'a/b', payload: 'x', qos: 2, retain: false }],
    [
      'a short topic',
      ['-t', 'ab', '-m', 'x', '-q', '1'],
      { topic: 'ab', payload: 'x', qos: 1, retain: false },
    ],
    [
      'a predefined topic',
      ['--topic-id', '7', '-m', 'x', '-q', '1'],
      { topic: 'home/kitchen', payload: 'x', qos: 1, retain: false },
    ],
    [
      'a predefined topic by name',
      ['--predefined-topics', predefined, '-t', 'home/kitchen', '-m', 'x', '-q', '1'],
      { topic: 'home/kitchen', payload: 'x', qos: 1, retain: false },
    ],
    [
      'an empty message',
      ['-t', 'a/b', '-n', '-q', '1'],
      { topic: 'a/b', payload: '', qos: 1, retain: false },
    ],
    [
      'QoS -1, predefined',
      ['--topic-id', '7', '-q', '-1', '-m', 'x'],
      { topic: 'home/kitchen', payload: 'x', qos: -1, retain: false },
    ],
    [
      'QoS -1, short',
      ['-t', 'ab', '-q', '-1', '-m', 'x'],
      { topic: 'ab', payload: 'x', qos: -1, retain: false },
    ],
  ] as const)('%s', async (_, args, got) => {
    const gateway = await gatewayOf()
    expect(await pub(gateway, args)).toEqual({ status: 0, stdout: '', stderr: '' })
    await once(() => gateway.gateway.got.length > 0)
    expect(gateway.gateway.got).toEqual([got])
    const wanted = got.qos === -1 ? 'publish' : 'disconnect'
    expect(types(gateway).at(-1)).toBe(wanted)
    expect(types(gateway).includes('register')).toBe(got.topic === 'a/b')
    expect(types(gateway).includes('connect')).toBe(got.qos !== -1)
  })

  test('IPv6', async () => {
    const gateway = await gatewayOf(undefined, '::1')
    expect((await pub(gateway, ['-t', 'a/b', '-m', 'x', '-q', '1'])).status).toBe(0)
  })

  test('the URL, with -L', async () => {
    const gateway = await gatewayOf()
    const { status } = await run(
      ['pub', '-L', `mqtt-sn://127.0.0.1:${gateway.port}/a/b`, '-m', 'x', '-q', '1'],
      { at: [] },
    )
    expect(status).toBe(0)
    expect(gateway.gateway.got[0]?.topic).toBe('a/b')
  })

  test('a will, and a kept session', async () => {
    const gateway = await gatewayOf()
    const will = ['--will-topic', 'w', '--will-payload', 'gone', '--will-qos', '1']
    expect((await pub(gateway, ['-t', 'a/b', '-m', 'x', '-c', '-i', 'me', ...will])).status).toBe(0)
    expect(gateway.gateway.will).toEqual({ topic: 'w', payload: 'gone' })
    expect(gateway.gateway.received[0]).toMatchObject({ cleanSession: false, clientId: 'me', duration: 60 })
  })

  test.each([
    ['-l at QoS 0', ['-l'], 0],
    ['-l at QoS 1', ['-l', '-q', '1'], 1],
    ['-l at QoS 2', ['-l', '-q', '2'], 2],
  ])('%s: every line, in order', async (_, args, qos) => {
    const gateway = await gatewayOf()
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`)
    const outcome = await pub(gateway, ['-t', 'a/b', ...args], typed(`${lines.join('\n')}\n`))
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(gateway.gateway.got.map(({ payload }) => payload)).toEqual(lines)
    expect(gateway.gateway.got.every((got) => got.qos === qos)).toBe(true)
  })

  test('--json: topics of their own', async () => {
    const gateway = await gatewayOf()
    const lines =
      '{"topic":"a","payload":"1"}\n{"topic":"b/c","payload":"2","qos":1}\n{"topic":"a","payload":"3"}\n'
    expect((await pub(gateway, ['--json'], typed(lines))).status).toBe(0)
    expect(gateway.gateway.got.map(({ topic, payload }) => `${topic} ${payload}`)).toEqual([
      'a 1',
      'b/c 2',
      'a 3',
    ])
  })

  test('-f and -s: the largest payload, and one byte more', async () => {
    const gateway = await gatewayOf()
    const file = join(folder, 'large')
    writeFileSync(file, Buffer.alloc(65_498, 'x'))
    expect((await pub(gateway, ['-t', 'a/b', '-f', file, '-q', '1'])).status).toBe(0)
    expect(gateway.gateway.got[0]?.payload.length).toBe(65_498)
    const outcome = await pub(gateway, ['-t', 'a/b', '-s'], typed('x'.repeat(65_499)))
    expect(outcome.status).toBe(9)
    expect(outcome.stderr).toContain('a datagram of MQTT-SN carries 65498')
  })
})

/** Answers `times` messages of a type with `answer`, and the others as the specification says. */
const first = (type: SnMessage['type'], times: number, answer: (message: never) => SnMessage[]): Script => {
  let left = times
  return (message) => (message.type === type && left-- > 0 ? answer(message as never) : undefined)
}
type Publish = Extract<SnMessage, { type: 'publish' }>
const rejected =
  (returnCode: number) =>
  ({ messageId, topic }: Publish): SnMessage[] => [
    { type: 'puback', topicId: 'id' in topic ? topic.id : 0, messageId, returnCode },
  ]

describe('a gateway that rejects or loses', () => {
  const message = ['-t', 'a/b', '-m', 'x', '-q', '1', ...quick]

  test.each(['connect', 'register', 'publish', 'disconnect'] as const)(
    'a lost %s is sent again',
    async (type) => {
      const gateway = await gatewayOf(first(type, 2, () => []))
      expect((await pub(gateway, message)).status).toBe(0)
      expect(types(gateway).filter((one) => one === type).length).toBe(3)
      const sent = gateway.gateway.received.filter((one): one is Publish => one.type === 'publish')
      expect(sent.map(({ dup }) => dup)).toEqual(type === 'publish' ? [false, true, true] : [false])
    },
  )

  test.each(['pubrel', 'publish'] as const)('QoS 2: a lost answer to %s', async (type) => {
    const gateway = await gatewayOf(first(type, 2, () => []))
    expect((await pub(gateway, [...message, '-q', '2'])).status).toBe(0)
    expect(gateway.gateway.got.length).toBe(1)
  })

  test('congestion: a warning, and again', async () => {
    const gateway = await gatewayOf(first('publish', 1, rejected(1)))
    const outcome = await pub(gateway, message)
    expect(outcome.status).toBe(0)
    expect(outcome.stderr).toContain('The gateway is congested; trying again in')
    expect(types(gateway).filter((one) => one === 'publish').length).toBe(2)
  })

  test('an invalid topic identifier: registered again', async () => {
    const gateway = await gatewayOf(first('publish', 1, rejected(2)))
    expect((await pub(gateway, message)).status).toBe(0)
    expect(types(gateway)).toEqual([
      ...['connect', 'register', 'publish', 'register', 'publish', 'disconnect'],
    ])
  })

  const refusals: readonly (readonly [string, Script, readonly string[], number, string])[] = [
    ['not supported', first('publish', 9, rejected(3)), message, 128, 'Rejected: not supported'],
    [
      'a predefined topic it does not know',
      () => undefined,
      ['--topic-id', '9', '-m', 'x', '-q', '1'],
      144,
      'Topic Name invalid',
    ],
    [
      'the same at QoS 0',
      () => undefined,
      ['--topic-id', '9', '-m', 'x'],
      144,
      'The gateway refused a message: Rejected: invalid topic ID',
    ],
    [
      'a topic',
      first('register', 9, ({ messageId }: Publish) => [
        { type: 'regack', topicId: 0, messageId, returnCode: 3 },
      ]),
      message,
      128,
      'Rejected: not supported',
    ],
    [
      'CONNECT: congestion',
      first('connect', 9, () => [{ type: 'connack', returnCode: 1 }]),
      message,
      3,
      'Rejected: congestion',
    ],
    [
      'CONNECT: not supported',
      first('connect', 9, () => [{ type: 'connack', returnCode: 3 }]),
      message,
      10,
      'Rejected: not supported',
    ],
    [
      'QoS 1 without an answer',
      first('publish', 9, () => []),
      [...message, '--retry-count', '1'],
      19,
      'The gateway does not answer',
    ],
    [
      'QoS 0 without an answer to DISCONNECT',
      first('disconnect', 9, () => []),
      ['-t', 'a/b', '-m', 'x', ...quick, '--retry-count', '1'],
      19,
      'does not answer DISCONNECT',
    ],
    [
      'no CONNACK: --connect-timeout',
      first('connect', 99, () => []),
      [...message, '--connect-timeout', '0.3', '--retry-count', '50'],
      19,
      'no CONNACK from 127.0.0.1',
    ],
    [
      'no CONNACK: N_retry',
      first('connect', 99, () => []),
      [...message, '--retry-count', '2'],
      19,
      'The gateway does not answer',
    ],
    [
      'no CONNACK: --timeout',
      first('connect', 99, () => []),
      ['-t', 'a/b', '-l', '--timeout', '1'],
      27,
      'Timed out',
    ],
    [
      'DISCONNECT of the gateway',
      first('publish', 9, () => [{ type: 'disconnect', duration: undefined }]),
      message,
      4,
      'DISCONNECT by the gateway',
    ],
  ]
  test.each(refusals)('%s', async (_, script, args, status, text) => {
    const gateway = await gatewayOf(script)
    const outcome = await pub(gateway, args, typed('x\n'))
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status,
      stderr: expect.stringContaining(text),
    })
  })

  test('a gateway that is down: refused', async () => {
    const gateway = await gatewayOf()
    gateway.close()
    const outcome = await pub(gateway, message)
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('Connection refused')
    const unconnected = await pub(gateway, ['--topic-id', '7', '-q', '-1', '-m', 'x'])
    expect(unconnected.status).toBe(1)
    expect(unconnected.stderr).toContain('Connection refused')
  })

  test('a line that is refused: its number, and where to resume', async () => {
    let count = 0
    const gateway = await gatewayOf((message) =>
      message.type === 'publish' && ++count === 3 ? rejected(3)(message) : undefined,
    )
    const outcome = await pub(gateway, ['-t', 'a/b', '-l', '-q', '1'], typed('1\n2\n3\n4\n'))
    expect(outcome.status).toBe(128)
    expect(outcome.stderr).toContain('lines acknowledged: 3, sent: 4, first without acknowledgement: 3')
  })

  test('a gateway that comes back: -l goes on', async () => {
    let silent = 0
    const gateway = await gatewayOf((message) => {
      if (message.type === 'publish' && message.messageId > 3 && silent++ < 3) return []
      return undefined
    })
    const outcome = await pub(
      gateway,
      ['-t', 'a/b', '-l', '-q', '1', ...quick, '--retry-count', '1'],
      typed('1\n2\n3\n4\n5\n'),
    )
    expect(outcome.status).toBe(0)
    expect(outcome.stderr).toContain('The gateway does not answer')
    expect(gateway.gateway.got.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4', '5'])
  })
})

/** Runs sub until it has printed `lines` lines. */
async function sub(
  gateway: UdpGateway,
  args: readonly string[],
  messages: readonly (readonly [topic: string, payload: string, qos: 0 | 1 | 2])[] = [],
): Promise<Outcome> {
  return run(['sub', ...args], gateway, async () => {
    await once(() => types(gateway).includes('subscribe'))
    for (const [topic, payload, qos] of messages)
      gateway.gateway.publish(topic, payload, qos, performance.now())
  })
}

describe('sub', () => {
  test('names, wildcards, short and predefined topics, at each QoS', async () => {
    const gateway = await gatewayOf()
    const outcome = await sub(
      gateway,
      [
        ...['-t', 'a/b', '-t', 'w/#', '-t', 'sh', '-t', 'home/kitchen'],
        ...['-q', '2', '-C', '5', '-F', '%t %q %p', '--predefined-topics', predefined],
      ],
      [
        ['a/b', '1', 0],
        ['w/x', '2', 1],
        ['sh', '3', 2],
        ['home/kitchen', '4', 1],
        ['w/y', '5', 2],
      ],
    )
    expect(outcome).toEqual({
      status: 0,
      stdout: 'a/b 0 1\nw/x 1 2\nsh 2 3\nhome/kitchen 1 4\nw/y 2 5\n',
      stderr: '',
    })
    expect(gateway.gateway.filters).toEqual([
      { kind: 'name', name: 'a/b' },
      { kind: 'name', name: 'w/#' },
      { kind: 'short', name: 'sh' },
      { kind: 'predefined', id: 7 },
    ])
  })

  test('--topic-id without a file: # and the identifier', async () => {
    const gateway = await gatewayOf()
    const outcome = await sub(gateway, ['--topic-id', '7', '-C', '1', '-v'], [['home/kitchen', 'x', 0]])
    expect(outcome.stdout).toBe('#7 x\n')
  })

  test('--json', async () => {
    const gateway = await gatewayOf()
    const outcome = await sub(gateway, ['-t', 'a/b', '-C', '1', '--json'], [['a/b', '{"t":1}', 1]])
    expect(JSON.parse(outcome.stdout)).toMatchObject({ topic: 'a/b', payload: '{"t":1}', qos: 1 })
  })

  const suback = (returnCode: number, times = 99): Script =>
    first('subscribe', times, ({ messageId }: Publish) => [
      { type: 'suback', qos: 0, topicId: 0, messageId, returnCode },
    ])
  test.each([
    ['-W', () => undefined, ['-W', '1'], 27, 'Timed out'],
    ['all refused', suback(3), [], 128, 'All subscription requests were denied'],
    ['congestion, then granted', suback(1, 1), ['-E', ...quick], 0, 'congested'],
    [
      'no SUBACK',
      first('subscribe', 99, () => []),
      [...quick, '--retry-count', '1', '--no-reconnect'],
      19,
      'does not answer',
    ],
    ['-E', () => undefined, ['-E'], 0, ''],
  ] as const)('%s', async (_, script, args, status, text) => {
    const gateway = await gatewayOf(script)
    const outcome = await run(['sub', '-t', 'a/b', ...args], gateway)
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status,
      stderr: expect.stringContaining(text),
    })
  })

  test('a signal ends it with DISCONNECT', async () => {
    const gateway = await gatewayOf()
    const outcome = await run(['sub', '-t', 'a/b'], gateway, async ({ signal }) => {
      await once(() => types(gateway).includes('subscribe'))
      signal('SIGTERM')
    })
    expect(outcome.status).toBe(0)
    expect(types(gateway).at(-1)).toBe('disconnect')
  })

  test('datagrams that are no messages are ignored with one warning, and those of strangers are not seen', async () => {
    const gateway = await gatewayOf()
    const stranger = createSocket('udp4')
    const outcome = await run(['sub', '-t', 'a/b', '-C', '1'], gateway, async () => {
      await once(() => types(gateway).includes('subscribe'))
      const { remotePort } = await peerOf(gateway)
      for (const bytes of [[2, 3], [9, 9, 9], [1], [0, 0], [5, 0x0c, 0, 0, 1], Buffer.alloc(65_507, 0xff)])
        gateway.socket.send(Buffer.from(bytes), remotePort, '127.0.0.1')
      stranger.send(Buffer.from([2, 0x18]), remotePort, '127.0.0.1')
      await new Promise((resolve) => stranger.send(Buffer.from([2, 0x18]), remotePort, '127.0.0.1', resolve))
      gateway.gateway.publish('a/b', 'x', 1, performance.now())
    })
    stranger.close()
    expect(outcome.status).toBe(0)
    expect(outcome.stdout).toBe('x\n')
    expect(outcome.stderr.match(/is not MQTT-SN/g)?.length).toBe(1)
  })

  test('--sleep: DISCONNECT with the duration, PINGREQ with the Client Identifier, and again', async () => {
    const gateway = await gatewayOf()
    const outcome = await run(
      ['sub', '-t', 'a/b', '--sleep', '1', '-C', '3', '-i', 'me', '-q', '2'],
      gateway,
      async () => {
        await once(() => gateway.gateway.state === 'asleep')
        gateway.gateway.publish('a/b', '1', 1, performance.now())
        gateway.gateway.publish('a/b', '2', 2, performance.now())
        await once(() => gateway.gateway.left === 0 && gateway.gateway.state === 'asleep')
        gateway.gateway.publish('a/b', '3', 2, performance.now())
      },
    )
    expect(outcome).toEqual({ status: 0, stdout: '1\n2\n3\n', stderr: '' })
    const { received } = gateway.gateway
    expect(received.filter(({ type }) => type === 'disconnect')[0]).toMatchObject({ duration: 1 })
    expect(received.filter(({ type }) => type === 'pingreq')).toEqual([
      { type: 'pingreq', clientId: 'me' },
      { type: 'pingreq', clientId: 'me' },
    ])
  })

  test('--discover', async () => {
    const gateway = await gatewayOf()
    const found = await run(['sub', '--discover', '-C', '1'], gateway)
    expect(found).toEqual({ status: 0, stdout: `5 127.0.0.1:${gateway.port}\n`, stderr: '' })
    const json = await run(['sub', '--discover', '-C', '1', '--json'], gateway)
    expect(JSON.parse(json.stdout)).toEqual({ id: 5, address: '127.0.0.1', port: gateway.port })
    const silent = await gatewayOf(() => [])
    const none = await run(['sub', '--discover', '-W', '1'], silent)
    expect(none.status).toBe(27)
    expect(none.stderr).toContain('no gateway has answered')
  })
})

/** The address from which the client has sent. */
async function peerOf({ socket, gateway }: UdpGateway): Promise<{ remotePort: number }> {
  const asked = new Promise<number>((resolve) =>
    socket.once('message', (_, { port }: { port: number }) => resolve(port)),
  )
  gateway.send({ type: 'pingreq', clientId: '' })
  return { remotePort: await asked }
}

describe('what MQTT-SN has no place for is refused', () => {
  test.each([
    [['-u', 'me'], '-u cannot be used with MQTT-SN: it has no user names and passwords.'],
    [['-u', 'me', '-P', 'x'], 'it has no user names'],
    [['--cafile', 'x'], '--cafile cannot be used with MQTT-SN: it has no TLS.'],
    [['--tls-use-os-certs'], 'it has no TLS'],
    [['--ws'], '--ws cannot be used with MQTT-SN: it goes over UDP.'],
    [['--proxy', 'socks5h://x'], 'it goes over UDP'],
    [['--unix', '/x'], 'it goes over UDP'],
    [['-S'], 'it goes over UDP'],
    [['-M', '5'], 'it has one outstanding message'],
    [['--content-type', 'x'], '--content-type cannot be used with MQTT-SN: it has no properties.'],
    [['-D', 'connect', 'receive-maximum', '5'], 'it has no properties'],
    [['--explain'], '--explain cannot be used with MQTT-SN'],
    [['-L', 'mqtt://x/t'], '-V mqtt-sn cannot be used with this URL.'],
  ])('%j', async (args, text) => {
    const outcome = await run(['pub', '-t', 't', '-m', 'x', ...args], { at: ['-V', 'mqtt-sn'] })
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(text),
    })
  })

  test.each([
    [['pub', '--topic-id', '7', '-m', 'x'], '--topic-id needs MQTT-SN.'],
    [['pub', '-t', 'ab', '-q', '-1', '-m', 'x'], 'QoS -1 needs MQTT-SN: use -V mqtt-sn'],
    [['sub', '-t', 'a', '--sleep', '5'], '--sleep needs MQTT-SN.'],
    [['sub', '--discover'], '--discover needs MQTT-SN.'],
    [['sub', '-t', 'a', '-q', '-1'], 'Invalid QoS'],
    [['pub', '-L', 'mqtt-sn://x/t', '-V', 'mqttv5', '-m', 'x'], '-V cannot be used with mqtt-sn://'],
    [['rr', '-t', 'a', '-e', 'b', '-m', 'x', '-V', 'mqtt-sn'], 'only pub and sub are clients of MQTT-SN'],
    [['rr', '-L', 'mqtt-sn://x/a', '-e', 'b', '-m', 'x'], 'only pub and sub are clients of MQTT-SN'],
    [['bench', 'pub', '-V', 'mqtt-sn'], 'only pub and sub are clients of MQTT-SN'],
    [
      ['pub', '-V', 'mqtt-sn', '-t', 'long/topic', '-q', '-1', '-m', 'x', '-h', '127.0.0.1'],
      'QoS -1 needs a predefined topic',
    ],
  ])('%j', async (args, text) => {
    const outcome = await run(args, { at: [] })
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(text),
    })
  })

  test.each([
    ['0 a', "the identifier is not from 1 to 65535: '0 a'"],
    ['x', 'not `ID NAME`'],
    ['7 a/#', 'not a Topic Name'],
    ['7 a\n8 a', "line 2: 8 or 'a' is in an earlier line"],
  ])('a file of predefined topics with %j', async (text, error) => {
    const file = join(folder, 'bad')
    writeFileSync(file, text)
    const outcome = await run(['pub', '-V', 'mqtt-sn', '-t', 't', '-m', 'x', '--predefined-topics', file], {
      at: [],
    })
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(error),
    })
  })
})

test('-d: a line for each message', async () => {
  const gateway = await gatewayOf()
  const outcome = await pub(gateway, ['-t', 'a/b', '-m', 'x', '-q', '2', '-i', 'me', '-d'])
  expect(outcome.stderr.split('\n').slice(0, -1)).toEqual([
    "Client me sending CONNECT (c1, w0, k60, 'me')",
    'Client me received CONNACK (0 Accepted)',
    "Client me sending REGISTER (Mid: 2, topic id 0, 'a/b')",
    'Client me received REGACK (Mid: 2, topic id 1, RC:0 Accepted)',
    'Client me sending PUBLISH (d0, q2, r0, m1, topic id 1, ... (1 bytes))',
    'Client me received PUBREC (Mid: 1)',
    'Client me sending PUBREL (Mid: 1)',
    'Client me received PUBCOMP (Mid: 1)',
    'Client me sending DISCONNECT',
    'Client me received DISCONNECT',
  ])
})

test('--trace=FILE: a capture of datagrams that inspect reads', async () => {
  const gateway = await gatewayOf()
  const file = join(folder, 'trace.pcapng')
  const outcome = await pub(gateway, ['-t', 'a/b', '-m', 'x', '-q', '1', `--trace=${file}`])
  expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(readFileSync(file).length).toBeGreaterThan(200)
  const inspected = await run(['inspect', file], { at: [] })
  for (const name of ['CONNECT', 'CONNACK', 'REGISTER', 'REGACK', 'PUBLISH', 'PUBACK', 'DISCONNECT'])
    expect(inspected.stdout).toContain(name)
  const text = await pub(gateway, ['-t', 'a/b', '-m', 'x', '--trace'])
  expect(text.stderr).toContain('REGISTER')
})
