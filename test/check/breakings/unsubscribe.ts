// Brokers that break the statements of src/check/statements/unsubscribe.ts.
import type { Breaking, Passing } from '../rig.js'
import { bytesFromClients } from './bytes.js'
import { answer, forClients, long, request, takes, types, withFirst, withoutCodes } from './changes.js'
import { inBoth } from './tools.js'

const isUnsubscribe = ({ type }: Passing) => type === types.unsubscribe

/** Takes an UNSUBSCRIBE that is invalid. */
const accepts = (matches: (passing: Passing) => boolean): Breaking =>
  takes(
    (passing) => isUnsubscribe(passing) && matches(passing),
    (_, between) => withoutCodes(0xb0, between),
  )

/** Reads the two bytes of the Packet Identifier in the wrong order. */
const swapped = answer('unsuback', (packet) =>
  packet.messageId === 256 ? { ...packet, messageId: 1 } : undefined,
)

const large = (properties: object): Breaking =>
  forClients(
    ({ properties: limits }) => limits?.maximumPacketSize === 100,
    answer('unsuback', (packet) => ({ ...packet, properties })),
  )

export const unsubscribe: Record<string, Breaking> = {
  ...inBoth(
    '3.10.1-1',
    bytesFromClients((passing) =>
      isUnsubscribe(passing) && (passing.bytes[0]! & 15) !== 2 ? withFirst(passing.bytes, 0xa2) : undefined,
    ),
  ),
  ...inBoth(
    '3.10.3-1',
    accepts(({ bytes }) => bytes.includes(Buffer.of(0x61, 0xff))),
  ),
  ...inBoth(
    '3.10.3-2',
    accepts(({ bytes }) => bytes.length < 6),
  ),
  // Compares without case.
  ...inBoth(
    '3.10.4-1',
    request('unsubscribe', (packet) => ({
      ...packet,
      unsubscriptions: packet.unsubscriptions.map((filter) =>
        filter.replace(/\/[^/]*$/, (level) => level.toLowerCase()),
      ),
    })),
  ),
  ...inBoth(
    '3.10.4-2',
    request('unsubscribe', ({ messageId, unsubscriptions }, { toClient }) => {
      if (unsubscriptions.length > 1) return undefined
      toClient({ cmd: 'unsuback', messageId: messageId!, granted: [0] })
      return false
    }),
  ),
  ...inBoth(
    '3.10.4-3',
    bytesFromClients(({ packet }, { memory, number }) => {
      if (packet?.cmd === 'unsubscribe') memory.set(`unsubscribed ${number}`, true)
      return packet?.cmd === 'pubrec' && memory.has(`unsubscribed ${number}`) ? false : undefined
    }),
  ),
  ...inBoth('3.10.4-4', swapped),
  'MQTT-3.10.4-4 in 5': request('unsubscribe', ({ unsubscriptions }) =>
    unsubscriptions[0]?.endsWith('/only') ? false : undefined,
  ),
  'MQTT-3.10.4-5 in 5': swapped,
  'MQTT-3.10.4-5 in 4': request('unsubscribe', ({ unsubscriptions }) =>
    unsubscriptions[0]?.endsWith('/none') ? false : undefined,
  ),
  ...inBoth(
    '3.10.4-6',
    request('unsubscribe', (packet) =>
      packet.unsubscriptions.length === 4
        ? { ...packet, unsubscriptions: packet.unsubscriptions.slice(0, 1) }
        : undefined,
    ),
  ),
  'MQTT-3.11.2-1 in 5': large({ reasonString: long }),
  'MQTT-3.11.2-2 in 5': large({ userProperties: { a: long } }),
  'MQTT-3.11.3-1 in 5': answer('unsuback', (packet) =>
    packet.messageId === 4 ? { ...packet, granted: [...(packet.granted as number[])].reverse() } : undefined,
  ),
  'MQTT-3.11.3-2 in 5': answer('unsuback', (packet) =>
    packet.messageId === 5 && packet.granted.length === 1 ? { ...packet, granted: [2] } : undefined,
  ),
}
