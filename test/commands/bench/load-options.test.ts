// Load options over real sockets: payloads, topics, servers, local addresses, start, and transports.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { makeCertificates } from '../../helpers/certificates.js'
import { subscriber } from '../../helpers/clients.js'
import { freePort, peerTest, startMosquitto, startOwnBroker } from '../../helpers/peers.js'
import { mqttx, scratch, shell, startMqttx } from '../../helpers/run.js'
import { connack, scriptedServer } from '../../helpers/scripted-server.js'
import { sleep } from '../../helpers/wait.js'
import { bench, underWay } from './command.js'

/** A server that accepts everything but acknowledges no PUBLISH. */
async function listener() {
  const addresses: string[] = []
  const server = await scriptedServer({
    accept: (socket) => void addresses.push(socket.remoteAddress ?? ''),
    packet(packet, socket) {
      if (packet.cmd === 'connect') socket.write(connack())
      if (packet.cmd === 'subscribe') {
        const id = packet.messageId!
        socket.write(Buffer.of(0x90, 3, id >> 8, id & 255, 0))
      }
    },
  })
  const published = () => server.received.filter((packet): packet is IPublishPacket => isPublish(packet))
  return { ...server, addresses, published }
}

const isPublish = (packet: Packet) => packet.cmd === 'publish'

describe('the payload', () => {
  test('is the text of -m, unchanged', async () => {
    const { at, published } = await listener()
    const { report } = await bench(['pub', '--count', '2', '-m', '100% %i'], at)
    expect(published().map(({ payload }) => payload.toString())).toEqual(['100% %i', '100% %i'])
    expect(report.setup.size).toBe(7)
  })

  test('is the file of -f, unchanged, read once even if it is a pipe', async () => {
    const { at, published } = await listener()
    const args = `--count 4 --clients 2 --workers 2 -f <(printf 'a\\0b\\n') --json ${at.join(' ')}`
    const { status } = await shell(`mqttx bench pub ${args}`)
    expect(published().map(({ payload }) => payload.toString('latin1'))).toEqual(Array(4).fill('a\0b\n'))
    expect(status).toBe(0)
  })

  test('is filled in from --template, by seed', async () => {
    const { at, published } = await listener()
    const args = [
      'pub',
      '--clients',
      '2',
      '--count',
      '6',
      '--template',
      '-m',
      '%i %n %t %r %%',
      '--topics',
      '5',
    ]
    await bench(args, at)
    const first = published().map(({ topic, payload }) => `${topic} ${payload}`)
    expect(first.map((line) => line.split(' ').slice(1, 3).join(' ')).sort()).toEqual(
      ['0 0', '0 1', '0 2', '1 0', '1 1', '1 2'].sort(),
    )
    for (const line of first) expect(line).toMatch(/^mqttx\/bench\/(\d) \d \d \1 \d{1,6} %$/)
    await bench(args, at)
    const again = published().map(({ topic, payload }) => `${topic} ${payload}`)
    expect(again.slice(6).sort()).toEqual([...first].sort())
    await bench([...args, '--seed', '2'], at)
    const other = published().map(({ topic, payload }) => `${topic} ${payload}`)
    expect(other.slice(12).sort()).not.toEqual([...first].sort())
  })

  test('follows the stamp in pubsub', async () => {
    const broker = await startOwnBroker()
    const file = join(scratch('payload'), 'file')
    writeFileSync(file, 'from a file')
    const { report, status } = await bench(['pubsub', '-q', '1', '--count', '20', '-f', file], broker.at)
    await broker.stop()
    expect(report).toMatchObject({ received: 20, lost: 0, setup: { size: 51 } })
    expect(status).toBe(0)
  })
})

test('topics contain client number, Client Identifier and message number', async () => {
  const { at, published } = await listener()
  await bench(['pub', '--clients', '2', '--count', '4', '-t', '%i/%c/%n/%%', '-i', 'me%i'], at)
  const topics = published().map(({ topic }) => topic)
  expect(topics.sort()).toEqual(['0/mep0/0/%', '0/mep0/1/%', '1/mep1/0/%', '1/mep1/1/%'])
})

