// On a terminal, the bytes view of a long capture begins with a summary of filters.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Packet } from '../../src/inspect/packet.js'
import { Summary } from '../../src/inspect/views/summary.js'
import { onTerminal } from '../helpers/on-a-terminal.js'
import { mqttx, scratch } from '../helpers/run.js'

const folder = scratch('summary')

/** A CONNECT and PUBLISH packets, `count` in total. */
function raw(packets: number): string {
  const file = join(folder, `${packets}.bin`)
  const connect = Buffer.from('100d00044d5154540402003c000161', 'hex')
  const publish = Buffer.from('30060003612f6268', 'hex')
  writeFileSync(file, Buffer.concat([connect, ...Array.from({ length: packets - 1 }, () => publish)]))
  return file
}

const head = 'head -n 12'

test.each([
  [1000, false],
  [1001, true],
])('%i packets', async (packets, isLong) => {
  const { output } = await onTerminal(`mqttx inspect ${raw(packets)}`, { PAGER: head })
  expect(output.startsWith(`${packets} packets; `)).toBe(isLong)
  if (!isLong) return
  expect(output).toMatch(/^ {2}--client +"a" \(1001\)\r$/m)
  expect(output).toMatch(/^ {2}--topic +"a\/b" \(1000\)\r$/m)
  expect(output).toMatch(/^ {2}--type +PUBLISH \(1000\), CONNECT \(1\)\r$/m)
})

test.each([
  ['packets rejected by a filter do not count', `--type connect ${raw(1001)}`],
  ['nor packets beyond --count', `--count 1000 ${raw(1001)}`],
  ['another view', `--view line ${raw(1001)}`],
  ['standard input, which is read once', `< ${raw(1001)}`],
])('%s', async (_what, words) => {
  const { output } = await onTerminal(`mqttx inspect ${words}`, { PAGER: head })
  expect(output).toContain('CONNECT')
  expect(output).not.toContain('to see fewer')
})

test('status and packets are the same as without a summary', async () => {
  const file = raw(1001)
  const { output, status } = await onTerminal(`mqttx inspect --no-pager --color never ${file}`)
  const plain = (await mqttx(['inspect', '--view', 'bytes', file])).stdout.toString()
  expect(output.slice(output.indexOf('connection 1:')).replaceAll('\r', '')).toBe(plain)
  expect(status).toBe(0)
})

test('there is no summary without a terminal', async () => {
  const { stdout } = await mqttx(['inspect', '--view', 'bytes', raw(1001)])
  expect(stdout.toString()).toMatch(/^connection 1:/)
})

test('the number of names and their length are bounded', () => {
  const summary = new Summary()
  const connection = {
    flow: 1,
    transport: 'raw',
    client: '',
    server: '',
    version: 4,
    versionFrom: 'connect',
  } as const
  const more = { preamble: undefined, sawStart: true }
  for (let i = 0; i < 20_020; i++) {
    const packet = new Packet(Buffer.from('300500016168', 'hex'), 0, 2, 6, 6)
    packet.topic = i < 10 ? 'often' : `topic/${i}`
    const clientId = i < 20 ? 'x'.repeat(70_000) : 'short'
    summary.packet(packet, { ...connection, ...more, clientId, number: i })
  }
  const text = summary.text(false)
  expect(text).toMatch(/^20020 packets and more; /)
  expect(text).toMatch(/--topic +"often" \(10\), .* and over 19992 more\n/)
  for (const line of text.split('\n')) expect(line.length).toBeLessThan(300)
})
