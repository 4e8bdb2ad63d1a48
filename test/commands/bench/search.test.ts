// --find-max: the search alone, and with a server.
import { describe, expect, test } from 'vitest'
import { parseAssertions } from '../../../src/cli/options/bench-values.js'
import { failuresOf, type Result } from '../../../src/commands/bench/result.js'
import { findMax } from '../../../src/commands/bench/search.js'
import { startOwnBroker } from '../../helpers/peers.js'
import { mqttx, startMqttx } from '../../helpers/run.js'
import { plan, play, reportOf, resultFrom } from './fakes.js'

const good = resultFrom(await play(plan(), { answer: () => 5 }))
const times = { p50: 1, p90: 1, p99: 1, p999: 1, p9999: 1, p99999: 1, max: 1 }

/** A server whose p99 is 10 ms up to `limit`, and 90 ms above. */
function limited(limit: number, changes: (rate: number) => Partial<Result> = () => ({})) {
  return async (rate: number): Promise<Result> => ({
    ...good,
    rate,
    setup: { ...good.setup, asked_rate: rate },
    latency_ms: { ...times, p99: rate <= limit ? 10 : 90 },
    ...changes(rate),
  })
}

async function search(
  measure: (rate: number) => Promise<Result>,
  changes: { start?: number; stop?: number } = {},
) {
  const { start = 1000, stop = Number.POSITIVE_INFINITY } = changes
  const pauses: number[] = []
  let steps = 0
  const result = await findMax({
    start,
    conditions: parseAssertions('p99<50ms', '--find-max'),
    measure(rate) {
      steps++
      return measure(rate)
    },
    pause: async () => void pauses.push(steps),
    stopped: () => steps >= stop,
  })
  return {
    result,
    search: result.search!,
    rates: result.search!.steps.map((step) => step.asked_rate),
    pauses,
  }
}

describe('the search', () => {
  test('doubles the rate until it fails, then bisects', async () => {
    const { result, search: found, rates, pauses } = await search(limited(11_000))
    expect(rates).toEqual([1000, 2000, 4000, 8000, 16_000, 11_300, 9510, 10_400, 10_800])
    expect(found).toMatchObject({ conditions: 'p99<50ms', found: 10_800, refused: 11_300 })
    expect(found.steps.map(({ holds }) => holds)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      true,
      true,
      true,
    ])
    expect(found.steps[4]).toMatchObject({ why: ['p99<50ms: it is 90'], p99: 90 })
    expect(result).toMatchObject({ rate: 10_800, valid: true, reasons: [], interrupted: false })
    expect(pauses).toEqual([5, 6]) // only after failed steps
  })

  test('halves the rate if the first step fails', async () => {
    const { rates, search: found } = await search(limited(180))
    expect(rates.slice(0, 4)).toEqual([1000, 500, 250, 125])
    expect(found.found).toBeGreaterThan(180 / 1.06)
    expect(found.found).toBeLessThanOrEqual(180)
  })

  test.each([1, 3, 77, 1000, 54_321, 7_000_000])('finds a limit of %i', async (limit) => {
    const { search: found } = await search(limited(limit))
    expect(found.found).toBeLessThanOrEqual(limit)
    expect(found.refused).toBeGreaterThan(limit)
    if (limit > 50) expect(found.refused! / found.found!).toBeLessThanOrEqual(1.06)
  })

  test('fails if no rate holds', async () => {
    const { result, search: found, rates } = await search(limited(0))
    expect(rates.at(-1)).toBe(1)
    expect(found).toMatchObject({ found: null, refused: 1 })
    expect(failuresOf(result)).toEqual(['no rate holds p99<50ms'])
  })

  test('says if the load generator was the limit', async () => {
    const reasons = ['client-limited: messages were sent late, p99 20.0 ms']
    const busy = (rate: number) => (rate > 3000 ? { valid: false, reasons } : {})
    const { result } = await search(limited(1e9, busy))
    expect(result.valid).toBe(false)
    expect(result.reasons).toEqual([
      expect.stringMatching(/^client-limited: at 3\d\d\d messages\/s the server was not the limit$/),
    ])
  })

  test('a step with failures, or below its rate, does not hold', async () => {
    const refusing = (rate: number) => (rate > 1500 ? { failed: { 'PUBLISH 0x97 Quota exceeded': 3 } } : {})
    const { search: found } = await search(limited(1e9, refusing))
    expect(found.steps[1]).toMatchObject({ holds: false, why: ['3 PUBLISH 0x97 Quota exceeded'] })
    const slow = (rate: number) => (rate > 1500 ? { reasons: ['rate not met: 1500'], valid: false } : {})
    expect((await search(limited(1e9, slow))).search.steps[1]).toMatchObject({ holds: false })
  })

  test('when stopped, ends with the best step so far', async () => {
    const { result, rates } = await search(limited(11_000), { stop: 3 })
    expect(rates).toEqual([1000, 2000, 4000])
    expect(result).toMatchObject({ interrupted: true, search: { found: 4000, refused: null } })
    const cut = (rate: number) => (rate > 1500 ? { interrupted: true } : {})
    expect((await search(limited(11_000, cut))).rates).toEqual([1000]) // an interrupted step is ignored
  })

  test('is reported with all steps', async () => {
    const { result } = await search(limited(1400))
    const text = reportOf(result)
    expect(text).toContain('highest rate that holds p99<50ms: 1,350 messages/s (not at 1,410)\n')
    expect(text).toContain('     2,000     2,000     1.000    90.000     1.000  p99<50ms: it is 90\n')
    expect(text).toContain('     1,000     1,000     1.000    10.000     1.000  holds\n')
  })
})

