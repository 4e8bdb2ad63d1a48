// Message Expiry Interval (MQTT 5.0, 3.3.2.3.3 and 4.3.3).
import {
  back,
  lasting,
  messagesOf,
  publish,
  retainedFor,
  store,
  subscriber,
  takenAgain,
  textOf,
} from '../delivery.js'
import { demand } from '../lab.js'
import { type Row, statementsOf } from '../statement.js'

/** Longer than one second, also for a server whose clock has whole seconds. */
const overAfterMs = 2100

const expiring = (messageExpiryInterval: number) => ({ properties: { messageExpiryInterval } })

const rows: readonly Row[] = [
  {
    ...{ v5: '3.3.2-5', needs: ['qos 1', 'sessions'] },
    text: 'a message whose Message Expiry Interval is over is not delivered',
    async check(lab) {
      const settings = lasting(lab)
      await (await subscriber(lab, lab.topic('a'), { qos: 1 }, settings)).leave()
      const from = await lab.connect()
      await publish(lab, from, { topic: lab.topic('a'), payload: 'short', qos: 1, ...expiring(1) })
      await publish(lab, from, { topic: lab.topic('a'), payload: 'long', qos: 1, ...expiring(100) })
      await lab.pause(overAfterMs)
      const again = await takenAgain(lab, from, await back(lab, settings), 1)
      const came = messagesOf(again).map(textOf)
      demand(!came.includes('short'), `it came ${overAfterMs} ms after it was published for 1 s`)
      demand(came.includes('long'), 'a message that has not expired is missing')
    },
  },
  {
    ...{ v5: '3.3.2-6', needs: ['qos 1', 'sessions'] },
    text: 'the Message Expiry Interval is sent less the time that the message has waited',
    async check(lab) {
      const settings = lasting(lab)
      await (await subscriber(lab, lab.topic('a'), { qos: 1 }, settings)).leave()
      const begun = performance.now()
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos: 1, ...expiring(1000) })
      await lab.pause(1200)
      const { properties } = await (await back(lab, settings)).expect('publish')
      const waited = Math.ceil((performance.now() - begun) / 1000)
      const left = properties?.messageExpiryInterval ?? 0
      demand(left < 1000 && left >= 999 - waited, `it is ${left} s after at most ${waited} s of 1000 s`)
    },
  },
  {
    ...{ v5: '3.3.1.3-a', needs: ['retain'] },
    text: 'a retained message whose Message Expiry Interval is over is not sent to a new subscriber',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'x', ...expiring(1) })
      await lab.pause(overAfterMs)
      const came = await retainedFor(lab, client, lab.topic('a'))
      demand(came.length === 0, `it came ${overAfterMs} ms after it was published for 1 s`)
    },
  },
  {
    ...{ v5: '4.3.3-7', needs: ['qos 2', 'sessions'] },
    text: 'a message of QoS 2 that has been sent does not expire',
    async check(lab) {
      const settings = lasting(lab)
      const first = await subscriber(lab, lab.topic('a'), { qos: 2 }, settings)
      const from = await lab.connect()
      await publish(lab, from, { topic: lab.topic('a'), payload: 'x', qos: 2, ...expiring(1) })
      await first.expect('publish')
      first.drop()
      await lab.pause(overAfterMs)
      const { length } = await takenAgain(lab, from, await back(lab, settings), 1)
      demand(length === 1, 'a message that was not acknowledged is not sent again')
    },
  },
  {
    ...{ v5: '4.3.3-13', needs: ['qos 2'] },
    text: 'PUBREL is answered after the message has expired',
    async check(lab) {
      const client = await lab.connect()
      client.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId: 1, ...expiring(1) }))
      await client.expect('pubrec')
      await lab.pause(overAfterMs)
      client.send({ cmd: 'pubrel', messageId: 1 })
      const { messageId } = await client.expect('pubcomp')
      demand(messageId === 1, `PUBCOMP has Packet Identifier ${messageId} instead of 1`)
    },
  },
]

export const expiry = statementsOf(rows)
