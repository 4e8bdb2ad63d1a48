// Brokers that break the statements of src/check/statements/format.ts.
import type { Breaking } from '../rig.js'
import { bytesFromClients, bytesToClients, overlooking } from './bytes.js'
import { inBoth, toClients } from './tools.js'

const surrogate = Buffer.from('eda080', 'hex')

/** Packets with invalid flags in the Fixed Header get the right ones. */
const anyFlags = bytesFromClients(({ type, bytes }) => {
  bytes[0] = (type << 4) | (type === 3 ? bytes[0]! & 15 : [6, 8, 10].includes(type) ? 2 : 0)
  return undefined
})

/** The Packet Identifier 0 becomes 1. */
const anyIdentifier = bytesFromClients(({ type, bytes }) => {
  const at = type === 3 && bytes[0]! & 6 ? 4 + bytes.readUInt16BE(2) : type === 8 || type === 10 ? 2 : -1
  if (at > 0 && bytes.readUInt16BE(at) === 0) bytes[at + 1] = 1
  return undefined
})

/** The zero byte of a topic becomes a letter. */
const anyCharacter = bytesFromClients(({ type, bytes }) => {
  const at = type === 3 || type === 8 ? bytes.indexOf(Buffer.of(0, 0x61), 8) : -1
  if (at > 0) bytes[at] = 0x61
  return undefined
})

const paddedLength = bytesToClients(({ type, bytes }) =>
  type === 3 && bytes[1]! < 128
    ? Buffer.concat([Buffer.of(bytes[0]!, bytes[1]! | 0x80, 0), bytes.subarray(2)])
    : undefined,
)

const flagsOfUnsuback = bytesToClients(({ type, bytes }) => {
  if (type === 11) bytes[0] = 0xb1
  return undefined
})

const withoutPropertyLength = bytesToClients(({ type, bytes }) => {
  if (type !== 3 || bytes.at(-1) !== 0x7f) return undefined
  const at = 4 + bytes.readUInt16BE(2)
  return Buffer.concat([Buffer.of(bytes[0]!, bytes[1]! - 1), bytes.subarray(2, at), bytes.subarray(at + 1)])
})

export const format: Record<string, Breaking> = {
  ...inBoth('1.5.3-1', overlooking(surrogate, 'abc'), '1.5.4-1'),
  ...inBoth('1.5.3-2', anyCharacter, '1.5.4-2'),
  ...inBoth(
    '1.5.3-3',
    toClients('publish', (packet) => ({ ...packet, topic: packet.topic.replaceAll('\ufeff', '') })),
    '1.5.4-3',
  ),
  'MQTT-1.5.5-1 in 5': paddedLength,
  'MQTT-1.5.7-1 in 5': overlooking(surrogate, 'abc'),
  'MQTT-2.2.2-1 in 4': flagsOfUnsuback,
  'MQTT-2.2.2-2 in 4': anyFlags,
  'MQTT-2.1.3-1 in 5': anyFlags,
  ...inBoth('2.3.1-1', anyIdentifier, '2.2.1-3'),
  ...inBoth(
    '2.3.1-4',
    toClients('publish', (packet) => (packet.qos > 0 ? { ...packet, messageId: 1 } : packet)),
    '2.2.1-4',
  ),
  ...inBoth(
    '2.3.1-5',
    toClients('publish', (packet) => ({ ...packet, payload: `\0\u0001${packet.payload}` })),
    '2.2.1-2',
  ),
  ...inBoth(
    '2.3.1-6',
    toClients('puback', (packet) => ({ ...packet, messageId: packet.messageId! + 1 })),
    '2.2.1-5',
  ),
  ...inBoth(
    '2.3.1-7',
    toClients('suback', (packet) => ({ ...packet, messageId: packet.messageId! + 1 })),
    '2.2.1-6',
  ),
  'MQTT-2.2.2-1 in 5': withoutPropertyLength,
}