test("topics are selected by Zipf's law, and by shards as by one run", async () => {
  const { at, published } = await listener()
  const args = [
    'pub',
    '--clients',
    '4',
    '--count',
    '400',
    '--rate',
    '1000',
    '--topics',
    '50',
    '--zipf',
    '1.2',
  ]
  await bench(args, at)
  const whole = published().map(({ topic }) => topic)
  for (const shard of ['0/2', '1/2']) await bench([...args, '--shard', shard], at)
  const parts = published()
    .slice(400)
    .map(({ topic }) => topic)
  expect(parts.sort()).toEqual(whole.sort())
  const most = whole.filter((topic) => topic === 'mqttx/bench/0').length
  expect(most).toBeGreaterThan(90) // a third; 8 if uniform
})

test('-M limits what each client has in flight', async () => {
  const { at, published } = await listener()
  const args = ['pub', '-q', '1', '-M', '7', '--clients', '2', '--duration', '500ms', '--workers', '1']
  const { report, status } = await bench(args, at)
  expect(published()).toHaveLength(14)
  expect(report).toMatchObject({ sent: 14, acked: 0, unacked: 14 })
  expect(status).toBe(42)
})

test('--rate-per-client is the rate of each client', async () => {
  const { at } = await listener()
  const args = ['pub', '--clients', '4', '--rate-per-client', '20', '--duration', '1s']
  const { report } = await bench(args, at)
  expect(report).toMatchObject({ offered: 80, sent: 80, setup: { asked_rate: 80, loop: 'open' } })
})

test('messages of --warmup and --ramp are not measured', async () => {
  const { at, published } = await listener()
  const args = ['pub', '--rate', '200', '--ramp', '1s', '--warmup', '500ms', '--count', '20']
  const { report } = await bench(args, at)
  expect(report).toMatchObject({ offered: 20, sent: 20 })
  expect(published()).toHaveLength(100 + 100 + 20)
})

describe('many servers and addresses', () => {
  test('clients are distributed over --servers', async () => {
    const [one, two] = [await listener(), await listener()]
    const servers = `127.0.0.1:${one.port},127.0.0.1:${two.port}`
    const { report } = await bench(['pub', '--clients', '4', '--count', '8', '--servers', servers], [])
    const topics = ({ published }: typeof one) => published().map(({ topic }) => topic.slice(-1))
    expect(topics(one).sort()).toEqual(['0', '0', '2', '2'])
    expect(topics(two).sort()).toEqual(['1', '1', '3', '3'])
    expect(report).toMatchObject({ connected: 4, sent: 8 })
  })

  test('an unreachable server is an error at once', async () => {
    const { port } = await listener()
    const servers = `127.0.0.1:${port},127.0.0.1:${await freePort()}`
    const { status, stderr } = await mqttx(['bench', 'pub', '--count', '1', '--servers', servers])
    expect([status, stderr]).toEqual([1, expect.stringContaining('Connection refused')])
  })

  test.runIf(process.platform === 'linux')('connections come from all addresses of --ifaddr', async () => {
    const { at, addresses } = await listener()
    const args = ['conn', '--clients', '6', '--duration', '100ms', '--workers', '1']
    await bench([...args, '--ifaddr', '127.0.0.2,127.0.0.8-127.0.0.9'], at)
    const ofClients = addresses.slice(1).sort() // the first one reads $SYS
    expect(ofClients).toEqual(['127.0.0.2', '127.0.0.8', '127.0.0.9'].flatMap((one) => [one, one]))
  })

  test('an address of another machine is an error with a hint', async () => {
    const { at } = await listener()
    const { status, stderr } = await mqttx(['bench', 'conn', '--ifaddr', '192.0.2.1', ...at])
    expect(stderr).toContain('hint: -A (bench: --ifaddr) must be an address of this machine')
    expect(status).toBe(1)
  })
})

test('too few open files are an error before any client connects', async () => {
  const { at, connections } = await listener()
  const line = `ulimit -n 100; mqttx bench conn --clients 1000 --workers 1 ${at.join(' ')}`
  const { status, stderr } = await shell(line)
  expect(stderr).toBe(
    'Error: 1000 connections need 1040 open files, and the limit is 100.\nhint: ulimit -n 1040\n',
  )
  expect([status, connections()]).toEqual([14, 0])
})

