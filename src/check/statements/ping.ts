// PINGREQ and PINGRESP (3.12, 3.13 in both versions).
import type { Statement } from '../statement.js'

export const ping: readonly Statement[] = ([4, 5] as const).map((version) => ({
  id: 'MQTT-3.12.4-1',
  version,
  text: 'the server answers PINGREQ with PINGRESP',
  async check(lab) {
    const client = await lab.connect()
    client.send({ cmd: 'pingreq' })
    await client.expect('pingresp')
  },
}))
