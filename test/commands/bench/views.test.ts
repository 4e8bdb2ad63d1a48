// The charts of the report, the progress line on the terminal, the metrics.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseListenAddress } from '../../../src/cli/options/bench-values.js'
import { percentileChart, rateChart, rateVaries } from '../../../src/commands/bench/charts.js'
import { formatLiveLine } from '../../../src/commands/bench/live.js'
import { exposition } from '../../../src/commands/bench/metrics.js'
import { jsonReport, textReport } from '../../../src/commands/bench/report.js'
import type { Result } from '../../../src/commands/bench/result.js'
import { noCounts } from '../../../src/commands/bench/run-stats.js'
import { combinedSnapshot, type Snapshot, toSendable } from '../../../src/commands/bench/snapshot.js'
import { drawingOf } from '../../../src/commands/bench/views.js'
import { LatencyHistogram } from '../../../src/commands/latency-histogram.js'
import type { Host } from '../../../src/host.js'
import { findPeer, peerTest, startOwnBroker } from '../../helpers/peers.js'
import { mqttx, programWords, start, startMqttx } from '../../helpers/run.js'
import { plan, play, reportOf, resultFrom } from './fakes.js'

/** A server that stalls from second 2 to second 4 of ten. */
const stalled = await play(plan({ clients: 1, rate: 100, durationMs: 10_000 }), {
  window: 1,
  answer: (_client, sequence, now) => (now >= 2000 && now < 4000 ? 4000 - now : 1 + (sequence % 5)),
})

function chartsOf(result: Result, form: 'ascii' | 'braille'): string[] {
  return [...percentileChart(result, form), '', ...rateChart(result, form)]
}

