// PINGREQ and PINGRESP (3.12, 3.13 in both versions).
import { statementsOf } from '../statement.js'

export const ping = statementsOf([
  {
    v3: '3.12.4-1',
    v5: '3.12.4-1',
    text: 'the server answers PINGREQ with PINGRESP',
    async check(lab) {
      const client = await lab.connect()
      client.send({ cmd: 'pingreq' })
      await client.expect('pingresp')
    },
  },
])
