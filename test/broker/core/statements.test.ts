// The tables of normative statements: they are complete, each statement that binds a server has a test or a reason, and
// the tests are there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { client, type Statement, tag } from './statements.js'
import { statements3 } from './statements-3.js'
import { statements5 } from './statements-5.js'

const tests = join(import.meta.dirname, '../..')

/** Strings that can be titles: not comments, and no test that is left out. */
function titles(path: string): string {
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.filter((line) => /\b(test|describe)\.(skip|todo|only|fails)\b/.test(line))).toEqual([])
  return lines
    .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
    .flatMap((line) => line.match(/'(?:[^'\\]|\\.)*'/g) ?? [])
    .join('\n')
}

const pathOf = (file: string): string => `${file.includes('/') ? file : `broker/core/${file}`}.test.ts`

/** The titles of each file that a table names, and of all files of this folder. */
const found = new Map(
  [
    ...new Set([
      ...[...statements3, ...statements5].flatMap(([, , shown]) =>
        typeof shown === 'string' ? [pathOf(shown)] : [],
      ),
      ...readdirSync(import.meta.dirname)
        .filter((name) => name.endsWith('.test.ts') && name !== 'statements.test.ts')
        .map((name) => `broker/core/${name}`),
    ]),
  ].map((path) => [path, existsSync(join(tests, path)) ? titles(join(tests, path)) : '']),
)

/** Version, table, the number of statements that the standard has. */
const tables: readonly (readonly [3 | 5, readonly Statement[], number])[] = [
  [5, statements5, 251],
  [3, statements3, 141],
]

describe.each(tables)('the statements of MQTT %i (3: 3.1.1)', (version, statements, count) => {
  test('are all there, once', () => {
    const numbers = statements.map(([number]) => number)
    expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([])
    expect(numbers).toHaveLength(count)
  })

  test('in the order of the standard, without a gap but those that it has', () => {
    const gaps: string[] = []
    let [section, last] = ['', 0]
    for (const [number] of statements) {
      const [, within, position] = /^(\d+\.\d+\.\d+)-(\d+)$/.exec(number)!
      const expected = within === section ? last + 1 : 1
      if (Number(position) !== expected) gaps.push(number)
      section = within!
      last = Number(position)
    }
    expect(gaps).toEqual(version === 5 ? ['2.2.1-2'] : [])
  })

  test('each test that is named has the number in a title', () => {
    const missing = statements.filter(
      ([number, , shown]) =>
        typeof shown === 'string' && !found.get(pathOf(shown))!.includes(tag(version, number)),
    )
    expect(missing).toEqual([])
  })

  test('at least 95 % of those that bind a server have a test', () => {
    const binding = statements.filter(([, , shown]) => shown !== client)
    const shown = binding.filter(([, , where]) => typeof where === 'string')
    expect(shown.length / binding.length).toBeGreaterThanOrEqual(0.95)
    const guide = readFileSync(join(tests, '../docs/test-broker.md'), 'utf8')
    expect(guide.replace(/\s+/g, ' ')).toContain(`${shown.length} of the ${binding.length}`)
  })
})

test('titles name no statement that does not exist', () => {
  const known = new Set(tables.flatMap(([version, table]) => table.map(([number]) => tag(version, number))))
  const named = [...found.values()].flatMap((text) => text.match(/\[MQTT3?-\d[^\]]*\]/g) ?? [])
  expect(named.filter((name) => !known.has(name))).toEqual([])
  expect(named.length).toBeGreaterThan(300)
})
