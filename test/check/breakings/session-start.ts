// Brokers that break the statements of src/check/statements/session-start.ts.
import type { IConnectPacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { fromClients, inBoth, toClients } from './tools.js'

/** CONNECT is changed if it does not ask for a new session. */
const resuming = (change: (packet: IConnectPacket) => IConnectPacket): Breaking =>
  fromClients('connect', (packet) => (packet.clean || packet.clientId === '' ? packet : change(packet)))

const neverNew = fromClients('connect', (packet) =>
  packet.clientId === '' ? packet : { ...packet, clean: false },
)

const alwaysNew = resuming((packet) => ({ ...packet, clean: true }))

const expiring = fromClients('connect', ({ properties, ...packet }) => {
  const { sessionExpiryInterval: _, ...others } = properties ?? {}
  return { ...packet, properties: others }
})

/** A session is lost if the last connection ended without DISCONNECT. */
const lostWithConnection: Breaking = ({ memory, toServer }) => {
  let clientId = ''
  return {
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'disconnect') memory.delete(clientId)
      if (packet?.cmd !== 'connect' || packet.clean) return toServer(bytes)
      clientId = packet.clientId
      toServer({ ...packet, clean: memory.has(clientId) })
      memory.set(clientId, true)
    },
  }
}

/** Messages of QoS 1 that come before the first packet after CONNECT are lost. */
const nothingKept: Breaking = (between) => {
  let packets = 0
  return {
    fromClient({ bytes }) {
      packets++
      between.toServer(bytes)
    },
    fromServer({ packet, bytes }) {
      if (packet?.cmd !== 'publish' || packet.qos === 0 || packets > 1) between.toClient(bytes)
    },
  }
}

/** Retained messages of a client are removed when it disconnects. */
const retainedInSession: Breaking = (between) => {
  const topics: string[] = []
  return {
    fromClient({ packet, bytes }) {
      if (packet?.cmd === 'publish' && packet.retain && packet.payload.length > 0) topics.push(packet.topic)
      const removal = { cmd: 'publish', payload: '', qos: 0, retain: true, dup: false } as const
      if (packet?.cmd === 'disconnect')
        between.toServer(...topics.map((topic) => ({ ...removal, topic, messageId: 0 })))
      between.toServer(bytes)
    },
  }
}

const anySize = fromClients('connect', ({ properties, ...packet }) => {
  const { maximumPacketSize: _, ...others } = properties ?? {}
  return { ...packet, properties: others }
})

/** After a message that is too large for its receiver, the others of its topic are lost. */
const stuck: Breaking = ({ memory, toServer, toClient }) => ({
  fromClient({ packet, bytes }) {
    if (packet?.cmd === 'publish' && packet.payload.length === 150) memory.set(packet.topic, true)
    toServer(bytes)
  },
  fromServer({ packet, bytes }) {
    if (packet?.cmd !== 'publish' || !memory.has(packet.topic)) toClient(bytes)
  },
})

/** PUBLISH has the Topic Alias that `alias` makes of the Topic Alias Maximum of the client. */
const aliased =
  (alias: (maximum: number) => number | undefined): Breaking =>
  (between) => {
    let topicAlias: number | undefined
    return {
      fromClient({ packet, bytes }) {
        if (packet?.cmd === 'connect') topicAlias = alias(packet.properties?.topicAliasMaximum ?? 0)
        between.toServer(bytes)
      },
      fromServer({ packet, bytes }) {
        if (packet?.cmd !== 'publish' || topicAlias === undefined) between.toClient(bytes)
        else between.toClient({ ...packet, properties: { topicAlias } })
      },
    }
  }

/** A CONNECT that is rejected is processed, and so is what follows. */
const rejectedAndServed: Breaking = (between) => {
  let isRejected = false
  return {
    fromClient({ packet, bytes }) {
      if (packet?.cmd !== 'connect') return between.toServer(bytes)
      const { authenticationMethod, ...properties } = packet.properties ?? {}
      isRejected = authenticationMethod !== undefined || (packet.clientId === '' && !packet.clean)
      between.toServer(isRejected ? { ...packet, clean: true, properties } : bytes)
    },
    fromServer({ type, bytes }) {
      const refusal = between.version === 5 ? Buffer.of(0x20, 3, 0, 0x8c, 0) : Buffer.of(0x20, 2, 0, 2)
      between.toClient(type === 2 && isRejected ? refusal : bytes)
    },
  }
}

export const sessionStart: Record<string, Breaking> = {
  ...inBoth('3.1.2-4', alwaysNew, '3.1.2-5'),
  'MQTT-3.1.2-5 in 4': nothingKept,
  'MQTT-3.1.2-4 in 5': neverNew,
  'MQTT-3.1.2-6 in 4': neverNew,
  'MQTT-3.1.2-6 in 5': expiring,
  'MQTT-3.1.2-7 in 4': retainedInSession,
  'MQTT-3.1.2-23 in 5': lostWithConnection,
  'MQTT-3.1.2-24 in 5': anySize,
  'MQTT-3.1.2-25 in 5': stuck,
  'MQTT-3.1.2-26 in 5': aliased((maximum) => (maximum > 0 ? maximum + 1 : undefined)),
  'MQTT-3.1.2-27 in 5': aliased((maximum) => (maximum > 0 ? undefined : 1)),
  'MQTT-3.1.2-28 in 5': toClients('connack', (packet) => ({
    ...packet,
    properties: { ...packet.properties, responseInformation: 'answers' },
  })),
  'MQTT-3.1.2-29 in 5': toClients('suback', (packet) => ({
    ...packet,
    properties: { reasonString: 'why not' },
  })),
  ...inBoth(
    '3.1.3-2',
    resuming((packet) => ({ ...packet, clientId: packet.clientId.slice(0, -2) })),
  ),
  ...inBoth(
    '3.1.4-2',
    fromClients('connect', (packet, { between: { number } }) =>
      packet.clean ? { ...packet, clientId: `${packet.clientId}${number}` } : packet,
    ),
    '3.1.4-3',
  ),
  ...inBoth('3.1.4-3', alwaysNew, '3.1.4-4'),
  ...inBoth(
    '3.1.4-4',
    toClients('connack', () => undefined),
    '3.1.4-5',
  ),
  ...inBoth('3.1.4-5', rejectedAndServed, '3.1.4-6'),
}
