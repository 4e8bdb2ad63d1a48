// Brokers that break the statements of src/check/statements/qos.ts.
import type { Breaking } from '../rig.js'
import { fromClients, inBoth, toClients } from './tools.js'

/** The same Packet Identifier for all messages. */
const oneIdentifier = (qos: 1 | 2): Breaking =>
  toClients('publish', (packet) => (packet.qos === qos ? { ...packet, messageId: 7 } : packet))

const dupAtOnce = (qos: 1 | 2): Breaking =>
  toClients('publish', (packet) => (packet.qos === qos ? { ...packet, dup: true } : packet))

/** Forgets what it has sent when the network connection ends. */
const forgetting = (qos: 1 | 2): Breaking =>
  toClients('publish', (packet) => (packet.qos === qos && packet.dup ? undefined : packet))

/** Uses only the lower byte of Packet Identifiers in these answers. */
const lowerByte = (cmd: 'puback' | 'pubrec' | 'pubcomp'): Breaking =>
  toClients(cmd, (packet) =>
    (packet.messageId ?? 0) < 256 ? packet : { ...packet, messageId: packet.messageId! & 255 },
  )

/** Ignores the messages with Packet Identifiers that were used before, as repetitions. */
const onceOnly = (qos: 1 | 2): Breaking =>
  fromClients('publish', (packet, { between, seen }) => {
    if (packet.qos !== qos) return packet
    const { messageId = 0 } = packet
    if (!seen.has(messageId)) {
      seen.add(messageId)
      return packet
    }
    between.toClient({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
    return undefined
  })

/** On a connection on which the client has sent no PUBREC: PUBREL instead of `replaced`. */
const pubrelAgain = (replace: (bytes: Buffer, publish: Buffer) => Buffer[]): Breaking => {
  return ({ memory, toClient, toServer }) => {
    let received = false
    return {
      fromClient({ type, bytes }) {
        received ||= type === 5
        toServer(bytes)
      },
      fromServer({ type, packet, bytes }) {
        if (packet?.cmd === 'publish' && packet.qos === 2) memory.set(String(packet.messageId), bytes)
        const again = type === 6 && !received
        const publish = memory.get(String(packet?.messageId)) as Buffer
        toClient(...(again ? replace(bytes, publish) : [bytes]))
      },
    }
  }
}

const publishAfterPubrel = pubrelAgain((bytes, publish) => {
  publish[0]! |= 8
  return [publish, bytes]
})

/** Takes a repeated PUBLISH for a new message. */
const twice: Breaking = ({ toClient, toServer }) => {
  const other = 0x4000
  const repeated = new Set<number>()
  return {
    fromClient({ packet, bytes }) {
      const isRepeated = packet?.cmd === 'publish' && packet.qos === 2 && packet.dup
      if (!isRepeated) return toServer(bytes)
      repeated.add(packet.messageId! + other)
      toServer({ ...packet, dup: false, messageId: packet.messageId! + other })
    },
    fromServer({ packet, bytes }) {
      const { messageId = 0 } = packet ?? {}
      const isRepeated = packet?.cmd === 'pubrec' && repeated.has(messageId)
      toClient(isRepeated ? { ...packet, messageId: messageId - other } : bytes)
    },
  }
}

/** Keeps the Packet Identifier of a message that it has refused. */
const keptAfterRefusal: Breaking = ({ toClient, toServer }) => {
  const refused = new Set<number>()
  return {
    fromClient({ packet, bytes }) {
      const { messageId = 0 } = packet ?? {}
      if (packet?.cmd === 'publish' && refused.has(messageId)) toClient({ cmd: 'pubrec', messageId })
      else toServer(bytes)
    },
    fromServer({ packet, bytes }) {
      if (packet?.cmd === 'pubrec' && packet.reasonCode! >= 0x80) refused.add(packet.messageId!)
      toClient(bytes)
    },
  }
}

/** Delivers with the QoS of the subscription. */
const raising: Breaking = ({ toClient, toServer }) => {
  const granted = new Map<string, 0 | 1 | 2>()
  return {
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'subscribe') {
        for (const { topic, qos } of packet.subscriptions) granted.set(topic, qos)
      }
      toServer(bytes)
    },
    fromServer({ packet, bytes }) {
      const qos = packet?.cmd === 'publish' && packet.qos === 0 ? (granted.get(packet.topic) ?? 0) : 0
      toClient(packet?.cmd === 'publish' && qos > 0 ? { ...packet, qos, messageId: 1 } : bytes)
    },
  }
}

export const qosFlows: Record<string, Breaking> = {
  ...inBoth('4.3.1-1', raising),
  ...inBoth('4.3.2-1', oneIdentifier(1)),
  'MQTT-4.3.2-2 in 5': dupAtOnce(1),
  'MQTT-4.3.2-3 in 5': forgetting(1),
  'MQTT-4.3.2-4 in 5': lowerByte('puback'),
  ...inBoth('4.3.2-2', onceOnly(1), '4.3.2-5'),
  'MQTT-4.3.3-1 in 5': oneIdentifier(2),
  'MQTT-4.3.3-2 in 5': dupAtOnce(2),
  'MQTT-4.3.3-3 in 5': forgetting(2),
  'MQTT-4.3.3-4 in 5': toClients('pubrel', (packet) => ({ ...packet, messageId: packet.messageId! + 1 })),
  'MQTT-4.3.3-5 in 5': pubrelAgain(() => []),
  ...inBoth('4.3.3-1', publishAfterPubrel, '4.3.3-6'),
  'MQTT-4.3.3-8 in 5': lowerByte('pubrec'),
  'MQTT-4.3.3-9 in 5': keptAfterRefusal,
  ...inBoth('4.3.3-2', twice, '4.3.3-10'),
  'MQTT-4.3.3-11 in 5': lowerByte('pubcomp'),
  'MQTT-4.3.3-12 in 5': onceOnly(2),
}
