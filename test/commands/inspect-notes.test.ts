// Notes are delayed while a pager uses the terminal.
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Screen } from '../../src/commands/inspect/screen.js'
import type { Host } from '../../src/host.js'
import type { Pager } from '../../src/io/pager.js'

test('beyond 1,000 notes only their number is shown', async () => {
  let said = ''
  const stderr = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        said += chunk.toString()
        done()
      },
    }),
    { isTTY: true },
  )
  const pager = Object.assign(new Writable(), { close: async () => {} }) as unknown as Pager
  const screen = new Screen({ stderr, stdout: stderr } as unknown as Host, pager)
  for (let i = 0; i < 1003; i++) screen.note(`note ${i}`)
  expect(said).toBe('')
  await screen.close()
  await screen.close()
  expect(said.split('\n').slice(-3)).toEqual(['note 999', '(3 more notes not shown)', ''])
})
