// User Properties keep their order, on the wire and in the output (MQTT 5.0, 3.3.2.3.7).
import type { Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { preparePublish } from '../../src/codec/publish-properties.js'
import { addUserProperty, noUserProperties, pairsOf } from '../../src/codec/user-properties.js'
import { connect, type Message, userPropertyPairs } from '../../src/library/index.js'
import { bytes } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { run } from './fake-host.js'

type Pairs = readonly (readonly [string, string])[]
const orders: readonly [name: string, pairs: Pairs][] = [
  [
    'interleaved',
    [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  ],
  [
    'numbers as names',
    [
      ['10', '1'],
      ['9', '2'],
      ['10', '3'],
    ],
  ],
  [
    '__proto__',
    [
      ['__proto__', '1'],
      ['b', '2'],
      ['__proto__', '3'],
    ],
  ],
  [
    'grouped',
    [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ],
  ],
]

const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
const wire = (pairs: Pairs) =>
  Buffer.concat(pairs.map(([name, value]) => Buffer.concat([Buffer.from([0x26]), text(name), text(value)])))

const word = (value: number) => Buffer.of(value >> 8, value & 0xff)
const block = (pairs: Pairs) => Buffer.concat([Buffer.of(wire(pairs).length), wire(pairs)])
const packet = (header: number, ...body: Buffer[]) => {
  const bytes = Buffer.concat(body)
  return Buffer.concat([Buffer.of(header, bytes.length), bytes])
}

/** Records the bytes of clients, sends a message with `pairs` to each subscriber, and answers with `answers`. */
async function server(pairs: Pairs, answers: Partial<Record<Packet['cmd'], readonly Buffer[]>> = {}) {
  const heard: Buffer[] = []
  const accepted = bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false } as Packet, 5)
  const publish = packet(0x30, text('t'), block(pairs), Buffer.from('x'))
  const scripted = await scriptedServer({
    accept: (socket) => void socket.on('data', (chunk) => heard.push(chunk)),
    packet({ cmd, messageId = 0 }, socket) {
      if (cmd === 'disconnect') return void socket.end()
      const usual: Partial<Record<Packet['cmd'], readonly Buffer[]>> = {
        connect: [accepted],
        subscribe: [packet(0x90, word(messageId), Buffer.of(0, 0)), publish],
        unsubscribe: [packet(0xb0, word(messageId), Buffer.of(0, 0))],
      }
      for (const answer of answers[cmd] ?? usual[cmd] ?? []) socket.write(answer)
    },
  })
  return { ...scripted, heard: () => Buffer.concat(heard) }
}

describe.each(orders)('H17: %s', (_, pairs) => {
  test('pub --user-property', async () => {
    const broker = await server(pairs)
    const words = pairs.flatMap(([name, value]) => ['-D', 'publish', 'user-property', name, value])
    const outcome = await run(
      ['pub', '-t', 't', '-m', 'x', '-V', '5', '--content-type', 'c', ...words],
      broker,
    )
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(broker.heard().indexOf(wire(pairs))).toBeGreaterThan(0)
  })

  test('pub --json of the output of sub -F %j', async () => {
    const broker = await server(pairs)
    const printed = await run(['sub', '-t', 't', '-V', '5', '-C', '1', '-F', '%j'], broker)
    const list = pairs.map(([name, value]) => `{${JSON.stringify(name)}:${JSON.stringify(value)}}`)
    expect(printed.stdout).toContain(`[${list.join(',')}]`)
    const other = await server(pairs)
    const outcome = await run(
      ['pub', '-V', '5', '--json'],
      other,
      ({ stdin }) => void stdin.end(printed.stdout),
    )
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(other.heard().indexOf(wire(pairs))).toBeGreaterThan(0)
  })

  test('sub -F %P', async () => {
    const outcome = await run(['sub', '-t', 't', '-V', '5', '-C', '1', '-F', '%P'], await server(pairs))
    expect(outcome.stdout).toBe(`${pairs.map((pair) => pair.join(':')).join(' ')}\n`)
  })
})

type Properties = 'connect' | 'will' | 'publish' | 'subscribe' | 'unsubscribe' | 'disconnect'
/** A command that sends the packet, and the first byte of the packet. */
const senders: readonly [name: Properties, words: readonly string[], header: number][] = [
  ['connect', ['pub', '-t', 't', '-m', 'x'], 0x10],
  ['will', ['pub', '-t', 't', '-m', 'x', '--will-topic', 'w', '--will-payload', 'gone'], 0x10],
  ['publish', ['pub', '-t', 't', '-m', 'x'], 0x30],
  ['publish', ['pub', '-t', 't', '-l'], 0x30],
  ['publish', ['rr', '-t', 't', '-e', 'r', '-m', 'x', '-W', '1'], 0x30],
  ['subscribe', ['sub', '-t', 't', '-C', '1'], 0x82],
  ['subscribe', ['rr', '-t', 't', '-e', 'r', '-m', 'x', '-W', '1'], 0x82],
  ['unsubscribe', ['sub', '-t', 't', '-U', 'u', '-C', '1'], 0xa2],
  ['disconnect', ['pub', '-t', 't', '-m', 'x'], 0xe0],
  ['disconnect', ['sub', '-t', 't', '-C', '1'], 0xe0],
]

