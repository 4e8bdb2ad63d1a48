// Topic Alias (MQTT 5.0, 3.3.2.3.4).
import type { IPublishPacket } from 'mqtt-packet'
import { back, lasting, messages, publish, subscribe, subscriber } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { NotOffered } from '../violation.js'

const maximumOf = (client: RawClient): number => client.connack?.properties?.topicAliasMaximum ?? 0

/** @throws NotOffered if the server takes none */
function offered(client: RawClient): number {
  const maximum = maximumOf(client)
  if (maximum === 0) throw new NotOffered('the Topic Alias Maximum of the server is 0')
  return maximum
}

const aliased = (lab: Lab, topicAlias: number, topic = ''): IPublishPacket =>
  lab.publishPacket(topic, { properties: { topicAlias } })

const rows: readonly Row[] = [
  {
    ...{ v5: '3.3.2-7', needs: ['topic alias', 'sessions'] },
    text: 'a Topic Alias ends with its network connection',
    async check(lab) {
      const settings = lasting(lab)
      const first = await lab.connect(settings)
      offered(first)
      first.send(aliased(lab, 1, lab.topic('a')))
      await first.sync()
      await first.leave()
      const second = await back(lab, settings)
      await second.ends('a Topic Alias of an earlier connection', aliased(lab, 1))
    },
  },
  {
    v5: '3.3.2-8',
    text: 'a Topic Alias of 0 ends the connection',
    async check(lab) {
      const client = await lab.connect()
      await client.ends('Topic Alias 0', aliased(lab, 0, lab.topic('a')))
    },
  },
  {
    v5: '3.3.2-9',
    text: 'a Topic Alias above the Topic Alias Maximum of the server ends the connection',
    async check(lab) {
      const client = await lab.connect()
      const maximum = maximumOf(client)
      if (maximum === 65_535) return // there is none above it
      const above = `Topic Alias ${maximum + 1}, with a maximum of ${maximum}`
      await client.ends(above, aliased(lab, maximum + 1, lab.topic('a')))
    },
  },
  {
    v5: '3.3.2-11',
    text: 'the server sends no Topic Alias above the Topic Alias Maximum of the client',
    async check(lab) {
      for (const maximum of [0, 2]) {
        const to = await lab.connect(maximum > 0 ? { properties: { topicAliasMaximum: maximum } } : {})
        const topics = ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'].map((rest) => lab.topic(rest))
        for (const topic of topics.slice(0, 4)) await subscribe(to, topic)
        const from = await lab.connect()
        for (const topic of topics) await publish(lab, from, { topic })
        const known = new Map<number, string>()
        for (const _ of topics) {
          const { topic, properties: { topicAlias = 0 } = {} } = await to.expect('publish')
          demand(topicAlias <= maximum, `Topic Alias ${topicAlias} came; the maximum is ${maximum}`)
          if (topic !== '') known.set(topicAlias, topic)
          demand(known.has(topicAlias), `Topic Alias ${topicAlias} came without its topic`)
        }
      }
    },
  },
  {
    ...{ v5: '3.3.2-12', needs: ['topic alias'] },
    text: 'the server accepts all values of Topic Alias up to its Topic Alias Maximum',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'))
      const from = await lab.connect()
      const maximum = offered(from)
      for (const topicAlias of new Set([1, (maximum + 1) >> 1, maximum])) {
        from.send(aliased(lab, topicAlias, lab.topic('a')), aliased(lab, topicAlias))
        const { length } = await messages(lab, from, to)
        demand(length === 2, `${length} of 2 messages with Topic Alias ${topicAlias} came`)
      }
    },
  },
  {
    v5: '3.3.2.3.4-a',
    text: 'a PUBLISH without a Topic Name, whose Topic Alias is not known, ends the connection',
    async check(lab) {
      const client = await lab.connect()
      await client.ends('an unknown Topic Alias', aliased(lab, 1))
    },
  },
  {
    ...{ v5: '3.3.2.3.4-b', needs: ['topic alias'] },
    text: 'a Topic Alias can be given to another topic',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('b'))
      const from = await lab.connect()
      offered(from)
      from.send(aliased(lab, 1, lab.topic('a')), aliased(lab, 1, lab.topic('b')), aliased(lab, 1))
      const { length } = await messages(lab, from, to)
      demand(length === 2, `${length} of 2 messages on the other topic came`)
    },
  },
]

export const alias = statementsOf(rows)