describe('mqttx bench --find-max', () => {
  const short = ['--clients', '2', '--duration', '300ms', '--plot', 'none']

  test.each([
    [['-q', '1'], 'pub'],
    [['pubsub', '-q', '1'], 'pubsub'],
    [['rr'], 'rr'],
  ])(
    'finds the highest rate of %j',
    async (args, mode) => {
      const broker = await startOwnBroker()
      // A condition on the count is independent of the speed of this machine.
      const conditions = 'offered<=100,p99<10s'
      const { stdout, status, stderr } = await mqttx(
        ['bench', ...args, ...short, '--rate', '200', '--find-max', conditions, '--json', ...broker.at],
        { timeoutMs: 60_000 },
      )
      await broker.stop()
      const report = JSON.parse(stdout.toString())
      expect(report.setup.mode).toBe(mode)
      expect(report.search.conditions).toBe('offered<=100, p99<10s')
      expect(report.search.steps.length).toBeGreaterThan(1)
      // On a busy machine a step may fail for another reason; the status then follows the result.
      expect(status, stderr).toBe(report.search.found === null ? 42 : 0)
      for (const { asked_rate, holds, why } of report.search.steps) {
        if (asked_rate > 340)
          expect([holds, why.join()]).toEqual([false, expect.stringContaining('offered<=100')])
        if (holds) expect(asked_rate).toBeLessThanOrEqual(340)
      }
    },
    60_000,
  )

  test('SIGINT ends it with the best step so far', async () => {
    const broker = await startOwnBroker()
    const args = ['pub', '-q', '1', '--clients', '2', '--rate', '20', '--duration', '500ms', '--json']
    const running = startMqttx([
      'bench',
      ...args,
      '--find-max',
      'failed=0',
      '--prometheus',
      ':0',
      ...broker.at,
    ])
    await running.until((_, stderr) => stderr.includes('/metrics\n'))
    const url = /http\S+/.exec(running.stderr())![0]
    // The second step has begun when the counters are reset.
    let [most, seen] = [0, 0]
    while (seen >= most) {
      most = Math.max(most, seen)
      const text = await (await fetch(url)).text()
      seen = Number(/^mqttx_bench_sent_total (\d+)$/m.exec(text)?.[1] ?? most)
    }
    running.kill('SIGINT')
    const { stdout, status, stderr } = await running.ended
    await broker.stop()
    const { interrupted, search, header } = JSON.parse(stdout.toString())
    expect(interrupted).toBe(true)
    expect(search.steps.length).toBeGreaterThan(0)
    expect(header.command).toContain('--find-max failed=0')
    expect(status, stderr).toBe(search.found === null ? 42 : 0)
  })

  test.each([
    [['conn', '--find-max', 'p99<1s'], 'bench conn: --find-max cannot be used.'],
    [['--find-max', 'p99<1s', '--count', '5'], '--find-max and --count cannot be used together.'],
    [['--find-max', 'p99<1s', '--shard', '0/2'], '--find-max and --shard cannot be used together.'],
    [['--find-max', 'fast'], "'fast' is not a condition"],
    [['compare', 'a', 'b', '--csv', 'c'], 'bench compare: --csv cannot be used.'],
    [['report', 'a', 'b', '--hdr', 'c'], 'bench report: --hdr cannot be used with more than one file.'],
    [['merge', 'a', '--prometheus', ':1'], 'bench merge: --prometheus cannot be used.'],
  ])('%j is refused', async (args, error) => {
    const { status, stderr } = await mqttx(['bench', ...args])
    expect(status).toBe(1)
    expect(stderr).toContain(error)
  })
})
