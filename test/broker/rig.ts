// A broker in this process, and clients that speak to it through a pair of streams, packet by packet.
import { type Duplex, duplexPair } from 'node:stream'
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { type BrokerOptions, type RunningBroker, startBroker } from '../../src/broker/broker.js'
import { once } from '../helpers/wait.js'

export interface TestBroker extends RunningBroker {
  /** The status lines so far. */
  readonly lines: string[]
  /** A connection that has sent nothing. */
  dial(): TestClient
  /** A client that was accepted. */
  join(clientId: string, settings?: Partial<IConnectPacket>): Promise<TestClient>
}

export interface TestClient {
  readonly stream: Duplex
  /** All packets so far, in words: `publish t hello`, `puback 7`. */
  readonly words: string[]
  readonly packets: Packet[]
  bytes(): Buffer
  readonly closed: () => boolean
  write(bytes: Uint8Array): void
  send(...packets: Packet[]): void
  /** Resolves when a packet of that kind is there, and takes it. */
  take(cmd: Packet['cmd']): Promise<Packet>
  subscribe(filter: string, qos?: 0 | 1 | 2): Promise<Packet>
  /** Resolves when `count` messages are there. */
  messages(count: number): Promise<IPublishPacket[]>
  /** A round trip: all that was sent before has been handled, all that was on its way has come. */
  sync(): Promise<void>
}

export const publish = (
  topic: string,
  payload: string,
  more: Partial<IPublishPacket> = {},
): IPublishPacket => ({
  cmd: 'publish',
  topic,
  payload,
  qos: 0,
  retain: false,
  dup: false,
  ...more,
})

export const connectPacket = (clientId: string, settings: Partial<IConnectPacket> = {}): IConnectPacket => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 0,
  clientId,
  ...settings,
})

function words(packet: Packet): string {
  if (packet.cmd !== 'publish') return `${packet.cmd} ${packet.messageId ?? ''}`.trimEnd()
  const flags = [packet.qos > 0 && `q${packet.qos}`, packet.retain && 'retain', packet.dup && 'dup']
  return ['publish', packet.topic, packet.payload.toString().slice(0, 40), ...flags.filter(Boolean)].join(' ')
}

/** How long an answer may take: a machine that is busy with other things is no fault of the broker. */
const patienceMs = 15_000

/** Puts a client on the end of any stream. */
export function testClient(stream: Duplex): TestClient {
  const parser = mqtt.parser({ protocolVersion: 4 })
  const seen: string[] = []
  const packets: Packet[] = []
  const chunks: Buffer[] = []
  let taken = 0
  let messagesTaken = 0
  parser.on('packet', (packet: Packet) => {
    packets.push(packet)
    seen.push(words(packet))
  })
  parser.on('error', () => {})
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    parser.parse(chunk)
  })
  stream.on('error', () => {})
  stream.once('end', () => stream.end())
  const find = (cmd: string) => packets.findIndex((packet, index) => index >= taken && packet.cmd === cmd)
  const client: TestClient = {
    stream,
    words: seen,
    packets,
    bytes: () => Buffer.concat(chunks),
    closed: () => stream.readableEnded || stream.destroyed,
    write: (bytes) => void stream.write(bytes),
    send: (...all) => void stream.write(Buffer.concat(all.map((packet) => mqtt.generate(packet)))),
    async take(cmd) {
      await once(() => find(cmd) >= 0, patienceMs).catch(() => {
        throw new Error(`no ${cmd} among: ${seen.join(', ')}`)
      })
      const index = find(cmd)
      taken = index + 1
      return packets[index]!
    },
    subscribe(topic, qos = 0) {
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
      return client.take('suback')
    },
    async messages(count) {
      const all = () => packets.filter((packet) => packet.cmd === 'publish')
      await once(() => all().length >= messagesTaken + count, patienceMs).catch(() => {
        throw new Error(`not ${count} messages among: ${seen.join(', ')}`)
      })
      const found = all().slice(messagesTaken, messagesTaken + count)
      messagesTaken += count
      return found
    },
    async sync() {
      client.send({ cmd: 'pingreq' })
      await client.take('pingresp')
    },
  }
  return client
}

export async function testBroker(options: Partial<BrokerOptions> = {}): Promise<TestBroker> {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const broker = await startBroker({ port: 0, bind: '127.0.0.1', allowAnonymous: false, log, ...options })
  onTestFinished(() => broker.close())
  const dial = (): TestClient => {
    const [here, there] = duplexPair()
    broker.handle(there)
    return testClient(here)
  }
  return {
    ...broker,
    lines,
    dial,
    async join(clientId, settings) {
      const client = dial()
      client.send(connectPacket(clientId, settings))
      await client.take('connack')
      return client
    },
  }
}
