// The tree of subscriptions says what the plain comparison of a filter and a topic says.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messageFrom } from '../../../src/broker/core/message.js'
import { Retained } from '../../../src/broker/core/retained.js'
import type { Session } from '../../../src/broker/core/session.js'
import type { Subscription } from '../../../src/broker/core/subscription.js'
import { Subscriptions } from '../../../src/broker/core/subscriptions.js'
import { parseFilter } from '../../../src/broker/core/topics.js'
import { Timers } from '../../../src/session/timers.js'
import { matches } from '../../../src/session/topic-filter.js'

const level = fc.constantFrom('a', 'b', '', '$x')
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/') || 'a')
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/') || 'a')
const options = fc.record({
  qos: fc.constantFrom(0, 1, 2),
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  id: fc.nat(3),
})
const step = fc.record({ client: fc.nat(3), filter, options, remove: fc.boolean() })

const sessions = Array.from({ length: 4 }, (_, i) => ({ clientId: `c${i}` }) as Session)

function parsed(text: string) {
  const result = parseFilter(text)
  if ('fault' in result) throw new Error(result.fault)
  return result
}

test('after any subscriptions and their removal', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(topic, { maxLength: 5 }), (steps, topics) => {
      const tree = new Subscriptions()
      const model = new Map<string, Subscription>()
      for (const { client, filter, options, remove } of steps) {
        const session = sessions[client]!
        const key = `${client} ${filter}`
        const earlier = model.get(key)
        for (const name of topics) tree.match(name) // what is remembered must not go stale
        if (remove && earlier !== undefined) {
          tree.remove(earlier)
          model.delete(key)
        } else if (earlier !== undefined) tree.replace(earlier, options as never)
        else model.set(key, tree.add(session, filter, parsed(filter), options as never))
      }
      expect(tree.size).toBe(model.size)
      for (const name of topics) {
        const { routes } = tree.match(name)
        for (const session of sessions) {
          const matching = [...model.values()].filter(
            (one) => one.session === session && matches(one.filter, name),
          )
          const found = routes.filter((route) => route.session === session)
          expect(found).toHaveLength(matching.length > 0 ? 1 : 0)
          if (found[0] === undefined) continue
          const ids = matching.map((one) => one.options.id).filter((id) => id > 0)
          expect(found[0].qos).toBe(Math.max(...matching.map((one) => one.options.qos)))
          expect([...(found[0].ids ?? [])].sort()).toEqual(ids.sort())
          expect(found[0].local === undefined).toBe(matching.every((one) => one.options.noLocal))
        }
      }
      for (const subscription of model.values()) tree.remove(subscription)
      for (const name of topics) expect(tree.match(name).routes).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test('retained messages that a filter matches are found, each once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(topic, { maxLength: 30 }), filter, (topics, wanted) => {
      const retained = new Retained(1e9, new Timers())
      for (const name of topics)
        retained.store(messageFrom(name, Buffer.from('x'), { qos: 0, retain: true, now: 0 }))
      const found = [...retained.matching(wanted)].flatMap((message) => message?.topic ?? [])
      expect(found.sort()).toEqual(topics.filter((name) => matches(wanted, name)).sort())
      for (const name of topics)
        retained.store(messageFrom(name, Buffer.alloc(0), { qos: 0, retain: true, now: 0 }))
      expect([retained.count, retained.bytes, [...retained.matching('#')].length]).toEqual([0, 0, 1])
    }),
    { numRuns: 200 },
  )
})
