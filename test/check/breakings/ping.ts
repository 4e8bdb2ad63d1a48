// Brokers that break the statements of src/check/statements/ping.ts.
import type { Breaking } from '../rig.js'

const pingreq = 12

export const ping: Record<string, Breaking> = {
  'MQTT-3.12.4-1 in 4': ({ toServer }) => ({
    fromClient: ({ type, bytes }) => type !== pingreq && toServer(bytes),
  }),
  'MQTT-3.12.4-1 in 5': ({ toServer }) => ({
    fromClient: ({ type, bytes }) => type !== pingreq && toServer(bytes),
  }),
}
