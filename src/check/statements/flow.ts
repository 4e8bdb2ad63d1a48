// Flow control with Receive Maximum (MQTT 5.0, 3.3.4 and 4.9).
import { back, lasting, publish, subscribe, subscriber } from '../delivery.js'
import type { Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { Violation } from '../violation.js'

/** A client with this Receive Maximum, and messages to it that were published. */
async function receiver(
  lab: Lab,
  receiveMaximum: number,
  { qos, count }: { qos: 1 | 2; count: number },
): Promise<RawClient> {
  const to = await lab.connect({ properties: { receiveMaximum } })
  await subscribe(to, lab.topic('a'), { qos })
  const from = await lab.connect()
  for (let i = 0; i < count; i++) await publish(lab, from, { topic: lab.topic('a'), payload: String(i), qos })
  return to
}

/** A client whose server may send it nothing more, as one message is not acknowledged. */
async function exhausted(lab: Lab): Promise<RawClient> {
  const to = await receiver(lab, 1, { qos: 1, count: 2 })
  await to.expect('publish')
  return to
}

const rows: readonly Row[] = [
  {
    ...{ v5: '3.3.4-7', needs: ['qos 2'] },
    text: 'the server does not accept more messages in flight than its Receive Maximum',
    async check(lab) {
      const client = await lab.connect()
      const maximum = client.connack?.properties?.receiveMaximum ?? 65_535
      if (maximum === 65_535) return // there are no more Packet Identifiers
      for (let messageId = 1; messageId <= maximum + 1; messageId++)
        client.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId }))
      for (let accepted = 0; accepted <= maximum; accepted++) {
        const answer = await client.next()
        if (answer?.cmd !== 'pubrec' || (answer.reasonCode ?? 0) >= 0x80) return
      }
      throw new Violation(`${maximum + 1} are accepted, the maximum is ${maximum}`)
    },
  },
  {
    ...{ v5: '3.3.4-9', needs: ['qos 1'] },
    text: 'no more messages are in flight to a client than its Receive Maximum',
    async check(lab) {
      const to = await receiver(lab, 3, { qos: 1, count: 7 })
      const unacknowledged: number[] = []
      for (let received = 0; received < 7; received++) {
        const { messageId = 0 } = await to.expect('publish')
        unacknowledged.push(messageId)
        if (unacknowledged.length < Math.min(3, 7 - received)) continue
        if (unacknowledged.length === 3) await to.quiet('a fourth message comes before PUBACK')
        to.send({ cmd: 'puback', messageId: unacknowledged.shift()! })
      }
    },
  },
  {
    ...{ v5: '3.3.4-10', needs: ['qos 1'] },
    text: 'other packets are sent also when Receive Maximum messages are in flight',
    async check(lab) {
      const client = await exhausted(lab)
      await subscribe(client, lab.topic('b'))
      await client.quiet('a second message comes before PUBACK')
    },
  },
  {
    ...{ v5: '4.9.0-1', needs: ['qos 1'] },
    text: 'messages are sent from the first on, up to Receive Maximum',
    async check(lab) {
      const to = await receiver(lab, 2, { qos: 1, count: 3 })
      await to.expect('publish')
      await to.expect('publish')
      await to.quiet('a third message comes before PUBACK')
    },
  },
  {
    ...{ v5: '4.9.0-2', needs: ['qos 2'] },
    text: 'a message of QoS 2 counts until PUBCOMP',
    async check(lab) {
      const to = await receiver(lab, 1, { qos: 2, count: 2 })
      const { messageId = 0 } = await to.expect('publish')
      await to.quiet('a second message comes before PUBREC')
      to.send({ cmd: 'pubrec', messageId })
      await to.expect('pubrel')
      await to.quiet('a second message comes before PUBCOMP')
      to.send({ cmd: 'pubcomp', messageId })
      await to.expect('publish')
    },
  },
  {
    ...{ v5: '4.9.0-3', needs: ['qos 1'] },
    text: 'other packets are handled also when Receive Maximum messages are in flight',
    async check(lab) {
      const client = await exhausted(lab)
      const messageId = client.nextIdentifier()
      client.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [lab.topic('b')] })
      await client.expect('unsuback')
      await publish(lab, client, { topic: lab.topic('b'), qos: 1 })
    },
  },
  {
    ...{ v5: '4.9-a', needs: ['qos 2'] },
    text: 'a PUBREC that refuses a message lets another come',
    async check(lab) {
      const to = await receiver(lab, 1, { qos: 2, count: 2 })
      const { messageId = 0 } = await to.expect('publish')
      to.send({ cmd: 'pubrec', messageId, reasonCode: 0x83 })
      await to.expect('publish')
    },
  },
  {
    ...{ v5: '4.9-b', needs: ['qos 1', 'sessions'] },
    text: 'Receive Maximum begins anew with each network connection',
    async check(lab) {
      const settings = lasting(lab, { receiveMaximum: 1 })
      const first = await subscriber(lab, lab.topic('a'), { qos: 1 }, settings)
      const from = await lab.connect()
      for (let i = 0; i < 3; i++) await publish(lab, from, { topic: lab.topic('a'), qos: 1 })
      await first.expect('publish')
      await first.quiet('a second message comes before PUBACK')
      first.drop()
      const properties = { ...settings.properties, receiveMaximum: 2 }
      const second = await back(lab, { ...settings, properties })
      await second.expect('publish')
      await second.expect('publish')
      await second.quiet('a third message comes before PUBACK')
    },
  },
]

export const flow = statementsOf(rows)
