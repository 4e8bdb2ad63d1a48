// Brokers that break the statements of src/check/statements/subscribe.ts.
import type { ISubscribePacket } from 'mqtt-packet'
import type { Between, Breaking, Passing } from '../rig.js'
import { bytesFromClients } from './bytes.js'
import * as changes from './changes.js'
import { answer, filterOf, identifierOf, long, message, request, suback, withoutCodes } from './changes.js'
import { inBoth } from './tools.js'

const isSubscribe = ({ type }: Passing) => type === changes.types.subscribe
const isShared = ({ bytes }: Passing) => bytes.includes('$share')
const last = ({ bytes }: Passing) => bytes.at(-1)!

/** Takes a SUBSCRIBE that is invalid, and grants QoS 0. */
const grants = (matches: (passing: Passing, between: Between) => boolean, ...codes: number[]): Breaking =>
  changes.takes(
    (passing, between) => isSubscribe(passing) && matches(passing, between),
    (passing) => suback(identifierOf(passing), ...codes),
  )

/** Takes a SUBSCRIBE of `length` bytes, which has no Topic Filter, and answers without a code. */
const grantsNothing = (length: number): Breaking =>
  changes.takes(
    (passing) => isSubscribe(passing) && passing.bytes.length === length,
    (_, between) => withoutCodes(0x90, between),
  )

/** Reads other Subscription Options than those of the packet. */
const options = (matches: (passing: Passing) => boolean, read: (options: number) => number): Breaking =>
  bytesFromClients((passing) =>
    isSubscribe(passing) && matches(passing)
      ? changes.withLast(passing.bytes, read(last(passing)))
      : undefined,
  )

/** Whether the connection has subscribed to the only Topic Filter of the packet before. */
const isAgain = (packet: ISubscribePacket, { memory, number }: Between): boolean => {
  if (packet.subscriptions.length !== 1) return false
  const key = `${number} ${filterOf(packet)}`
  const is = memory.has(key)
  memory.set(key, true)
  return is
}

const withoutReplacement = (isBroken: (packet: ISubscribePacket) => boolean): Breaking =>
  request('subscribe', (packet, between) => {
    if (!isAgain(packet, between) || !isBroken(packet)) return undefined
    between.toClient(suback(packet.messageId!, packet.subscriptions[0]!.qos))
    return false
  })

const isTwice = ({ subscriptions }: ISubscribePacket) =>
  subscriptions.length === 3 && subscriptions[0]!.topic === subscriptions[2]!.topic

const ignoresSecond = changes.both(
  request('subscribe', (packet, { memory }) => {
    if (!isTwice(packet)) return undefined
    memory.set('twice', packet.messageId)
    return { ...packet, subscriptions: packet.subscriptions.slice(0, 2) }
  }),
  answer('suback', (packet, { memory }) =>
    memory.get('twice') === packet.messageId && packet.granted.length === 2
      ? suback(packet.messageId!, ...(packet.granted as number[]), 2)
      : undefined,
  ),
)

const tooFewCodes = answer('suback', ({ messageId, granted }) =>
  granted.length === 5 ? suback(messageId!, ...(granted as number[]).slice(1)) : undefined,
)

/** Sends QoS 0 with the granted QoS. */
const raisesQoS = changes.both(
  changes.takes(
    ({ packet }) => packet?.cmd === 'puback' && packet.messageId === 999,
    () => undefined,
  ),
  answer('publish', (packet) =>
    packet.topic.endsWith('/2') && packet.qos === 0 ? { ...packet, qos: 1, messageId: 999 } : undefined,
  ),
)

const large = (properties: object): Breaking =>
  changes.forClients(
    ({ properties: limits }) => limits?.maximumPacketSize === 100,
    answer('suback', (packet) => ({ ...packet, properties })),
  )

