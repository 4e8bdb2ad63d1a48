// Brokers that break the statements of src/check/statements/disconnect.ts.
import type { Breaking, Passing } from '../rig.js'
import { bytesFromClients, bytesToClients } from './bytes.js'
import { answer, forClients, long, request, types, withFirst } from './changes.js'
import { inBoth } from './tools.js'

const isDisconnect = ({ type }: Passing) => type === types.disconnect
const plain = Buffer.of(0xe0, 2, 0, 0)

/** Takes a DISCONNECT of so many bytes, the last one of which is `last`, for another. */
const reads = (length: number, last: number, as: Buffer): Breaking =>
  bytesFromClients((passing) =>
    isDisconnect(passing) && passing.bytes.length === length && passing.bytes.at(-1) === last
      ? as
      : undefined,
  )

/** Takes a DISCONNECT of so many bytes for a lost connection. */
const loses = (length: number): Breaking =>
  bytesFromClients((passing, { close }) => {
    if (!isDisconnect(passing) || passing.bytes.length !== length) return undefined
    close()
    return false
  })

const large = (properties: object): Breaking =>
  forClients(
    ({ properties: limits }) => limits?.maximumPacketSize === 100,
    answer('disconnect', (packet) => ({ ...packet, properties })),
  )

/** Sends DISCONNECT to the first of two clients with the same Client Identifier, and does not close. */
const staysOpen = request('connect', (packet, { memory, toClient, number }) => {
  const other = memory.get(packet.clientId) as ((bytes: Buffer) => void) | undefined
  memory.set(packet.clientId, toClient)
  if (other === undefined) return undefined
  other(Buffer.of(0xe0, 2, 0x8e, 0))
  return { ...packet, clientId: `${packet.clientId}x${number}` }
})

export const disconnect: Record<string, Breaking> = {
  ...inBoth(
    '3.14.1-1',
    bytesFromClients(({ bytes }) => (bytes[0] === 0xe1 ? withFirst(bytes, 0xe0) : undefined)),
  ),
  'MQTT-3.14.4-3 in 4': loses(2),
  'MQTT-3.14.4-3 in 5': loses(4),
  'MQTT-3.14.0-1 in 5': bytesFromClients(({ type }, { memory, number, toClient }) => {
    if (type === types.connect) memory.set(`connect ${number}`, true)
    if (memory.has(`connect ${number}`)) return undefined
    toClient(Buffer.of(0xe0, 2, 0x82, 0))
    return false
  }),
  'MQTT-3.14.2-1 in 5': answer('disconnect', () => Buffer.of(0xe0, 2, 1, 0)),
  'MQTT-3.14.2-2 in 5': answer('disconnect', () => Buffer.of(0xe0, 7, 0x82, 5, 0x11, 0, 0, 0, 9)),
  'MQTT-3.14.2-3 in 5': large({ reasonString: long }),
  'MQTT-3.14.2-4 in 5': large({ userProperties: { a: long } }),
  'MQTT-3.14.4-1 in 5': bytesToClients((passing) =>
    isDisconnect(passing) ? Buffer.concat([passing.bytes, Buffer.of(0xd0, 0)]) : undefined,
  ),
  'MQTT-3.14.4-2 in 5': staysOpen,
  'MQTT-3.14.2.1-a in 5': loses(2),
  'MQTT-3.14.2.1-b in 5': reads(3, 4, plain),
  'MQTT-3.14.2.2.1-a in 5': loses(3),
  'MQTT-3.14.2.2.2-a in 5': reads(9, 9, plain),
  'MQTT-3.14.2.2.2-b in 5': reads(9, 0, plain),
  'MQTT-3.14.2.2.2-c in 5': reads(4, 0, Buffer.of(0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0)),
  'MQTT-3.14.2.2.2-d in 5': reads(14, 9, plain),
}
