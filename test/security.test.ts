// SECURITY.md: every test that it references exists and has the referenced cases in its titles.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(`${root}/SECURITY.md`, 'utf8')

/** The case numbers of a reference: `H6, H7`, `H33 to H35`. */
function numbers(cases: string): string[] {
  const [, letter, from, to] = /^([EH])(\d+) to [EH](\d+)$/.exec(cases) ?? []
  if (letter === undefined) return [cases]
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => letter + (Number(from) + index))
}

const references = [...text.matchAll(/`(test\/[\w/-]+\.test\.ts)`(?: \(([^)]*)\))?/g)].map(
  ([, file, cases = '']) => ({ file: file!, cases: cases === '' ? [] : cases.split(', ').flatMap(numbers) }),
)

test.each(references)('$file has $cases', ({ file, cases }) => {
  const source = readFileSync(`${root}/${file}`, 'utf8')
  for (const name of cases) expect(source, name).toMatch(new RegExp(`\\b${name}\\b`))
})

test('references many tests', () => {
  expect(references.length).toBeGreaterThan(20)
})
