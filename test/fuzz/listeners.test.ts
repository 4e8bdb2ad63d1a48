// Seeded exchanges between a hostile client and each listener of mqttx, which must keep serving. MQTTX_FUZZ is their number,
// MQTTX_SEED the first seed. Seeds that fail are added to `found`.
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { obliging } from '../commands/rr-server.js'
import { bytes } from '../connection/rig.js'
import { makeCertificates } from '../helpers/certificates.js'
import { startMqttx } from '../helpers/run.js'
import { once, sleep } from '../helpers/wait.js'
import { httpPieces, mqttPieces, oddRequests, type Piece, webSocketPieces } from './hostile-client.js'
import { random } from './random.js'

const count = Number(process.env.MQTTX_FUZZ ?? 300)
const first = Number(process.env.MQTTX_SEED ?? 1)
const atOnce = 8
/** Milliseconds that the well-behaved client waits, on a busy machine. */
const patienceMs = 20_000
/** Bytes of memory of each mqttx process. */
const memory = 400e6

/** Seeds that found a fault. */
const found: readonly number[] = []

type Running = ReturnType<typeof startMqttx>

interface Listener {
  readonly name: string
  readonly process: Running
  /** Runs the exchange of a seed. */
  attack(seed: number): Promise<void>
  /** Throws if a well-behaved client is not served. */
  serves(seed: number): Promise<void>
}

let listeners: readonly Listener[]

