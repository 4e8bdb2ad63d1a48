// `mqttx inspect` reports filters that match nothing and key logs without secrets.

import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mqttx, scratch } from '../helpers/run.js'

const picture = resolve(import.meta.dirname, '../fixtures/inspect/picture.pcap')

test.each([
  ['a/#/b', "'#' at character 3 must be the last level"],
  ['a/b+', "'+' at character 4 must be alone in its level"],
])('--topic %s is refused', async (filter, hint) => {
  const { status, stdout, stderr } = await mqttx(['inspect', '--topic', filter, picture])
  expect(stderr).toContain(`Invalid filter topic '${filter}'`)
  expect(stderr).toContain(hint)
  expect(status).toBe(1)
  expect(stdout).toHaveLength(0)
})

test('--from later than --to is rejected, equal times are not', async () => {
  const times = (from: string, to: string) => mqttx(['inspect', '--from', from, '--to', to, picture])
  const { status, stdout, stderr } = await times('1795232901', '1795232900.9')
  expect(stderr).toContain('--from is later than --to')
  expect(status).toBe(1)
  expect(stdout).toHaveLength(0)
  expect((await times('1795232901', '1795232901')).stderr).not.toContain('--from')
})

test('a key log without secrets is reported', async () => {
  const file = join(scratch('keys'), 'keys')
  writeFileSync(file, Buffer.from([0xff, 0, 0x80, 10, 1, 2, 3]))
  const { stderr } = await mqttx(['inspect', '--keylog', file, picture])
  expect(stderr).toBe(`no secrets in ${file} (--keylog)\n`)
  expect((await mqttx(['inspect', '--quiet', '--keylog', file, picture])).stderr).toBe('')
})
