// Steps that many exchanges have in common: publish, subscribe, take what is delivered, come back to a session.
import type { IPublishPacket, ISubscribePacket } from 'mqtt-packet'
import type { QoS } from '../codec/publish.js'
import { variableByteInteger } from '../codec/variable-byte-integer.js'
import type { ConnectSettings, Lab } from './lab.js'
import { type Answer, type AnswerOf, described, type RawClient } from './raw-client.js'
import { field, packetOf, twoBytes } from './raw-packets.js'
import { Inconclusive, NotOffered } from './violation.js'

export type Message = AnswerOf<'publish'>
export type Acknowledgement = AnswerOf<'puback'> | AnswerOf<'pubrec'>

export interface SubscribeOptions {
  readonly qos?: QoS
  readonly rap?: boolean
  readonly rh?: number
}

/**
 * Publishes, and completes the flow of QoS 1 or 2.
 * @returns PUBACK or PUBREC; undefined at QoS 0
 * @throws Violation without an answer, Inconclusive if the server refuses the message
 */
export async function publish(
  lab: Lab,
  client: RawClient,
  packet: Partial<IPublishPacket> & { topic: string },
): Promise<Acknowledgement | undefined> {
  const messageId = packet.messageId ?? client.nextIdentifier()
  client.send(lab.publishPacket(packet.topic, { messageId, ...packet }))
  if ((packet.qos ?? 0) === 0) return undefined
  const answer = await client.expect(packet.qos === 1 ? 'puback' : 'pubrec')
  if ((answer.reasonCode ?? 0) >= 0x80)
    throw new Inconclusive(`the server refused a message: ${described(answer)}`)
  if (packet.qos === 1) return answer
  client.send({ cmd: 'pubrel', messageId })
  await client.expect('pubcomp')
  return answer
}

/**
 * Subscribes.
 * @returns the messages that came before SUBACK, as they may
 * @throws NotOffered if the server refuses, or grants a lower QoS
 */
export async function subscribe(
  client: RawClient,
  filter: string,
  options: SubscribeOptions = {},
  properties?: ISubscribePacket['properties'],
): Promise<Message[]> {
  const { qos = 0, ...more } = options
  const messageId = client.nextIdentifier()
  client.send({
    cmd: 'subscribe',
    messageId,
    subscriptions: [{ topic: filter, qos, ...more }] as ISubscribePacket['subscriptions'],
    ...(properties && { properties }),
  })
  const { before, found } = await client.until('suback')
  const code = found.granted[0] as number
  if (code >= 0x80) throw new NotOffered('the server refused a subscription')
  if (code < qos) throw new NotOffered(`the server granted QoS ${code} instead of ${qos}`)
  return messagesOf(before)
}

/** A client that has subscribed to `filter`, and to the topic of `taken`. */
export async function subscriber(
  lab: Lab,
  filter: string,
  options: SubscribeOptions = {},
  settings: ConnectSettings = {},
): Promise<RawClient> {
  const client = await lab.connect(settings)
  await subscribe(client, lab.topic('mark'))
  await subscribe(client, filter, options)
  return client
}

/**
 * Publishes a mark, and takes all that the subscriber gets before it.
 * @throws Violation if the mark does not come
 */
export async function taken(lab: Lab, publisher: RawClient, subscriber: RawClient): Promise<Answer[]> {
  const mark = `mark ${publisher.nextIdentifier()}`
  publisher.send(lab.publishPacket(lab.topic('mark'), { payload: mark }))
  const answers: Answer[] = []
  for (;;) {
    const { before, found } = await subscriber.until('publish')
    answers.push(...before)
    if (found.topic !== lab.topic('mark')) answers.push(found)
    else if (textOf(found) === mark) return answers
  }
}

/** The messages of `taken`. */
export async function messages(lab: Lab, publisher: RawClient, subscriber: RawClient): Promise<Message[]> {
  return messagesOf(await taken(lab, publisher, subscriber))
}

/**
 * Takes what a server sends again, which messages published meanwhile may overtake: `count` packets, and those that come up
 * to a mark after them; fewer if no more come.
 */
export async function takenAgain(
  lab: Lab,
  publisher: RawClient,
  client: RawClient,
  count: number,
): Promise<Answer[]> {
  const answers: Answer[] = []
  while (answers.length < count) {
    const answer = await client.next().catch(() => undefined)
    if (answer === undefined) return answers
    if (answer.cmd !== 'publish' || answer.topic !== lab.topic('mark')) answers.push(answer)
  }
  return [...answers, ...(await taken(lab, publisher, client))]
}

/**
 * Takes and acknowledges `count` messages, of which a server need not have more than one in flight, and those that come up
 * to a mark after them; fewer if no more come.
 */
export async function received(
  lab: Lab,
  publisher: RawClient,
  client: RawClient,
  count: number,
): Promise<Message[]> {
  const all: Message[] = []
  while (all.length < count) {
    const answer = await client.next().catch(() => undefined)
    if (answer === undefined) return all
    const { messageId = 0 } = answer
    // some servers send the next message when another packet comes
    if (answer.cmd === 'pubrel') client.send({ cmd: 'pubcomp', messageId }, { cmd: 'pingreq' })
    if (answer.cmd !== 'publish' || answer.topic === lab.topic('mark')) continue
    all.push(answer)
    if (answer.qos > 0) client.send({ cmd: answer.qos === 1 ? 'puback' : 'pubrec', messageId })
  }
  return [...all, ...(await messages(lab, publisher, client))]
}

/** Publishes with RETAIN. `client` has subscribed to the mark: when that comes, the server has handled the message. */
export async function store(
  lab: Lab,
  client: RawClient,
  packet: Partial<IPublishPacket> & { topic: string },
): Promise<void> {
  await publish(lab, client, { retain: true, ...packet })
  await taken(lab, client, client)
}

/** What a new subscription of `client`, which has subscribed to the mark, brings: `count` messages are waited for. */
export async function retainedFor(
  lab: Lab,
  client: RawClient,
  filter: string,
  options: SubscribeOptions & { readonly count?: number } = {},
): Promise<Message[]> {
  const { count = 0, ...asked } = options
  const early = await subscribe(client, filter, asked)
  return [...early, ...messagesOf(await takenAgain(lab, client, client, count - early.length))]
}

export function messagesOf(answers: readonly Answer[]): Message[] {
  return answers.filter((answer): answer is Message => answer.cmd === 'publish')
}

export function textOf(message: Message): string {
  return message.payload.toString()
}

/** For a session that survives the network connection. */
export function lasting(lab: Lab, more: Record<string, number> = {}): ConnectSettings {
  const properties = { sessionExpiryInterval: 300, ...more }
  return { clientId: lab.clientId(), clean: false, ...(lab.version === 5 && { properties }) }
}

/** Connects again to the session of `settings`. @throws NotOffered if the server has none */
export async function back(lab: Lab, settings: ConnectSettings): Promise<RawClient> {
  const client = await lab.connect(settings)
  if (client.connack?.sessionPresent !== true) throw new NotOffered('the server has kept no session')
  return client
}

/** A PUBLISH that mqtt-packet's types cannot describe. `properties` without their length; MQTT 5 only. */
export function publishBytes(
  lab: Lab,
  topic: Uint8Array,
  { flags = 0, properties = Buffer.alloc(0) }: { flags?: number; properties?: Uint8Array } = {},
): Buffer {
  const identifier = (flags & 6) === 0 ? [] : [twoBytes(1)]
  const sized = lab.version === 5 ? [variableByteInteger(properties.length), properties] : []
  return packetOf(0x30 | flags, field(topic), ...identifier, ...sized)
}
