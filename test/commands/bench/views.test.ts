// How a run is shown: the drawings of the report, the line on the terminal, the metrics.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseListenAddress } from '../../../src/cli/options/bench-values.js'
import { charts } from '../../../src/commands/bench/charts.js'
import { Histogram } from '../../../src/commands/bench/histogram.js'
import { liveLine } from '../../../src/commands/bench/live.js'
import { exposition } from '../../../src/commands/bench/metrics.js'
import { jsonReport, textReport } from '../../../src/commands/bench/report.js'
import { type Snapshot, sendable, together } from '../../../src/commands/bench/snapshot.js'
import { noCounts } from '../../../src/commands/bench/tally.js'
import { findPeer, peerTest, startOwnBroker } from '../../helpers/peers.js'
import { mqttx, program, start, startMqttx } from '../../helpers/run.js'
import { plan, play, resultFrom } from './fakes.js'

/** A server that stands still from second 2 to second 4 of ten. */
const stalled = await play(plan({ clients: 1, rate: 100, durationMs: 10_000 }), {
  window: 1,
  answer: (_client, sequence, now) => (now >= 2000 && now < 4000 ? 4000 - now : 1 + (sequence % 5)),
})

describe('the drawings', () => {
  test('in ASCII', () => {
    const lines = charts(resultFrom(stalled), 'ascii')
    expect(lines.join('\n')).toMatch(/^[ -~\n]*$/)
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "

      latency_ms by percentile, logarithmic
         1992.703 |                 .......''''''''''''''''''''''''''''''''''''
                  |             .'''
                  |            :
                  |           :
           44.640 |           :
                  |           :
                  |   ..''''''
            1.000 |..'
                   0                  90                 99                99.9

      messages/s by second
              300 |                        ::::::
                  |                        ::::::
              150 |                        ::::::
                  |............            ::::::..............................
                0 |::::::::::::            ::::::::::::::::::::::::::::::::::::
                   0                                                         10
      "
    `)
  })

  test('in braille', () => {
    expect(`\n${charts(resultFrom(stalled), 'braille').join('\n')}\n`).toMatchInlineSnapshot(`
      "

      latency_ms by percentile, logarithmic
         1992.703 |               ⢀⣀⡠⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
                  |            ⢀⠔⠊⠁
                  |           ⢠⠃
                  |           ⡸
           44.640 |           ⡇
                  |           ⡇
                  |   ⣀⣀⠖⠒⠊⠉⠉⠉
            1.000 |⣀⡸⠉
                   0                  90                 99                99.9

      messages/s by second
              300 |                        ⣿⣿⣿⣿⣿⣿
                  |                        ⣿⣿⣿⣿⣿⣿
              150 |                        ⣿⣿⣿⣿⣿⣿
                  |⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶            ⣿⣿⣿⣿⣿⣿⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶⣶
                0 |⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿            ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                   0                                                         10
      "
    `)
  })

  test('are left out where there is nothing to draw', async () => {
    const short = await play(plan({ count: 1, clients: 1 }), { answer: () => 1 })
    expect(charts(resultFrom(short), 'braille')).toEqual([])
  })
})

test.each(['braille', 'ascii', 'none'] as const)('a report is rendered again the same, %s', (form) => {
  const result = resultFrom(stalled)
  const again = JSON.parse(jsonReport(result))
  expect(textReport(again, form)).toBe(textReport(result, form))
  expect(jsonReport(again)).toBe(jsonReport(result))
})

function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  const latency = new Histogram()
  for (const ms of [0.2, 0.3, 0.4, 7]) latency.record(ms)
  return {
    ...{ phase: 'running', start: 0, failed: {}, disconnects: {}, clients: 4, inFlight: 3, backlog: 0 },
    counts: { ...noCounts(), offered: 10, sent: 9, acked: 6, connected: 4 },
    latency,
    ...changes,
  }
}

describe('the line on the terminal', () => {
  const shown = (changes: Partial<Snapshot>, columns = 90, ascii = true) =>
    liveLine({ snapshot: snapshot(changes), done: 0.5, rate: 1234.4, columns, ascii })

  test('tells how far it is, the rate, the percentiles and what is in flight', () => {
    expect(shown({})).toBe(
      'running ############------------  50 %  1,234/s  p50 0.3 p99 7.0 max 7.0 ms  in flight 3',
    )
    expect(shown({}, 90, false)).toContain(`${'█'.repeat(12)}${'░'.repeat(12)}`)
    expect(shown({ phase: 'connecting' })).toMatch(/^connecting: 4 #+-+ /)
  })

  test('tells what is wrong', () => {
    const wrong = { backlog: 70, failed: { 'CONNACK 0x05': 2, ETIMEDOUT: 1 } }
    expect(shown({ ...wrong, counts: { ...noCounts(), disconnected: 5 } }, 120)).toMatch(
      /in flight 3 {2}backlog 70 {2}disconnected 5 {2}failed 3$/,
    )
  })

  test.each([80, 60, 40, 10, 1])('fits into %i columns', (columns) => {
    const line = shown({ backlog: 123_456 }, columns)
    expect(line.length).toBeLessThan(columns)
  })
})

test('snapshots of threads are added up', () => {
  const other = snapshot({ phase: 'connecting', start: 5, failed: { a: 1 }, inFlight: 2 })
  const whole = together([sendable(snapshot({ failed: { a: 2, b: 1 } })), sendable(other)])!
  expect(whole).toMatchObject({
    phase: 'connecting',
    start: 0,
    failed: { a: 3, b: 1 },
    clients: 8,
    inFlight: 5,
  })
  expect(whole.counts).toMatchObject({ offered: 20, sent: 18, acked: 12 })
  expect([whole.latency.count, whole.latency.at(100)]).toEqual([8, snapshot().latency.at(100)])
  expect(together([])).toBeUndefined()
})

test('metrics in the text exposition format', () => {
  const facts = { version: '1.2.3', mode: 'pub', loop: 'open', qos: 1 }
  expect(exposition(facts, undefined)).toBe(
    '# HELP mqttx_bench_info What is measured.\n# TYPE mqttx_bench_info gauge\n' +
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

  test.each([[[]], [['--workers', '2']]])('a scrape gets the run as it stands %j', async (more) => {
    const broker = await startOwnBroker()
    const words = ['pub', '-q', '1', '--rate', '200', '--clients', '4', '--duration', '60s', ...more]
    const running = startMqttx(['bench', ...words, '--prometheus', ':0', ...broker.at])
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
      stderr: `Error: --prometheus: cannot listen on 127.0.0.1:${port}: the port is in use.\nhint: choose another one, or :0 for a free one\n`,
    })
    other.close()
    await broker.stop()
  })
})

describe('on a terminal', () => {
  const onTerminal = resolve(import.meta.dirname, '../../helpers/on_a_terminal.py')

  async function shownBy(words: readonly string[], env: Record<string, string> = {}) {
    const broker = await startOwnBroker()
    const work = ['pub', '-q', '1', '--rate', '50', '--duration', '1500ms', '--plot', 'none', ...words]
    const command = [process.execPath, program, 'bench', ...work, ...broker.at]
    const python = findPeer('python3')!
    const terminal = { TERM: 'xterm', LC_ALL: 'C.UTF-8', ...env }
    // A new terminal has no size, and without a width nothing is drawn.
    const script = 'stty cols 100; exec "$@"'
    const { stdout } = await start(python, [onTerminal, '[]', 'sh', '-c', script, 'sh', ...command], {
      env: terminal,
    }).ended
    await broker.stop()
    return JSON.parse(stdout.toString()) as { output: string; status: number }
  }

  const drawn = /\r\u001b\[K(running [^\r]*)/g

  peerTest('the run is shown while it goes on, and wiped away', ['python3'], async () => {
    const { output, status } = await shownBy([])
    const lines = [...output.matchAll(drawn)].map(([, line]) => line)
    expect(status).toBe(0)
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.length).toBeLessThan(12) // four a second
    expect(lines[0]).toMatch(/^running [█░]+ +\d+ % {2}[\d,]+\/s {2}p50 .* in flight \d+$/)
    expect(output).toMatch(/\r\u001b\[K(\r\u001b\[K)*mqttx \d/) // the report begins on an empty line
  })

  peerTest('--plot ascii is for it too, and --quiet and TERM=dumb leave it out', ['python3'], async () => {
    const { output } = await shownBy(['--plot', 'ascii'])
    expect(output).toMatch(/running [#-]+ +\d+ %/)
    expect((await shownBy(['--quiet'])).output).not.toContain('running')
    expect((await shownBy([], { TERM: 'dumb' })).output).not.toContain('running')
  })
})

test('--plot: by the locale, or as it is said', async () => {
  const broker = await startOwnBroker()
  const words = ['bench', 'pub', '-q', '1', '--rate', '100', '--count', '20', ...broker.at]
  const drawing = async (more: readonly string[], env: Record<string, string>) => {
    const { stdout } = await mqttx([...words, ...more], {
      env: { LC_ALL: '', LC_CTYPE: '', LANG: '', ...env },
    })
    const text = stdout.toString()
    return /[\u2800-\u28ff]/.test(text) ? 'braille' : text.includes('by percentile') ? 'ascii' : 'none'
  }
  expect(await drawing([], { LANG: 'de_DE.UTF-8' })).toBe('braille')
  expect(await drawing([], { LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe('ascii')
  expect(await drawing([], {})).toBe('ascii')
  expect(await drawing(['--plot', 'braille'], {})).toBe('braille')
  expect(await drawing(['--plot', 'none'], { LANG: 'C.UTF-8' })).toBe('none')
  expect((await mqttx([...words, '--plot', 'x'])).stderr).toContain("--plot: 'x' is not known")
  await broker.stop()
})
