import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FilterTree, filterFault } from '../../src/broker/filters.js'
import { matches } from '../../src/session/topic-filter.js'

test.each([
  // MQTT 3.1.1, 4.7.1.2 and 4.7.1.3
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/#', 'sport', true],
  ['sport/#', 'sports', false],
  ['#', 'a/b', true],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  // 4.7.2
  ['#', '$SYS/broker/uptime', false],
  ['+/broker/uptime', '$SYS/broker/uptime', false],
  ['$SYS/#', '$SYS/broker/uptime', true],
  ['$SYS/+/uptime', '$SYS/broker/uptime', true],
  ['a', 'a', true],
  ['a', 'A', false],
])('%s matches %s: %s', (filter, topic, expected) => {
  expect(matches(filter, topic)).toBe(expected)
})

test.each([
  ['a/#', undefined],
  ['+/b/+', undefined],
  ['/', undefined],
  ['', 'it is empty'],
  ['a#', '# is not alone in its level'],
  ['a/#/b', '# is not the last level'],
  ['#/a', '# is not the last level'],
  ['+a', '+ is not alone in its level'],
  ['a/b+', '+ is not alone in its level'],
  ['a\0', 'it contains U+0000'],
])('the filter %j: %s', (filter, fault) => {
  expect(filterFault(filter)).toBe(fault)
})

const level = fc.constantFrom('a', 'b', '', '$SYS')
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels.slice(1), '#'] : levels).join('/'))
  .filter((text) => text !== '')
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const subscription = fc.record({ filter, id: fc.constantFrom('x', 'y', 'z'), qos: fc.constantFrom(1, 2) })

test('the tree finds whom a comparison with every filter finds', () => {
  fc.assert(
    fc.property(fc.array(subscription), fc.array(subscription), topic, (kept, removed, name) => {
      const tree = new FilterTree()
      for (const { filter, id, qos } of [...removed, ...kept]) tree.add(filter, id, qos)
      const keys = new Set(kept.map(({ filter, id }) => `${id} ${filter}`))
      for (const { filter, id } of removed) if (!keys.has(`${id} ${filter}`)) tree.remove(filter, id)

      const last = new Map(kept.map((one) => [`${one.id} ${one.filter}`, one]))
      const expected = new Map<string, number>()
      for (const { filter, id, qos } of last.values()) {
        if (matches(filter, name)) expected.set(id, Math.max(qos, expected.get(id) ?? 0))
      }
      expect([...tree.match(name)].sort()).toEqual([...expected].sort())
    }),
  )
})