describe('the charts', () => {
  test('in ASCII', () => {
    const lines = chartsOf(resultFrom(stalled), 'ascii')
    expect(lines.join('\n')).toMatch(/^[ -~\n]*$/)
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      latency in ms by percentile, logarithmic
         1992.703 |                .......'''''''''''''''''''''''''''''''''''''
                  |            .'''
                  |            :
           44.640 |           :
                  |           :
                  |   .....'''
            1.000 |..'
                   0                  90                 99                99.9

              300 |                        ::::::
                  |                        ::::::
              150 |............            ::::::..............................
                0 |::::::::::::            ::::::::::::::::::::::::::::::::::::
                   0                        messages/s                     10 s
      "
    `)
  })

  test('in braille', () => {
    expect(`\n${chartsOf(resultFrom(stalled), 'braille').join('\n')}\n`).toMatchInlineSnapshot(`
      "
      latency in ms by percentile, logarithmic
         1992.703 |               ⣀⣀⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
                  |            ⡠⠒⠉
                  |           ⢰⠁
           44.640 |           ⡎
                  |           ⡇
                  |   ⣀⣀⠤⠤⠔⠒⠒⠒⠁
            1.000 |⣀⡰⠒⠁
                   0                  90                 99                99.9

              300 |                        ⣿⣿⣿⣿⣿⣿
                  |                        ⣿⣿⣿⣿⣿⣿
              150 |⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀            ⣿⣿⣿⣿⣿⣿⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
                0 |⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿            ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                   0                        messages/s                     10 s
      "
    `)
  })

  test('are empty if there is nothing to draw', async () => {
    const short = await play(plan({ count: 1, clients: 1 }), { answer: () => 1 })
    expect(chartsOf(resultFrom(short), 'braille')).toEqual([''])
  })
})

test.each(['braille', 'ascii', 'none'] as const)('a report is the same from the JSON, %s', (form) => {
  const result = resultFrom(stalled)
  const again = JSON.parse(jsonReport(result))
  expect(reportOf(again, form)).toBe(reportOf(result, form))
  expect(jsonReport(again)).toBe(jsonReport(result))
})

function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const latency = new LatencyHistogram()
  for (const ms of [0.2, 0.3, 0.4, 7]) latency.record(ms)
  return {
    ...{ phase: 'running', start: 0, failed: {}, disconnects: {}, clients: 4, inFlight: 3, backlog: 0 },
    counts: { ...noCounts(), offered: 10, sent: 9, acked: 6, connected: 4 },
    latency,
    ...changes,
  }
}

describe('the progress line', () => {
  const shown = (changes: Partial<Snapshot>, columns = 90, ascii = true) =>
    formatLiveLine({ snapshot: snapshot(changes), done: 0.5, rate: 1234.4, columns, ascii })

  test('shows progress, rate, percentiles and messages in flight', () => {
    expect(shown({})).toBe(
      'running ############------------  50 %  1,234/s  p50 0.3 p99 7.0 max 7.0 ms  in flight 3',
    )
    expect(shown({}, 90, false)).toContain(`${'█'.repeat(12)}${'░'.repeat(12)}`)
    expect(shown({ phase: 'connecting' })).toMatch(/^connecting: 4 #+-+ /)
  })

  test('shows failures first', () => {
    const wrong = { backlog: 70, failed: { 'CONNACK 0x05': 2, ETIMEDOUT: 1 } }
    expect(shown({ ...wrong, counts: { ...noCounts(), disconnected: 5 } }, 120)).toMatch(
      /1,234\/s {2}failed 3 {2}disconnected 5 {2}backlog 70 {2}p50 .* in flight 3$/,
    )
  })

  test.each([80, 60, 40, 10, 1])('fits %i columns, without half a figure', (columns) => {
    const line = shown({ backlog: 123_456 }, columns)
    expect(line.length).toBeLessThan(columns)
    if (columns >= 40) expect(line).toMatch(/(\/s|backlog 123,456|max 7\.0 ms|in flight 3)$/)
  })
})

test('snapshots of threads are added', () => {
  const other = snapshot({ phase: 'connecting', start: 5, failed: { a: 1 }, inFlight: 2 })
  const whole = combinedSnapshot([toSendable(snapshot({ failed: { a: 2, b: 1 } })), toSendable(other)])!
  expect(whole).toMatchObject({
    phase: 'connecting',
    start: 0,
    failed: { a: 3, b: 1 },
    clients: 8,
    inFlight: 5,
  })
  expect(whole.counts).toMatchObject({ offered: 20, sent: 18, acked: 12 })
  expect([whole.latency.count, whole.latency.at(100)]).toEqual([8, snapshot().latency.at(100)])
  expect(combinedSnapshot([])).toBeUndefined()
})

test('metrics in the text exposition format', () => {
  const facts = { version: '1.2.3', mode: 'pub', loop: 'open', qos: 1 }
  expect(exposition(facts, undefined)).toBe(
    '# HELP mqttx_bench_info Parameters of the run.\n# TYPE mqttx_bench_info gauge\n' +
      'mqttx_bench_info{version="1.2.3",mode="pub",loop="open",qos="1"} 1\n',
  )
  const lines = exposition(facts, snapshot({ failed: { 'say "no"\\\n': 2 } })).split('\n')
  expect(lines.at(-1)).toBe('')
  expect(lines).toContain('# TYPE mqttx_bench_sent_total counter')
  expect(lines).toContain('mqttx_bench_sent_total 9')
  expect(lines).toContain('mqttx_bench_failed_total{reason="say \\"no\\"\\\\\\n"} 2')
  expect(lines).toContain('# TYPE mqttx_bench_in_flight gauge')
  const times = lines.filter((line) => line.startsWith('mqttx_bench_latency_seconds'))
  expect(times).toContain('mqttx_bench_latency_seconds_bucket{le="0.0001"} 0')
  expect(times).toContain('mqttx_bench_latency_seconds_bucket{le="0.0005"} 3')
  expect(times).toContain('mqttx_bench_latency_seconds_bucket{le="0.01"} 4')
  expect(times.slice(-3)).toEqual([
    'mqttx_bench_latency_seconds_bucket{le="+Inf"} 4',
    expect.stringMatching(/^mqttx_bench_latency_seconds_sum 0\.0079/),
    'mqttx_bench_latency_seconds_count 4',
  ])
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? [\d.e+-]+)$/)
})

describe('--prometheus', () => {
  test.each([
    [':9090', { host: '127.0.0.1', port: 9090 }],
    ['0.0.0.0:1', { host: '0.0.0.0', port: 1 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['bench.example:80', { host: 'bench.example', port: 80 }],
  ])('%s', (text, address) => expect(parseListenAddress(text, '--prometheus')).toEqual(address))

  test.each(['9090', '', ':', ':x', '::1:9090', 'a b:1'])('%j is refused', (text) => {
    expect(() => parseListenAddress(text, '--prometheus')).toThrow('is not an address to listen on')
  })

  test.each([[[]], [['--workers', '2']]])('a scrape returns the current counts %j', async (more) => {
    const broker = await startOwnBroker()
    const args = ['pub', '-q', '1', '--rate', '200', '--clients', '4', '--duration', '60s', ...more]
    const running = startMqttx(['bench', ...args, '--prometheus', ':0', ...broker.at])
    await running.until((_, stderr) => stderr.includes('/metrics\n'))
    const url = /^Metrics: (http:\/\/127\.0\.0\.1:\d+\/metrics)$/m.exec(running.stderr())![1]!
    const scrape = async () => {
      const response = await fetch(url)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
      const text = await response.text()
      return Number(/^mqttx_bench_acked_total (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    let [first, second] = [0, 0]
    while (first === 0) first = await scrape()
    while (second <= first) second = await scrape()
    expect((await fetch(url.replace('metrics', ''))).status).toBe(404)
    expect((await fetch(url, { method: 'POST' })).status).toBe(405)
    running.kill('SIGINT')
    expect((await running.ended).status).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
    await broker.stop()
  })

  test('a port in use is an error before anything is sent', async () => {
    const broker = await startOwnBroker()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { status, stderr, stdout } = await mqttx([
      ...['bench', 'pub', '--prometheus', `:${port}`, ...broker.at],
    ])
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({
      status: 14,
      stdout: '',
      stderr: `Error: --prometheus: cannot listen on 127.0.0.1:${port}: the port is in use.\nhint: choose another port, or :0 for any free port\n`,
    })
    other.close()
    await broker.stop()
  })
})

describe('on a terminal', () => {
  const onTerminal = resolve(import.meta.dirname, '../../helpers/on_a_terminal.py')

  async function shownBy(args: readonly string[], env: Record<string, string> = {}) {
    const broker = await startOwnBroker()
    const work = ['pub', '-q', '1', '--rate', '50', '--duration', '1500ms', '--plot', 'none', ...args]
    const command = [...programWords, 'bench', ...work, ...broker.at]
    const python = findPeer('python3')!
    const terminal = { TERM: 'xterm', LC_ALL: 'C.UTF-8', ...env }
    // A new terminal has no size, and without a width no line is drawn.
    const script = 'stty cols 100; exec "$@"'
    const { stdout } = await start(python, [onTerminal, '[]', 'sh', '-c', script, 'sh', ...command], {
      env: terminal,
    }).ended
    await broker.stop()
    return JSON.parse(stdout.toString()) as { output: string; status: number }
  }

  const drawn = /\r\u001b\[K(running [^\r]*)/g

  peerTest('the progress line is shown during the run, and erased', ['python3'], async () => {
    const { output, status } = await shownBy([])
    const lines = [...output.matchAll(drawn)].map(([, line]) => line)
    expect(status).toBe(0)
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.length).toBeLessThan(12) // four a second
    expect(lines.at(-1)).toMatch(/^running [█░]+ +\d+ % {2}[\d,]+\/s {2}p50 .* in flight \d+$/)
    expect(output).toMatch(/\r\u001b\[K(\r\u001b\[K)*mqttx \d/) // the report starts at the beginning of the line
  })

  peerTest('--plot ascii applies to it; --quiet and TERM=dumb disable it', ['python3'], async () => {
    const { output } = await shownBy(['--plot', 'ascii'])
    expect(output).toMatch(/running [#-]+ +\d+ %/)
    expect((await shownBy(['--quiet'])).output).not.toContain('running')
    expect((await shownBy([], { TERM: 'dumb' })).output).not.toContain('running')
  })
})

test.each([
  [undefined, { LANG: 'de_DE.UTF-8' }, { form: 'braille', all: false }],
  [undefined, { LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, { form: 'ascii', all: false }],
  [undefined, {}, { form: 'ascii', all: false }],
  ['braille', {}, { form: 'braille', all: true }],
  ['none', { LANG: 'C.UTF-8' }, { form: 'none', all: true }],
] as const)('--plot %s with %j', (plot, env, drawing) => {
  expect(drawingOf(plot === undefined ? {} : { plot }, { env } as unknown as Host)).toEqual(drawing)
})

test('--plot: all charts if it is given', async () => {
  const broker = await startOwnBroker()
  const args = ['bench', 'pub', '-q', '1', '--rate', '100', '--count', '20', ...broker.at]
  expect((await mqttx([...args, '--plot', 'ascii'])).stdout.toString()).toContain('by percentile')
  expect((await mqttx(args)).stdout.toString()).not.toContain('by percentile')
  expect((await mqttx([...args, '--plot', 'x'])).stderr).toContain("--plot: unknown form 'x'")
  await broker.stop()
})

describe('without --plot', () => {
  const drawing = { form: 'ascii', all: false } as const
  test('only a rate that varies is drawn', async () => {
    expect(rateVaries(resultFrom(stalled))).toBe(true)
    expect(textReport(resultFrom(stalled), drawing)).toContain('  messages/s')
    const steady = resultFrom(await play(plan({ durationMs: 10_000 }), { answer: () => 1 }))
    expect(rateVaries(steady)).toBe(false)
    expect(textReport(steady, drawing)).not.toContain('|')
  })

  const modes = ['pub', 'sub', 'pubsub', 'rr', 'conn'] as const
  test.each(modes.flatMap((mode) => (['open', 'closed'] as const).map((loop) => [mode, loop] as const)))(
    'the report of %s, %s loop, fits 80 columns and 24 lines with the prompt',
    (mode, loop) => {
      const result = resultFrom(stalled)
      const setup = { ...result.setup, mode, loop, subscribers: 2, clients: 100_000, asked_rate: 1_000_000 }
      const counts = { offered: 1e8, sent: 1e8, acked: 1e8, received: 1e8, connected: 100_000, churned: 5 }
      const lines = textReport({ ...result, ...counts, setup, valid: true, reasons: [] }, drawing).split('\n')
      expect(lines.length).toBeLessThanOrEqual(24)
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80)
      expect(lines.slice(-2)).toEqual(['valid', ''])
    },
  )
})

test('the version of a server is bounded and escaped', () => {
  const result = resultFrom(stalled)
  const broker = `\u001b[2J${'x'.repeat(1000)}`
  const line = reportOf({ ...result, header: { ...result.header, broker } }).split('\n')[1]!
  expect(line).toMatch(/^server: \\u001b\[2Jx+\.\.\. \(\d+ more bytes\); seed 1$/)
})
