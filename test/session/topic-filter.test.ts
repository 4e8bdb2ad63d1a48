// Topic Filters: the examples of the specification (MQTT 3.1.1 and 5.0, 4.7), and properties derived from it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matches, misplacedWildcards } from '../../src/session/topic-filter.js'

test.each<[filter: string, topic: string, match: boolean]>([
  // 4.7.1.2: the multi-level wildcard includes the parent level
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/tennis/player1/#', 'sport/tennis/player10', false],
  ['sport/tennis/player1/#', 'sport/tennis', false],
  ['sport/#', 'sport', true],
  ['sport/#', 'sport/', true],
  ['#', 'sport/tennis', true],
  ['#', '/', true],
  ['/#', '/', true],
  ['/#', '/finance', true],
  ['/#', 'finance', false],
  // 4.7.1.3: the single-level wildcard
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player2', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+', 'sport', true],
  ['+', 'sport/tennis', false],
  ['+', '/finance', false],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+/tennis/#', 'sport/tennis', true],
  ['+/tennis/#', 'sport/tennis/player1', true],
  ['sport/+/player1', 'sport/tennis/player1', true],
  ['sport/+/player1', 'sport//player1', true],
  ['sport/+/player1', 'sport/player1', false],
  ['+/+/#', 'a/b', true],
  ['+/+/#', 'a', false],
  ['a/+/#', 'a', false],
  ['a/+/#', 'a/b', true],
  // 4.7.2: topics that begin with $
  ['#', '$SYS/broker/uptime', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['+', '$SYS', false],
  ['$SYS/#', '$SYS/broker/uptime', true],
  ['$SYS/#', '$SYS', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ['a/#', 'a/$SYS', true],
  ['a/+', 'a/$SYS', true],
  // 4.7.3: case, spaces and slashes make topics distinct
  ['ACCOUNTS', 'Accounts', false],
  ['Accounts payable', 'Accounts payable', true],
  ['/finance', 'finance', false],
  ['finance/', 'finance', false],
  ['finance', 'finance/', false],
  ['a//b', 'a/b', false],
  ['a//b', 'a//b', true],
  ['/', '/', true],
])('%s %s: %s', (filter, topic, match) => {
  expect(matches(filter, topic)).toBe(match)
})

const level = fc.string({ unit: fc.constantFrom('a', 'b', 'é', ' '), maxLength: 2 })
const topics = fc.array(level, { minLength: 1, maxLength: 6 })

test('a topic matches itself, itself with any level as +, and any of its beginnings with #', () => {
  fc.assert(
    fc.property(topics, fc.nat(), fc.nat(), (levels, plusAt, hashAt) => {
      const topic = levels.join('/')
      const plus = levels.with(plusAt % levels.length, '+').join('/')
      const hash = [...levels.slice(0, hashAt % (levels.length + 1)), '#'].join('/')
      expect([topic, plus, hash].map((filter) => matches(filter, topic))).toEqual([true, true, true])
    }),
  )
})

test('a filter without wildcards matches no other topic', () => {
  fc.assert(
    fc.property(topics, topics, (one, other) => {
      expect(matches(one.join('/'), other.join('/'))).toBe(one.join('/') === other.join('/'))
    }),
  )
})

describe('misplaced wildcards, with their positions in UTF-16 units', () => {
  test.each(['', 'a', '#', '+', '+/+', 'a/#', '+/#', '/', '//', '$share/g/a/#'])('%j has none', (filter) => {
    expect(misplacedWildcards(filter)).toEqual([])
  })

  test.each<[filter: string, ...faults: string[]]>([
    ['a#', '# 1 alone in its level'],
    ['#/', '# 0 the last level'],
    ['a/#/b', '# 2 the last level'],
    ['##', '# 0 alone in its level'],
    ['a/+b/c', '+ 2 alone in its level'],
    ['+#', '# 1 alone in its level', '+ 0 alone in its level'],
    ['\u{1f4a1}/a+/#/b#', '+ 4 alone in its level', '# 6 the last level', '# 9 alone in its level'],
  ])('%j', (filter, ...faults) => {
    const found = misplacedWildcards(filter).map(
      ({ wildcard, index, mustBe }) => `${wildcard} ${index} ${mustBe}`,
    )
    expect(found).toEqual(faults)
  })
})
