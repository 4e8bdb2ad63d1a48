// The parts of `mqttx top`: keys, short figures, the order of rows, sampling.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockTime, compact, duration, grouped, qosText } from '../../src/top/figures.js'
import { KeyReader } from '../../src/top/keys.js'
import { firstNode, root } from '../../src/top/nodes.js'
import { comparison, FirstOf, sortKeys } from '../../src/top/order.js'
import { Sampler } from '../../src/top/sampler.js'
import { displayWidth } from '../../src/width.js'
import { emptyTree, house, send } from './rig.js'

describe('keys', () => {
  test.each<[string, string, string[]]>([
    ['characters', 'a/é😀', ['a', '/', 'é', '😀']],
    ['arrows', '\x1b[A\x1b[B\x1bOC\x1b[D', ['up', 'down', 'right', 'left']],
    ['with modifiers', '\x1b[1;5A\x1b[5;2~', ['up', 'page up']],
    [
      'pages',
      '\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1bOH\x1b[8~',
      ['page up', 'page down', 'home', 'end', 'home', 'end'],
    ],
    ['Enter, Tab, Backspace', '\r\n\t\x7f\b', ['enter', 'enter', 'tab', 'backspace', 'backspace']],
    ['control', '\x03\x1a\x1c\x15', ['ctrl-c', 'ctrl-z', 'ctrl-\\', 'ctrl-u']],
    ['Escape', '\x1b', ['escape']],
    ['Escape and a character', '\x1bq', ['escape', 'q']],
    ['a mouse and a function key are ignored', '\x1b[<0;1;1M\x1b[15~x', ['x']],
    ['other control characters are ignored', '\x00\x01x', ['x']],
  ])('%s', (_, text, expected) => {
    expect(new KeyReader().read(text)).toEqual(expected)
  })

  test('cut anywhere after its second character, a sequence is one key', () => {
    for (const sequence of ['\x1b[5~', '\x1b[1;5A'])
      for (let cut = 2; cut < sequence.length; cut++) {
        const reader = new KeyReader()
        const keys = [...reader.read(sequence.slice(0, cut)), ...reader.read(sequence.slice(cut))]
        expect(keys).toEqual([sequence === '\x1b[5~' ? 'page up' : 'up'])
      }
  })

  test('a sequence that does not end is given up', () => {
    const reader = new KeyReader()
    let keys: string[] = []
    for (let i = 0; i < 100; i++) keys = [...keys, ...reader.read(i === 0 ? '\x1b[' : '1')]
    expect(keys.length).toBeGreaterThan(50)
  })

  test('whatever comes, the rest is bounded and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const reader = new KeyReader()
        for (const text of texts) for (const key of reader.read(text)) expect(key).not.toBe('')
      }),
    )
  })
})

describe('figures', () => {
  test.each<[number, string]>([
    [0, '0'],
    [0.001, '0'],
    [0.25, '0.25'],
    [9.999, '10.0'],
    [12.34, '12.3'],
    [1234, '1234'],
    [1234.5, '1235'],
    [9999.9, '10000'],
    [12_345, '12.3k'],
    [999_700, '1.00M'],
    [1.5e13, '15.0T'],
    [1e30, '>999P'],
  ])('%d is %s', (value, text) => {
    expect(compact(value)).toBe(text)
  })

  test.each<[number | undefined, string]>([
    [undefined, '-'],
    [0, '0.0s'],
    [9990, '9.9s'],
    [10_000, '10s'],
    [59_999, '59s'],
    [60_000, '1m00s'],
    [185_000, '3m05s'],
    [3_600_000, '1h00m'],
    [7_800_000, '2h10m'],
    [86_400_000, '1d00h'],
    [356_400_000, '4d03h'],
    [8_640_000_000, '100d'],
    [40_000_000_000, '462d'],
  ])('%d ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  test('fit into six columns', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(compact(value).length).toBeLessThanOrEqual(6)
        if (value < 1e14) expect(displayWidth(duration(value))).toBeLessThanOrEqual(8)
      }),
    )
  })

  test.each([
    [clockTime(3_723_000), '1:02:03'],
    [qosText(0), '-'],
    [qosText(0b101), '02'],
    [grouped(1_234_567), '1,234,567'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected)
  })
})

