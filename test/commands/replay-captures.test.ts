// mqttx replay of captures: which of their messages are published, once each, and that they are those which sub saw.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from '../../src/library/index.js'
import { main } from '../../src/main.js'
import { bytes } from '../connection/rig.js'
import { opening, pcap, type Segment, timed, toClient, toServer } from '../helpers/capture-builder.js'
import { scratch } from '../helpers/run.js'
import { type ScriptedServer, scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { fakeHost, type Outcome, run } from './fake-host.js'

const folder = scratch('replay-captures')
let files = 0
function written(contents: Buffer | string): string {
  const file = join(folder, `capture-${++files}`)
  writeFileSync(file, contents)
  return file
}

interface Sent {
  readonly from?: 'server'
  readonly packet: Packet
  /** Milliseconds after the packet before. */
  readonly after?: number
}

interface Flow {
  readonly clientId?: string
  /** The port of the client. */
  readonly port?: number
  readonly version?: 4 | 5
  readonly sent: readonly Sent[]
}

/** A capture of one connection after another, a packet each millisecond. */
function captureOf(...flows: readonly Flow[]): Buffer {
  const frames: Buffer[] = []
  for (const [index, { clientId = 'c', port = 40_000 + index, version = 5, sent }] of flows.entries()) {
    const seqs = { client: 1000, server: 5000 }
    const common: Segment = { ports: [port, 1883] }
    frames.push(...opening([999, 4999], common))
    const connect: Packet = {
      cmd: 'connect',
      clientId,
      protocolId: 'MQTT',
      protocolVersion: version,
      clean: true,
      keepalive: 0,
    }
    const connack: Packet = { cmd: 'connack', sessionPresent: false, returnCode: 0, reasonCode: 0 }
    for (const { from, packet } of [
      { packet: connect },
      { from: 'server', packet: connack } as const,
      ...sent,
    ]) {
      const payload = bytes(packet, version)
      if (from === 'server') frames.push(toClient({ ...common, seq: seqs.server, ack: seqs.client, payload }))
      else frames.push(toServer({ ...common, seq: seqs.client, ack: seqs.server, payload }))
      seqs[from ?? 'client'] += payload.length
    }
  }
  return pcap(timed(frames))
}

const publish = (topic: string, more: Partial<IPublishPacket> = {}): Packet => ({
  ...{ cmd: 'publish', topic, payload: `of ${topic}`, qos: 0, retain: false, dup: false },
  ...more,
})

async function server(): Promise<ScriptedServer> {
  return scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false }, 5))
      if (packet.cmd === 'publish' && packet.qos === 1) {
        socket.write(bytes({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 }, 5))
      }
      if (packet.cmd === 'publish' && packet.qos === 2) {
        socket.write(bytes({ cmd: 'pubrec', messageId: packet.messageId!, reasonCode: 0 }, 5))
      }
      if (packet.cmd === 'pubrel')
        socket.write(bytes({ cmd: 'pubcomp', messageId: packet.messageId!, reasonCode: 0 }, 5))
      if (packet.cmd === 'disconnect') socket.end()
    },
  })
}

async function replayed(
  words: readonly string[],
): Promise<Outcome & { topics: string; packets: IPublishPacket[] }> {
  const to = await server()
  const outcome = await run(['replay', ...words], to)
  const packets = to.received.filter((packet) => packet.cmd === 'publish')
  return { ...outcome, packets, topics: packets.map(({ topic }) => topic).join(' ') }
}

const both: Flow[] = [
  { clientId: 'publisher', sent: [{ packet: publish('a') }, { packet: publish('b') }] },
  {
    clientId: 'one',
    sent: [
      { from: 'server', packet: publish('a') },
      { from: 'server', packet: publish('b') },
    ],
  },
  { clientId: 'two', sent: [{ from: 'server', packet: publish('a') }, { packet: publish('own') }] },
]

