// Parts that many exchanges have: packets that MQTT forbids, a publisher with a subscriber, a watched will.
import type { IConnectPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import { packetNames } from '../codec/control-packets.js'
import type { QoS } from '../codec/publish.js'
import { shown } from '../text.js'
import { textOf } from './delivery.js'
import type { ConnectSettings, Lab } from './lab.js'
import { type Answer, type AnswerOf, described, type RawClient } from './raw-client.js'
import { packetOf, twoBytes } from './raw-packets.js'
import { Inconclusive, Violation } from './violation.js'

/** SUBSCRIBE (header 0x82) or UNSUBSCRIBE (0xa2) with Packet Identifier 7; `properties` with their length, for MQTT 5. */
export function request(
  { version }: Lab,
  header: number,
  payload: readonly Uint8Array[],
  properties: Uint8Array = Uint8Array.of(0),
): Buffer {
  return packetOf(header, twoBytes(7), ...(version === 5 ? [properties] : []), ...payload)
}

/** Sends each of `packets`, which are not allowed, on a connection of its own, which the server must end. @throws Violation */
export async function closes(lab: Lab, ...packets: readonly (Packet | Uint8Array)[]): Promise<void> {
  for (const packet of packets) {
    const client = await lab.connect()
    const name = packet instanceof Uint8Array ? packetNames[packet[0]! >> 4]! : packet.cmd.toUpperCase()
    await client.ends(`${name} that is not allowed`, packet)
  }
}

export interface SubscriptionOptions {
  readonly qos?: QoS
  readonly nl?: boolean
  readonly rap?: boolean
  readonly rh?: number
}

/** A client that subscribes, and takes and acknowledges what comes. */
export class Subscriber {
  readonly client: RawClient
  readonly #lab: Lab
  readonly #end: string
  #messages: AnswerOf<'publish'>[] = []
  #ends = 0

  private constructor(lab: Lab, client: RawClient) {
    this.client = client
    this.#lab = lab
    this.#end = `${lab.prefix}-end/${client.number}`
  }

  static async connect(lab: Lab, settings?: ConnectSettings): Promise<Subscriber> {
    return Subscriber.of(lab, await lab.connect(settings))
  }

  static async of(lab: Lab, client: RawClient): Promise<Subscriber> {
    const subscriber = new Subscriber(lab, client)
    await subscriber.granted(subscriber.#end)
    return subscriber
  }

  /** @returns the code of SUBACK */
  async subscribe(
    topic: string,
    { qos = 0, ...more }: SubscriptionOptions = {},
    properties?: ISubscribePacket['properties'],
  ): Promise<number> {
    const { client } = this
    const subscriptions = [{ topic, qos, ...more }]
    client.send({ cmd: 'subscribe', messageId: client.nextIdentifier(), subscriptions, properties } as Packet)
    return (await this.until('suback')).granted[0] as number
  }

  /** Subscribes. @returns the granted QoS. @throws Inconclusive if the server refuses */
  async granted(...subscription: Parameters<Subscriber['subscribe']>): Promise<number> {
    const code = await this.subscribe(...subscription)
    if (code > 2) throw new Inconclusive(`SUBSCRIBE to ${shown(subscription[0])} was refused with ${code}`)
    return code
  }

  async unsubscribe(...unsubscriptions: string[]): Promise<AnswerOf<'unsuback'>> {
    this.client.send({ cmd: 'unsubscribe', messageId: this.client.nextIdentifier(), unsubscriptions })
    return this.until('unsuback')
  }

  /** Takes packets up to the first `cmd`, and messages before it. @throws Violation */
  async until<Cmd extends Packet['cmd']>(cmd: Cmd): Promise<AnswerOf<Cmd>> {
    const { before, found } = await this.client.until(cmd)
    for (const answer of before) this.#take(answer)
    return found
  }

  /** Sends PINGREQ and takes everything up to PINGRESP. @throws Violation */
  async sync(): Promise<void> {
    for (const answer of await this.client.sync()) this.#take(answer)
  }

  /**
   * Has `publisher` publish one more message, and takes all that came before it.
   * @returns the messages that have come since the last call
   * @throws Violation if a packet comes that answers nothing
   */
  async arrived(publisher: RawClient): Promise<AnswerOf<'publish'>[]> {
    const payload = String(++this.#ends)
    publisher.send(this.#lab.publishPacket(this.#end, { payload }))
    for (;;) {
      const answer = await this.client.next()
      if (answer === undefined) throw new Violation('the connection ended')
      if (answer.cmd === 'publish' && answer.topic === this.#end) break
      this.#take(answer)
    }
    return this.#messages.splice(0)
  }

  /** The same, and expects messages with just these payloads, in any order. `rule`: what else the server does wrong. @throws Violation */
  async expect(
    publisher: RawClient,
    payloads: readonly string[],
    rule: string,
  ): Promise<AnswerOf<'publish'>[]> {
    const messages = await this.arrived(publisher)
    const came = messages.map(textOf).sort().join(', ')
    const expected = [...payloads].sort().join(', ')
    if (came !== expected)
      throw new Violation(`${rule}: messages ${shown(came) || 'none'} came, not ${expected || 'none'}`)
    return messages
  }

  #take(answer: Answer): void {
    const { client } = this
    if (answer.cmd === 'publish') {
      this.#messages.push(answer as AnswerOf<'publish'>)
      const { qos, messageId } = answer
      if (qos > 0) client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId } as Packet)
    } else if (answer.cmd === 'pubrel')
      client.send({ cmd: 'pubcomp', messageId: answer.messageId! } as Packet)
    else throw new Violation(`${described(answer)} came`)
  }
}

/** Maximum Packet Size of the client in `smallAnswer`, in bytes. */
const most = 100

/** `property`: what the answer must not have if it makes it larger than the client allows. @throws Violation */
export async function smallAnswer(
  lab: Lab,
  property: 'reasonString' | 'userProperties',
  answer: (client: RawClient) => Promise<Answer | undefined>,
): Promise<void> {
  const found = await answer(await lab.connect({ properties: { maximumPacketSize: most } }))
  const properties: object | undefined = found && 'properties' in found ? found.properties : undefined
  if (properties === undefined || !(property in properties)) return
  const { length } = found!.bytes
  if (length > most) throw new Violation(`Maximum Packet Size ${most}: ${length} bytes with ${property} came`)
}

/** A will on a topic, and a subscriber to it. */
export interface WatchedWill {
  readonly watcher: Subscriber
  readonly will: NonNullable<IConnectPacket['will']>
}

export async function watchedWill(lab: Lab): Promise<WatchedWill> {
  const topic = lab.topic('will')
  const watcher = await Subscriber.connect(lab)
  await watcher.granted(topic)
  return { watcher, will: { topic, payload: Buffer.from('will'), qos: 0, retain: false } }
}