describe.each(orders)('H17: %s', (_, pairs) => {
  test.each(senders)('-D %s user-property of %j', async (name, words, header) => {
    const given = pairs.flatMap((pair) => ['-D', name, 'user-property', ...pair])
    const broker = await server(pairs)
    const { stderr } = await run(
      [...words, '-V', '5', ...given],
      broker,
      ({ stdin }) => void stdin.end('x\n'),
    )
    const sent = packetsOf(broker.heard()).find((packet) => packet[0] === header)
    expect(sent?.indexOf(wire(pairs)) ?? stderr).toBeGreaterThan(0)
  })

  const code = 0x87
  const refusing: readonly [name: string, words: readonly string[], answers: Parameters<typeof server>[1]][] =
    [
      ['CONNACK', ['sub', '-t', 't'], { connect: [packet(0x20, Buffer.of(0, code), block(pairs))] }],
      ['SUBACK', ['sub', '-t', 't'], { subscribe: [packet(0x90, word(1), block(pairs), Buffer.of(code))] }],
      [
        'PUBACK',
        ['pub', '-t', 't', '-m', 'x', '-q', '1'],
        { publish: [packet(0x40, word(1), Buffer.of(code), block(pairs))] },
      ],
      [
        'PUBREC',
        ['pub', '-t', 't', '-m', 'x', '-q', '2'],
        { publish: [packet(0x50, word(1), Buffer.of(code), block(pairs))] },
      ],
      [
        'DISCONNECT',
        ['pub', '-t', 't', '-m', 'x', '-q', '1'],
        { publish: [packet(0xe0, Buffer.of(code), block(pairs))] },
      ],
    ]
  test.each(refusing)('%s: the reason on standard error', async (_, words, answers) => {
    const { stderr } = await run([...words, '-V', '5'], await server(pairs, answers))
    expect(stderr).toContain(pairs.map((pair) => pair.join(': ')).join('; '))
  })

  test('sub --json, and pub --json of its output', async () => {
    const printed = await run(['sub', '-t', 't', '-V', '5', '-C', '1', '--json'], await server(pairs))
    const other = await server(pairs)
    const publish = ['pub', '-V', '5', '--json']
    const outcome = await run(publish, other, ({ stdin }) => void stdin.end(printed.stdout))
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
    expect(other.heard().indexOf(block(pairs))).toBeGreaterThan(0)
  })

  test('the environment of rr --serve --exec, and the User Properties of its answers', async () => {
    const properties = Buffer.concat([Buffer.of(8), text('r'), wire(pairs)])
    const request = packet(0x30, text('t'), Buffer.of(properties.length), properties)
    const broker = await server(pairs, { subscribe: [packet(0x90, word(1), Buffer.of(0, 0)), request] })
    const given = pairs.flatMap((pair) => ['-D', 'publish', 'user-property', ...pair])
    const words = [
      'rr',
      '--serve',
      '-t',
      't',
      '-V',
      '5',
      '--exec',
      'printf %s "$MQTTX_USER_PROPERTIES"; false',
    ]
    const isAnswered = () => broker.received.some(({ cmd }) => cmd === 'publish')
    await run([...words, ...given], broker, async ({ signal }) => {
      await once(isAnswered)
      signal('SIGTERM')
    })
    const [answer] = packetsOf(broker.heard()).filter((packet) => packet[0] === 0x30)
    const all = block([...pairs, ['exit-status', '1']])
    expect(answer!.indexOf(all)).toBeGreaterThan(0)
    const json = JSON.parse(answer!.subarray(answer!.indexOf(all) + all.length).toString())
    const flat = [json]
      .flat()
      .flatMap((object: Record<string, string | string[]>) =>
        Object.entries(object).flatMap(([name, values]) => [values].flat().map((value) => [name, value])),
      )
    expect(flat).toEqual(pairs)
  })

  test('the library', async () => {
    const broker = await server(pairs)
    const client = await connect(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 })
    try {
      const { value } = await (await client.subscribe('t')).next()
      const { properties } = value as Message
      expect(userPropertyPairs(properties!.userProperties!)).toEqual(pairs)
      for (const userProperties of [properties!.userProperties!, pairs]) {
        const before = broker.heard().length
        await client.publish('t', 'x', { properties: { userProperties } })
        await once(() => broker.heard().subarray(before).includes(block(pairs)))
      }
    } finally {
      await client.close()
    }
  })
})

/** The packets of a stream of packets shorter than 16 KiB. */
function packetsOf(stream: Buffer): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < stream.length; ) {
    const isLong = stream[at + 1]! > 127
    const length = isLong ? (stream[at + 1]! & 127) + stream[at + 2]! * 128 : stream[at + 1]!
    const end = at + (isLong ? 3 : 2) + length
    packets.push(stream.subarray(at, end))
    at = end
  }
  return packets
}

test('H17: other properties keep their bytes and position, and a long block its length', () => {
  const userProperties = noUserProperties()
  for (let number = 0; number < 100; number++) addUserProperty(userProperties, `n${number % 7}`, `${number}`)
  const properties = { contentType: 'c', userProperties, messageExpiryInterval: 7 }
  const template = preparePublish('t', { qos: 0, retain: false, version: 5, properties })
  const expected = Buffer.concat([
    Buffer.from([3, 0, 1, 0x63]),
    wire(pairsOf(userProperties)),
    Buffer.from([2, 0, 0, 0, 7]),
  ])
  const length = Buffer.from([(expected.length & 127) | 128, expected.length >> 7])
  expect(template.properties).toEqual(Buffer.concat([length, expected]))
})
