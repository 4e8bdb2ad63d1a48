// UNSUBSCRIBE and UNSUBACK (3.10, 3.11 in both versions).
import { demand, type Lab } from '../lab.js'
import { field } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { closes, request, Subscriber, smallAnswer } from '../subscriber.js'
import { Violation } from '../violation.js'

const header = 0xa2

/** A client that has subscribed to the Topic Filters below the topics of the exchange, at QoS 2. */
async function subscribed(lab: Lab, ...filters: string[]): Promise<Subscriber> {
  const subscriber = await Subscriber.connect(lab)
  for (const filter of filters) await subscriber.granted(lab.topic(filter), { qos: 2 })
  return subscriber
}

/** Publishes on `topics`, and expects messages on `expected`. */
async function published(
  lab: Lab,
  subscriber: Subscriber,
  { topics, expected, rule }: { topics: readonly string[]; expected: readonly string[]; rule: string },
): Promise<void> {
  const publisher = await lab.connect()
  for (const topic of topics) publisher.send(lab.publishPacket(lab.topic(topic), { payload: topic }))
  await subscriber.expect(publisher, expected, rule)
}

async function sameIdentifier(lab: Lab): Promise<void> {
  const client = await lab.connect()
  for (const messageId of [1, 256, 65_535]) {
    await lab.subscribe(client, lab.topic('a'))
    client.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [lab.topic('a')] })
    const { messageId: answered } = await client.expect('unsuback')
    demand(answered === messageId, `Packet Identifier ${messageId} was answered with ${answered}`)
  }
}

async function withoutSubscription(lab: Lab): Promise<void> {
  const client = await lab.connect()
  client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: [lab.topic('none')] })
  await client.expect('unsuback')
}

const smallUnsuback = (lab: Lab, property: 'reasonString' | 'userProperties'): Promise<void> =>
  smallAnswer(lab, property, (client) => {
    client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: [lab.topic('none')] })
    return client.expect('unsuback')
  })

