import { expect, test } from 'vitest'
import { parsePredefined } from '../../src/sn/predefined.js'
import { ReleasedMessages } from '../../src/sn/released.js'
import { TargetNames } from '../../src/sn/targets.js'
import { TopicTable } from '../../src/sn/topics.js'

test('names and identifiers are one to one', () => {
  const table = new TopicTable()
  table.set(1, 'a')
  table.set(2, 'b')
  table.set(1, 'b')
  expect([table.nameOf(1), table.nameOf(2), table.idOf('a'), table.idOf('b'), table.size]).toEqual([
    'b',
    undefined,
    undefined,
    1,
    1,
  ])
  table.forget(1)
  expect(table.size).toBe(0)
})

test('16 MiB of names are kept, and 65,535 of them', () => {
  const long = new TopicTable()
  const name = 'x'.repeat(1024 * 1024)
  for (let id = 1; id <= 20; id++) long.set(id, `${id} ${name}`)
  expect(long.size).toBe(15)
  expect(long.nameOf(1)).toBeUndefined()
  expect(long.nameOf(20)).toBeDefined()
  const many = new TopicTable()
  for (let id = 0; id <= 65_535; id++) many.set(id, String(id))
  expect([many.size, many.nameOf(0), many.nameOf(65_535)]).toEqual([65_535, undefined, '65535'])
})

test('16 released messages are remembered, for a time, by their contents', () => {
  const released = new ReleasedMessages(100)
  for (let id = 1; id <= 17; id++) released.add(id, id * 2, 0)
  expect([1, 2, 17].map((id) => released.has(id, id * 2, 100))).toEqual([false, true, true])
  expect(released.has(17, 1, 0)).toBe(false)
  expect(released.has(17, 34, 101)).toBe(false)
})

test('a file of predefined topics', () => {
  const topics = parsePredefined('# comment\n\n 7\ta b/c \r\n65535 x\n', 'file')
  expect([topics.size, topics.nameOf(7), topics.idOf('x')]).toEqual([2, 'a b/c', 65_535])
})

test.each([
  ['0 a', 'the identifier is not from 1 to 65535'],
  ['65536 a', 'the identifier is not from 1 to 65535'],
  ['7', 'not `ID NAME`'],
  ['7 a/+', 'not a Topic Name'],
  [`7 ${'x'.repeat(65_536)}`, 'the Topic Name is longer than 65535 bytes'],
  ['1 b', "1 or 'b' is in an earlier line"],
  ['2 first', "2 or 'first' is in an earlier line"],
])('a file of predefined topics with fault %#', (line, fault) => {
  expect(() => parsePredefined(`1 first\n\n${line}\n`, 'topics')).toThrow(`topics, line 3: ${fault}`)
})

test.each<[string, unknown]>([
  ['#7', { kind: 'predefined', id: 7 }],
  ['#7x', { kind: 'name', name: '#7x' }],
  ['a/b', { kind: 'predefined', id: 9 }],
  ['ab', { kind: 'short', name: 'ab' }],
  ['a+', { kind: 'name', name: 'a+' }],
  ['#a', { kind: 'name', name: '#a' }],
  ['abc', { kind: 'name', name: 'abc' }],
])('the target of %s', (name, target) => {
  expect(new TargetNames(parsePredefined('9 a/b', 'topics')).of(name)).toEqual(target)
})
