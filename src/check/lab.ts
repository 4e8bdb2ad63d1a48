// The surroundings of one exchange: connections to the server, names that nobody else uses, and what must be cleaned up.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { IConnectPacket, IPublishPacket, ISubscribePacket } from 'mqtt-packet'
import type { ProtocolVersion, QoS } from '../codec/publish.js'
import { described, pause, RawClient } from './raw-client.js'
import { Record } from './record.js'
import { Inconclusive, Violation } from './violation.js'

/** How the server is reached. */
export interface Target {
  /** Opens a network connection. @throws MqttxError */
  dial(): Promise<Duplex>
  readonly username: string | undefined
  readonly password: Buffer | undefined
  /** How long an answer may take, in milliseconds. */
  readonly patienceMs: number
  /** The topics of all exchanges are below this one; by default `mqttx-check`. */
  readonly root?: string
}

export type ConnectSettings = Partial<Omit<IConnectPacket, 'cmd' | 'protocolVersion'>>

export class Lab {
  readonly record = new Record()
  readonly version: ProtocolVersion
  /** The first levels of all topics of this exchange; the Client Identifiers begin with the last of them. */
  readonly prefix: string
  readonly #target: Target
  readonly #clients: RawClient[] = []
  readonly #retained = new Set<string>()
  readonly #sessions = new Set<string>()
  #names = 0
  #isOver = false

  /** `name` is part of the topics, for those who watch the server; letters, digits and hyphens. */
  constructor(target: Target, version: ProtocolVersion, name: string) {
    this.#target = target
    this.version = version
    this.prefix = `${target.root ?? 'mqttx-check'}/${name}/${randomBytes(6).toString('hex')}`
  }

  get patienceMs(): number {
    return this.#target.patienceMs
  }

  /** A topic of this exchange: with `''` its first levels, without a slash at the end. */
  topic(rest: string): string {
    return rest === '' ? this.prefix : `${this.prefix}/${rest}`
  }

  /** A Client Identifier that nobody else has: 15 letters and digits, which any server accepts [MQTT-3.1.3-5]. */
  clientId(): string {
    return `mx${this.prefix.slice(-11)}${String(++this.#names).padStart(2, '0')}`.replace('/', '')
  }

  /** A network connection on which nothing was sent. @throws Inconclusive if the exchange is over */
  async open(version: ProtocolVersion = this.version): Promise<RawClient> {
    const stream = await this.#target.dial()
    if (this.#isOver) {
      stream.destroy()
      throw new Inconclusive('the exchange is over')
    }
    return this.#clientOn(stream, version)
  }

  #clientOn(stream: Duplex, version: ProtocolVersion): RawClient {
    const number = this.#clients.length + 1
    const client = new RawClient(stream, {
      version,
      number,
      record: this.record,
      patienceMs: this.patienceMs,
    })
    this.#clients.push(client)
    return client
  }

  /** CONNECT with the login of the target, a new Client Identifier, Clean Start, a Keep Alive of 30 s, and `settings`. */
  connectPacket(settings: ConnectSettings = {}, version: ProtocolVersion = this.version): IConnectPacket {
    const { username, password } = this.#target
    const packet: IConnectPacket = {
      cmd: 'connect',
      protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
      protocolVersion: version,
      clientId: this.clientId(),
      clean: true,
      keepalive: 30, // some servers refuse 0, or a long one
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...settings,
    }
    const keeps = !packet.clean || (packet.properties?.sessionExpiryInterval ?? 0) > 0
    if (keeps) this.#sessions.add(packet.clientId)
    if (packet.will?.retain === true) this.#retained.add(packet.will.topic)
    return packet
  }

  /**
   * A client that the server has accepted.
   * @throws Violation if no CONNACK comes, Inconclusive if the server refuses
   */
  async connect(settings: ConnectSettings = {}, version: ProtocolVersion = this.version): Promise<RawClient> {
    return this.#accepted(await this.open(version), this.connectPacket(settings, version))
  }

  async #accepted(client: RawClient, packet: IConnectPacket): Promise<RawClient> {
    client.send(packet)
    const connack = await client.expect('connack')
    const code = (client.version === 5 ? connack.reasonCode : connack.returnCode) ?? 0
    if (code !== 0)
      throw new Inconclusive(`the server refused to connect: ${described({ ...connack, reasonCode: code })}`)
    client.connack = connack
    return client
  }

  /** A PUBLISH at QoS 0 with an empty payload, and `more`. A retained message is removed at the end. */
  publishPacket(topic: string, more: Partial<IPublishPacket> = {}): IPublishPacket {
    if (more.retain === true) this.#retained.add(topic)
    return { cmd: 'publish', topic, payload: '', qos: 0, retain: false, dup: false, ...more }
  }

  /**
   * Subscribes and takes everything up to SUBACK.
   * @returns the code of the Topic Filter, and what came before SUBACK
   * @throws Violation
   */
  async subscribe(
    client: RawClient,
    filter: string,
    options: { readonly qos?: QoS; readonly nl?: boolean; readonly rap?: boolean; readonly rh?: number } = {},
    properties?: ISubscribePacket['properties'],
  ): Promise<number> {
    const { qos = 0, ...more } = options
    client.send({
      cmd: 'subscribe',
      messageId: client.nextIdentifier(),
      subscriptions: [{ topic: filter, qos, ...more }],
      ...(properties && { properties }),
    })
    const { granted } = await client.expect('suback')
    return granted[0] as number
  }

  /** Waits, for what only time shows. */
  pause(ms: number): Promise<void> {
    return pause(ms)
  }

  /**
   * Ends all connections, and removes the sessions and retained messages of this exchange from the server. It can open
   * no connection afterwards.
   * @throws the first failure, after all was tried
   */
  async clean(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients.map((client) => client.leave()))
    const failures: unknown[] = []
    const attempt = (work: Promise<void>) => work.catch((error: unknown) => void failures.push(error))
    for (const clientId of this.#sessions) await attempt(this.#forget(clientId))
    if (this.#retained.size > 0) await attempt(this.#removeRetained())
    if (failures.length > 0) throw failures[0]
  }

  async #forget(clientId: string): Promise<void> {
    await (await this.#cleaner({ clientId })).leave()
  }

  async #removeRetained(): Promise<void> {
    const client = await this.#cleaner({})
    if (client.connack?.properties?.retainAvailable !== false) {
      for (const topic of this.#retained) client.send(this.publishPacket(topic, { retain: true }))
      await client.sync()
    }
    await client.leave()
  }

  async #cleaner(settings: ConnectSettings): Promise<RawClient> {
    const client = this.#clientOn(await this.#target.dial(), this.version)
    return this.#accepted(client, this.connectPacket(settings))
  }
}

/** @throws Violation with `message` unless `holds` */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Violation(message)
}