const rows: readonly Row[] = [
  {
    v3: '3.10.1-1',
    v5: '3.10.1-1',
    text: 'UNSUBSCRIBE with flags other than 0010 is malformed, and the server closes the connection',
    check: (lab) => closes(lab, ...[0xa0, 0xa3].map((first) => request(lab, first, [field(lab.topic('a'))]))),
  },
  {
    v3: '3.10.3-1',
    v5: '3.10.3-1',
    text: 'a Topic Filter of UNSUBSCRIBE that is not UTF-8 is refused by closing the connection',
    check: (lab) => closes(lab, request(lab, header, [field(Buffer.of(0x61, 0xff))])),
  },
  {
    v3: '3.10.3-2',
    v5: '3.10.3-2',
    text: 'UNSUBSCRIBE without a Topic Filter is refused by closing the connection',
    check: (lab) => closes(lab, request(lab, header, [])),
  },
  {
    v3: '3.10.4-1',
    v5: '3.10.4-1',
    text: 'UNSUBSCRIBE removes the subscription whose Topic Filter is the same, character by character, and no other',
    needs: ['wildcards'],
    async check(lab) {
      const subscriber = await subscribed(lab, 'a/+', 'b/c', 'd')
      await subscriber.unsubscribe(...['a/b', 'b/+', 'b/C', 'b/c/', 'D'].map((filter) => lab.topic(filter)))
      const topics = ['a/b', 'b/c', 'd']
      await published(lab, subscriber, {
        topics,
        expected: topics,
        rule: 'other filters were unsubscribed from',
      })
      await subscriber.unsubscribe(lab.topic('a/+'), lab.topic('b/c'))
      await published(lab, subscriber, {
        topics,
        expected: ['d'],
        rule: 'a/+ and b/c were unsubscribed from',
      })
    },
  },
  {
    v3: '3.10.4-2',
    v5: '3.10.4-2',
    text: 'after UNSUBSCRIBE no new messages are sent for the subscription',
    async check(lab) {
      const subscriber = await subscribed(lab, 'a')
      await subscriber.unsubscribe(lab.topic('a'))
      await published(lab, subscriber, { topics: ['a'], expected: [], rule: 'after UNSUBACK' })
    },
  },
  {
    v3: '3.10.4-3',
    v5: '3.10.4-3',
    text: 'a message of QoS 2 whose delivery has begun is completed after UNSUBSCRIBE',
    needs: ['qos 2'],
    async check(lab) {
      const { client } = await subscribed(lab, 'a')
      const publisher = await lab.connect()
      publisher.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId: 1 }))
      await publisher.expect('pubrec')
      publisher.send({ cmd: 'pubrel', messageId: 1 })
      const { messageId } = await client.expect('publish')
      client.send({ cmd: 'unsubscribe', messageId: 100, unsubscriptions: [lab.topic('a')] })
      await client.expect('unsuback')
      client.send({ cmd: 'pubrec', messageId: messageId! })
      const pubrel = await client.expect('pubrel')
      demand(pubrel.messageId === messageId, `PUBREL has Packet Identifier ${pubrel.messageId}`)
      demand((pubrel.reasonCode ?? 0) < 0x80, 'the message is not known any more')
      client.send({ cmd: 'pubcomp', messageId: messageId! })
      await client.quiet('the delivery is complete')
    },
  },
  {
    v3: '3.10.4-4',
    text: 'the server answers UNSUBSCRIBE with UNSUBACK, with its Packet Identifier',
    check: sameIdentifier,
  },
  {
    v5: '3.10.4-4',
    text: 'the server answers UNSUBSCRIBE with UNSUBACK',
    async check(lab) {
      const subscriber = await subscribed(lab, 'only')
      await subscriber.unsubscribe(lab.topic('only'))
    },
  },
  {
    v3: '3.10.4-5',
    text: 'UNSUBACK comes even if no subscription is removed',
    check: withoutSubscription,
  },
  {
    v5: '3.10.4-5',
    text: 'UNSUBACK has the Packet Identifier of its UNSUBSCRIBE, and comes even if no subscription is removed',
    async check(lab) {
      await sameIdentifier(lab)
      await withoutSubscription(lab)
    },
  },
  {
    v3: '3.10.4-6',
    v5: '3.10.4-6',
    text: 'several Topic Filters in one UNSUBSCRIBE are like several UNSUBSCRIBE, with one UNSUBACK',
    async check(lab) {
      const subscriber = await subscribed(lab, 'a', 'b', 'c')
      await subscriber.unsubscribe(...['a', 'b', 'c', 'a'].map((filter) => lab.topic(filter)))
      await published(lab, subscriber, { topics: ['a', 'b', 'c'], expected: [], rule: 'after UNSUBACK' })
    },
  },
  {
    v5: '3.11.2-1',
    text: 'UNSUBACK has no Reason String that makes it larger than the Maximum Packet Size of the client',
    check: (lab) => smallUnsuback(lab, 'reasonString'),
  },
  {
    v5: '3.11.2-2',
    text: 'UNSUBACK has no User Properties that make it larger than the Maximum Packet Size of the client',
    check: (lab) => smallUnsuback(lab, 'userProperties'),
  },
  {
    v5: '3.11.3-1',
    text: 'UNSUBACK has a Reason Code for each Topic Filter, in their order',
    async check(lab) {
      const subscriber = await subscribed(lab, 'a', 'c')
      const filters = ['a', 'b', 'c', 'd', 'e'].map((filter) => lab.topic(filter))
      const codes = (await subscriber.unsubscribe(...filters)).granted as readonly number[]
      demand(codes.length === 5, `5 Topic Filters, ${codes.length} Reason Codes`)
      const wrong = codes.some((code, index) => code === 0x11 && index % 2 === 0 && index < 4)
      if (wrong)
        throw new Violation(`for two subscriptions, the first and the third, the codes ${codes} came`)
    },
  },
  {
    v5: '3.11.3-2',
    text: 'UNSUBACK has no other codes than those that the standard lists for it',
    async check(lab) {
      const subscriber = await subscribed(lab, 'a')
      for (const filter of ['a', 'a', '+']) await subscriber.unsubscribe(lab.topic(filter))
    },
  },
]

export const unsubscribe = statementsOf(rows)
