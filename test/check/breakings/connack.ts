// Brokers that break the statements of src/check/statements/connack.ts.
import type { IConnackPacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { accepting, bytesToClients } from './bytes.js'
import { fromClients, inBoth, toClients } from './tools.js'

const isRefusal = (bytes: Buffer): boolean => bytes[0] === 0x20 && bytes[3] !== 0

/** Changes the bytes of a CONNACK that refuses. */
const refusing = (change: (bytes: Buffer) => unknown): Breaking =>
  bytesToClients(({ bytes }) => {
    if (isRefusal(bytes)) change(bytes)
    return undefined
  })

/** A CONNACK that refuses gets properties. */
const explaining = (properties: NonNullable<IConnackPacket['properties']>): Breaking =>
  bytesToClients(({ packet, bytes }) =>
    packet?.cmd === 'connack' && isRefusal(bytes) ? { ...packet, properties } : undefined,
  )

/** Session Present is `present(clean, seen)`; `seen`: the Client Identifier is known from earlier connections. */
const presenting =
  (present: (clean: boolean, seen: boolean) => boolean | undefined): Breaking =>
  (between) => {
    let answer: boolean | undefined
    return {
      fromClient({ packet, bytes }) {
        if (packet?.cmd === 'connect') {
          answer = present(packet.clean ?? true, between.memory.has(packet.clientId))
          between.memory.set(packet.clientId, true)
        }
        between.toServer(bytes)
      },
      fromServer({ packet, bytes }) {
        if (packet?.cmd === 'connack' && answer !== undefined) bytes[2] = Number(answer)
        between.toClient(bytes)
      },
    }
  }

/** A CONNACK that resumes a session comes after the next packet, if there is one soon. */
const lateConnack: Breaking = ({ toClient }) => {
  let held: Buffer | undefined
  const release = (): void => {
    if (held) toClient(held)
    held = undefined
  }
  return {
    fromServer({ packet, bytes }) {
      if (packet?.cmd === 'connack' && packet.sessionPresent) {
        held = bytes
        setTimeout(release, 50)
      } else {
        toClient(bytes)
        release()
      }
    },
  }
}

const secondConnack: Breaking = ({ toClient, toServer }) => {
  let connack: Buffer | undefined
  return {
    fromClient({ type, bytes }) {
      if (type === 1 && connack) toClient(connack)
      toServer(bytes)
    },
    fromServer({ type, bytes }) {
      if (type === 2) connack = bytes
      toClient(bytes)
    },
  }
}

/** A connection that is refused stays open. */
const refusedAndOpen: Breaking = ({ toClient, toServer }) => ({
  fromClient({ packet, bytes }) {
    if (bytes[0] === 0x10 && bytes[8] === 2) toClient(Buffer.of(0x20, 2, 0, 1))
    else if (packet?.cmd === 'connect' && packet.properties?.authenticationMethod !== undefined)
      toClient(Buffer.of(0x20, 3, 0, 0x8c, 0))
    else toServer(bytes)
  },
})

/** PUBLISH of QoS 2 ends the connection. */
const withoutQos2: Breaking = ({ toClient, toServer, close }) => ({
  fromClient({ packet, bytes }) {
    if (packet?.cmd !== 'publish' || packet.qos < 2) return toServer(bytes)
    toClient(Buffer.of(0xe0, 2, 0x9b, 0))
    close()
  },
})

export const connack: Record<string, Breaking> = {
  ...inBoth('3.2.0-1', lateConnack),
  'MQTT-3.2.0-2 in 5': secondConnack,
  'MQTT-3.2.2-1 in 5': refusing((bytes) => (bytes[2]! |= 0x80)),
  ...inBoth(
    '3.2.2-1',
    presenting((clean, isSeen) => (clean && isSeen) || undefined),
    '3.2.2-2',
  ),
  'MQTT-3.2.2-2 in 4': presenting(() => false),
  'MQTT-3.2.2-3 in 4': presenting((clean, isSeen) => (!clean && !isSeen) || undefined),
  'MQTT-3.2.2-3 in 5': presenting(() => false),
  ...inBoth(
    '3.2.2-4',
    refusing((bytes) => (bytes[2] = 1)),
    '3.2.2-6',
  ),
  ...inBoth('3.2.2-5', refusedAndOpen, '3.2.2-7'),
  'MQTT-3.2.2-8 in 5': refusing((bytes) => (bytes[3] = 5)),
  'MQTT-3.2.2-9 in 5': withoutQos2,
  'MQTT-3.2.2-10 in 5': toClients('suback', (packet) => ({ ...packet, granted: [0x80] })),
  'MQTT-3.2.2-12 in 5': accepting((body) => (body[7]! & 0x14) === 0x14),
  'MQTT-3.2.2-13 in 5': accepting((body) => (body[7]! & 0x24) === 0x24),
  'MQTT-3.2.2-16 in 5': toClients('connack', (packet) => {
    const { assignedClientIdentifier: _, ...properties } = packet.properties ?? {}
    return { ...packet, properties }
  }),
  'MQTT-3.2.2-19 in 5': explaining({ reasonString: 'there is no such method' }),
  'MQTT-3.2.2-20 in 5': explaining({ userProperties: { reason: 'there is no such method' } }),
  'MQTT-3.2.2-22 in 5': fromClients('connect', (packet) =>
    packet.keepalive! > 1 ? { ...packet, keepalive: 1 } : packet,
  ),
}

/** Settings by which the embedded broker has the limits that statements are about. */
export const limits = {
  'MQTT-3.2.2-10 in 5': { maxQos: 0 },
  'MQTT-3.2.2-12 in 5': { maxQos: 0 },
  'MQTT-3.2.2-13 in 5': { retain: false },
} as const
