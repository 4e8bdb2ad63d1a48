// Redelivery, receipt and order of messages (4.4, 4.5 and 4.6 in both versions).
import { back, lasting, messages, publish, subscribe, subscriber, takenAgain, textOf } from '../delivery.js'
import { type Lab, require } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'

/** Sends messages with their number as payload one after the other, and answers what comes. */
async function publishAll(
  lab: Lab,
  from: RawClient,
  topics: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  const all = topics.map((topic, index) =>
    lab.publishPacket(topic, { payload: String(index), qos, messageId: from.nextIdentifier() }),
  )
  from.send(...all)
  for (const _ of qos === 1 ? all : []) await from.expect('puback')
  for (const _ of qos === 2 ? all : []) {
    const { messageId = 0 } = await from.expect('pubrec')
    from.send({ cmd: 'pubrel', messageId })
  }
  for (const _ of qos === 2 ? all : []) await from.expect('pubcomp')
}

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)

const rows: readonly Row[] = [
  {
    ...{ v3: '4.4.0-1', v5: '4.4.0-1', needs: ['qos 2', 'sessions'] },
    text: 'PUBLISH and PUBREL without an acknowledgement are sent again to a client that returns, as they were numbered',
    async check(lab) {
      const settings = lasting(lab)
      const first = await subscriber(lab, lab.topic('a'), { qos: 2 }, settings)
      const from = await lab.connect()
      for (const qos of [1, 2, 2] as const) await publish(lab, from, { topic: lab.topic('a'), qos })
      const sent = [
        await first.expect('publish'),
        await first.expect('publish'),
        await first.expect('publish'),
      ]
      const [one, two, three] = sent.map(({ messageId = 0 }) => messageId) as [number, number, number]
      first.send({ cmd: 'pubrec', messageId: three })
      await first.expect('pubrel')
      if (lab.version === 5) await first.quiet('something is sent again on the same connection')
      first.drop()
      const answers = await takenAgain(lab, from, await back(lab, settings), 3)
      const came = answers.map(({ cmd, messageId }) => `${cmd.toUpperCase()} ${messageId}`)
      const missing = [`PUBLISH ${one}`, `PUBLISH ${two}`, `PUBREL ${three}`].find((it) => !came.includes(it))
      require(missing === undefined, `${missing} is not sent again; ${came.join(', ') || 'nothing'} came`)
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
        const { messageId = 0 } = await first.expect('publish')
        first.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId, reasonCode: 0x83 })
      }
      await first.quiet('a refusal is answered')
      first.drop()
      const { length } = await messages(lab, from, await back(lab, settings))
      require(length === 0, `${length} messages are sent again`)
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
        const { length } = await takenAgain(lab, from, client, 2)
        require(length === 2, `a client has got ${length} of 2 messages`)
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
      const answers = await takenAgain(lab, from, await back(lab, settings), 4)
      const again = answers.map(({ messageId }) => messageId)
      require(order.join() ===
        again.join(), `they came as ${order.join(', ')}, and again as ${again.join(', ')}`)
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
        require(pubrel.messageId === messageId, `PUBREL ${pubrel.messageId} came, ${messageId} is next`)
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
        const came = (await messages(lab, from, to)).map((message) => Number(textOf(message)))
        require(came.length === 8, `${came.length} of 8 messages of QoS ${qos} came`)
        require(isAscending(came), `they came at QoS ${qos} as ${came.join(', ')}`)
      }
    },
  },
  {
    ...{ v3: '4.6.0-5', v5: '4.6.0-6', needs: ['wildcards', 'qos 1'] },
    text: 'every topic is an Ordered Topic',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('every/#'), { qos: 1 })
      await subscribe(to, lab.topic('every/c'))
      const from = await lab.connect()
      const topics = Array.from({ length: 12 }, (_, index) => lab.topic(`every/${'abc'[index % 3]}`))
      await publishAll(lab, from, topics, 1)
      const came = await messages(lab, from, to)
      for (const topic of topics.slice(0, 2)) {
        const numbers = came
          .filter((message) => message.topic === topic)
          .map((message) => Number(textOf(message)))
        require(numbers.length === 4, `${numbers.length} of 4 messages on ${topic} came`)
        require(isAscending(numbers), `they came on ${topic} as ${numbers.join(', ')}`)
      }
    },
  },
]

export const redelivery = statementsOf(rows)
