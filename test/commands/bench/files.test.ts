// Result files: shards merged and reported, --csv, --hdr, --assert, and output errors.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAssertions } from '../../../src/cli/options/bench-values.js'
import { failedAssertions } from '../../../src/commands/bench/assertions.js'
import { writeFiles } from '../../../src/commands/bench/files.js'
import type { Result } from '../../../src/commands/bench/result.js'
import { LatencyHistogram } from '../../../src/commands/latency-histogram.js'
import { main } from '../../../src/main.js'
import { startOwnBroker } from '../../helpers/peers.js'
import { mqttx, scratch } from '../../helpers/run.js'
import { fakeHost } from '../fake-host.js'
import { type FakeServer, plan, play, resultFrom } from './fakes.js'

async function result(server: FakeServer): Promise<Result> {
  return resultFrom(await play(plan({ durationMs: 6000 }), server))
}

test('four shards as processes, with JOB_COMPLETION_INDEX, merge into one run', async () => {
  const broker = await startOwnBroker()
  const folder = scratch('shards')
  const startAt = new Date(Date.now() + 3000).toISOString()
  const work = ['pubsub', '-q', '1', '--clients', '8', '--rate', '100', '--count', '100', '--shard', '/4']
  const files = await Promise.all(
    ['0', '1', '2', '3'].map(async (index) => {
      const args = ['bench', ...work, '--start-at', startAt, '--json', ...broker.at]
      const { stdout, stderr, status } = await mqttx(args, { env: { JOB_COMPLETION_INDEX: index } })
      expect([status, stderr]).toEqual([0, ''])
      const file = join(folder, `${index}.json`)
      writeFileSync(file, stdout)
      return file
    }),
  )
  await broker.stop()
  const { stdout, status } = await mqttx(['bench', 'merge', '--json', ...files])
  const whole: Result = JSON.parse(stdout.toString())
  expect(status).toBe(0)
  expect(whole).toMatchObject({ connected: 12, offered: 100, sent: 100, acked: 100, received: 100, lost: 0 })
  expect(whole).toMatchObject({ duplicated: 0, reordered: 0, setup: { clients: 8, subscribers: 4 } })
  const parts = files.map((file): Result => JSON.parse(readFileSync(file, 'utf8')))
  const max = Math.max(...parts.map(({ latency_ms }) => latency_ms!.max))
  expect(whole.latency_ms!.max).toBe(max)
  expect(new LatencyHistogram(whole.histograms.latency).count).toBe(100)

  const merged = join(folder, 'merged.json')
  writeFileSync(merged, stdout)
  const text = (await mqttx(['bench', 'report', merged])).stdout.toString()
  expect(text).toContain('received 100, lost 0, duplicated 0, reordered 0')
  const asserted = await mqttx(['bench', 'report', merged, '--assert', 'loss=0,sent>=101'])
  expect(asserted).toMatchObject({ status: 42, stderr: 'Error: --assert sent>=101: it is 100\n' })
})

test('--csv and --hdr are written', async () => {
  const broker = await startOwnBroker()
  const folder = scratch('files')
  const [csv, hdr] = [join(folder, 'a.csv'), join(folder, 'a.hdr')]
  const args = ['bench', 'pub', '-q', '1', '--rate', '100', '--count', '50', '--csv', csv, '--hdr', hdr]
  const { status } = await mqttx([...args, ...broker.at])
  await broker.stop()
  expect(status).toBe(0)
  expect(readFileSync(csv, 'utf8')).toMatch(/^second,sent,done,max_latency_ms\n0,50,\d+,\d+\.\d{3}\n/)
  expect(readFileSync(hdr, 'utf8')).toContain('#[Max')
})

describe('conditions', () => {
  test('that do not hold are named with the measured value', async () => {
    const run = await result({ answer: () => 5 })
    const check = (text: string) => failedAssertions(parseAssertions(text, '--assert'), run)
    expect(check('p99<20ms, loss=0,rate>=900,service_max<=0.1s,failed=0')).toEqual([])
    expect(check('p99<2ms,acked>1000000')).toEqual(['p99<2ms: it is 5.003', 'acked>1000000: it is 6000'])
  })

  test.each(['', 'p99', 'p98<1', 'loss<1ms', 'p99<1h', 'p99!=1'])('%j is refused', (text) => {
    expect(() => parseAssertions(text, '--assert')).toThrow('is not a condition')
  })
})

test.each([[[]], [['--json']]])('a report that cannot be written is a system error: %j', async (form) => {
  const folder = scratch('full')
  const file = join(folder, 'run.json')
  writeFileSync(file, JSON.stringify(await result({ answer: () => 5 })))
  const csv = join(folder, 'a.csv')
  const broker = await startOwnBroker()
  const at = ['--csv', csv, ...broker.at]
  for (const args of [
    ['report', file],
    ['pub', '-q', '1', '--count', '1', ...at],
  ]) {
    const { host, stdout, stderr } = fakeHost()
    stdout.fail('ENOSPC')
    const status = await main(['bench', ...args, ...form], host)
    expect([status, stderr.text()]).toEqual([
      14,
      expect.stringContaining('Error: standard output: write ENOSPC\n'),
    ])
  }
  await broker.stop()
  expect(readFileSync(csv, 'utf8')).toContain('second,sent')
})

test('all files that cannot be written are named before any client connects', async () => {
  const folder = scratch('places')
  const kept = join(folder, 'kept')
  writeFileSync(kept, 'as it was')
  const bad = ['--csv', folder, '--hdr', join(folder, 'no', 'x')]
  const args = ['bench', 'pub', '--count', '1', '-h', '127.0.0.1', '-p', '1']
  const { status, stderr } = await mqttx([...args, ...bad])
  expect([status, stderr]).toEqual([
    14,
    expect.stringMatching(
      /^Error: Unable to write file ".*": EISDIR.*\nUnable to write file ".*x": ENOENT.*\n$/,
    ),
  ])
  const { stderr: refused } = await mqttx([...args, '--csv', kept, '--hdr', join(folder, 'new')])
  expect(refused).toContain('Connection refused')
  expect(readFileSync(kept, 'utf8')).toBe('as it was')
  expect(readdirSync(folder)).toEqual(['kept'])
})

test('all files that cannot be written at the end are named', async () => {
  const run = await result({ answer: () => 5 })
  const write = () => writeFiles(run, { csv: '/dev/full', hdr: '/dev/full/x' })
  expect(write).toThrow(/"\/dev\/full": ENOSPC.*\nUnable to write file "\/dev\/full\/x": ENOTDIR/)
})
