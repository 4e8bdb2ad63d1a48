// Shared Subscriptions (MQTT 5.0, 4.8.2).
import { lasting, publish } from '../delivery.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { Subscriber, watchedWill } from '../subscriber.js'
import { refusesFilters } from './topics.js'

const filterOf = (lab: Lab, group = 'g'): string => `$share/${group}/${lab.topic('a')}`

async function member(
  lab: Lab,
  qos: 0 | 1 | 2,
  settings: ConnectSettings = {},
  group?: string,
): Promise<Subscriber> {
  const subscriber = await Subscriber.connect(lab, settings)
  await subscriber.granted(filterOf(lab, group), { qos })
  return subscriber
}

/** The only member gets a message, and does not answer; then another client becomes a member. */
async function begun(
  lab: Lab,
  qos: 1 | 2,
  settings: ConnectSettings = {},
): Promise<{ first: RawClient; messageId: number; second: Subscriber; publisher: RawClient }> {
  const { client: first } = await member(lab, qos, settings)
  const publisher = await lab.connect()
  await publish(lab, publisher, { topic: lab.topic('a'), qos, payload: 'begun' })
  const { messageId } = await first.expect('publish')
  return { first, messageId: messageId!, second: await member(lab, qos), publisher }
}

const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)

const rows: readonly Row[] = [
  {
    v5: '4.8.2-1',
    text: 'a Shared Subscription without a ShareName is refused',
    check: (lab) => refusesFilters(lab, filterOf(lab, '')),
  },
  {
    v5: '4.8.2-2',
    text: 'a ShareName with a wildcard, or without a Topic Filter after it, is refused',
    check: (lab) =>
      refusesFilters(
        lab,
        filterOf(lab, 'g+'),
        filterOf(lab, 'g#'),
        filterOf(lab, '#'),
        '$share/g',
        '$share/g/',
      ),
  },
  {
    v5: '4.8.2-3',
    text: 'a message to a member is sent with at most the QoS that was granted to it',
    async check(lab) {
      const members = [await member(lab, 0), await member(lab, 1)]
      const publisher = await lab.connect()
      for (const payload of texts) await publish(lab, publisher, { topic: lab.topic('a'), qos: 1, payload })
      for (const [granted, one] of members.entries())
        for (const { qos } of await one.arrived(publisher))
          demand(qos === granted, `QoS ${granted} was granted, a message of QoS 1 came with QoS ${qos}`)
    },
  },
  {
    v5: '4.8.2-4',
    text: 'a message of QoS 2 that was sent to a member is completed with it when it comes back',
    async check(lab) {
      const settings = lasting(lab)
      const { first, messageId, second, publisher } = await begun(lab, 2, settings)
      first.drop()
      const again = await lab.connect(settings)
      const message = await again.expect('publish')
      demand(message.messageId === messageId, `Packet Identifier ${messageId} became ${message.messageId}`)
      again.send({ cmd: 'pubrec', messageId })
      await again.expect('pubrel')
      again.send({ cmd: 'pubcomp', messageId })
      await second.expect(publisher, [], 'the message was sent to another member')
    },
  },
  {
    v5: '4.8.2-5',
    text: 'a message of QoS 2 that was sent to a member goes to no other when the session of the member ends',
    async check(lab) {
      const { watcher, will } = await watchedWill(lab)
      const { first, second, publisher } = await begun(lab, 2, { will })
      first.drop()
      await watcher.client.expect('publish')
      await second.expect(publisher, [], 'the message was sent to another member')
    },
  },
  {
    v5: '4.8.2-6',
    text: 'a message that a member refuses goes to no other',
    async check(lab) {
      const { first, messageId, second, publisher } = await begun(lab, 1)
      first.send({ cmd: 'puback', messageId, reasonCode: 0x97 })
      await first.sync()
      await second.expect(publisher, [], 'another member refused the message')
    },
  },
  {
    v5: '4.8.2-a',
    text: 'a message goes to one member of a Shared Subscription',
    async check(lab) {
      const members = [await member(lab, 1), await member(lab, 1), await member(lab, 1)]
      const publisher = await lab.connect()
      for (const payload of texts) await publish(lab, publisher, { topic: lab.topic('a'), qos: 1, payload })
      const came: string[] = []
      for (const one of members)
        for (const { payload } of await one.arrived(publisher)) came.push(String(payload))
      demand(
        came.sort().join() === texts.join(),
        `${texts.length} messages were published, the members got ${came.length}: ${came}`,
      )
    },
  },
  {
    v5: '4.8.2-b',
    text: 'each Shared Subscription and each other subscription gets the message',
    async check(lab) {
      const ordinary = await Subscriber.connect(lab)
      await ordinary.granted(lab.topic('a'), { qos: 1 })
      const all = [ordinary, await member(lab, 1, {}, 'g'), await member(lab, 1, {}, 'h')]
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic: lab.topic('a'), qos: 1, payload: 'for all' })
      for (const one of all) await one.expect(publisher, ['for all'], 'subscriptions with other ShareNames')
    },
  },
]

export const shared = statementsOf(
  rows.map((row) => ({ needs: ['shared subscriptions', 'qos 1', 'qos 2'], ...row })),
)