beforeAll(async () => {
  const { server, ca } = makeCertificates()
  const trusted = { ca: readFileSync(ca.cert), host: '127.0.0.1', servername: 'localhost' }
  const ports = [
    '-p',
    '0',
    '--ws-port',
    '0',
    '--tls-port',
    '0',
    '--certfile',
    server.cert,
    '--keyfile',
    server.key,
  ]
  const broker = startMqttx(['broker', ...ports], { timeoutMs: 3_600_000 })
  await broker.until((stdout) => stdout.toString().split('\n').length === 4)
  const portOf = (scheme: string) =>
    Number(new RegExp(`^${scheme}://[^:]+:(\\d+)`, 'm').exec(broker.stdout().toString())![1])
  const [tcp, ws, tls] = [portOf('mqtt'), portOf('ws'), portOf('mqtts')] as const

  const bench = startMqttx(
    [
      'bench',
      'sub',
      '-h',
      '127.0.0.1',
      '-p',
      String(tcp),
      '-t',
      'bench',
      '--duration',
      '3600s',
      '--prometheus',
      ':0',
    ],
    { timeoutMs: 3_600_000 },
  )
  await bench.until((_, stderr) => /:(\d+)\/metrics/.test(stderr))
  const metrics = Number(/:(\d+)\/metrics/.exec(bench.stderr())![1])

  listeners = [
    {
      ...{ name: 'broker, TCP', process: broker },
      attack: (seed) => attack(connect(tcp, '127.0.0.1'), mqttPieces(random(seed)), seed),
      serves: (seed) => echoes(connect(tcp, '127.0.0.1'), seed),
    },
    {
      ...{ name: 'broker, WebSocket', process: broker },
      attack: (seed) => attack(connect(ws, '127.0.0.1'), webSocketPieces(random(seed)), seed),
      serves: (seed) => echoesOverWebSocket(ws, seed),
    },
    {
      ...{ name: 'broker, TLS', process: broker },
      attack: (seed) => {
        const plain = random(seed).chance(0.5)
        const socket = plain ? connect(tls, '127.0.0.1') : connectTls({ ...trusted, port: tls })
        return attack(socket, mqttPieces(random(seed)), seed)
      },
      serves: (seed) => echoes(connectTls({ ...trusted, port: tls }), seed),
    },
    {
      ...{ name: 'bench --prometheus', process: bench },
      attack: (seed) => attack(connect(metrics, '127.0.0.1'), httpPieces(random(seed)), seed),
      async serves() {
        const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`)
        if (!(await answer.text()).includes('mqttx_bench_info')) throw new Error('no metrics')
      },
    },
    await responder(),
  ]
  return async () => {
    for (const { process } of listeners.toReversed()) {
      process.kill('SIGKILL')
      await process.ended
    }
  }
}, 60_000)

/** `rr --serve` at a well-behaved server that forwards the seeded requests. */
async function responder(): Promise<Listener> {
  let socket: Socket | undefined
  let subscribed = false
  const answers = new Map<string, () => void>()
  const server = createServer((client) => {
    socket = client
    const parser = mqtt.parser({ protocolVersion: 5 })
    client.on('error', () => {})
    parser.on('error', () => {})
    parser.on('packet', (packet: Packet) => {
      const answer = obliging(packet, 5)
      if (answer !== undefined) client.write(bytes(answer, 5))
      if (packet.cmd === 'subscribe') subscribed = true
      if (packet.cmd === 'publish') answers.get(packet.payload.toString())?.()
    })
    client.on('data', (chunk) => void parser.parse(chunk))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const words = ['rr', '--serve', '--echo', '-t', 'ask', '-V', '5', '-h', '127.0.0.1', '-p', String(port)]
  const process = startMqttx(words, { timeoutMs: 3_600_000 })
  await once(() => subscribed)
  const send = (packet: IPublishPacket) => void socket!.write(bytes(packet, 5))
  return {
    ...{ name: 'rr --serve', process },
    async attack(seed) {
      for (const request of oddRequests(random(seed))) send(request)
    },
    async serves(seed) {
      const payload = `good ${seed}`
      const properties = { responseTopic: 'r' }
      const answered = new Promise<void>((resolve) => answers.set(payload, resolve))
      send({ cmd: 'publish', topic: 'ask', payload, qos: 0, dup: false, retain: false, properties })
      await answered
      answers.delete(payload)
    },
  }
}

/** Writes the pieces, waits a moment for answers, and closes in one of several ways. */
async function attack(socket: Socket, pieces: readonly Piece[], seed: number): Promise<void> {
  const chance = random(seed ^ 0x5eed)
  socket.on('error', () => {})
  const reads = chance.chance(0.8)
  if (reads) socket.resume()
  for (const [piece, pause] of pieces) {
    if (socket.destroyed) break
    if (piece.length > 0) socket.write(piece)
    if (pause > 0) await sleep(pause)
  }
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await Promise.race([closed, sleep(chance.pick([5, 30, 100]))])
  if (chance.chance(0.3)) socket.end()
  if (chance.chance(0.3) && 'resetAndDestroy' in socket && !('encrypted' in socket)) socket.resetAndDestroy()
  else socket.destroy()
}

/** CONNECT, SUBSCRIBE, PUBLISH at QoS 1: the message comes back. */
function echoes(stream: Socket | ReturnType<typeof connectTls>, seed: number): Promise<void> {
  return conversation(seed, {
    send: (data) => void stream.write(data),
    listen: (data, over) =>
      void stream
        .on('data', data)
        .on('error', over)
        .on('close', () => over()),
    end: () => stream.destroy(),
  })
}

function echoesOverWebSocket(port: number, seed: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, ['mqtt'])
  let opened = false
  const early: Buffer[] = []
  socket.on('open', () => {
    opened = true
    for (const piece of early) socket.send(piece)
  })
  return conversation(seed, {
    send: (data) => (opened ? socket.send(data) : void early.push(data)),
    listen: (data, over) =>
      void socket
        .on('message', data)
        .on('error', over)
        .on('close', () => over()),
    end: () => socket.terminate(),
  })
}

interface Channel {
  send(bytes: Buffer): void
  listen(data: (chunk: Buffer) => void, over: (error?: Error) => void): void
  end(): void
}

async function conversation(seed: number, { send, listen, end }: Channel): Promise<void> {
  const topic = `good/${seed}/${Math.random()}`
  const parser = mqtt.parser({ protocolVersion: 4 })
  try {
    await new Promise<void>((resolve, reject) => {
      listen(
        (chunk) => void parser.parse(chunk),
        (error) => reject(error ?? new Error('closed')),
      )
      parser.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connack') {
          if (packet.returnCode !== 0) return reject(new Error(`CONNACK ${packet.returnCode}`))
          send(bytes({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] }))
        }
        if (packet.cmd === 'suback') {
          const publish = { topic, payload: 'x', qos: 1, messageId: 2, dup: false, retain: false } as const
          send(bytes({ cmd: 'publish', ...publish }))
        }
        if (packet.cmd === 'publish' && packet.topic === topic) resolve()
      })
      const clientId = `good-${seed}-${Math.random()}`
      const connecting = {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 0,
        clientId,
      }
      send(bytes(connecting as Packet))
    })
    send(bytes({ cmd: 'disconnect' } as Packet))
  } finally {
    end()
  }
}

async function exchange(seed: number): Promise<string[]> {
  const listener = listeners[random(seed).below(listeners.length)]!
  const { name, process } = listener
  await listener.attack(seed)
  let late: NodeJS.Timeout | undefined
  const inTime = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error('not served in time')), patienceMs)
  })
  try {
    await Promise.race([listener.serves(seed), inTime])
  } catch (error) {
    return [`seed ${seed}: ${name}: ${(error as Error).message}: ${process.stderr().slice(-300)}`]
  } finally {
    clearTimeout(late)
  }
  return []
}

/** What must hold after any number of exchanges. */
function healthy(): string[] {
  const wrong: string[] = []
  for (const { name, process } of listeners) {
    const { pid, exitCode, signalCode } = process.child
    if (exitCode !== null || signalCode !== null) {
      wrong.push(`${name} has ended: ${process.stderr().slice(-500)}`)
      continue
    }
    const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
    if (rss > memory) wrong.push(`${name}: ${rss} bytes of memory`)
    const bad = /[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]|^Error: forged|internal error/imu.exec(process.stderr())
    if (bad !== null) wrong.push(`${name}: on standard error: ${JSON.stringify(bad[0])}`)
  }
  return wrong
}

test.each(found)('seed %i', async (seed) => {
  expect(await exchange(seed)).toEqual([])
  expect(healthy()).toEqual([])
})

test(`${count} exchanges with listeners from seed ${first} on`, async () => {
  const wrong: string[] = []
  let seed = first
  const lane = async () => {
    while (seed < first + count && wrong.length < 20) wrong.push(...(await exchange(seed++)))
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  expect(wrong).toEqual([])
  expect(healthy()).toEqual([])
}, 3_600_000)
