// A client of a probe: it acknowledges what it receives, and reports refusals.
import type { Packet } from 'mqtt-packet'
import type { QoS } from '../../codec/publish.js'
import type { ConnectSettings, Lab } from '../lab.js'
import type { Answer, AnswerOf, RawClient } from '../raw-client.js'
import { Violation } from '../violation.js'
import { Refusal } from './finding.js'

export type Message = AnswerOf<'publish'>

interface PublishOptions {
  readonly qos?: QoS
  readonly retain?: boolean
  readonly payload?: string | Buffer
  readonly properties?: NonNullable<Extract<Packet, { cmd: 'publish' }>['properties']>
}

interface SubscribeOptions {
  readonly qos?: QoS
  readonly nl?: boolean
  readonly rap?: boolean
  readonly rh?: number
  readonly identifier?: number
}

/** Messages that are kept until they are asked for. */
const mostMessages = 10_000
/** Bytes of all messages of a client. */
const mostBytes = 16 * 1024 * 1024

/** A grace for what a server with several threads still has to deliver, in milliseconds. */
const graceMs = 100

/** A client with a new Client Identifier and no session, unless `settings` say otherwise. @throws Violation, Inconclusive */
export async function join(lab: Lab, settings: ConnectSettings = {}): Promise<Peer> {
  return new Peer(lab, await lab.connect(settings))
}

export class Peer {
  readonly client: RawClient
  /** Whether it acknowledges messages. */
  acknowledges = true
  readonly #lab: Lab
  readonly #inbox: Message[] = []
  #keptBytes = 0

  constructor(lab: Lab, client: RawClient) {
    this.#lab = lab
    this.client = client
  }

  /** Properties of the CONNACK, if there are any. */
  get declared() {
    return this.client.connack?.properties ?? {}
  }

  /** Publishes, and waits until the server has taken the message. @throws Refusal, Violation */
  publish(topic: string, options: PublishOptions = {}): Promise<void> {
    return this.publishAll(topic, [options.payload ?? ''], options)
  }

  /** Sends all of `payloads` at once, and waits until the server has taken them. @throws Refusal, Violation */
  async publishAll(
    topic: string,
    payloads: readonly (string | Buffer)[],
    options: Omit<PublishOptions, 'payload'> = {},
  ): Promise<void> {
    const { qos = 0 } = options
    const packets = payloads.map((payload) =>
      this.#lab.publishPacket(topic, {
        ...options,
        payload,
        ...(qos > 0 && { messageId: this.client.nextIdentifier() }),
      }),
    )
    this.client.send(...packets)
    if (qos === 0) return this.sync()
    for (const _ of packets) {
      const { cmd, reasonCode = 0, messageId } = await this.answer(qos === 1 ? 'puback' : 'pubrec')
      if (reasonCode >= 0x80) throw this.refusal(cmd.toUpperCase(), reasonCode)
      if (cmd === 'pubrec') this.client.send({ cmd: 'pubrel', messageId: messageId! })
    }
    if (qos === 2) for (const _ of packets) await this.answer('pubcomp')
  }

  /** @throws Refusal if the server refuses, Violation */
  async subscribe(filter: string, options: SubscribeOptions = {}): Promise<QoS> {
    const { identifier, qos = 0, ...more } = options
    this.client.send({
      cmd: 'subscribe',
      messageId: this.client.nextIdentifier(),
      subscriptions: [{ topic: filter, qos, ...more }],
      ...(identifier !== undefined && { properties: { subscriptionIdentifier: identifier } }),
    })
    const { granted } = await this.answer('suback')
    const code = granted[0] as number
    if (code >= 0x80) throw this.refusal('SUBACK', code)
    return code as QoS
  }

  /** Takes up to `count` messages: fewer if no more come in time. @throws Refusal if the server disconnects */
  async received(count: number, patienceMs = this.client.patienceMs): Promise<Message[]> {
    const end = performance.now() + patienceMs
    while (this.#inbox.length < count && performance.now() < end && !this.client.isOver) {
      const answer = await this.client.next(end - performance.now()).catch(nothingCame)
      if (answer === null) break
      this.#take(answer)
    }
    return this.#inbox.splice(0, count)
  }

  /** Takes all messages that the server has for this client now. @throws Refusal */
  async rest(): Promise<Message[]> {
    await this.sync()
    await this.#lab.pause(graceMs)
    await this.sync()
    return this.#inbox.splice(0)
  }

  /** What was sent before this was handled by the server. @throws Refusal, Violation */
  async sync(): Promise<void> {
    this.client.send({ cmd: 'pingreq' })
    await this.answer('pingresp')
  }

  /** Takes everything up to a `cmd`. @throws Refusal if the connection ends, Violation if nothing comes in time */
  async answer<Cmd extends Packet['cmd']>(cmd: Cmd): Promise<AnswerOf<Cmd>> {
    for (;;) {
      const answer = await this.client.next()
      if (answer?.cmd === cmd) return answer as AnswerOf<Cmd>
      this.#take(answer)
    }
  }

  leave(): Promise<void> {
    return this.client.leave()
  }

  refusal(what: string, code?: number): Refusal {
    return new Refusal(what, code, this.client.version)
  }

  #keep(message: Message): void {
    this.#keptBytes += message.bytes.length
    if (this.#keptBytes > mostBytes || this.#inbox.length === mostMessages)
      throw new Violation('the server sends far more messages than were published')
    this.#inbox.push(message)
  }

  #take(answer: Answer | undefined): void {
    if (answer === undefined) throw this.refusal('the server ended the connection')
    if (answer.cmd === 'disconnect') throw this.refusal('DISCONNECT', answer.reasonCode ?? 0)
    if (answer.cmd === 'publish') this.#keep(answer)
    if (!this.acknowledges) return
    const { messageId } = answer as { messageId?: number }
    if (answer.cmd === 'publish' && answer.qos === 1)
      this.client.send({ cmd: 'puback', messageId: messageId! })
    if (answer.cmd === 'publish' && answer.qos === 2)
      this.client.send({ cmd: 'pubrec', messageId: messageId! })
    if (answer.cmd === 'pubrel') this.client.send({ cmd: 'pubcomp', messageId: messageId! })
  }
}

/** Null in place of the Violation that nothing came in time. */
function nothingCame(error: unknown): null {
  if (error instanceof Violation) return null
  throw error
}
