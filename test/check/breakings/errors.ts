// Brokers that break the statements of src/check/statements/errors.ts.
import type { Between, Breaking } from '../rig.js'
import { bytesFromClients } from './bytes.js'
import { payloadOf, request, types } from './changes.js'
import { inBoth } from './tools.js'

const ignoresPingresp = bytesFromClients(({ bytes }) => (bytes[0] === 0xd0 ? false : undefined))

export const errors: Record<string, Breaking> = {
  'MQTT-4.8.0-1 in 4': ignoresPingresp,
  'MQTT-4.13.1-1 in 5': ignoresPingresp,
  // A SUBSCRIBE without a Topic Filter ends all connections.
  'MQTT-4.13.1-a in 5': (between) => {
    const { memory } = between
    if (!memory.has('all')) memory.set('all', [])
    const all = memory.get('all') as Between[]
    all.push(between)
    return {
      fromClient({ type, bytes }) {
        if (type === types.subscribe && bytes.length === 5) for (const { close } of all) close()
        else between.toServer(bytes)
      },
    }
  },
  'MQTT-4.13.2-1 in 5': bytesFromClients(({ type, bytes }, { toClient }) => {
    if (type !== types.connect || bytes[8] !== 6) return undefined
    toClient(Buffer.of(0x20, 3, 0, 0x84, 0))
    return false
  }),
  ...inBoth(
    '7.1.1-1',
    request('publish', (packet, { toClient }) => {
      if (payloadOf(packet) !== '7') return undefined
      toClient({ cmd: 'puback', messageId: packet.messageId! })
      return false
    }),
    '4.2.0-1',
  ),
  'MQTT-7.0.0-2 in 4': request('subscribe', () => false),
}
