// The tree of topics against a naive model: an object with ten members for each topic.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeIndex } from '../../src/top/node-index.js'
import { type Figures, firstNode, others, root } from '../../src/top/nodes.js'
import { TopicTree, type TreeOptions } from '../../src/top/topic-tree.js'

const limits = { topics: 1000, nodes: 4000, nameBytes: 100_000 }
const treeOf = (options: Partial<TreeOptions> = {}) =>
  new TopicTree({ limits, seed: 7, retainAsPublished: false, ...options })

interface Message {
  readonly topic: string
  readonly size: number
  readonly qos: number
  readonly retain: boolean
  readonly weight: number
  /** Milliseconds after the one before. */
  readonly after: number
}

const add = (
  tree: TopicTree,
  { topic, size, qos, retain, weight }: Omit<Message, 'after'>,
  timeMs: number,
) => {
  const bytes = Buffer.from(`..${topic}..`) // the name is a range
  tree.add(bytes, 2, bytes.length - 2, size, qos, retain, weight, timeMs)
}
const plain = { size: 10, qos: 0, retain: false, weight: 1 }

/** All topics and levels by their path; a level ends with `/`. */
function nodesOf({ nodes }: TopicTree): Map<string, number> {
  const found = new Map<string, number>()
  const visit = (level: number) => {
    for (let node = nodes.child(level); node !== 0; node = nodes.next(node)) {
      found.set(`${nodes.isTopic(node) ? 'topic' : 'level'} ${nodes.path(node)}`, node)
      if (!nodes.isTopic(node)) visit(node)
    }
  }
  visit(root)
  return found
}

interface Naive {
  times: number[]
  sizes: number[]
  weights: number[]
  qos: Set<number>
  retained: boolean
}

/** Figures of all messages of some topics. */
function naiveFigures(all: readonly Naive[], timeMs: number): Partial<Figures> {
  const tick = (ms: number) => Math.floor(ms / 10) * 10
  const messages = all.flatMap(({ times, sizes, weights }) =>
    times.map((time, i) => ({ time: tick(time), size: sizes[i]!, weight: weights[i]! })),
  )
  const sum = (value: (message: (typeof messages)[number]) => number) =>
    messages.reduce((total, message) => total + value(message), 0)
  const divisor = 5 * (1 - Math.exp(-timeMs / 5000))
  const decayed = (value: (message: (typeof messages)[number]) => number) =>
    timeMs === 0 ? 0 : sum((message) => value(message) * Math.exp((message.time - timeMs) / 5000)) / divisor
  const times = messages.map(({ time }) => time)
  const since = (time: number) => (times.length === 0 ? undefined : timeMs - time)
  return {
    messages: sum(({ weight }) => weight),
    bytes: sum(({ size, weight }) => size * weight),
    rate: expect.closeTo(
      decayed(({ weight }) => weight),
      1,
    ) as unknown as number,
    byteRate: expect.closeTo(
      decayed(({ size, weight }) => size * weight),
      -1,
    ) as unknown as number,
    age: since(Math.min(...times)),
    silence: since(Math.max(...times)),
    topics: all.length,
    retained: all.filter(({ retained }) => retained).length,
    qos: [...new Set(all.flatMap(({ qos }) => [...qos]))].reduce((bits, qos) => bits | (1 << qos), 0),
  }
}

const level = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', 'ä€😀', '') },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 5, unit: 'grapheme' }).map((text) => text.replace(/\//g, '')),
  },
)
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const message: fc.Arbitrary<Message> = fc.record({
  topic,
  size: fc.nat(100),
  qos: fc.nat(2),
  retain: fc.boolean(),
  weight: fc.constantFrom(1, 1, 4),
  after: fc.oneof(fc.constant(0), fc.nat(8000)),
})

test.each([false, true])('counts as a naive model does; Retain As Published: %s', (retainAsPublished) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), fc.nat(), (messages, seed) => {
      const tree = treeOf({ retainAsPublished, seed })
      const naive = new Map<string, Naive>()
      let [timeMs, stored] = [0, 0]
      for (const given of messages) {
        timeMs += given.after
        add(tree, given, timeMs)
        const known = naive.get(given.topic)
        const its = known ?? { times: [], sizes: [], weights: [], qos: new Set(), retained: false }
        naive.set(given.topic, its)
        its.qos.add(given.qos)
        if (given.retain) its.retained = !retainAsPublished || given.size > 0
        if (given.retain && (known === undefined || !retainAsPublished)) stored++
        else {
          its.times.push(timeMs)
          its.sizes.push(given.size)
          its.weights.push(given.weight)
        }
      }
      timeMs += 1234
      expect(tree.topics).toBe(naive.size)
      expect(tree.stored).toBe(stored)
      const expected = new Map<string, Naive[]>()
      for (const [name, its] of naive) {
        expected.set(`topic ${name}`, [its])
        const levels = name.split('/')
        for (let i = 1; i < levels.length; i++) {
          const path = `level ${levels.slice(0, i).join('/')}/`
          expected.set(path, [...(expected.get(path) ?? []), its])
        }
      }
      const found = nodesOf(tree)
      expect(new Set(found.keys())).toEqual(new Set(expected.keys()))
      for (const [path, all] of expected)
        expect(tree.nodes.figures(found.get(path)!, timeMs), path).toMatchObject(naiveFigures(all, timeMs))
      expect(tree.nodes.figures(root, timeMs)).toMatchObject(naiveFigures([...naive.values()], timeMs))
    }),
    { numRuns: 60 },
  )
})

