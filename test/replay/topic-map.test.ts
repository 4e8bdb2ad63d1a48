// --map and --prefix: as the command line has them, and what they make of topics.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replayOptions } from '../../src/cli/options/replay.js'
import { TopicMap } from '../../src/replay/topic-map.js'

const substitution = (text: string) => replayOptions.map.parse!(text, '--map') as never

const mapped = (topic: string, maps: readonly string[], prefix = ''): string =>
  new TopicMap(prefix, maps.map(substitution)).of(topic)

describe('--map', () => {
  test.each([
    ['s/a/b/', 'a/a', 'b/a'],
    ['s/a/b/g', 'a/a', 'b/b'],
    ['s/A/b/i', 'a/a', 'b/a'],
    ['s/A/b/gi', 'a/a', 'b/b'],
    ['s,^site/(\\w+)/,lab/\\1/,', 'site/one/t', 'lab/one/t'],
    ['s/a\\/b/c/', 'x/a/b', 'x/c'],
    ['s|a/b|c|', 'x/a/b', 'x/c'],
    ['s/room/<&>/', 'a/room', 'a/<room>'],
    ['s/room/\\&/', 'a/room', 'a/&'],
    ['s/(a)(b)/\\21/', 'ab', 'b1'],
    ['s/a/$1$&/', 'a', '$1$a'],
    ['s/\\//-/g', 'a/b/c', 'a-b-c'],
    ['s/^/x\\//', 'a', 'x/a'],
    ['s/ü/ue/', 'tür', 'tuer'],
    ['s😀a😀b\\😀😀', 'a', 'b😀'],
    ['s/none/x/', 'a', 'a'],
    ['s/b//', 'abc', 'ac'],
    ['s/a/\\0\\0/', 'a', 'aa'],
  ])('%s: %s becomes %s', (map, topic, expected) => {
    expect(mapped(topic, [map])).toBe(expected)
  })

  test('several are applied in order, then --prefix', () => {
    expect(mapped('a', ['s/a/b/', 's/b/c/'], 'test/')).toBe('test/c')
  })

  test.each([
    ['', 'such as s/old/new/'],
    ['s', 'such as'],
    ['y/a/b/', 'such as'],
    ['saxbxc', 'such as'],
    ['s/a/b', 'it needs three /'],
    ['s/a/b/c/', 'it needs three /'],
    ['s/a/b/x', 'the flags are g'],
    ['s//b/', 'the pattern is empty'],
    ['s/(/b/', 'Unterminated group'],
    ['s/a/\\1/', 'the pattern has no group 1'],
  ])('%j is refused', (text, hint) => {
    expect(() => substitution(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }))
  })
})

describe('what cannot be published to is an error that names both topics', () => {
  test.each([
    ['s/.*/+/', "topic 'a' becomes '+'"],
    ['s/a/b#/', "topic 'a' becomes 'b#'"],
    ['s/a//', "topic 'a' becomes ''"],
  ])('%s', (map, message) => {
    expect(() => mapped('a', [map])).toThrow(message)
  })

  test('a recorded one too', () => {
    expect(() => mapped('a\u0001', [])).toThrow("topic 'a\\u0001' cannot be published to")
  })
})

test.each([
  ['#', 'wildcards'],
  ['a\u0000', 'U+0000'],
])('--prefix %j is refused', (text, hint) => {
  const parse = () => replayOptions.prefix.parse!(text, '--prefix')
  expect(parse).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }))
})

test('results are remembered up to a bound, and stay right', () => {
  const map = new TopicMap('p/', [substitution('s/t(\\d)/u\\1/')])
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (number) => {
      expect(map.of(`t${number}`)).toBe(`p/u${number}`)
    }),
    { numRuns: 5000 },
  )
  map.of('x'.repeat(2000))
  expect(map.size).toBeLessThanOrEqual(1000)
})
