// Brokers that break the statements of src/check/statements/connect.ts.
import type { Breaking } from '../rig.js'
import { accepting, bytesFromClients, overlooking } from './bytes.js'
import { fromClients, inBoth, toClients } from './tools.js'

const surrogate = Buffer.from('eda080', 'hex')
const flagsOf = (body: Buffer): number => body[7]!

/** Where the Client Identifier is in the body of a CONNECT without properties, its length included. */
const clientIdAt = (body: Buffer): number => (body[6] === 5 ? 11 : 10)

/** What is left after the Client Identifier, without properties before it; negative if the packet ends within it. */
const leftOf = (body: Buffer): number => {
  const at = clientIdAt(body)
  if (body[6] === 5 && body[10] !== 0) return 0
  return at + 2 > body.length ? -1 : body.length - at - 2 - body.readUInt16BE(at)
}

const anyLevel = (unsupported: number, taken: number): Breaking =>
  bytesFromClients(({ type, bytes }) => {
    if (type === 1 && bytes[8] === unsupported) bytes[8] = taken
    return undefined
  })

const earlyPingIgnored: Breaking = (between) => {
  let isConnected = false
  return {
    fromClient({ type, bytes }) {
      isConnected ||= type === 1
      if (type !== 12 || isConnected) between.toServer(bytes)
    },
  }
}

const secondConnectIgnored: Breaking = (between) => {
  let isConnected = false
  return {
    fromClient({ type, bytes }) {
      if (type === 1 && isConnected) return
      isConnected = true
      between.toServer(bytes)
    },
  }
}

/** Every empty Client Identifier becomes the same one. */
const sameIdentifier = fromClients('connect', (packet) =>
  packet.clientId === '' && packet.clean ? { ...packet, clientId: 'same' } : packet,
)

/** Clients with the longest Client Identifiers that any server takes are refused. */
const shortIdentifiers: Breaking = (between) => ({
  fromClient({ packet, bytes }) {
    if (packet?.cmd !== 'connect' || packet.clientId.length !== 23) return between.toServer(bytes)
    between.toClient(packet.protocolVersion === 5 ? Buffer.of(0x20, 3, 0, 0x85, 0) : Buffer.of(0x20, 2, 0, 2))
    between.close()
  },
})

export const connect: Record<string, Breaking> = {
  ...inBoth('3.1.0-1', earlyPingIgnored),
  ...inBoth('3.1.0-2', secondConnectIgnored),
  ...inBoth('3.1.2-1', overlooking(Buffer.from('MQTX'), 'MQTT')),
  'MQTT-3.1.2-2 in 4': anyLevel(2, 6),
  'MQTT-3.1.2-2 in 5': anyLevel(6, 5),
  ...inBoth(
    '3.1.2-3',
    accepting((body) => (flagsOf(body) & 1) !== 0),
  ),
  ...inBoth(
    '3.1.2-18',
    accepting((body) => flagsOf(body) === 2 && body.includes('user name')),
    '3.1.2-16',
  ),
  ...inBoth(
    '3.1.2-19',
    accepting((body) => flagsOf(body) === 0x82 && leftOf(body) === 0),
    '3.1.2-17',
  ),
  ...inBoth(
    '3.1.2-20',
    accepting((body) => flagsOf(body) === 0x82 && body.includes('password')),
    '3.1.2-18',
  ),
  ...inBoth(
    '3.1.2-21',
    accepting((body) => flagsOf(body) === 0xc2 && !body.includes('password')),
    '3.1.2-19',
  ),
  'MQTT-3.1.2-22 in 4': accepting((body) => flagsOf(body) === 0x42),
  ...inBoth(
    '3.1.2-24',
    fromClients('connect', (packet) => (packet.keepalive === 1 ? { ...packet, keepalive: 0 } : packet)),
    '3.1.2-22',
  ),
  ...inBoth(
    '3.1.3-3',
    accepting((body) => body.length === clientIdAt(body)),
  ),
  ...inBoth(
    '3.1.3-4',
    accepting((body) => body.indexOf(surrogate) === clientIdAt(body) + 2),
  ),
  ...inBoth('3.1.3-5', shortIdentifiers),
  ...inBoth('3.1.3-6', sameIdentifier),
  'MQTT-3.1.3-7 in 5': toClients('connack', (packet) => {
    const { assignedClientIdentifier } = packet.properties ?? {}
    if (assignedClientIdentifier === undefined) return packet
    return { ...packet, properties: { assignedClientIdentifier: `${assignedClientIdentifier}0` } }
  }),
  'MQTT-3.1.3-8 in 4': fromClients('connect', (packet) =>
    packet.clientId === '' ? { ...packet, clean: true } : packet,
  ),
  'MQTT-3.1.3-9 in 4': (between) => ({
    fromClient({ packet, bytes }) {
      const isRejected = packet?.cmd === 'connect' && packet.clientId === '' && !packet.clean
      if (isRejected) between.toClient(Buffer.of(0x20, 2, 0, 2))
      else between.toServer(bytes)
    },
  }),
  ...inBoth(
    '3.1.3-11',
    accepting((body) => (flagsOf(body) & 0x80) !== 0 && body.includes(surrogate)),
    '3.1.3-12',
  ),
  ...inBoth(
    '3.1.4-1',
    accepting((body) => body.length > clientIdAt(body) && leftOf(body) < 0),
  ),
  'MQTT-3.1.4-2 in 5': accepting((body) => body.includes('mqttx-check')),
}
