// Brokers that break the statements of src/check/statements/redelivery.ts.
import type { Packet } from 'mqtt-packet'
import type { Breaking } from '../rig.js'
import { inBoth, toClients } from './tools.js'

/** Sends two packets of `cmd` for which `isSo` in the other order. */
const swapping = <Cmd extends 'publish' | 'pubrel'>(
  cmd: Cmd,
  isSo: (packet: Extract<Packet, { cmd: Cmd }>) => boolean,
): Breaking =>
  toClients(cmd, (packet, { seen }) => {
    if (!isSo(packet)) return packet
    const [held] = seen as Set<Packet>
    seen.clear()
    if (held !== undefined) return [packet, held]
    seen.add(packet)
    return undefined
  })

/** Leaves out messages that have waited while the client was away. */
const forgettingAbsent: Breaking = ({ toClient }) => {
  let isResumed = false
  return {
    fromServer({ packet, bytes }) {
      if (packet?.cmd === 'connack') isResumed = packet.sessionPresent
      if (packet?.cmd !== 'publish' || !isResumed || packet.dup || packet.qos === 0) toClient(bytes)
    },
  }
}

export const redelivery: Record<string, Breaking> = {
  ...inBoth(
    '4.4.0-1',
    toClients('publish', (packet) =>
      packet.dup ? { ...packet, messageId: packet.messageId! + 100 } : packet,
    ),
  ),
  'MQTT-4.4.0-2 in 5': ({ toServer }) => ({
    fromClient({ packet, bytes }) {
      const isRefusal =
        packet?.cmd === 'puback' || packet?.cmd === 'pubrec' ? packet.reasonCode! >= 0x80 : false
      if (!isRefusal) toServer(bytes)
    },
  }),
  ...inBoth('4.5.0-1', forgettingAbsent),
  'MQTT-4.6.0-1 in 4': swapping('publish', (packet) => packet.dup),
  'MQTT-4.6.0-4 in 4': swapping('pubrel', () => true),
  ...inBoth(
    '4.6.0-6',
    swapping('publish', ({ topic, qos }) => topic.endsWith('/ordered') && qos === 2),
    '4.6.0-5',
  ),
  ...inBoth(
    '4.6.0-5',
    swapping('publish', ({ topic }) => topic.endsWith('/every/b')),
    '4.6.0-6',
  ),
}
