// Brokers that break the statements of src/check/statements/publish.ts.
import type { Breaking } from '../rig.js'
import { fromClients, ignoring, inBoth, toClients, topicOf } from './tools.js'

/** Passes DUP on to receivers at QoS 0, or at the others. */
const passingOnDup = (atQos0: boolean): Breaking => {
  return ({ memory, toClient, toServer }) => ({
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'publish' && packet.dup) memory.set(packet.topic, true)
      toServer(bytes)
    },
    fromServer({ packet, bytes }) {
      const isSo = packet?.cmd === 'publish' && (packet.qos === 0) === atQos0 && memory.has(packet.topic)
      if (isSo) bytes[0]! |= 8
      toClient(bytes)
    },
  })
}

export const publishing: Record<string, Breaking> = {
  ...inBoth(
    '3.3.1-1',
    toClients('publish', (packet) => (packet.dup ? { ...packet, dup: false } : packet)),
  ),
  ...inBoth('3.3.1-2', passingOnDup(true)),
  ...inBoth('3.3.1-3', passingOnDup(false)),
  ...inBoth(
    '3.3.1-4',
    ignoring((bytes) => (bytes[0]! & 0xf6) === 0x36),
  ),
  ...inBoth(
    '3.3.2-1',
    ignoring((bytes) => topicOf(bytes)?.includes('\ufffd') === true),
  ),
  ...inBoth(
    '3.3.2-2',
    ignoring((bytes) => /[+#]/.test(topicOf(bytes) ?? '')),
  ),
  ...inBoth(
    '3.3.2-3',
    toClients('publish', (packet) =>
      packet.topic.endsWith('/a/b') ? [packet, { ...packet, topic: `${packet.topic}c` }] : packet,
    ),
  ),
  ...inBoth(
    '3.3.4-1',
    fromClients('publish', (packet, { between }) => {
      if (packet.qos === 0 && packet.payload.length === 0) between.toClient({ cmd: 'puback', messageId: 1 })
      return packet
    }),
  ),
  ...inBoth(
    '3.3.5-1',
    toClients('publish', (packet) => (packet.topic.endsWith('/a/b') ? { ...packet, qos: 0 } : packet)),
    '3.3.4-2',
  ),
  'MQTT-3.3.5-2 in 4': ignoring((bytes) => topicOf(bytes)?.startsWith('$SYS') === true),
  ...inBoth('3.6.1-1', ({ toServer }) => ({
    fromClient({ type, bytes }) {
      if (type === 6) bytes[0] = 0x62
      toServer(bytes)
    },
  })),
}
