// The view of sub -w on a terminal fits any topics and payloads into the screen.
import { expect, test } from 'vitest'
import { plain } from '../../src/format/plain.js'
import { noColour } from '../../src/format/terminal.js'
import { type WatchOptions, WatchView } from '../../src/format/watch-view.js'
import { message, moment } from './rig.js'

const view = (options: Partial<WatchOptions> = {}) =>
  new WatchView({ host: 'localhost', format: undefined, palette: noColour, clock: () => moment, ...options })

test('each topic keeps the line of its first appearance while all fit', () => {
  const screen = view()
  for (const [topic, payload] of [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ] as const)
    screen.update(message({ topic, payload }))
  expect(screen.lines(80, 24)).toEqual([
    'Broker: localhost  2 topics, 3 messages',
    '01:34:56 a 3',
    '01:34:56 b 2',
  ])
})

test('a view is empty until the first message', () => {
  const screen = view()
  screen.warn('Waiting')
  expect(screen.empty).toBe(true)
  screen.update(message())
  expect(screen.empty).toBe(false)
})

test('the newest come first if they do not fit', () => {
  const screen = view()
  for (let i = 0; i < 100; i++) screen.update(message({ topic: `t/${i}`, payload: 'x' }))
  screen.update(message({ topic: 't/5', payload: 'y' }))
  expect(screen.lines(80, 4)).toEqual([
    'Broker: localhost  3 of 100 topics, newest first, 101 messages',
    '01:34:56 t/5 y',
    '01:34:56 t/99 x',
    '01:34:56 t/98 x',
  ])
})

test('a format and a warning', () => {
  const screen = view({ format: plain({ verbose: true, newline: true }) })
  screen.update(message({ topic: 'a', payload: 'one\ntwo\x1b[9;1H' }))
  screen.warn('The connection was lost')
  expect(screen.lines(80, 3)).toEqual([
    'Broker: localhost  1 topic, 1 message',
    'a one\\ntwo\\u001b[9;1H',
    'The connection was lost',
  ])
})

test.each<[string, Parameters<typeof message>[0], string]>([
  ['empty', { payload: '' }, '01:34:56 f/t (null)'],
  ['retained', { payload: 'x', retain: true }, '01:34:56 f/t [retained] x'],
  ['binary', { payload: Buffer.from([0, 255]) }, '01:34:56 f/t 2 bytes: 00 ff'],
  ['long', { payload: 'x'.repeat(1_000_000) }, `01:34:56 f/t ${'x'.repeat(27)}`],
  ['wide', { payload: '温'.repeat(100) }, `01:34:56 f/t ${'温'.repeat(13)}`],
  ['a long topic', { topic: 't'.repeat(65_535), payload: 'x' }, `01:34:56 ${'t'.repeat(31)}`],
])('%s', (_, of, line) => {
  const screen = view()
  screen.update(message(of))
  expect(screen.lines(40, 5)[1]).toBe(line)
})

test.each([
  ['many topics', 10_000, (i: number) => `topic/${i}`],
  ['long topics', 64, (i: number) => `${i}/`.padEnd(65_000, 'x')],
])('%s: the topic that was silent longest is dropped', (_, most, topicOf) => {
  const screen = view()
  for (let i = 0; i < most + 5; i++) screen.update(message({ topic: topicOf(i), payload: 'x' }))
  const lines = screen.lines(20, 100_000)
  expect(lines).toHaveLength(most + 1)
  expect(lines[1]).toBe(
    `01:34:56 ${topicOf(5)}`
      .padEnd(20, 'x')
      .slice(0, 20)
      .replace(/(?<=topic\/5)xx*/, ' x'),
  )
})

test.each([
  [1, 1],
  [5, 2],
  [80, 24],
])('%i columns and %i rows are never exceeded', (columns, rows) => {
  const screen = view()
  for (let i = 0; i < 30; i++) screen.update(message({ topic: `t/${i}`, payload: '温x'.repeat(60) }))
  screen.warn('w'.repeat(200))
  const lines = screen.lines(columns, rows)
  expect(lines.length).toBeLessThanOrEqual(rows)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
})