describe('--start-on', () => {
  test('starts at the next message, not at a retained one', async () => {
    const broker = await startOwnBroker()
    await mqttx(['pub', '-t', 'go', '-m', 'old', '-r', ...broker.at])
    const args = ['bench', 'pub', '-q', '1', '--count', '5', '--rate', '100', '--start-on', 'go', '--json']
    const running = startMqttx([...args, ...broker.at])
    await running.until((_, stderr) =>
      stderr.includes("Ready: all clients are connected, waiting for a message to 'go'."),
    )
    await sleep(300)
    const told = Date.now()
    await mqttx(['pub', '-t', 'go', '-n', '-q', '1', ...broker.at])
    const { stdout, status } = await running.ended
    await broker.stop()
    const report = JSON.parse(stdout.toString())
    expect(report).toMatchObject({ sent: 5, acked: 5, interrupted: false })
    expect(Date.parse(report.header.started)).toBeGreaterThanOrEqual(told)
    expect(status).toBe(0)
  })

  test('SIGINT ends the wait with a report', async () => {
    const broker = await startOwnBroker()
    const args = ['bench', 'pub', '--start-on', 'never', '--workers', '2', '--clients', '2', '--json']
    const running = startMqttx([...args, ...broker.at])
    await running.until((_, stderr) => stderr.includes('Ready'))
    running.kill('SIGINT')
    const { stdout, status } = await running.ended
    await broker.stop()
    expect(JSON.parse(stdout.toString())).toMatchObject({ connected: 2, sent: 0, interrupted: true })
    expect(status).toBe(42)
  })

  test.each(['1', '2'])('a refused subscription is an error, with %s threads', async (workers) => {
    const { at } = await scriptedServer({
      packet(packet, socket) {
        if (packet.cmd === 'connect') socket.write(connack())
        if (packet.cmd !== 'subscribe') return
        const refused = packet.subscriptions[0]!.topic === 'go' ? 0x80 : 0
        socket.write(Buffer.of(0x90, 3, 0, packet.messageId!, refused))
      },
    })
    const { status, stderr } = await mqttx([
      'bench',
      'pub',
      '--start-on',
      'go',
      '--clients',
      '2',
      '--workers',
      workers,
      ...at,
    ])
    expect(stderr).toBe(
      "Error: --start-on: the server refused the subscription to 'go': 0x80 Unspecified error.\n",
    )
    expect(status).toBe(1)
  })
})

describe('every transport', () => {
  test('TLS, WebSocket and both', async () => {
    const { ca, server } = makeCertificates()
    const [tls, ws, wss] = [await freePort(), await freePort(), await freePort()]
    const tlsOptions = ['--tls-port', String(tls), '--wss-port', String(wss)]
    const certificate = ['--certfile', server.cert, '--keyfile', server.key]
    const broker = await startOwnBroker([...tlsOptions, '--ws-port', String(ws), ...certificate])
    const ways = [
      ['-p', String(tls), '--cafile', ca.cert],
      ['-p', String(ws), '--ws'],
      ['-p', String(wss), '--ws', '--cafile', ca.cert],
    ]
    for (const way of ways) {
      const args = ['pubsub', '-q', '1', '--clients', '3', '--count', '60', '--workers', '2']
      const { report, status } = await bench([...args, '--servers', '127.0.0.1,localhost'], way)
      expect(report).toMatchObject({ connected: 5, sent: 60, acked: 60, received: 60, lost: 0, failed: {} })
      expect(status).toBe(0)
    }
    await broker.stop()
  })

  peerTest('MQTT 5, with its properties', ['mosquitto', 'mosquitto_sub'], async () => {
    const broker = await startMosquitto()
    const sub = await subscriber('mosquitto', broker, [
      '-V',
      '5',
      '-t',
      'mqttx/#',
      '-C',
      '3',
      '-F',
      '%t %C %P',
    ])
    const args = ['pub', '-V', '5', '-q', '1', '--count', '3', '--content-type', 'a/b']
    const { report } = await bench([...args, '--user-property', 'k=v'], broker.at)
    expect((await sub.ended).stdout.toString()).toBe('mqttx/bench/0 a/b k:v\n'.repeat(3))
    await broker.stop()
    expect(report).toMatchObject({ acked: 3, failed: {} })
  })
})

test('a restart of the server counts as one lost connection per client, and nothing else', async () => {
  const broker = await startOwnBroker()
  const args = ['bench', 'pub', '-q', '1', '--clients', '3', '--rate', '60', '--duration', '5s', '--json']
  const running = startMqttx([...args, '--workers', '1', ...broker.at])
  await underWay(broker)
  await broker.stop('SIGKILL')
  await sleep(700) // more than one attempt to connect fails
  await broker.restart()
  const { stdout, status } = await running.ended
  await broker.stop()
  const report = JSON.parse(stdout.toString())
  expect(report).toMatchObject({ offered: 300, sent: 300, acked: 300, disconnected: 3, failed: {} })
  expect(Object.values(report.disconnects)).toEqual([3])
  expect(status).toBe(0)
})
