// What subscriptions can be.
import type { Lab } from '../../lab.js'
import { declaredNo, found, no, yes } from '../finding.js'
import { join } from '../peer.js'
import type { Probe } from '../probe.js'

/** How many of `messages` messages each of `members` clients of a shared subscription gets. */
async function shares(lab: Lab, members: number, messages: number): Promise<number[]> {
  const topic = lab.topic('shared')
  const peers = await Promise.all(Array.from({ length: members }, () => join(lab)))
  for (const peer of peers) await peer.subscribe(`$share/mqttx/${topic}`)
  const publisher = await join(lab)
  const payloads = Array.from({ length: messages }, (_, index) => String(index))
  await publisher.publishAll(topic, payloads)
  const counts = peers.map(() => 0)
  const end = performance.now() + lab.patienceMs
  // One round more than it takes to get all: a copy too many would come then.
  for (let isLast = false, left = true; left; left = !isLast) {
    isLast = counts.reduce((sum, one) => sum + one, 0) >= messages || performance.now() > end
    const came = await Promise.all(peers.map((peer) => peer.rest()))
    for (const [index, list] of came.entries()) counts[index]! += list.length
  }
  return counts
}

export const subscriptions: readonly Probe[] = [
  {
    ...{ key: 'wildcards', label: 'Wildcards', group: 'Subscriptions', since: 3, feature: 'wildcards' },
    async run(lab) {
      for (const filter of ['wild/+/end', 'wild/#']) {
        const [subscriber, publisher] = await Promise.all([join(lab), join(lab)])
        await subscriber.subscribe(lab.topic(filter))
        await publisher.publish(lab.topic('wild/any/end'))
        const [message] = await subscriber.received(1)
        if (message === undefined) return no(`${filter.at(-1) === '#' ? '#' : '+'} matches nothing`)
      }
      return yes('+ and #')
    },
  },
  {
    ...{ key: 'shared-subscriptions', label: 'Shared subscriptions', group: 'Subscriptions', since: 3 },
    feature: 'shared subscriptions',
    async run(lab) {
      const counts = await shares(lab, 2, 10)
      const total = counts.reduce((sum, one) => sum + one, 0)
      if (total === 0) return no('SUBACK grants it, no message is delivered')
      return found(total === 10, `${total} deliveries of 10 messages`)
    },
  },
  {
    ...{ key: 'shared-balance', label: 'Balance of shared subscriptions', group: 'Subscriptions', since: 3 },
    async run(lab) {
      const counts = await shares(lab, 3, 60)
      const [least, most] = [Math.min(...counts), Math.max(...counts)]
      const detail = `${counts.join(', ')} of 60 messages`
      if (most === 0) return no('no message is delivered')
      if (most - least <= 1) return { value: 'even', detail }
      return { value: least > 0 ? 'uneven' : 'not to all', detail }
    },
  },
  {
    ...{ key: 'no-local', label: 'No Local', group: 'Subscriptions', since: 5 },
    async run(lab) {
      const topic = lab.topic('no-local')
      const [own, other] = await Promise.all([join(lab), join(lab)])
      await own.subscribe(topic, { nl: true })
      await own.publish(topic, { payload: 'own' })
      await other.publish(topic, { payload: 'other' })
      const came = (await own.received(1)).concat(await own.rest()).map(({ payload }) => String(payload))
      if (!came.includes('other')) return no('messages of others are not delivered either')
      return found(!came.includes('own'), 'its own message comes back')
    },
  },
  {
    ...{ key: 'retain-as-published', label: 'Retain As Published', group: 'Subscriptions', since: 5 },
    async run(lab) {
      const topic = lab.topic('retain-as-published')
      const [asPublished, cleared, publisher] = await Promise.all([join(lab), join(lab), join(lab)])
      await asPublished.subscribe(topic, { rap: true })
      await cleared.subscribe(topic)
      await publisher.publish(topic, { retain: true, payload: 'x' })
      const [[kept], [plain]] = await Promise.all([asPublished.received(1), cleared.received(1)])
      if (kept === undefined || plain === undefined) return no('the message was not delivered')
      if (plain.retain) return no('RETAIN is always set')
      return found(kept.retain, 'RETAIN is always cleared')
    },
  },
  {
    ...{ key: 'retain-handling', label: 'Retain Handling', group: 'Subscriptions', since: 5 },
    async run(lab) {
      const topic = lab.topic('retain-handling')
      const [publisher, subscriber] = await Promise.all([join(lab), join(lab)])
      await publisher.publish(topic, { retain: true, payload: 'x' })
      await subscriber.subscribe(topic, { rh: 2 })
      if ((await subscriber.rest()).length > 0) return no('2 (do not send) sends it')
      await subscriber.subscribe(topic, { rh: 0 })
      if ((await subscriber.received(1)).length === 0) return no('0 (send) does not send it')
      await subscriber.subscribe(topic, { rh: 1 })
      if ((await subscriber.rest()).length > 0) return no('1 (send if new) sends it again')
      const fresh = await join(lab)
      await fresh.subscribe(topic, { rh: 1 })
      return found((await fresh.received(1)).length === 1, '1 (send if new) does not send it')
    },
  },
  {
    ...{ key: 'subscription-identifiers', label: 'Subscription Identifiers', group: 'Subscriptions' },
    ...{ since: 5, feature: 'subscription identifiers' },
    async run(lab) {
      const topic = lab.topic('identifiers')
      const [subscriber, publisher] = await Promise.all([join(lab), join(lab)])
      await subscriber.subscribe(topic, { identifier: 7 })
      await publisher.publish(topic)
      const [message] = await subscriber.received(1)
      if (message === undefined) return no('the message was not delivered')
      const came = [message.properties?.subscriptionIdentifier ?? []].flat()
      return found(came.join() === '7', 'the message comes without it')
    },
  },
]

export const aliases: readonly Probe[] = [
  {
    ...{ key: 'topic-alias-maximum', label: 'Topic Alias Maximum of the server', group: 'Limits', since: 5 },
    feature: 'topic alias',
    async run(lab) {
      const topic = lab.topic('alias')
      const [subscriber, publisher] = await Promise.all([join(lab), join(lab)])
      const most = publisher.declared.topicAliasMaximum ?? 0
      if (most === 0) return { ...declaredNo('Topic Alias Maximum is 0'), value: 0 }
      await subscriber.subscribe(topic)
      await publisher.publish(topic, { payload: '1', properties: { topicAlias: most } })
      await publisher.publish('', { payload: '2', properties: { topicAlias: most } })
      const came = await subscriber.received(2)
      return came.length === 2
        ? { value: most, detail: '' }
        : { value: 0, detail: `Topic Alias Maximum is ${most}, but alias ${most} does not work` }
    },
  },
  {
    ...{ key: 'topic-alias-to-clients', label: 'Sends Topic Aliases to clients', group: 'Limits', since: 5 },
    async run(lab) {
      const topic = lab.topic('alias-to-clients')
      const subscriber = await join(lab, { properties: { topicAliasMaximum: 10 } })
      const publisher = await join(lab)
      await subscriber.subscribe(topic)
      await publisher.publishAll(topic, Array.from({ length: 10 }, String))
      const came = await subscriber.received(10)
      const isUsed = came.some(({ properties }) => properties?.topicAlias !== undefined)
      return found(isUsed, 'each message has its Topic Name')
    },
  },
]