describe('which messages of a capture are published', () => {
  test.each<[string, Flow[], readonly string[], string]>([
    ['by default what clients sent: each message once', both, [], 'a b own'],
    ['with --direction s2c every delivery', both, ['--direction', 's2c'], 'a b a'],
    ['those that one client got', both, ['--direction', 's2c', '--client', 'one'], 'a b'],
    ['those that one client sent', both, ['--client', 'two'], 'own'],
    [
      'once each, if a message is sent again with DUP',
      [
        {
          sent: [
            { packet: publish('a', { qos: 1, messageId: 1 }) },
            { packet: publish('a', { qos: 1, messageId: 1, dup: true }) },
            { packet: publish('b', { qos: 2, messageId: 2 }) },
          ],
        },
        { sent: [{ packet: publish('b', { qos: 2, messageId: 2, dup: true }) }, { packet: publish('c') }] },
      ],
      [],
      'a b c',
    ],
    [
      'with DUP, if the capture does not have the first one',
      [{ sent: [{ packet: publish('a', { qos: 1, messageId: 1, dup: true }) }] }],
      [],
      'a',
    ],
    [
      'a Packet Identifier that is used again is another message',
      [
        {
          sent: [
            { packet: publish('a', { qos: 1, messageId: 1 }) },
            { from: 'server', packet: { cmd: 'puback', messageId: 1, reasonCode: 0 } },
            { packet: publish('a', { qos: 1, messageId: 1 }) },
          ],
        },
      ],
      [],
      'a a',
    ],
    [
      'under the topic of a Topic Alias',
      [
        {
          sent: [
            { packet: publish('a', { properties: { topicAlias: 1, contentType: 'x' } }) },
            { packet: publish('', { properties: { topicAlias: 1 } }) },
          ],
        },
      ],
      [],
      'a a',
    ],
  ])('%s', async (_, flows, words, expected) => {
    const { status, topics } = await replayed([...words, written(captureOf(...flows))])
    expect({ status, topics }).toEqual({ status: 0, topics: expected })
  })

  test('what was left out is said', async () => {
    const [first, again] = [false, true].map((dup) => ({
      packet: publish('a', { qos: 1, messageId: 1, dup }),
    }))
    const { stderr } = await replayed([written(captureOf({ sent: [first!, again!] }))])
    expect(stderr).toContain('Left out: 1 message that the capture has again, with DUP.\n')
  })

  test('with their properties, but for those of the connection', async () => {
    const properties = {
      contentType: 'text/plain',
      correlationData: Buffer.from([0, 255]),
      userProperties: { a: ['1', '2'] },
      messageExpiryInterval: 60,
    }
    const flow = {
      sent: [
        {
          packet: publish('a', {
            qos: 2,
            messageId: 7,
            retain: true,
            properties: { ...properties, topicAlias: 3 },
          }),
        },
      ],
    }
    const { packets } = await replayed([written(captureOf({ ...flow }))])
    expect(packets).toMatchObject([
      { topic: 'a', qos: 2, retain: true, properties, payload: Buffer.from('of a') },
    ])
    expect(packets[0]!.properties).not.toHaveProperty('topicAlias')
  })

  test('a message that is not whole: the others, then an error', async () => {
    const flow = {
      sent: ['a', 'b', 'c'].map((topic) => ({ packet: publish(topic, { payload: 'x'.repeat(50) }) })),
    }
    const whole = captureOf(flow)
    // The snap length cuts the frame of the second message.
    const at = whole.indexOf(Buffer.concat([Buffer.from('b'), Buffer.from([0]), Buffer.from('xxx')]))
    expect(at).toBeGreaterThan(0)
    const cut = cutFrame(whole, at, 20)
    const { status, topics, stderr } = await replayed([written(cut)])
    expect({ status, topics }).toEqual({ status: 1, topics: 'a c' })
    expect(stderr).toContain('Error: 1 message is not whole in the capture and could not be published\n')
  })

  test.each<[string, (whole: Buffer) => Buffer, RegExp, string]>([
    ['a capture that is cut', (whole) => whole.subarray(0, -3), /the file ends inside record \d+/, 'a'],
    [
      'a damaged record',
      (whole) => Buffer.concat([whole, Buffer.alloc(40, 0xff)]),
      /record \d+ is damaged/,
      'a b',
    ],
  ])('%s: the messages that can be read, then an error', async (_, damage, note, expected) => {
    const file = written(damage(captureOf(both[0]!)))
    const { status, topics, stderr } = await replayed([file])
    expect({ status, topics }).toEqual({ status: 1, topics: expected })
    expect(stderr).toMatch(note)
    expect(stderr).toContain('Error: The recording is damaged or cut off: not all of it could be read\n')
  })

  test('a file that is no recording, among others: an error', async () => {
    const { status, topics, stderr } = await replayed([
      written(captureOf(both[0]!)),
      written(Buffer.alloc(300, 'no recording ')),
    ])
    expect({ status, topics }).toEqual({ status: 1, topics: 'a b' })
    expect(stderr).toContain('it was not read')
  })

  test.each([
    [
      'only messages in the other direction',
      captureOf(both[1]!),
      'hint: 2 messages in the other direction: --direction s2c',
    ],
    ['no message', captureOf({ sent: [] }), 'Error: The recording has no message'],
    ['bytes without times', bytes(both[0]!.sent[0]!.packet, 5), 'Error: The capture has no times'],
  ])('%s: status 1', async (_, contents, message) => {
    const { status, stderr } = await replayed([written(contents)])
    expect(status).toBe(1)
    expect(stderr).toContain(message)
  })

  test('captures and lines in order of time, each message with its number', async () => {
    const lines = written(
      `${JSON.stringify({ time: '2023-11-14T22:13:20.0055Z', topic: 'line', qos: 0, retain: false, payload: '' })}\n`,
    )
    const capture = written(captureOf(both[0]!)) // published at 5 and 6 ms
    expect(await replayed([capture, lines])).toMatchObject({ status: 0, topics: 'a line b' })
    expect(await replayed([capture, lines, '--start-at', '3'])).toMatchObject({ status: 0, topics: 'b' })
  })
})