export const subscribe: Record<string, Breaking> = {
  ...inBoth(
    '3.8.1-1',
    bytesFromClients((passing) =>
      isSubscribe(passing) && (passing.bytes[0]! & 15) !== 2
        ? changes.withFirst(passing.bytes, 0x82)
        : undefined,
    ),
  ),
  ...inBoth(
    '3.8.3-1',
    grants(({ bytes }) => bytes.includes(Buffer.of(0x61, 0xff)), 0),
  ),
  'MQTT-3.8.3-2 in 4': grants(({ bytes }) => bytes.includes('/+'), 0),
  'MQTT-3.8.3-3 in 4': grantsNothing(4),
  'MQTT-3.8.3-4 in 4': options(
    (passing) => last(passing) > 2,
    () => 2,
  ),
  'MQTT-3.8.3-2 in 5': grantsNothing(5),
  'MQTT-3.8.3-3 in 5': options(
    (passing) => !isShared(passing) && (last(passing) & 4) > 0,
    (byte) => byte & ~4,
  ),
  'MQTT-3.8.3-4 in 5': options(isShared, (byte) => byte & ~4),
  'MQTT-3.8.3-5 in 5': options(
    (passing) => last(passing) >= 0x40,
    (byte) => byte & 0x3f,
  ),
  'MQTT-3.8.3.1-a in 5': options(
    (passing) => (last(passing) & 3) === 3,
    (byte) => byte - 1,
  ),
  'MQTT-3.8.3.1-b in 5': options(
    (passing) => (last(passing) & 0x30) === 0x30,
    (byte) => byte & 15,
  ),
  'MQTT-3.8.2.1.2-a in 5': grants(({ bytes }) => bytes.subarray(4, 7).equals(Buffer.of(2, 11, 0)), 0),
  'MQTT-3.8.2.1.2-b in 5': grants(({ bytes }) => bytes.subarray(4, 8).equals(Buffer.of(4, 11, 1, 11)), 0),
  'MQTT-3.8.2.1.2-c in 5': answer('publish', ({ properties, ...packet }) =>
    Number(properties?.subscriptionIdentifier) > 65_535 ? packet : undefined,
  ),
  'MQTT-3.8.2.1.2-d in 5': changes.both(
    request('subscribe', (packet, { memory }) => {
      const key = `id ${filterOf(packet)}`
      const { subscriptionIdentifier = memory.get(key) } = packet.properties ?? {}
      memory.set(key, subscriptionIdentifier)
      return undefined
    }),
    answer('publish', (packet, { memory }) => {
      const subscriptionIdentifier = memory.get(`id ${packet.topic}`) as number | undefined
      return subscriptionIdentifier === undefined
        ? undefined
        : { ...packet, properties: { subscriptionIdentifier } }
    }),
  ),
  ...inBoth(
    '3.8.4-1',
    request('subscribe', (packet) =>
      packet.messageId === 1 && filterOf(packet).endsWith('/a') ? false : undefined,
    ),
  ),
  // Reads the two bytes in the wrong order.
  ...inBoth(
    '3.8.4-2',
    answer('suback', (packet) => (packet.messageId === 256 ? { ...packet, messageId: 1 } : undefined)),
  ),
  'MQTT-3.8.4-3 in 4': withoutReplacement(() => true),
  'MQTT-3.8.4-3 in 5': withoutReplacement(({ subscriptions }) => subscriptions[0]!.rh === 2),
  'MQTT-3.8.4-4 in 5': request('subscribe', (packet, between) =>
    isAgain(packet, between)
      ? { ...packet, subscriptions: [{ ...packet.subscriptions[0]!, rh: 2 }] }
      : undefined,
  ),
  'MQTT-3.8.4-4 in 4': ignoresSecond,
  'MQTT-3.8.4-5 in 5': ignoresSecond,
  'MQTT-3.8.4-5 in 4': tooFewCodes,
  'MQTT-3.8.4-6 in 5': tooFewCodes,
  'MQTT-3.8.4-7 in 5': answer('suback', ({ messageId, granted }) =>
    granted.length === 3 && granted[1] === 0 ? suback(messageId!, 2, 1, 1) : undefined,
  ),
  'MQTT-3.8.4-6 in 4': raisesQoS,
  'MQTT-3.8.4-8 in 5': raisesQoS,
  'MQTT-3.8.4-a in 5': changes.both(
    request('subscribe', (packet, { memory }) => {
      const filter = filterOf(packet)
      if (filter.startsWith('$share/g/')) memory.set(`shared ${packet.messageId}`, filter.slice(9))
      return undefined
    }),
    answer('suback', (packet, { memory, toClient }) => {
      const topic = memory.get(`shared ${packet.messageId}`) as string | undefined
      if (topic === undefined) return undefined
      toClient(packet, message(topic, { payload: 'retained', retain: true }))
      return false
    }),
  ),
  ...inBoth(
    '3.9.3-1',
    answer('suback', ({ messageId, granted }) =>
      granted.length === 3 ? suback(messageId!, ...(granted as number[]).reverse()) : undefined,
    ),
  ),
  ...inBoth(
    '3.9.3-2',
    answer('suback', ({ messageId, granted }) =>
      messageId === 3 && granted[0] === 2 ? suback(messageId, 3) : undefined,
    ),
  ),
  'MQTT-3.9.2-1 in 5': large({ reasonString: long }),
  'MQTT-3.9.2-2 in 5': large({ userProperties: { a: long } }),
}
