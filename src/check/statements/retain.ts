// Retained messages (3.3.1.3 in both versions).
import { messages, publish, retainedFor, store, subscriber, textOf } from '../delivery.js'
import { demand } from '../lab.js'
import { described } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'

const needs = ['retain'] as const

const rows: readonly Row[] = [
  {
    ...{ v3: '3.3.1-5', needs: [...needs, 'qos 1'] },
    text: 'a retained message is stored with its QoS for future subscribers',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      for (const qos of [0, 1] as const) {
        await publish(lab, client, { topic: lab.topic(`a${qos}`), payload: 'x', retain: true, qos })
        const [message] = await retainedFor(lab, client, lab.topic(`a${qos}`), { qos: 1, count: 1 })
        demand(message !== undefined && textOf(message) === 'x', 'it is not sent to a new subscriber')
        demand(message.qos === qos, `it comes with QoS ${message.qos} instead of ${qos}`)
      }
    },
  },
  {
    ...{ v5: '3.3.1-5', needs },
    text: 'a retained message replaces the one of its topic, and is stored',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      for (const payload of ['one', 'two']) await store(lab, client, { topic: lab.topic('a'), payload })
      const came = (await retainedFor(lab, client, lab.topic('a'))).map(textOf)
      demand(came.join() === 'two', `a new subscriber gets ${came.join(' and ') || 'nothing'} instead of two`)
    },
  },
  {
    ...{ v3: '3.3.1-6', v5: '3.3.1-9', needs: [...needs, 'wildcards'] },
    text: 'a new subscription gets the retained message of each matching topic',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      const topics = ['r/a', 'r/b', 'r'].map((rest) => lab.topic(rest))
      for (const topic of topics) await store(lab, client, { topic, payload: 'x' })
      const came = (await retainedFor(lab, client, lab.topic('r/#'), { count: 3 })).map(({ topic }) => topic)
      const missing = topics.find((topic) => !came.includes(topic))
      demand(missing === undefined, `the retained message of ${missing} is not sent`)
    },
  },
  {
    ...{ v3: '3.3.1-7', needs: [...needs, 'qos 1'] },
    text: 'a retained message of QoS 0 removes the one of its topic',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'old', qos: 1 })
      await store(lab, client, { topic: lab.topic('a'), payload: 'new' })
      const came = (await retainedFor(lab, client, lab.topic('a'))).map(textOf)
      demand(!came.includes('old'), 'the earlier message is sent to a new subscriber')
    },
  },
  {
    ...{ v3: '3.3.1-8', needs },
    text: 'RETAIN is 1 in a message that is sent for a new subscription',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'x' })
      const [message] = await retainedFor(lab, client, lab.topic('a'), { count: 1 })
      demand(message?.retain === true, `${message ? described(message) : 'nothing'} came without RETAIN`)
    },
  },
  {
    ...{ v3: '3.3.1-9', v5: '3.3.1-12', needs },
    text: 'RETAIN is 0 in a message for an established subscription (without Retain As Published)',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'))
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), payload: 'x', retain: true })
      demand(!(await to.expect('publish')).retain, 'RETAIN is 1')
    },
  },
  {
    ...{ v3: '3.3.1-10', v5: '3.3.1-6', needs },
    text: 'an empty retained message is delivered, and removes the one of its topic',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'))
      const from = await subscriber(lab, lab.topic('other'))
      for (const payload of ['x', '']) await store(lab, from, { topic: lab.topic('a'), payload })
      const live = (await messages(lab, from, to)).map(textOf)
      demand(live.join() === 'x,', 'it is not delivered to a subscriber')
      const came = (await retainedFor(lab, from, lab.topic('a'))).map(textOf)
      demand(!came.includes('x'), 'the removed message is sent to a new subscriber')
    },
  },
  {
    ...{ v3: '3.3.1-11', v5: '3.3.1-7', needs },
    text: 'an empty message is not stored as a retained message',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a') })
      const came = await retainedFor(lab, client, lab.topic('a'))
      demand(came.length === 0, 'a new subscriber gets it')
    },
  },
  {
    ...{ v3: '3.3.1-12', v5: '3.3.1-8', needs },
    text: 'a message without RETAIN is not stored, and does not replace or remove a retained one',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'kept' })
      for (const payload of ['passing', '']) {
        await store(lab, client, { topic: lab.topic('a'), payload, retain: false })
        await store(lab, client, { topic: lab.topic('b'), payload, retain: false })
      }
      const kept = (await retainedFor(lab, client, lab.topic('a'), { count: 1 })).map(textOf)
      demand(kept.join() === 'kept', `a new subscriber gets ${kept.join(' and ') || 'nothing'}`)
      const stored = await retainedFor(lab, client, lab.topic('b'))
      demand(stored.length === 0, 'it is sent to a new subscriber')
    },
  },
  {
    ...{ v5: '3.3.1-10', needs },
    text: 'with Retain Handling 1 only a subscription that did not exist gets retained messages',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'x' })
      const first = await retainedFor(lab, client, lab.topic('a'), { rh: 1, count: 1 })
      demand(first.length === 1, 'a new subscription does not get it')
      const second = await retainedFor(lab, client, lab.topic('a'), { rh: 1 })
      demand(second.length === 0, 'an existing subscription gets it again')
    },
  },
  {
    ...{ v5: '3.3.1-11', needs },
    text: 'with Retain Handling 2 no retained messages are sent',
    async check(lab) {
      const client = await subscriber(lab, lab.topic('other'))
      await store(lab, client, { topic: lab.topic('a'), payload: 'x' })
      const came = await retainedFor(lab, client, lab.topic('a'), { rh: 2 })
      demand(came.length === 0, 'a retained message came')
    },
  },
  {
    ...{ v5: '3.3.1-13', needs },
    text: 'with Retain As Published RETAIN is that of the received PUBLISH',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'), { rap: true })
      const from = await lab.connect()
      for (const retain of [true, false]) {
        await publish(lab, from, { topic: lab.topic('a'), payload: 'x', retain })
        const message = await to.expect('publish')
        demand(message.retain === retain, `RETAIN is ${Number(message.retain)} instead of ${Number(retain)}`)
      }
    },
  },
]

export const retain = statementsOf(rows)
