// Texts of the views besides fields: group headings, the topic of a Topic Alias, dates, singular and plural.
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { dateText } from '../../src/inspect/views/text.js'
import { count, countAre } from '../../src/text.js'
import { mqttx } from '../helpers/run.js'

const fixture = (name: string): string => resolve(import.meta.dirname, '../fixtures/inspect', name)

async function shown(view: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await mqttx(['inspect', '--view', view, ...args])
  return stdout.toString()
}

test.each([
  ['connect_flags', 'user_name_flag', 'mqttv5.pcap'],
  ['connect_acknowledge_flags', 'reserved', 'mqttv311.pcap'],
  ['subscription_options', 'reserved', 'mqttv5.pcap'],
  ['flags', 'dup', 'mqtt-sn.pcap'],
])('%s is the heading of its bits', async (group, first, capture) => {
  const lines = (await shown('bytes', fixture(capture))).split('\n')
  const heading = lines.findIndex((line) => line.trim() === group)
  expect(lines[heading + 1]).toContain(` ${first} `)
  expect(lines[heading + 1]!.indexOf(first)).toBe(lines[heading]!.indexOf(group) + 2)
})

const aliased = ['-V', 'mqttv5', '--hex', '30 09 00 03 61 2f 62 03 23 00 01 30 06 00 00 03 23 00 01'] as const

test.each(['bytes', 'tree', 'line', 'flow'])(
  '--view %s: a PUBLISH has the topic of its alias',
  async (view) => {
    expect((await shown(view, ...aliased)).match(/PUBLISH[^"\n]*"a\/b"/g)).toHaveLength(2)
  },
)

test('--view json has the topic of a Topic Alias as well as the topic that was sent', async () => {
  const lines = (await shown('json', ...aliased)).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { topic_name: 'a/b', topic_alias: 1 },
    { topic_name: '', topic_alias: 1, resolved_topic: 'a/b' },
  ])
  expect(lines[0]).not.toContain('resolved_topic')
})

test('--view stats begins with the date and times', async () => {
  const [first] = (await shown('stats', fixture('mqttv311.pcap'))).split('\n')
  expect(first).toMatch(/^2026-11-21 09:30:00\.003000 to 09:30:00\.\d{6} UTC, /)
  expect((await shown('stats', '--hex', 'c0 00')).split('\n')[0]).toBe('1 connection, 1 packet, 2 bytes')
})

test.each([
  [0, '1970-01-01'],
  [253_402_300_799, '9999-12-31'],
  [253_402_300_800, 'second 253402300800'],
  [2 ** 53, 'second 9007199254740992'],
])('the date of second %i is %s', (second, text) => {
  expect(dateText({ second, nanos: 0 })).toBe(text)
})

test.each([
  [0, '0 bytes', '0 bytes are'],
  [1, '1 byte', '1 byte is'],
  [2, '2 bytes', '2 bytes are'],
])('%i with singular or plural', (number, text, sentence) => {
  expect([count(number, 'byte'), countAre(number, 'byte')]).toEqual([text, sentence])
})

test.each([
  ['line', '30 04 00 01 61 62', / 1 byte$/m],
  ['line', '20 04 00 00 00 00', /1 byte is left after the last field/],
  ['bytes', '30 04 00 01 61 62', /"b" 1 byte {2}text$/m],
  ['flow', '30 04 00 01 61 62', / 1 byte ─/],
])('--view %s of %s uses the singular', async (view, hex, pattern) => {
  const text = await shown(view, '-V', 'mqttv311', '--hex', hex)
  expect(text).not.toMatch(/\b1 bytes/)
  if (!hex.startsWith('20')) expect(text).toMatch(pattern)
})
