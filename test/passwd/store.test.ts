// The lines of a password file, read in chunks, and the limit of their length.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formats } from '../../src/passwd/formats.js'
import { longestLine } from '../../src/passwd/lines.js'
import { withStored } from '../../src/passwd/store.js'
import { scratch } from '../helpers/run.js'

const folder = scratch('store')

/** The numbers of the lines and their text. */
async function linesOf(text: string): Promise<[number, string][]> {
  const file = join(folder, 'users')
  writeFileSync(file, text, 'latin1')
  const found: [number, string][] = []
  await withStored(file, 'read', async (stored) => {
    for await (const lines of stored!.lines(formats.mosquitto, new AbortController().signal))
      for (const { number, text: line } of lines) found.push([number, line])
  })
  return found
}

test('lines of several chunks, the last without a newline', async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => `user${i}:${'x'.repeat(100)}`)
  const found = await linesOf(lines.join('\n'))
  expect(found.map(([number]) => number)).toEqual(lines.map((_, i) => i + 1))
  expect(found.map(([, line]) => line.trimEnd())).toEqual(lines)
})

test('a line longer than a chunk is read, one of more than four bytes for each allowed character ends the reading', async () => {
  const longest = `ada:${'x'.repeat(longestLine - 4)}`
  expect((await linesOf(`${longest}\n`))[0]![1].trimEnd()).toBe(longest)
  await expect(linesOf(`ada:x\n${'x'.repeat(4 * longestLine + 70_000)}`)).rejects.toThrow(/line 2.*too long/s)
})