describe.each(['tls12', 'tls13'])('an encrypted connection, %s', (name) => {
  const fixture = (ending: string) => join(import.meta.dirname, `../fixtures/inspect/${name}.${ending}`)

  test('with the secrets of --keylog', async () => {
    const { status, stderr, packets } = await replayed(['--keylog', fixture('keys'), fixture('pcap')])
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/^Published 1 message in/),
    })
    expect(packets).toMatchObject([{ topic: 'secret/plans', qos: 1 }])
    expect(packets[0]!.payload).toHaveLength(12)
  })

  const others = written(
    readFileSync(fixture('keys'), 'latin1').replace(/ [0-9a-f]{64} /g, ` ${'0'.repeat(64)} `),
  )
  test.each<[string, readonly string[], RegExp]>([
    [
      'no key log',
      [],
      /^Warning: .*was not decrypted: there is no key log \(--keylog\)\n.*has no message\n$/s,
    ],
    [
      'a key log of others',
      ['--keylog', others],
      /^Warning: .*was not decrypted: .*has no secrets.*has no message\n$/s,
    ],
    [
      'a key log that is missing',
      ['--keylog', '/nowhere/keys'],
      /^Error: cannot read the key log \/nowhere\/keys: No such/,
    ],
  ])('%s: nothing is published, status 1', async (_, words, message) => {
    const { status, stderr, packets } = await replayed([...words, fixture('pcap')])
    expect({ status, packets }).toEqual({ status: 1, packets: [] })
    expect(stderr).toMatch(message)
  })
})

/** Shortens the record of a pcap file that has the byte `at` by `length` bytes. */
function cutFrame(file: Buffer, at: number, length: number): Buffer {
  let record = 24
  while (record + 16 + file.readUInt32LE(record + 8) < at) record += 16 + file.readUInt32LE(record + 8)
  const captured = file.readUInt32LE(record + 8)
  const end = record + 16 + captured
  const copy = Buffer.concat([file.subarray(0, end - length), file.subarray(end)])
  copy.writeUInt32LE(captured - length, record + 8)
  return copy
}

test('a capture, replayed, is what sub --json saw when it was made', async () => {
  const broker = await startBroker()
  onTestFinished(() => broker.close())
  const file = join(folder, 'tapped.pcapng')
  const tap = fakeHost()
  const to = ['--to', broker.url.replace(/\/$/, ''), '--listen', '0']
  const tapping = main(['tap', ...to, '--view', 'none', '--write', file], tap.host)
  await once(() => /Listening on .*:\d+/.test(tap.stderr.text()))
  const at = ['-h', '127.0.0.1', '-p', /Listening on .*:(\d+)/.exec(tap.stderr.text())![1]!]
  const sub = ['sub', '-V', '5', '-q', '2', '-t', '#', '--retain-as-published', '--json', '-d', '-W', '30']
  const lines = Array.from({ length: 30 }, (_, index) =>
    JSON.stringify({
      ...{ topic: `t/${index % 3}`, qos: index % 3, retain: index % 4 === 0, encoding: 'base64' },
      payload: Buffer.from([255, index]).toString('base64'),
      ...(index % 5 === 0 && { properties: { userProperties: { n: String(index) }, contentType: 'é' } }),
    }),
  ).join('\n')
  const saw = async (from: readonly string[], go: () => Promise<unknown>) =>
    (
      await run([...sub, '-C', '30'], { at: from }, async ({ stderr }) => {
        await once(() => stderr.text().includes('Subscribed'))
        await go()
      })
    ).stdout.replace(/"time":"[^"]*",/g, '')
  // Both the publisher and the subscriber pass the tap: the capture has each message twice.
  const before = await saw(at, () =>
    run(['pub', '-V', '5', '--json'], { at }, ({ stdin }) => void stdin.end(lines)),
  )
  tap.signal('SIGINT')
  await tapping
  expect(readFileSync(file).length).toBeGreaterThan(1000)
  const other = await startBroker()
  onTestFinished(() => other.close())
  const otherAt = ['-h', '127.0.0.1', '-p', /:(\d+)\/?$/.exec(other.url)![1]!]
  const after = await saw(otherAt, async () => {
    expect(await run(['replay', file], { at: otherAt })).toMatchObject({ status: 0 })
  })
  expect(before.split('\n')).toHaveLength(31)
  expect(after).toBe(before)
})
