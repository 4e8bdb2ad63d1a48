// The table of buffers and waits in src/README.md names every file with a buffer, and existing tests.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const document = readFileSync(`${root}/src/README.md`, 'utf8')
const section = /## Buffers and waits\n(.*?)\n## /s.exec(document)![1]!
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (what \| where|---) /.test(line))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([what = '', where = '', bound = '', , shown = '']) => ({ what, where, bound, shown }))

test('the table has many rows', () => {
  expect(rows.length).toBeGreaterThan(70)
})

test.each(rows)('$what: files and tests exist', ({ where, bound, shown }) => {
  expect(bound.trim()).not.toBe('')
  for (const [, file] of where.matchAll(/`([^`]+)`/g)) {
    expect(existsSync(`${root}/src/${file}.ts`), `src/${file}.ts`).toBe(true)
  }
  const tests = [...shown.matchAll(/`(test\/[^`]+\.test\.ts)` "([^"]+)"/g)]
  expect(tests.length).toBeGreaterThan(0)
  for (const [, file = '', title = ''] of tests) {
    const source = readFileSync(`${root}/${file}`, 'utf8').replaceAll("\\'", "'")
    expect(source.includes(title), `${file}: ${title}`).toBe(true)
  }
})

/** Files whose collections do not grow with input or live only during one call. */
const others: Readonly<Record<string, string>> = {
  'capture/websocket/layer': 'offered subprotocols of one head, which has a bound',
  'inspect/fields': 'the fields of one packet',
  'inspect/views/bytes': 'rows of the field at hand',
}

/** A class field initialised with an empty collection. */
const collection = /^ {2}(?:readonly )?#?\w+(?:: [^=\n]+)? = (?:new (?:Map|Set)\b|\[\]$)/m

describe('every file with a collection in a field has a row', () => {
  const files = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => collection.test(readFileSync(`${root}/src/${file}`, 'utf8')))
    .map((file) => file.slice(0, -3))
  const named = new Set(
    rows.flatMap(({ where }) => [...where.matchAll(/`([^`]+)`/g)].map(([, file]) => file)),
  )

  test.each(files)('%s', (file) => {
    expect(named.has(file) || file in others).toBe(true)
  })

  test('every excluded file has such a field', () => {
    for (const file of Object.keys(others)) expect(files).toContain(file)
  })
})
