// Brokers that break the statements of src/check/statements/will.ts.
import type { IConnectPacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { accepting } from './bytes.js'
import { fromClients, ignoring, inBoth, toClients } from './tools.js'

const surrogate = Buffer.from('eda080', 'hex')

type Will = NonNullable<IConnectPacket['will']>

/** `change` sees no will that is invalid, or that mqtt-packet would write in another way than it was. */
const changedWill = (change: (will: Will) => Will | undefined): Breaking =>
  fromClients('connect', ({ will, ...packet }, { bytes }) => {
    const isChanged = will !== undefined && will.qos! < 3 && will.properties?.userProperties === undefined
    if (!isChanged || bytes.includes(surrogate)) return bytes
    const changed = change(will)
    return changed === undefined ? packet : { ...packet, will: changed }
  })

const withoutDelay = changedWill((will) => ({
  ...will,
  properties: { ...will.properties, willDelayInterval: 0 },
}))

const noWills = changedWill(() => undefined)

/** A client has the will of its first CONNECT as long as it comes back. */
const oldWill = fromClients('connect', (packet, { between: { memory }, bytes }) => {
  if (bytes.includes(surrogate)) return bytes
  if (packet.will) memory.set(packet.clientId, packet.will)
  const will = memory.get(packet.clientId) as Will | undefined
  return will ? { ...packet, will } : packet
})

const flagsOf = (body: Buffer): number => body[7]!
const isWill = (body: Buffer): boolean => body.includes('will payload')

const reversed = toClients('publish', (packet, { bytes }) => {
  const at = bytes.indexOf(Buffer.from([0x26, 0, 1]))
  if (at < 0) return packet
  // four pairs of one letter and `value`: 11 bytes each
  const pairs = [0, 1, 2, 3].map((index) =>
    Buffer.from(bytes.subarray(at + index * 11, at + index * 11 + 11)),
  )
  Buffer.concat(pairs.reverse()).copy(bytes, at)
  return bytes
})

export const will: Record<string, Breaking> = {
  ...inBoth('3.1.2-8', noWills, '3.1.2-7'),
  'MQTT-3.1.2-8 in 5': withoutDelay,
  ...inBoth(
    '3.1.2-9',
    accepting((body) => (flagsOf(body) & 4) !== 0 && !isWill(body)),
  ),
  ...inBoth(
    '3.1.2-10',
    ignoring((bytes) => bytes[0] === 0xe0),
  ),
  'MQTT-3.1.2-11 in 4': accepting((body) => (flagsOf(body) & 4) === 0 && isWill(body)),
  'MQTT-3.1.2-12 in 4': oldWill,
  ...inBoth(
    '3.1.2-13',
    accepting((body) => (flagsOf(body) & 0x1c) === 8),
    '3.1.2-11',
  ),
  ...inBoth(
    '3.1.2-14',
    accepting((body) => (flagsOf(body) & 0x1c) === 0x1c),
    '3.1.2-12',
  ),
  ...inBoth(
    '3.1.2-15',
    accepting((body) => (flagsOf(body) & 0x24) === 0x20),
    '3.1.2-13',
  ),
  ...inBoth(
    '3.1.2-16',
    changedWill((one) => ({ ...one, retain: true })),
    '3.1.2-14',
  ),
  ...inBoth(
    '3.1.2-17',
    changedWill((one) => ({ ...one, retain: false })),
    '3.1.2-15',
  ),
  ...inBoth(
    '3.1.3-1',
    changedWill(({ topic, payload, ...one }) => ({
      ...one,
      topic: `${payload}`,
      payload: Buffer.from(topic),
    })),
  ),
  ...inBoth(
    '3.1.3-10',
    accepting((body) => isWill(body) && body.includes(surrogate)),
    '3.1.3-11',
  ),
  'MQTT-3.1.3-9 in 5': withoutDelay,
  'MQTT-3.1.3-10 in 5': reversed,
}
