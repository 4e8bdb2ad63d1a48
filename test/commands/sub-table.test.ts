// The table of sub --table: its lines, its errors, and which lines a message is for.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Publish } from '../../src/codec/publish.js'
import { overlapping, parseTable, type TableLine } from '../../src/commands/sub/table.js'
import { type Work, workOf } from '../../src/commands/sub/work.js'
import { matches } from '../../src/session/topic-filter.js'

const parsed = (text: string | Buffer) => parseTable(Buffer.from(text as string), 'jobs.tab')

describe('a line', () => {
  test.each([
    ['a/# ./run', 'a/#', './run'],
    ['\ta/b \t ./run  --to "x y"  # no comment \r', 'a/b', './run  --to "x y"  # no comment'],
    ["'#' cat", '#', 'cat'],
    ["'a b/#'\tcat", 'a b/#', 'cat'],
    ['"a \\"b\\" \\\\" cat', 'a "b" \\', 'cat'],
    ['$share/g/a/+ cat', '$share/g/a/+', 'cat'],
    ['\ufeffa cat', 'a', 'cat'],
    ['+ x', '+', 'x'],
  ])('%j', (line, filter, command) => {
    expect(parsed(`# comment\n\n  # another\n${line}\n`)).toEqual([{ number: 4, filter, command }])
  })
})

describe('an error names the line', () => {
  test.each<[string | Buffer, string]>([
    ['a', "jobs.tab, line 1: no command after 'a'"],
    ['a x\n\nb', "jobs.tab, line 3: no command after 'b'"],
    ["'a x", "jobs.tab, line 1: the quote ' is not closed"],
    ['"a\\" x', 'jobs.tab, line 1: the quote " is not closed'],
    ["'a'x y", "jobs.tab, line 1: expected a blank after 'a'"],
    ['a"b" x', 'jobs.tab, line 1: expected a blank after a'],
    [
      'a/#/b x',
      "jobs.tab, line 1: Invalid subscription topic 'a/#/b', are all '+' and '#' wildcards correct?",
    ],
    ["'' x", "jobs.tab, line 1: Invalid subscription topic '', are all '+' and '#' wildcards correct?"],
    ['a\u0007b x', 'jobs.tab, line 1: Malformed UTF-8 in FILTER argument.'],
    ['a x\0y', 'jobs.tab, line 1: the command contains NUL'],
    ['a x\nb y\na z', "jobs.tab, line 3: 'a' is on line 1 too"],
    [Buffer.from([0x61, 0x20, 0xff]), 'jobs.tab is not UTF-8 text.'],
    ['', 'jobs.tab has no line with a Topic Filter and a command.'],
    ['# cat', 'jobs.tab has no line with a Topic Filter and a command.'],
    [
      Array.from({ length: 1001 }, (_, index) => `${index} x`).join('\n'),
      'jobs.tab, line 1001: more than 1000 Topic Filters',
    ],
  ])('%.40j', (text, message) => {
    expect(() => parsed(text)).toThrow(message)
  })
})

const level = fc.constantFrom('a', 'b', '$s', '')
const topic = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/'))
const line = (given: string, index = 0): TableLine => ({ number: index + 1, filter: given, command: given })

test('two Topic Filters overlap exactly if a topic matches both', () => {
  const levels = ['a', 'b', '$s', '', 'other']
  const topics = levels.flatMap((one) => [
    one,
    ...levels.flatMap((two) => [
      `${one}/${two}`,
      ...levels.flatMap((three) => [`${one}/${two}/${three}`, `${one}/${two}/${three}/other`]),
    ]),
  ])
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      const both = topics.some((name) => matches(one, name) && matches(other, name))
      expect(overlapping([line(one), line(other, 1)]) !== undefined).toBe(both)
    }),
  )
})

const publish = (name: string, subscriptionIdentifier?: number | number[]) =>
  ({ topic: name, properties: { subscriptionIdentifier } }) as unknown as Publish

