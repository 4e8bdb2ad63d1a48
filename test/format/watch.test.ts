import { expect, test } from 'vitest'
import { plain } from '../../src/format/plain.js'
import { messageRate, watch } from '../../src/format/watch.js'
import { collector, message } from './rig.js'

test('each topic keeps the line on which it first appeared', () => {
  const screen = collector()
  const { start, show } = watch('localhost', plain({ verbose: true, newline: true }))

  start(screen)
  show(message({ topic: 'a', payload: 'long' }), screen)
  show(message({ topic: 'b', payload: '1' }), screen)
  show(message({ topic: 'a', payload: '2' }), screen)

  expect(screen.all().toString().replaceAll('\x1b', 'ESC').split('\n')).toEqual([
    'ESC[2JESC[1;1HBroker: localhost',
    'ESC[2;1HESC[Ka long',
    'ESC[2;1H',
    'ESC[3;1HESC[Kb 1',
    'ESC[3;1H',
    'ESC[2;1HESC[Ka 2',
    'ESC[3;1H',
    '',
  ])
})

test('the rate counts from report to report', () => {
  const out = collector()
  const rate = messageRate()

  rate.count(message(), out)
  rate.count(message(), out)
  rate.report(out)
  rate.report(out)

  expect(out.all().toString()).toBe('2 msgs/s\n0 msgs/s\n')
})

test('a payload stays on the line of its topic (H5)', () => {
  const screen = collector()
  const { start, show } = watch('local\x1bhost', plain({ verbose: false, newline: true }))

  start(screen)
  show(message({ topic: 'a', payload: Buffer.from('one\ntwo\x1b[9;1Hthree\xff', 'latin1') }), screen)

  expect(screen.all().toString().replaceAll('\x1b', 'ESC').split('\n')).toEqual([
    'ESC[2JESC[1;1HBroker: local\\u001bhost',
    'ESC[2;1HESC[Kone\\ntwo\\u001b[9;1Hthree\\xff',
    'ESC[2;1H',
    '',
  ])
})

test.each([
  ['many topics', 10_000, (i: number) => `topic/${i}`],
  ['long topics', 64, (i: number) => `${i}/`.padEnd(65_000, 'x')],
])('%s: those beyond the bound share a line', (_, most, topicOf) => {
  const screen = collector()
  const { show } = watch('localhost', plain({ verbose: false, newline: true }))
  for (let i = 0; i < most + 5; i++) show(message({ topic: topicOf(i), payload: 'x' }), screen)

  const lines = [
    ...screen
      .all()
      .toString()
      .matchAll(/\x1b\[(\d+);1H\x1b\[K/g),
  ].map(([, line]) => Number(line))
  expect(lines.at(most - 1)).toBe(most + 1)
  expect(new Set(lines.slice(most))).toEqual(new Set([most + 2]))
})