describe('order', () => {
  test.each(sortKeys)('by %s: the first ones of many are those of sorting all', (key) => {
    const tree = emptyTree()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b/c', 'b', 'b/d/e', 'ä', 'z/'), fc.nat(5000))),
        fc.nat(8),
        fc.boolean(),
        (messages, limit, reverse) => {
          for (const [topic, size] of messages) send(tree, topic, 1000, { size })
          const compare = comparison(tree.nodes, { key, reverse }, 2000)
          const all = Array.from({ length: tree.nodes.end - firstNode }, (_, i) => i + firstNode)
          const first = new FirstOf(limit, compare)
          for (const node of all) first.offer(node)
          expect(first.sorted()).toEqual([...all].sort(compare).slice(0, limit))
          expect(first.offered).toBe(all.length)
        },
      ),
    )
  })

  test('names are compared level by level', () => {
    const tree = emptyTree()
    for (const topic of ['a-b', 'a/c', 'a', 'a/b/c', 'B', 'é', 'a/b']) send(tree, topic, 0)
    const { nodes } = tree
    const topics = Array.from({ length: nodes.end - firstNode }, (_, i) => i + firstNode)
      .filter((node) => nodes.isTopic(node))
      .sort(comparison(nodes, { key: 'name', reverse: false }, 0))
    expect(topics.map((node) => nodes.path(node))).toEqual(['B', 'a', 'a/b', 'a/b/c', 'a/c', 'a-b', 'é'])
  })

  test('the path of the root is empty', () => {
    expect(house().nodes.path(root)).toBe('')
  })
})

describe('sampling', () => {
  const ratioAfter = (sampler: Sampler, share: number) => {
    sampler.observe(share)
    return sampler.ratio
  }
  const shares = (...all: number[]) => {
    const sampler = new Sampler(3)
    return [sampler, all.map((share) => ratioAfter(sampler, share))] as const
  }

  test.each<[string, number[], number[]]>([
    ['begins when busy for two seconds', [0.95, 0.95, 0.5], [1, 2, 2]],
    ['does not begin for a burst', [1, 0.2, 1, 0.2], [1, 1, 1, 1]],
    ['goes on while it does not help', [1, 1, 1, 1, 1, 1], [1, 2, 2, 4, 4, 8]],
    ['ends when there is time for twice as much', [1, 1, 0.3, 0.3, 0.3], [1, 2, 2, 1, 1]],
    ['stays while there is not', [1, 1, 0.6, 0.6, 0.6], [1, 2, 2, 2, 2]],
    ['counts no message more than once', [0, 0, 0, 0], [1, 1, 1, 1]],
  ])('%s', (_, given, expected) => {
    expect(shares(...given)[1]).toEqual(expected)
  })

  test('does not begin for stored messages, which are all counted', () => {
    const sampler = new Sampler(3)
    for (let i = 0; i < 10; i++) sampler.observe(1, false)
    expect(sampler.ratio).toBe(1)
  })

  test('is behind if it is busy at 1/64', () => {
    const [sampler, ratios] = shares(...Array(20).fill(1))
    expect(ratios.at(-1)).toBe(64)
    expect(sampler.isBehind).toBe(true)
    sampler.observe(0.5)
    expect(sampler.isBehind).toBe(false)
  })

  test('takes the share that it says, also of publishers in turn', () => {
    const [sampler] = shares(1, 1, 1, 1, 1, 1)
    const taken = Array(8).fill(0) as number[]
    for (let i = 0; i < 80_000; i++) if (sampler.next()) taken[i % 8]! += sampler.ratio
    for (const count of taken) expect(Math.abs(count - 10_000)).toBeLessThan(1500)
  })
})
