// Brokers that break the statements of src/check/statements/expiry.ts.
import type { IPublishPacket } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { fromClients, toClients } from './tools.js'

/** Takes messages that expire after a second, and for which `isSo`, for others that never expire. */
const neverExpiring = (isSo: (packet: IPublishPacket) => boolean): Breaking =>
  fromClients('publish', (packet) => {
    const { messageExpiryInterval, ...properties } = packet.properties ?? {}
    return messageExpiryInterval === 1 && isSo(packet) ? { ...packet, properties } : packet
  })

export const expiry: Record<string, Breaking> = {
  'MQTT-3.3.1.3-a in 5': neverExpiring(({ retain }) => retain),
  'MQTT-3.3.2-5 in 5': neverExpiring(({ qos }) => qos === 1),
  'MQTT-3.3.2-6 in 5': toClients('publish', (packet) =>
    (packet.properties?.messageExpiryInterval ?? 0) > 900
      ? { ...packet, properties: { messageExpiryInterval: 1000 } }
      : packet,
  ),
  'MQTT-4.3.3-7 in 5': toClients('publish', (packet) =>
    packet.dup && packet.qos === 2 && packet.properties?.messageExpiryInterval !== undefined
      ? undefined
      : packet,
  ),
  'MQTT-4.3.3-13 in 5': ({ toClient, toServer }) => {
    let expires = Number.POSITIVE_INFINITY
    return {
      fromClient({ packet, bytes }) {
        const seconds = packet?.cmd === 'publish' ? packet.properties?.messageExpiryInterval : undefined
        if (seconds !== undefined) expires = performance.now() + seconds * 1000
        toServer(bytes)
      },
      fromServer: ({ type, bytes }) => (type !== 7 || performance.now() < expires) && toClient(bytes),
    }
  },
}
