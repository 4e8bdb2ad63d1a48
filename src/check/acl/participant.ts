// One user of the check of access rights: its connection, and the answers that its requests get.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet'
import type { ProtocolVersion } from '../../codec/publish.js'
import { reasonText } from '../../codec/reason-codes.js'
import { MqttxError } from '../../errors.js'
import { described, type Answer as Packet, RawClient } from '../raw-client.js'
import type { Record } from '../record.js'
import { Violation } from '../violation.js'

/** How a user connects. */
export interface Login {
  readonly name: string
  /** Opens a network connection. @throws MqttxError */
  dial(): Promise<Duplex>
  readonly username: string | undefined
  readonly password: Buffer | undefined
  /** undefined: a new one for each connection. */
  readonly clientId: string | undefined
  /** Tried in this order until the server knows one. */
  readonly versions: readonly ProtocolVersion[]
  /** Of CONNECT, in MQTT 5. */
  readonly userProperties?: NonNullable<IConnectPacket['properties']>['userProperties'] | undefined
}

/** What became of a request. */
export interface Answer {
  readonly kind: 'accepted' | 'refused' | 'disconnected' | 'unanswered'
  /** What was seen: `PUBACK 0x87 Not authorized`. Empty if it was accepted. */
  readonly text: string
}

export interface ParticipantOptions {
  readonly record: Record
  readonly patienceMs: number
  /** Called for each message that arrives. */
  heard(message: IPublishPacket): void
}

/** Sends a request. The Packet Identifier of its acknowledgement; 0: the PINGRESP. */
type Send = (client: RawClient) => number

const accepted: Answer = { kind: 'accepted', text: '' }
/** Requests that are sent before the first answer is awaited. */
const window = 10
/** The largest packet that we let a server of MQTT 5 send: whatever else is published is of no interest. */
const maximumPacketSize = 64 * 1024
const patient = 2 ** 31 - 1
/** Those of later connections need not go to queues of others. Seconds. */
const messageExpiryInterval = 60

export class Participant {
  readonly name: string
  /** Why this user cannot take part any longer. */
  lost: string | undefined
  /** Connections that the server has ended. */
  losses = 0
  /** The version of MQTT that the server has accepted. */
  version: ProtocolVersion
  readonly #login: Login
  readonly #options: ParticipantOptions
  #versions: readonly ProtocolVersion[]
  #client: RawClient | undefined
  /** Before CONNACK. */
  #opening: RawClient | undefined
  /** By Packet Identifier; 0: PINGRESP. undefined: the connection has ended. */
  readonly #waiting = new Map<number, (packet: Packet | undefined) => void>()
  /** Accepted on this connection. */
  #filters: string[] = []
  #identifierOf: ((filter: string) => number) | undefined
  #ending = ''
  /** The server has ended a connection on one of several requests: they are sent one by one. */
  #isCareful = false
  #qos: 0 | 1 = 1
  #hasPuback = false
  #isOver = false

  constructor(login: Login, options: ParticipantOptions) {
    this.name = login.name
    this.#login = login
    this.#options = options
    this.#versions = login.versions
    this.version = login.versions[0]!
  }

  /** Opens a new connection with a new Session. @throws MqttxError if there is no network connection */
  async connect(): Promise<Answer> {
    let answer: Answer & { isFinal?: boolean } = { kind: 'unanswered', text: '' }
    for (const version of this.#versions) {
      answer = await this.#connectAs(version)
      if (answer.kind === 'accepted') this.#versions = [version]
      if (answer.kind === 'accepted' || answer.isFinal) break
    }
    return answer
  }

