// What the whole command counts in captures, beside what tshark counts in the same files: of each type as many.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { crypto } from '../../src/commands/capture-tls.js'
import { choose, oneOfEvery } from '../helpers/amount.js'
import { opening, type Packet, pcap, type Segment, timed, toServer } from '../helpers/capture-builder.js'
import { makeCertificates } from '../helpers/certificates.js'
import {
  type Broker,
  findPeer,
  freePort,
  peerTest,
  startMosquitto,
  startOwnBroker,
} from '../helpers/peers.js'
import { isBun, mqttx, scratch, start, startMqttx } from '../helpers/run.js'
import { captured, captureTimeoutMs } from '../helpers/tcpdump.js'

type Counts = Record<string, number>

const names = [
  ...['RESERVED', 'CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBSCRIBE'],
  ...['SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT', 'AUTH'],
]

function counted(types: readonly string[]): Counts {
  const counts: Counts = {}
  for (const type of types) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

/** What mosquitto 2.0 does: it counts QoS 1 and QoS 2 apart, and may exceed Receive Maximum. */
const faultsOfMosquitto = ['receive-max-s2c']

/** By `mqttx inspect`, which must find no rule broken but those of `faults`. */
async function ours(
  file: string,
  port: number,
  { options = [], faults = [] }: Reading = {},
): Promise<Counts> {
  const words = ['inspect', '--view', 'json', '-p', String(port), ...options, file]
  const { status, stdout, stderr } = await mqttx(words)
  const packets = stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; violations?: { rule: string; severity: string }[] })
  const errors = packets
    .flatMap(({ violations = [] }) => violations)
    .filter(({ severity }) => severity === 'error')
  const broken = errors.map(({ rule }) => rule)
  expect(broken.filter((rule) => !faults.includes(rule))).toEqual([])
  expect({ status, stderr }).toEqual({ status: broken.length > 0 ? 40 : 0, stderr: '' })
  return counted(packets.map(({ type }) => type))
}

interface Reading {
  readonly options?: readonly string[]
  /** Rules that this server or client is known to break. */
  readonly faults?: readonly string[]
}

interface Theirs {
  readonly counts: Counts
  readonly malformed: number
}

async function lines(args: readonly string[]): Promise<string[]> {
  const { status, stdout, stderr } = await start(findPeer('tshark')!, args, { timeoutMs: 60_000 }).ended
  if (status !== 0) throw new Error(stderr)
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

async function tshark(file: string, options: readonly string[]): Promise<Theirs> {
  const wanted = ['-T', 'fields', '-E', 'separator=;', '-e', 'mqtt.msgtype', '-e', '_ws.malformed']
  const rows = (await lines(['-n', '-r', file, ...options, '-Y', 'mqtt', ...wanted])).map((line) =>
    line.split(';'),
  )
  const types = rows.flatMap(([list = '']) => list.split(',').filter((type) => type !== ''))
  const malformed = rows.filter(([, note = '']) => note !== '').length
  return { counts: counted(types.map((type) => names[Number(type)]!)), malformed }
}

describe('a segment that ends inside the Remaining Length', () => {
  const long = `30 83 01 00 01 74 ${'78 '.repeat(128)}`
  const sent = [
    '10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63',
    `30 05 00 01 74 68 69 ${long.slice(0, 5)}`,
    `${long.slice(6)} 30 05 00 01 74 68 6f`,
    'e0 00',
  ].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'))

  /** Eight frames: three of the handshake, four with data, and the end. */
  function capture(): string {
    let seq = 1000
    const next = (segment: Segment) => {
      const frame = toServer({ seq, ack: 5000, flags: 'PA', ...segment })
      seq += segment.payload?.length ?? 0
      return frame
    }
    const frames = [...opening(), ...sent.map((payload) => next({ payload })), next({ flags: 'FA' })]
    expect(frames).toHaveLength(8)
    const file = join(scratch('split'), 'split.pcap')
    writeFileSync(file, pcap(timed(frames) satisfies Packet[]))
    return file
  }

  test('does not hide the packet', async () => {
    expect(await ours(capture(), 1883)).toEqual({ CONNECT: 1, PUBLISH: 3, DISCONNECT: 1 })
    const { stdout } = await mqttx(['inspect', '--view', 'line', capture()])
    expect(stdout.toString()).toMatch(/PUBLISH.*128 bytes/)
  })

  peerTest('which tshark 4.0 loses its way at', ['tshark'], async (context) => {
    const [version = ''] = await lines(['--version'])
    if (!version.includes(' 4.0.')) {
      if (process.env.CI) throw new Error(`this is ${version}`)
      context.skip(`this is ${version}`)
    }
    const { counts, malformed } = await tshark(capture(), [])
    expect(malformed).toBeGreaterThan(0)
    expect(counts.RESERVED).toBeGreaterThan(0)
    expect(counts.PUBLISH).toBeLessThan(3)
  })
})

/** Publishes and subscribes as in most captures: each message is short, so that tshark 4.0 keeps its place. */
const texts = Array.from({ length: 30 }, (_, index) => `a message with the number ${index}\n`).join('')

interface Talk {
  readonly broker: Pick<Broker, 'port' | 'at' | 'log'>
  /** Before each process: how it speaks. */
  readonly options: readonly string[]
  readonly client: 'mqttx' | 'mosquitto'
  readonly env?: Record<string, string>
}

/** mosquitto tells each packet that it sends: its clients keep that to themselves until they end. */
const noisy = ['allow_anonymous true', 'log_type all']

/** Connections: a subscriber, and publishers at each QoS. */
const connectionsOfTalk = 4

async function talk({ broker, options, client, env = {} }: Talk): Promise<void> {
  const run = (name: 'pub' | 'sub', args: readonly string[], stdin: string | 'open' = '') => {
    const words = [...broker.at, ...options, ...args]
    const settings = { stdin, env, timeoutMs: 60_000 }
    return client === 'mqttx'
      ? startMqttx([name, ...words], settings)
      : start(`mosquitto_${name}`, words, settings)
  }
  const count = String(30 * 3)
  const subscriber = run('sub', [
    '-t',
    'a/#',
    '-t',
    'b',
    '-U',
    'c',
    '-q',
    '2',
    '-i',
    'reader',
    '-C',
    count,
    '-d',
  ])
  await subscriber.until((_stdout, stderr) => /SUBACK/.test(stderr + broker.log()))
  for (const qos of ['0', '1', '2']) {
    const words = ['-t', `a/${qos}`, '-q', qos, '-i', `writer ${qos}`, '-l']
    expect((await run('pub', words, texts).ended).status).toBe(0)
  }
  expect((await subscriber.ended).status).toBe(0)
}

/** What `talk` is made of. How its subscriber takes QoS 2 messages is up to the broker: at least a packet of each type. */
const spoken = ['CONNECT', 'CONNACK', 'SUBSCRIBE', 'SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PUBLISH']
const acknowledged = ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'DISCONNECT']

