// A broker core and clients that speak to it packet by packet: no sockets, and a clock that the test sets.
import mqtt, {
  type IConnackPacket,
  type IConnectPacket,
  type IDisconnectPacket,
  type IPublishPacket,
  type Packet,
} from 'mqtt-packet'
import { Broker, type BrokerOptions } from '../../../src/broker/core/broker.js'
import type { Sink } from '../../../src/broker/core/caller.js'
import type { ConnectRequest } from '../../../src/broker/core/connect.js'
import type { Connection } from '../../../src/broker/core/connection.js'

export type Version = 3 | 4 | 5

/** mqtt-packet's packets with what it types too narrowly. */
type Sent = Packet | Record<string, unknown>

export class TestClient implements Sink {
  readonly packets: Packet[] = []
  readonly version: Version
  connection!: Connection
  ended = false
  paused = false
  request: ConnectRequest | undefined
  /** Whether bytes are taken at once; else `take` takes them. */
  reads = true
  /** Whether a good CONNECT is accepted at once. */
  admits = true
  waiting = 0
  bytes = 0
  #written = ''
  readonly #parser: mqtt.Parser
  readonly #rig: CoreRig

  constructor(rig: CoreRig, version: Version) {
    this.#rig = rig
    this.version = version
    this.#parser = mqtt.parser({ protocolVersion: version })
    this.#parser.on('packet', (packet: Packet) => void this.packets.push(packet))
    this.#parser.on('error', (error: Error) => {
      throw error
    })
  }

  write(bytes: Uint8Array): void {
    this.#written += Buffer.from(bytes).toString('hex')
    this.waiting += bytes.length
    this.bytes += bytes.length
    this.#parser.parse(Buffer.from(bytes))
    if (this.reads) queueMicrotask(() => this.take())
  }

  /** The network takes what waits. */
  take(): void {
    const bytes = this.waiting
    this.waiting = 0
    if (bytes > 0) this.connection.taken(bytes, this.#rig.now)
  }

  end(): void {
    this.ended = true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  connecting(request: ConnectRequest): void {
    this.request = request
    if (this.admits) this.connection.accept(this.#rig.now)
  }

  raw(...bytes: number[]): void {
    this.connection.receive(Buffer.from(bytes), this.#rig.now)
  }

  /** Bytes in hexadecimal; spaces are for the reader. */
  hex(text: string): void {
    this.raw(...Buffer.from(text.replaceAll(' ', ''), 'hex'))
  }

  /** What the server has written since the last call, in hexadecimal. */
  written(): string {
    const hex = this.#written
    this.#written = ''
    return hex
  }

  send(...packets: Sent[]): void {
    const options = { protocolVersion: this.version }
    const all = packets.map((packet) => mqtt.generate(packet as Packet, options))
    this.connection.receive(Buffer.concat(all), this.#rig.now)
  }

  subscribe(topic: string, options: Record<string, unknown> = {}): Packet {
    const { qos = 0, id, ...more } = options
    const properties = id === undefined ? {} : { properties: { subscriptionIdentifier: id } }
    this.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos, ...more }], ...properties })
    return this.last('suback')
  }

  /** The packets since the last call. */
  received(cmd?: Packet['cmd']): Packet[] {
    const all = this.packets.splice(0)
    return cmd === undefined ? all : all.filter((packet) => packet.cmd === cmd)
  }

  /** PUBLISH packets since the last call, as `topic payload q1 retain dup`. */
  messages(): string[] {
    return this.received('publish').map((packet) => words(packet as IPublishPacket))
  }

  last(cmd: Packet['cmd']): Packet {
    const found = this.packets.filter((packet) => packet.cmd === cmd).at(-1)
    if (found === undefined) throw new Error(`no ${cmd} among: ${this.packets.map((packet) => packet.cmd)}`)
    return found
  }

  lose(): void {
    this.connection.closed(this.#rig.now)
  }
}

/** Reason Codes or Return Codes of SUBACK and UNSUBACK. */
export const codes = (packet: Packet): number[] => (packet as unknown as { granted: number[] }).granted

export const reason = (packet: Packet): number | undefined => (packet as IDisconnectPacket).reasonCode

/** What a CONNACK says: Reason Code or Return Code, and Session Present. */
export function connackOf(client: TestClient): { code: number | undefined; present: boolean } {
  const packet = client.packets.find(({ cmd }) => cmd === 'connack') as IConnackPacket
  return { code: packet.reasonCode ?? packet.returnCode, present: packet.sessionPresent }
}

/** For CONNECT: a session that outlives its connection. */
export const keep = { clean: false, properties: { sessionExpiryInterval: 1000 } }

export const lasting = (version: Version): Partial<IConnectPacket> & { protocolVersion: Version } => ({
  ...{ protocolVersion: version, clean: false },
  ...(version === 5 && { properties: { sessionExpiryInterval: 1000 } }),
})

export function words(packet: IPublishPacket): string {
  const flags = [packet.qos > 0 && `q${packet.qos}`, packet.retain && 'retain', packet.dup && 'dup']
  return [packet.topic, packet.payload.toString().slice(0, 40), ...flags.filter(Boolean)].join(' ')
}

export class CoreRig {
  now = 1_000_000
  readonly log: string[] = []
  readonly broker: Broker
  #assigned = 0

  constructor(options: Partial<BrokerOptions> = {}) {
    const { log } = this
    this.broker = new Broker({
      events: {
        accepted: ({ clientId }) => void log.push(`accepted ${clientId}`),
        refused: (_connection, why) => void log.push(`refused: ${why}`),
        closed: ({ request }, ending) =>
          void log.push(`closed ${request!.clientId}: ${ending.by === 'server' ? ending.why : ending.by}`),
        dropped: (clientId, occasion) => void log.push(`dropped ${clientId} ${occasion}`),
        notRetained: (topic) => void log.push(`not retained ${topic}`),
        watched: () => {},
        denied: (_connection, topic) => void log.push(`denied ${topic}`),
      },
      assignIdentifier: () => `auto-${++this.#assigned}`,
      ...options,
    })
  }

  dial(version: Version = 5): TestClient {
    const client = new TestClient(this, version)
    client.connection = this.broker.open(client, this.now)
    return client
  }

  /** A client that has sent CONNECT; `packets` begins with the CONNACK. */
  connect(
    clientId: string,
    settings: Partial<IConnectPacket> & { protocolVersion?: Version } = {},
  ): TestClient {
    const client = this.dial(settings.protocolVersion ?? 5)
    client.send(connectPacket(clientId, settings))
    return client
  }

  /** The same with its CONNACK taken. */
  join(clientId: string, settings: Partial<IConnectPacket> & { protocolVersion?: Version } = {}): TestClient {
    const client = this.connect(clientId, settings)
    client.received()
    return client
  }

  /** Time passes, and what is due is done. */
  wait(milliseconds: number): void {
    const until = this.now + milliseconds
    for (let due = this.broker.deadline(); due <= until; due = this.broker.deadline()) {
      this.now = Math.max(this.now, due)
      this.broker.tick(this.now)
    }
    this.now = until
  }

  /** Work that is left is done. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 2; ) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.broker.deadline() <= this.now) {
        this.broker.tick(this.now)
        idle = 0
      } else idle++
    }
  }
}

export const connectPacket = (clientId: string, settings: Partial<IConnectPacket> = {}): IConnectPacket => ({
  cmd: 'connect',
  protocolId: settings.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
  protocolVersion: 5,
  clean: true,
  keepalive: 0,
  clientId,
  ...settings,
})

export const publish = (
  topic: string,
  payload: string | Buffer,
  more: Partial<IPublishPacket> = {},
): IPublishPacket => ({
  ...{ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false },
  ...more,
})