const identifiersOf = ({ requests }: Work) => requests.map((request) => request.subscriptionIdentifier!)

describe('the commands for a message', () => {
  test('lines that do not overlap are one SUBSCRIBE, and told apart by their Topic Filters', () => {
    const work = workOf(['a/#', '$share/g/b/+'].map(line), { protocolVersion: 4 })
    expect(work.requests).toEqual([{ filters: ['a/#', '$share/g/b/+'] }])
    expect(['a', 'a/b', 'b/c', 'c'].map((name) => work.commandsFor(publish(name)))).toEqual([
      ['a/#'],
      ['a/#'],
      ['$share/g/b/+'],
      [],
    ])
  })

  test('overlapping lines have Subscription Identifiers; a message may come once or once for each', () => {
    const work = workOf(['a/#', 'a/b', 'c'].map(line), { protocolVersion: 5 })
    const [all, one, other] = identifiersOf(work)
    const commandsFor = (name: string, ids?: number | number[]) => work.commandsFor(publish(name, ids))
    expect(commandsFor('a/b', [all!, one!])).toEqual(['a/#', 'a/b'])
    expect([commandsFor('a/b', all), commandsFor('a/b', one)]).toEqual([['a/#'], ['a/b']])
    expect(commandsFor('x', other)).toEqual([])
  })

  test('a message for an earlier table runs the lines that match it', () => {
    const before = workOf(['a/#', 'a/b'].map(line), { protocolVersion: 5 })
    const now = workOf(['#', 'a/b', 'a/#'].map(line), { protocolVersion: 5 })
    const [all, one] = identifiersOf(before)
    expect(now.commandsFor(publish('a/c', all))).toEqual(['a/#']) // the line has moved
    expect(now.commandsFor(publish('a/b', [all!, one!]))).toEqual(['a/b', 'a/#'])
    const changed = workOf(['a/+', '+/c'].map(line), { protocolVersion: 5 })
    expect(changed.commandsFor(publish('a/c', all))).toEqual(['a/+', '+/c'])
    expect(changed.commandsFor(publish('a/c'))).toEqual(['a/+', '+/c']) // its lines did not overlap
  })

  test('a thousand lines have different Subscription Identifiers', () => {
    const filters = ['#', ...Array.from({ length: 999 }, (_, index) => `${index}`)]
    const identifiers = identifiersOf(workOf(filters.map(line), { protocolVersion: 5 }))
    expect(new Set(identifiers).size).toBe(1000)
    expect(Math.min(...identifiers)).toBeGreaterThan(0)
    expect(Math.max(...identifiers)).toBeLessThanOrEqual(268_435_455)
  })

  test.each([
    [4, {}, 'add -V 5'],
    [5, { properties: { subscribe: { subscriptionIdentifier: 7 } } }, 'omit the property'],
  ] as const)('overlapping lines are refused: version %i, %j', (protocolVersion, more, hint) => {
    const making = () => workOf(['a/#', 'b', 'a/+'].map(line), { table: 'f', protocolVersion, ...more })
    expect(making).toThrow('f, lines 1 and 3: both Topic Filters match the same topics.')
    expect(making).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }))
  })

  test('every topic runs the lines that match it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(filter, { minLength: 1, maxLength: 4 }), topic, (filters, name) => {
        const work = workOf(filters.map(line), { protocolVersion: 5 })
        const identifiers = identifiersOf(work)
        const ids = filters.flatMap((own, index) => (matches(own, name) ? identifiers[index]! : []))
        expect(work.commandsFor(publish(name, ids))).toEqual(filters.filter((own) => matches(own, name)))
      }),
    )
  })

  test('a dead letter must not be received as a message', () => {
    const making = () => workOf([line('a/#')], { protocolVersion: 5, deadLetter: 'a/dead' })
    expect(making).toThrow("The dead-letter topic 'a/dead' matches 'a/#'.")
  })
})
