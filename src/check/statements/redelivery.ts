// Redelivery, receipt and order of messages (4.4, 4.5 and 4.6 in both versions).
import { back, lasting, messages, publish, received, subscriber, takenAgain, textOf } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'

/** Publishes messages with their number as payload, as many at a time as the server takes. */
async function publishAll(
  lab: Lab,
  from: RawClient,
  topics: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  const most = from.connack?.properties?.receiveMaximum ?? topics.length
  for (let start = 0; start < topics.length; start += most) {
    const some = topics
      .slice(start, start + most)
      .map((topic, index) =>
        lab.publishPacket(topic, { payload: `${start + index}`, qos, messageId: from.nextIdentifier() }),
      )
    from.send(...some)
    if (qos === 0) continue
    for (const _ of some) {
      const { messageId = 0 } = await from.expect(qos === 1 ? 'puback' : 'pubrec')
      if (qos === 2) from.send({ cmd: 'pubrel', messageId })
    }
    if (qos === 2) for (const _ of some) await from.expect('pubcomp')
  }
}

/** One message that a client has left unacknowledged, or after PUBREC, comes to it again under its Packet Identifier. */
async function comesAgain(lab: Lab, qos: 1 | 2, packet: 'PUBLISH' | 'PUBREL'): Promise<void> {
  const settings = lasting(lab)
  const first = await subscriber(lab, lab.topic('a'), { qos }, settings)
  const from = await lab.connect()
  await publish(lab, from, { topic: lab.topic('a'), qos })
  const { messageId = 0 } = await first.expect('publish')
  if (packet === 'PUBREL') {
    first.send({ cmd: 'pubrec', messageId })
    await first.expect('pubrel')
  }
  if (lab.version === 5) await first.quiet('something is sent again on the same connection')
  first.drop()
  const answers = await takenAgain(lab, from, await back(lab, settings), 1)
  const came = answers.map((answer) => `${answer.cmd.toUpperCase()} ${answer.messageId}`).join(', ')
  demand(came === `${packet} ${messageId}`, `${came || 'nothing'} came instead of ${packet} ${messageId}`)
}

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)

const rows: readonly Row[] = [
  {
    ...{ v3: '4.4.0-1', v5: '4.4.0-1', needs: ['qos 2', 'sessions'] },
    text: 'PUBLISH and PUBREL without an acknowledgement are sent again to a client that returns, as they were numbered',
    async check(lab) {
      await comesAgain(lab, 1, 'PUBLISH')
      await comesAgain(lab, 2, 'PUBLISH')
      await comesAgain(lab, 2, 'PUBREL')
    },
  },
  {
    ...{ v5: '4.4.0-2', needs: ['qos 2', 'sessions'] },
    text: 'a message that PUBACK or PUBREC has refused is not sent again',
    async check(lab) {
      const settings = lasting(lab)
      const first = await subscriber(lab, lab.topic('a'), { qos: 2 }, settings)
      const from = await lab.connect()
      for (const qos of [1, 2] as const) {
        await publish(lab, from, { topic: lab.topic('a'), qos })
        const { qos: came, messageId = 0 } = await first.expect('publish')
        first.send({ cmd: came === 1 ? 'puback' : 'pubrec', messageId, reasonCode: 0x83 })
      }
      await first.quiet('a refusal is answered')
      first.drop()
      const { length } = await messages(lab, from, await back(lab, settings))
      demand(length === 0, `${length} messages are sent again`)
    },
  },
  {
    ...{ v3: '4.5.0-1', v5: '4.5.0-1', needs: ['qos 1', 'sessions'] },
    text: 'a message is kept in all sessions with a matching subscription',
    async check(lab) {
      const all = [lasting(lab), lasting(lab)]
      for (const settings of all) await (await subscriber(lab, lab.topic('a'), { qos: 1 }, settings)).leave()
      const present = await subscriber(lab, lab.topic('a'), { qos: 1 })
      const from = await lab.connect()
      await publishAll(lab, from, [lab.topic('a'), lab.topic('a')], 1)
      for (const client of [present, await back(lab, all[0]!), await back(lab, all[1]!)]) {
        const { length } = await received(lab, from, client, 2)
        demand(length === 2, `a client has got ${length} of 2 messages`)
      }
    },
  },
  {
    ...{ v3: '4.6.0-1', needs: ['qos 2', 'sessions'] },
    text: 'messages are sent again in their original order',
    async check(lab) {
      const settings = lasting(lab)
      const first = await subscriber(lab, lab.topic('a'), { qos: 2 }, settings)
      const from = await lab.connect()
      for (const qos of [2, 1, 1, 2] as const) await publish(lab, from, { topic: lab.topic('a'), qos })
      const order = (await messages(lab, from, first)).map(({ messageId }) => messageId)
      first.drop()
      const answers = await takenAgain(lab, from, await back(lab, settings), order.length)
      const again = answers.map(({ messageId }) => messageId)
      demand(
        order.join() === again.join(),
        `they came as ${order.join(', ')}, and again as ${again.join(', ')}`,
      )
    },
  },
  {
    ...{ v3: '4.6.0-4', needs: ['qos 2'] },
    text: 'PUBREL packets come in the order of the PUBREC packets',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'), { qos: 2 })
      const from = await lab.connect()
      for (let i = 0; i < 4; i++) await publish(lab, from, { topic: lab.topic('a'), qos: 2 })
      const order = (await messages(lab, from, to)).map(({ messageId = 0 }) => messageId)
      to.send(...order.map((messageId) => ({ cmd: 'pubrec', messageId }) as const))
      for (const messageId of order) {
        const pubrel = await to.expect('pubrel')
        demand(pubrel.messageId === messageId, `PUBREL ${pubrel.messageId} came, ${messageId} is next`)
      }
    },
  },
  {
    ...{ v3: '4.6.0-6', v5: '4.6.0-5', needs: ['qos 2'] },
    text: 'messages of a client on one topic and with one QoS are delivered in their order',
    async check(lab) {
      for (const qos of [0, 1, 2] as const) {
        const to = await subscriber(lab, lab.topic('ordered'), { qos })
        const from = await lab.connect()
        await publishAll(
          lab,
          from,
          Array.from({ length: 8 }, () => lab.topic('ordered')),
          qos,
        )
        const came = (await received(lab, from, to, 8)).map((message) => Number(textOf(message)))
        demand(came.length === 8, `${came.length} of 8 messages of QoS ${qos} came`)
        demand(isAscending(came), `they came at QoS ${qos} as ${came.join(', ')}`)
      }
    },
  },
  {
    ...{ v3: '4.6.0-5', v5: '4.6.0-6', needs: ['wildcards', 'qos 1'] },
    text: 'every topic is an Ordered Topic',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('every/#'), { qos: 1 })
      const from = await lab.connect()
      const topics = Array.from({ length: 12 }, (_, index) => lab.topic(`every/${'abc'[index % 3]}`))
      await publishAll(lab, from, topics, 1)
      const came = await received(lab, from, to, 12)
      for (const topic of topics.slice(0, 2)) {
        const numbers = came
          .filter((message) => message.topic === topic)
          .map((message) => Number(textOf(message)))
        demand(numbers.length === 4, `${numbers.length} of 4 messages on ${topic} came`)
        demand(isAscending(numbers), `they came on ${topic} as ${numbers.join(', ')}`)
      }
    },
  },
]

export const redelivery = statementsOf(rows)
