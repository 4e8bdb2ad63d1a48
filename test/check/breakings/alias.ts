// Brokers that break the statements of src/check/statements/alias.ts.
import type { IPublishPacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { fromClients } from './tools.js'

const most = 10 // the Topic Alias Maximum of the embedded broker

const aliasOf = ({ properties }: IPublishPacket): number | undefined => properties?.topicAlias

export const alias: Record<string, Breaking> = {
  'MQTT-3.3.2.3.4-a in 5': fromClients('publish', (packet, { seen }) => {
    if (packet.topic !== '') seen.add(aliasOf(packet))
    return packet.topic === '' && !seen.has(aliasOf(packet)) ? undefined : packet
  }),
  'MQTT-3.3.2.3.4-b in 5': fromClients('publish', (packet, { seen }) => {
    const key = aliasOf(packet)
    if (key === undefined || packet.topic === '') return packet
    if (seen.has(key)) return { ...packet, topic: '' } // it means the first topic for ever
    seen.add(key)
    return packet
  }),
  'MQTT-3.3.2-7 in 5': fromClients('publish', (packet, { between: { memory } }) => {
    const key = aliasOf(packet)
    if (key === undefined) return packet
    if (packet.topic !== '') memory.set(String(key), packet.topic)
    return { ...packet, topic: (memory.get(String(key)) as string | undefined) ?? '' }
  }),
  'MQTT-3.3.2-8 in 5': ({ toServer }) => ({
    // mqtt-packet refuses to read it
    fromClient: ({ bytes }) => !bytes.includes(Buffer.of(3, 0x23, 0, 0)) && toServer(bytes),
  }),
  'MQTT-3.3.2-9 in 5': fromClients('publish', (packet) => {
    const { topicAlias = 0, ...properties } = packet.properties ?? {}
    return topicAlias > most ? { ...packet, properties } : packet
  }),
  'MQTT-3.3.2-11 in 5': fromClients('connect', (packet) => {
    const { topicAliasMaximum = 0 } = packet.properties ?? {}
    if (topicAliasMaximum === 0) return packet
    return { ...packet, properties: { ...packet.properties, topicAliasMaximum: topicAliasMaximum + 1 } }
  }),
  'MQTT-3.3.2-12 in 5': fromClients('publish', (packet, { between }) => {
    if (aliasOf(packet) !== most) return packet
    between.toClient({ cmd: 'disconnect', reasonCode: 0x94 })
    between.close()
    return undefined
  }),
}
