// Brokers that break the statements of src/check/statements/shared.ts.
import type { Between, Breaking, Passing } from '../rig.js'
import {
  answer,
  both,
  filterOf,
  identifierOf,
  message,
  payloadOf,
  request,
  suback,
  takes,
  types,
} from './changes.js'

const grants = (...parts: string[]): Breaking =>
  takes(
    ({ type, bytes }) => type === types.subscribe && parts.some((part) => bytes.includes(part)),
    (passing: Passing) => suback(identifierOf(passing), 0),
  )

/** The members of Shared Subscriptions, in the order of their SUBSCRIBE. */
const membersOf = ({ memory }: Between): Between[] => {
  if (!memory.has('members')) memory.set('members', [])
  return memory.get('members') as Between[]
}

const joining = request('subscribe', (packet, between) => {
  if (filterOf(packet).startsWith('$share/')) membersOf(between).push(between)
  return undefined
})

/** Sends a message on `topic` to the member that joined last. */
const sendToOther = (between: Between, topic: string): void =>
  membersOf(between)
    .at(-1)!
    .toClient(message(topic, { payload: 'begun' }))

/** The topic of a message that has begun. */
const begun = answer('publish', (packet, { memory }) => {
  if (payloadOf(packet) === 'begun') memory.set('topic', packet.topic)
  return undefined
})

export const shared: Record<string, Breaking> = {
  'MQTT-4.8.2-1 in 5': grants('$share//'),
  'MQTT-4.8.2-2 in 5': grants('$share/g+'),
  'MQTT-4.8.2-3 in 5': answer('publish', ({ messageId, ...packet }) =>
    payloadOf(packet).startsWith('message') && packet.qos === 1 ? { ...packet, qos: 0 } : undefined,
  ),
  'MQTT-4.8.2-4 in 5': answer('publish', (packet) =>
    packet.dup && payloadOf(packet) === 'begun' ? false : undefined,
  ),
  // When the connection of a member ends, as its will shows.
  'MQTT-4.8.2-5 in 5': both(joining, (between) => ({
    fromServer({ bytes, packet }) {
      if (packet?.cmd === 'publish' && payloadOf(packet) === 'will')
        sendToOther(between, packet.topic.replace('will', 'a'))
      between.toClient(bytes)
    },
  })),
  'MQTT-4.8.2-6 in 5': both((between) => {
    const join = joining(between)
    return {
      fromClient(passing) {
        const { packet } = passing
        if (packet?.cmd === 'puback' && (packet.reasonCode ?? 0) >= 0x80)
          sendToOther(between, between.memory.get('topic') as string)
        join.fromClient!(passing)
      },
    }
  }, begun),
  'MQTT-4.8.2-a in 5': both(
    joining,
    answer('publish', (packet, between) => {
      const members = membersOf(between)
      if (!payloadOf(packet).startsWith('message') || members.length < 3) return undefined
      members[0]!.toClient(message(packet.topic, { payload: packet.payload }))
      return undefined
    }),
  ),
  // All Shared Subscriptions of a topic are one.
  'MQTT-4.8.2-b in 5': answer('publish', (packet, { memory, number }) => {
    if (payloadOf(packet) !== 'for all') return undefined
    const isFirst = !memory.has('for all')
    memory.set('for all', number)
    return isFirst ? undefined : false
  }),
}