function expectAlike(own: Counts, { counts, malformed }: Theirs): void {
  expect(malformed).toBe(0)
  expect(counts.RESERVED).toBeUndefined()
  expect(own).toEqual(counts)
}

const capturing = (more: readonly Parameters<typeof peerTest>[1][number][]) =>
  ['tcpdump', 'tshark', ...more] as const

describe('counts of packets by type', () => {
  for (const [row, client] of (['mqttx', 'mosquitto'] as const).entries()) {
    for (const version of oneOfEvery(3, ['mqttv31', 'mqttv311', 'mqttv5'], row)) {
      const needs = capturing(['mosquitto', 'mosquitto_pub', 'mosquitto_sub'])
      peerTest(
        `${client} as ${version} with mosquitto`,
        needs,
        async (context) => {
          const broker = await startMosquitto(noisy)
          onTestFinished(() => broker.stop())
          const body = () => talk({ broker, options: ['-V', version], client })
          const { file } = await captured(context, broker.port, { connections: connectionsOfTalk, body })
          const own = await ours(file, broker.port, { faults: faultsOfMosquitto })
          expect(Object.keys(own)).toEqual(expect.arrayContaining([...spoken, ...acknowledged]))
          expectAlike(own, await tshark(file, ['-d', `tcp.port==${broker.port},mqtt`]))
        },
        captureTimeoutMs,
      )
    }
  }

  peerTest(
    'a will, Keep Alive and a retained message',
    capturing(['mosquitto', 'mosquitto_pub', 'mosquitto_sub']),
    async (context) => {
      const broker = await startMosquitto(noisy)
      onTestFinished(() => broker.stop())
      const will = ['--will-topic', 'gone', '--will-payload', 'good-bye', '--will-qos', '1', '--will-retain']
      const body = async () => {
        const words = [...broker.at, '-V', 'mqttv5', '-q', '1']
        const reader = startMqttx(['sub', ...words, '-t', 'gone', '-C', '1', '-d'])
        await reader.until((_stdout, stderr) => stderr.includes('SUBACK'))
        const mortal = start('mosquitto_sub', [...words, '-t', 'x', '-k', '5', '-d', ...will])
        await mortal.until(() => broker.log().includes('Sending PINGRESP'))
        mortal.kill('SIGKILL')
        expect((await reader.ended).stdout.toString()).toBe('good-bye\n')
        const late = await start('mosquitto_sub', [...words, '-t', 'gone', '-C', '1']).ended
        expect(late.stdout.toString()).toBe('good-bye\n')
      }
      const { file } = await captured(context, broker.port, { connections: 3, body })
      const own = await ours(file, broker.port, { faults: faultsOfMosquitto })
      expect(own).toMatchObject({ CONNECT: 3, PUBLISH: 2 })
      expect(own.PINGRESP).toBeGreaterThan(0)
      expectAlike(own, await tshark(file, ['-d', `tcp.port==${broker.port},mqtt`]))
    },
    captureTimeoutMs,
  )

  // Bun writes no secrets: test/pack/native.test.ts has the refusal of --tls-keylog.
  for (const version of isBun ? [] : choose(['TLSv1.2', 'TLSv1.3'], 1)) {
    peerTest(
      `${version} with a key log`,
      capturing(['openssl']),
      async (context) => {
        const { ca, server } = makeCertificates()
        const port = await freePort()
        const most = `--tls-max-${version.replace('TLS', '')}`
        const files = ['--certfile', server.cert, '--keyfile', server.key]
        const broker = startMqttx(['broker', '-p', '0', '--tls-port', String(port), ...files], {
          env: { NODE_OPTIONS: most },
          timeoutMs: 60_000,
        })
        onTestFinished(() => broker.kill('SIGTERM'))
        await broker.until((stdout) => stdout.includes('mqtts:'))
        const keys = join(scratch('keys'), 'keys')
        const env = { NODE_OPTIONS: `--tls-keylog=${keys}` }
        const options = ['--cafile', ca.cert]
        const at = ['-h', '127.0.0.1', '-p', String(port)]
        const body = () => talk({ broker: { port, at, log: () => '' }, options, client: 'mqttx', env })
        const settings = () => ({ crypto, keyLog: readFileSync(keys, 'latin1') })
        const { file } = await captured(context, port, {
          connections: connectionsOfTalk,
          body,
          settings,
        })
        const secrets = version === 'TLSv1.2' ? /^CLIENT_RANDOM /m : /^CLIENT_TRAFFIC_SECRET_0 /m
        expect(settings().keyLog).toMatch(secrets)
        const counts = await ours(file, port, { options: ['--keylog', keys] })
        expect(Object.keys(counts)).toEqual(expect.arrayContaining([...spoken, ...acknowledged]))
        const asTls = ['-o', `tls.keylog_file:${keys}`, '-d', `tls.port==${port},mqtt`]
        expectAlike(counts, await tshark(file, [...asTls, '-d', `tcp.port==${port},tls`]))

        const { status, stderr } = await mqttx(['inspect', '-p', String(port), file])
        expect(status).not.toBe(0)
        expect(stderr).toMatch(/TLS.*--keylog/)
      },
      captureTimeoutMs,
    )
  }

  // tshark reads WebSocket and knows no MQTT in it: it unmasks the frames, and mqtt-packet reads the streams.
  peerTest(
    'WebSocket, with our broker',
    capturing([]),
    async (context) => {
      const port = await freePort()
      const broker = await startOwnBroker(['--ws-port', String(port)])
      onTestFinished(() => broker.stop())
      const at = ['-h', '127.0.0.1', '-p', String(port), '--ws']
      const body = () => talk({ broker: { port, at, log: broker.log }, options: [], client: 'mqttx' })
      const { file } = await captured(context, port, { connections: connectionsOfTalk, body })
      const own = await ours(file, port)
      expect(Object.keys(own)).toEqual(expect.arrayContaining([...spoken, ...acknowledged]))
      expect(own).toEqual(await unwrapped(file))
    },
    captureTimeoutMs,
  )
})

async function unwrapped(file: string): Promise<Counts> {
  const types: string[] = []
  const streams = new Map<string, ReturnType<typeof mqtt.parser>>()
  const fields = ['-e', 'tcp.srcport', '-e', 'tcp.dstport', '-e', 'data.data']
  for (const row of await lines([
    '-n',
    '-r',
    file,
    '-Y',
    'websocket',
    '-T',
    'fields',
    '-E',
    'separator=;',
    ...fields,
  ])) {
    const [source, target, data = ''] = row.split(';')
    const key = `${source} ${target}`
    let parser = streams.get(key)
    if (parser === undefined) {
      parser = mqtt.parser().on('packet', ({ cmd }) => void types.push(cmd.toUpperCase()))
      streams.set(key, parser)
    }
    parser.parse(Buffer.from(data.replaceAll(',', ''), 'hex'))
  }
  return counted(types)
}