  /**
   * Subscribes at QoS 0. `identifierOf` gives each Topic Filter a Subscription Identifier, if the server has them.
   * @returns an answer for each filter
   */
  async subscribe(filters: readonly string[], identifierOf?: (filter: string) => number): Promise<Answer[]> {
    this.#identifierOf = identifierOf
    return this.#each(
      filters.map((filter) => ({
        send: (client) => this.#sendSubscribe(client, filter),
        done: () => void this.#filters.push(filter),
      })),
    )
  }

  /** Publishes at QoS 1, or 0 if the server has nothing else. @returns an answer for each message */
  async publish(messages: readonly Message[]): Promise<Answer[]> {
    return this.#each(
      messages.map((message) => ({
        send: (client) => this.#sendPublish(client, message),
        done: () => {
          this.#hasPuback ||= this.#qos === 1
        },
      })),
    )
  }

  /** Resolves when everything that the server has sent before is heard. */
  async sync(): Promise<void> {
    if (this.#client !== undefined) await this.#answers([ping])
  }

  /** Connects again if the server has ended the connection, with its subscriptions. */
  async revive(): Promise<void> {
    if (this.#client === undefined && this.lost === undefined) await this.#again()
  }

  /** Sends DISCONNECT. */
  async leave(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#filters = []
    await client?.leave()
  }

  /** Ends the connection at once, and connects no more. */
  drop(): void {
    this.lost ??= 'the check was ended'
    this.#isOver = true
    this.#opening?.drop()
    this.#client?.drop()
  }

  /** `isFinal`: another version of MQTT changes nothing. */
  async #connectAs(version: ProtocolVersion): Promise<Answer & { readonly isFinal: boolean }> {
    const { record, patienceMs } = this.#options
    this.#filters = []
    const stream = await this.#login.dial()
    const client = new RawClient(stream, { version, number: 1, record, patienceMs })
    this.#opening = client
    if (this.#isOver) client.drop()
    client.send(this.#connectPacket(version))
    try {
      const connack = await client.next()
      if (connack === undefined)
        return {
          kind: 'disconnected',
          text: 'the server closed the connection instead of CONNACK',
          isFinal: false,
        }
      if (connack.cmd !== 'connack') throw new Violation(`${described(connack)} came instead of CONNACK`)
      const code = (version === 5 ? connack.reasonCode : connack.returnCode) ?? 0
      if (code !== 0) {
        client.drop()
        const isFinal = code !== 1 && code !== 0x84 // of a version that the server does not know
        return { kind: 'refused', text: `CONNACK ${version === 5 ? reasonText(code) : code}`, isFinal }
      }
      client.connack = connack
      if (connack.properties?.maximumQoS === 0) this.#qos = 0
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      client.drop()
      return { kind: 'unanswered', text: error.message, isFinal: false }
    }
    this.#client = client
    this.version = version
    void this.#read(client)
    return { ...accepted, isFinal: true }
  }

  #connectPacket(version: ProtocolVersion): IConnectPacket {
    const { username, password, clientId, userProperties } = this.#login
    return {
      cmd: 'connect',
      protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
      protocolVersion: version,
      clientId: clientId ?? `mqttxcheck${randomBytes(6).toString('hex')}`, // 22 letters and digits [MQTT-3.1.3-5]
      clean: true,
      keepalive: 0,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(version === 5 && { properties: { maximumPacketSize, ...(userProperties && { userProperties }) } }),
    }
  }

  async #read(client: RawClient): Promise<void> {
    let ending = 'the server closed the connection'
    try {
      for (
        let packet = await client.next(patient);
        packet !== undefined;
        packet = await client.next(patient)
      ) {
        if (packet.cmd === 'publish') this.#heard(client, packet)
        else if (packet.cmd === 'disconnect') ending = described(packet)
        else this.#settle(packet.cmd === 'pingresp' ? 0 : (packet.messageId ?? 0), packet)
      }
    } catch (error) {
      ending = (error as Error).message
    }
    if (this.#client !== client) return
    this.#client = undefined
    this.#ending = ending
    this.losses++
    for (const identifier of [...this.#waiting.keys()]) this.#settle(identifier, undefined)
  }

  #heard(client: RawClient, message: IPublishPacket): void {
    const { qos, messageId } = message
    if (qos === 1 && messageId !== undefined) client.send({ cmd: 'puback', messageId })
    this.#options.heard(message)
  }

  #settle(identifier: number, packet: Packet | undefined): void {
    const settle = this.#waiting.get(identifier)
    this.#waiting.delete(identifier)
    settle?.(packet)
  }

  /** The answers to `requests`. A request that ends the connection is found by sending them one by one. */
  async #each(requests: readonly Request[]): Promise<Answer[]> {
    const answers: Answer[] = []
    let open = requests.map((_, index) => index)
    while (open.length > 0) {
      await this.revive()
      if (this.lost !== undefined) {
        for (const index of open) answers[index] = { kind: 'unanswered', text: this.lost }
        break
      }
      const portion = open.slice(0, this.#isCareful || this.#qos === 0 ? 1 : window)
      const found = await this.#answers(portion.map((index) => requests[index]!.send))
      const isOne = portion.length === 1
      for (const [at, index] of portion.entries()) {
        const answer = found[at]!
        if (answer.kind === 'accepted') requests[index]!.done()
        if (answer.kind !== 'disconnected' || isOne) answers[index] = answer
      }
      if (found.some(({ kind }) => kind === 'disconnected')) {
        this.#isCareful = true
        await this.#again()
        if (isOne) answers[portion[0]!] = await this.#secondTry(requests[portion[0]!]!)
      }
      open = open.filter((index) => answers[index] === undefined)
    }
    return answers
  }

  /** The connection may have ended for another reason, such as the QoS. */
  async #secondTry(request: Request): Promise<Answer> {
    const qos = this.#qos
    if (!this.#hasPuback) this.#qos = 0
    const [answer] = this.lost === undefined ? await this.#answers([request.send]) : []
    if (answer?.kind === 'accepted') request.done()
    else this.#qos = qos
    if (answer?.kind === 'disconnected') await this.#again()
    return this.lost === undefined ? answer! : { kind: 'unanswered', text: this.lost }
  }

  async #answers(sends: readonly Send[]): Promise<Answer[]> {
    const client = this.#client
    if (client === undefined) return sends.map(() => ({ kind: 'disconnected', text: this.#ending }))
    const coming = sends.map((send) => this.#acknowledged(send(client)))
    let late: NodeJS.Timeout | undefined
    const { patienceMs } = this.#options
    const limit = new Promise<undefined>((resolve) => {
      late = setTimeout(resolve, patienceMs, undefined)
    })
    const answers: Answer[] = []
    for (const answer of coming) {
      const found = this.lost === undefined ? await Promise.race([answer, limit]) : undefined
      if (found === undefined) this.lost ??= `no answer within ${patienceMs} ms`
      answers.push(found ?? { kind: 'unanswered', text: this.lost! })
    }
    clearTimeout(late)
    if (this.lost !== undefined) client.drop()
    return answers
  }

  async #acknowledged(identifier: number): Promise<Answer> {
    const packet = await new Promise<Packet | undefined>((resolve) => this.#waiting.set(identifier, resolve))
    if (packet === undefined) return { kind: 'disconnected', text: this.#ending }
    const code = this.#codeOf(packet)
    if (code < 0x80) return accepted
    const text = this.version === 5 ? reasonText(code) : `0x${code.toString(16)}`
    return { kind: 'refused', text: `${packet.cmd.toUpperCase()} ${text}` }
  }

  #codeOf(packet: Packet): number {
    if (packet.cmd === 'suback') return (packet.granted[0] as number | undefined) ?? 0x80
    return ('reasonCode' in packet ? packet.reasonCode : 0) ?? 0
  }

  /** Connects again, with the subscriptions of the connection that the server has ended. */
  async #again(): Promise<void> {
    const filters = this.#filters
    try {
      const answer = await this.connect()
      if (answer.kind !== 'accepted') this.lost = `it could not connect again: ${answer.text}`
    } catch (error) {
      if (!(error instanceof MqttxError)) throw error
      this.lost = `it could not connect again: ${error.message}`
    }
    if (this.lost !== undefined) return
    const again = filters.map((filter) => (client: RawClient) => this.#sendSubscribe(client, filter))
    const failed = (await this.#answers([...again, ping])).find(({ kind }) => kind !== 'accepted')
    if (failed === undefined) this.#filters = filters
    // Not because of a request that may be refused: all these were accepted before.
    else this.lost ??= `the server does not keep the connection: ${failed.text}`
  }

  #sendSubscribe(client: RawClient, filter: string): number {
    const messageId = client.nextIdentifier()
    const isOurs = !filter.startsWith('$SYS/')
    const hasIdentifiers =
      this.version === 5 && client.connack?.properties?.subscriptionIdentifiersAvailable !== false
    const subscriptionIdentifier = hasIdentifiers ? this.#identifierOf?.(filter) : undefined
    const isShared = filter.startsWith('$share/')
    client.send({
      cmd: 'subscribe',
      messageId,
      // Retained messages are of no interest, except those of the server itself.
      subscriptions: [{ topic: filter, qos: 0, ...(this.version === 5 && isOurs && !isShared && { rh: 2 }) }],
      ...(subscriptionIdentifier !== undefined && { properties: { subscriptionIdentifier } }),
    })
    return messageId
  }

  #sendPublish(client: RawClient, { topic, payload, sent }: Message): number {
    sent()
    const messageId = client.nextIdentifier()
    client.send({
      ...{ cmd: 'publish', topic, payload, qos: this.#qos, retain: false, dup: false, messageId },
      ...(this.version === 5 && { properties: { messageExpiryInterval } }),
    })
    return this.#qos === 1 ? messageId : ping(client)
  }
}

export interface Message {
  readonly topic: string
  readonly payload: string
  /** Called when it is sent, each time. */
  sent(): void
}

interface Request {
  readonly send: Send
  /** It was accepted. */
  done(): void
}

function ping(client: RawClient): number {
  client.send({ cmd: 'pingreq' })
  return 0
}
