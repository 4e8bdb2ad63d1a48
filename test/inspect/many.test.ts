// A packet with a million parts takes little memory: only the first parts are listed, all are checked (H24).
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decode } from '../../src/inspect/decode.js'
import { Fields } from '../../src/inspect/fields.js'
import { Packet } from '../../src/inspect/packet.js'
import { oneOfEvery } from '../helpers/amount.js'
import { measured } from '../helpers/memory.js'
import { isBun, mqttx, scratch } from '../helpers/run.js'

const folder = scratch('many')

function variable(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest > 127 ? (rest % 128) | 128 : rest)
  }
  return Buffer.from(bytes)
}

const framed = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type]), variable(body.length), body])
const repeated = (hex: string, size: number): Buffer =>
  Buffer.alloc(size - (size % (hex.length / 2)), hex, 'hex')

const connect4 = Buffer.from('100d00044d5154540402003c000161', 'hex')
const connect5 = Buffer.from('100e00044d5154540502003c00000161', 'hex')

/** Packets of `size` bytes, with a CONNECT for the version. */
const kinds: readonly (readonly [what: string, make: (size: number) => Buffer])[] = [
  ['SUBSCRIBE', (size) => framed(0x82, Buffer.concat([Buffer.from([0, 1]), repeated('00016100', size)]))],
  ['UNSUBSCRIBE', (size) => framed(0xa2, Buffer.concat([Buffer.from([0, 1]), repeated('000161', size)]))],
  [
    'SUBSCRIBE with only invalid filters',
    (size) => framed(0x82, Buffer.concat([Buffer.from([0, 1]), repeated('000000', size)])),
  ],
  [
    'PUBLISH with User Properties',
    (size) => {
      const properties = repeated('26000161000162', size)
      return framed(0x30, Buffer.concat([Buffer.from([0, 1, 0x61]), variable(properties.length), properties]))
    },
  ],
]

const views = ['bytes', 'line', 'json', 'tree', 'flow', 'stats']

test
  .runIf(process.platform === 'linux')
  .each(
    kinds.flatMap(([what, make], row) =>
      oneOfEvery(3, views, row).map((view) => [view, what, make] as const),
    ),
  )('--view %s of a %s of 15 MB takes less than 160 MiB', async (view, what, make) => {
  const file = join(folder, `${createHash('sha1').update(what).digest('hex')}.bin`)
  writeFileSync(file, Buffer.concat([what.startsWith('PUB') ? connect5 : connect4, make(15e6)]))
  const { peakMiB } = await measured(['inspect', '--view', view, file])
  expect(peakMiB).toBeGreaterThan(20)
  expect(peakMiB).toBeLessThan(isBun ? 180 : 160)
})

test.each(kinds)('the leaf fields of a %s of 200 kB tile it, and all of it is checked', (what, make) => {
  const bytes = make(200_000)
  const packet = new Packet(bytes, 0, 4, bytes.length, bytes.length)
  packet.version = packet.type === 3 ? 5 : 4
  const fields = new Fields()
  decode(fields, packet)
  let at = 0
  for (const { kind, start, length } of fields.items.slice(0, fields.count)) {
    if (kind === 'group') continue
    if (start !== at) expect(start).toBe(at)
    at = start + length
  }
  expect(at).toBe(bytes.length * 8)
  expect(fields.count).toBeLessThan(5020)
  expect(packet.violations).toHaveLength(what.endsWith('only invalid filters') ? 1000 : 0)
  if (packet.violations.length > 0)
    expect(packet.violations.at(-1)!.message).toMatch(/[^)] \(more violations of this packet are left out\)$/)
  if (packet.type === 8) expect(packet.subscriptions!.length).toBeGreaterThan(49_000)
})

test('fields that are not listed are mentioned', async () => {
  const file = join(folder, 'small.bin')
  writeFileSync(file, Buffer.concat([connect4, kinds[0]![1](200_000)]))
  const shown = async (view: string) => (await mqttx(['inspect', '--view', view, file])).stdout.toString()
  expect(await shown('bytes')).toMatch(/more_fields +\d+ bytes {2}checked, but not listed individually\n/)
  expect(await shown('line')).toMatch(/("a" ){1000}and 49000 more\n/)
})

test('Authentication Data among unlisted fields stays hidden', async () => {
  const file = join(folder, 'secret.bin')
  const properties = Buffer.concat([
    repeated('26000161000162', 70_000),
    Buffer.from('160006736563726574', 'hex'),
  ])
  const body = Buffer.concat([
    Buffer.from('00044d5154540502003c', 'hex'),
    variable(properties.length),
    properties,
    Buffer.from('000161', 'hex'),
  ])
  writeFileSync(file, framed(0x10, body))
  for (const view of ['bytes', 'tree', 'json']) {
    const text = (await mqttx(['inspect', '--view', view, '--full', file])).stdout.toString()
    expect(text).toContain('authentication_data')
    expect(text).not.toMatch(/736563726574|73 65 63 72|secret[^s]/)
  }
})
