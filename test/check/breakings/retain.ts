// Brokers that break the statements of src/check/statements/retain.ts.
import type { ISubscribePacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { fromClients, inBoth, toClients } from './tools.js'

type Subscription = ISubscribePacket['subscriptions'][number]

/** Takes options of subscriptions as others. */
const subscribing = (change: (subscription: Subscription) => Partial<Subscription>): Breaking =>
  fromClients('subscribe', (packet) => ({
    ...packet,
    subscriptions: packet.subscriptions.map((one) => ({ ...one, ...change(one) })),
  }))

export const retain: Record<string, Breaking> = {
  'MQTT-3.3.1-5 in 4': toClients('publish', (packet) =>
    packet.retain && packet.qos > 0 ? { ...packet, qos: 0 } : packet,
  ),
  'MQTT-3.3.1-5 in 5': fromClients('publish', (packet, { seen }) => {
    if (!packet.retain || packet.payload.length === 0) return packet
    if (seen.has(packet.topic)) return { ...packet, retain: false }
    seen.add(packet.topic)
    return packet
  }),
  ...inBoth(
    '3.3.1-6',
    toClients('publish', (packet) => (packet.retain && packet.topic.endsWith('/b') ? undefined : packet)),
    '3.3.1-9',
  ),
  'MQTT-3.3.1-7 in 4': fromClients('publish', (packet, { seen }) => {
    if (packet.retain && packet.qos === 1) seen.add(packet.topic)
    return packet.qos === 0 && seen.has(packet.topic) ? { ...packet, retain: false } : packet
  }),
  'MQTT-3.3.1-8 in 4': toClients('publish', (packet) =>
    packet.retain ? { ...packet, retain: false } : packet,
  ),
  ...inBoth(
    '3.3.1-12',
    fromClients('publish', (packet) =>
      packet.topic.endsWith('/mark') ? packet : { ...packet, retain: true },
    ),
    '3.3.1-8',
  ),
  ...inBoth(
    '3.3.1-9',
    ({ memory, toClient, toServer }) => ({
      fromClient({ packet, bytes }) {
        if (packet?.cmd === 'publish' && packet.retain) memory.set(packet.topic, true)
        toServer(bytes)
      },
      fromServer({ packet, bytes }) {
        if (packet?.cmd === 'publish' && memory.has(packet.topic)) bytes[0]! |= 1
        toClient(bytes)
      },
    }),
    '3.3.1-12',
  ),
  ...inBoth(
    '3.3.1-10',
    fromClients('publish', (packet) =>
      packet.retain && packet.payload.length === 0 ? { ...packet, retain: false } : packet,
    ),
    '3.3.1-6',
  ),
  ...inBoth(
    '3.3.1-11',
    ({ memory, toClient, toServer }) => {
      let asked: string | undefined
      return {
        fromClient({ packet, bytes }) {
          if (packet?.cmd === 'publish' && packet.retain && packet.payload.length === 0)
            memory.set(packet.topic, true)
          if (packet?.cmd === 'subscribe') asked = packet.subscriptions[0]!.topic
          toServer(bytes)
        },
        fromServer({ packet, bytes }) {
          toClient(bytes)
          if (packet?.cmd === 'suback' && asked !== undefined && memory.has(asked))
            toClient({ cmd: 'publish', topic: asked, payload: '', qos: 0, retain: true, dup: false })
        },
      }
    },
    '3.3.1-7',
  ),
  'MQTT-3.3.1-10 in 5': subscribing(({ rh }) => (rh === 1 ? { rh: 0 } : {})),
  'MQTT-3.3.1-11 in 5': subscribing(({ rh }) => (rh === 2 ? { rh: 0 } : {})),
  'MQTT-3.3.1-13 in 5': subscribing(() => ({ rap: false })),
}