test('a topic and a level of the same name are two nodes, and so are a topic that ends with / and a level', () => {
  const tree = treeOf()
  for (const name of ['home', 'home/x', 'home/', '/', 'home//']) add(tree, { ...plain, topic: name }, 0)
  expect([...nodesOf(tree).keys()].sort()).toEqual(
    [
      'level /',
      'level home/',
      'level home//',
      'topic /',
      'topic home',
      'topic home/',
      'topic home//',
      'topic home/x',
    ].sort(),
  )
})

describe('the bounds', () => {
  test.each([
    ['topics', { ...limits, topics: 10 }],
    ['nodes', { ...limits, nodes: 20 }],
    ['bytes of names', { ...limits, nameBytes: 60 }],
  ])('%s: further topics are counted together, known ones on', (_, tight) => {
    const tree = treeOf({ limits: tight })
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 50; i++) add(tree, { ...plain, topic: `level${i % 7}/topic${i}` }, round)
    const { nodes, topics } = tree
    expect(topics).toBeGreaterThan(1)
    expect(topics).toBeLessThanOrEqual(20)
    expect(tree.overflowed).toBe(true)
    expect(nodes.messages(root)).toBe(100)
    expect(nodes.messages(others)).toBe(100 - 2 * topics)
    const counted = [...nodesOf(tree)].filter(([path]) => path.startsWith('topic '))
    for (const [path, node] of counted) expect(nodes.messages(node), path).toBe(2)
  })

  test('a topic of 20,000 levels takes 128 nodes, and is told from others', () => {
    const tree = treeOf()
    const deep = 'x/'.repeat(20_000)
    for (const end of ['a', 'b', 'a']) add(tree, { ...plain, topic: deep + end }, 0)
    expect(tree.topics).toBe(2)
    expect(tree.nodes.end - firstNode).toBe(127 + 2)
    const paths = [...nodesOf(tree).keys()]
    expect(paths).toContain(`topic ${deep}a`)
  })

  test('of names with the same hash 64 are kept, also when the table grows', () => {
    const index = new NodeIndex(1)
    const hash = () => 42
    const added = Array.from({ length: 5000 }, (_, i) => index.add(i + 1, 42, hash))
    expect(added.filter(Boolean)).toHaveLength(64)
    expect(index.slots.length).toBeLessThan(5000)
  })
})

describe('rates', () => {
  test('of a steady topic are right after a second, after a minute, and fall when it stops', () => {
    const tree = treeOf()
    const at = (ms: number) => tree.nodes.rate(firstNode, ms)
    for (let ms = 0; ms < 60_000; ms += 100) {
      add(tree, { ...plain, topic: 't' }, ms)
      if (ms === 1000) expect(at(1001)).toBeCloseTo(11, 0)
    }
    expect(at(60_000)).toBeCloseTo(10, 0)
    expect(at(65_000)).toBeCloseTo(10 / Math.E, 0)
    expect(at(120_000)).toBeLessThan(0.001)
    expect(tree.nodes.figures(firstNode, 120_000).averageRate).toBeCloseTo(5)
  })

  test('begin at 0 again after a reset; topics and retained marks stay', () => {
    const tree = treeOf({ retainAsPublished: true })
    add(tree, { ...plain, topic: 'a/b', retain: true, qos: 2 }, 0)
    add(tree, { ...plain, topic: 'a/b' }, 5000)
    tree.reset()
    const empty = { messages: 0, bytes: 0, rate: 0, qos: 0, age: undefined, silence: undefined }
    for (const node of [root, firstNode, firstNode + 1])
      expect(tree.nodes.figures(node, 10)).toMatchObject({ ...empty, topics: 1, retained: 1 })
    add(tree, { ...plain, topic: 'a/b' }, 20)
    expect(tree.nodes.figures(root, 1000)).toMatchObject({ messages: 1, silence: 980 })
  })
})

describe('a silent topic', () => {
  const tree = (options: Partial<TreeOptions>, times: readonly number[]) => {
    const made = treeOf(options)
    for (const ms of times) add(made, { ...plain, topic: 't' }, ms)
    return made
  }
  test.each<[string, number | undefined, number[], number, boolean]>([
    [
      'has been regular, and pauses for more than twice its longest pause',
      undefined,
      [0, 1000, 2000, 3000, 6000],
      12_100,
      true,
    ],
    ['has not paused for so long', undefined, [0, 1000, 2000, 3000, 6000], 11_900, false],
    ['pauses for 5 seconds at least', undefined, [0, 1, 2, 3, 4], 4900, false],
    ['has had five messages', undefined, [0, 1000, 2000, 3000], 100_000, false],
    ['with --silent is one without a message for so long', 2000, [1000], 3000, true],
    ['with --silent is not one with a message', 2000, [1000], 2900, false],
    ['with --silent is not one that never had a message', 2000, [], 90_000, false],
  ])('%s', (_, silentMs, times, timeMs, expected) => {
    expect(tree({ silentMs }, times).nodes.isSilent(firstNode, timeMs)).toBe(expected)
  })
})
