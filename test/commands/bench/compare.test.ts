// bench compare: finds significant differences, and only those.
import { describe, expect, test } from 'vitest'
import { merged } from '../../../src/commands/bench/build-result.js'
import { compareResults, comparisonText } from '../../../src/commands/bench/compare.js'
import { IntervalHistograms } from '../../../src/commands/bench/interval-histograms.js'
import { randomNumbers } from '../../../src/commands/bench/random.js'
import { resampledMeans, resampledPercentiles } from '../../../src/commands/bench/resampling.js'
import type { Result } from '../../../src/commands/bench/result.js'
import { RunStats } from '../../../src/commands/bench/run-stats.js'
import { description, resultFrom } from './fakes.js'

interface Behaviour {
  readonly seed: number
  /** Every latency times so much. */
  readonly factor?: number
  readonly seconds?: number
  readonly perSecond?: number
}

/**
 * A server with drifting speed: consecutive quarters of a second are correlated, as with real servers, and now and then it
 * stalls. If its messages were treated as independent, any two of its runs would differ significantly.
 */
function drifting({ seed, factor = 1, seconds = 20, perSecond = 400 }: Behaviour): Result {
  const next = randomNumbers(seed)
  const stats = new RunStats()
  let drift = 0
  for (let at = 0; at < seconds * 1000; at += 1000 / perSecond) {
    if (Math.floor(at / 250) !== Math.floor((at - 1000 / perSecond) / 250))
      drift = 0.7 * drift + (next() - 0.5)
    const latency = factor * Math.exp(drift + next()) * (next() < 0.001 ? 20 : 1)
    stats.done(at, at - latency, at - latency)
    stats.counts.sent++
    stats.counts.acked++
  }
  const engine = { elapsedMs: seconds * 1000, drainMs: 0, connectMs: 1, stoppedEarly: false, foreign: 0 }
  return resultFrom({ stats, ...engine })
}

describe('a comparison', () => {
  test('of two runs of the same server rarely finds a difference', () => {
    let found = 0
    for (let pair = 0; pair < 8; pair++) {
      const { verdict } = compareResults(drifting({ seed: 2 * pair }), drifting({ seed: 2 * pair + 1 }))
      if (verdict !== 'same') found++
    }
    expect(found).toBeLessThanOrEqual(1) // deterministic by seed
  }, 60_000)

  test('finds that a server is twice as slow, in both directions', () => {
    const [fast, slow] = [drifting({ seed: 1 }), drifting({ seed: 2, factor: 2 })]
    const worse = compareResults(fast, slow)
    expect(worse.verdict).toBe('worse')
    const p50 = worse.differences.find(({ name }) => name === 'p50')!
    expect(p50).toMatchObject({ verdict: 'worse' })
    expect(p50.range_percent!.low).toBeGreaterThan(0)
    expect(p50.range_percent!.low).toBeLessThan(100)
    expect(p50.range_percent!.high).toBeGreaterThan(100)
    expect(compareResults(slow, fast).verdict).toBe('better')
  })

  test('finds a changed rate', () => {
    const [less, more] = [drifting({ seed: 1, perSecond: 300 }), drifting({ seed: 1 })]
    expect(compareResults(less, more).differences[0]).toMatchObject({ name: 'rate', verdict: 'better' })
    expect(compareResults(more, less).differences[0]).toMatchObject({ name: 'rate', verdict: 'worse' })
  })

  test('of short runs is unknown', () => {
    const run = drifting({ seed: 1, seconds: 1 })
    const comparison = compareResults(run, run)
    expect(comparison.verdict).toBe('unknown')
    expect(comparison.differences[0]).toMatchObject({ range_percent: null, verdict: 'unknown' })
    expect(comparisonText(comparison)).toContain('verdict: unknown: the runs are too short')
  })

  test('lists doubts, and counts lost messages as worse', () => {
    const run = drifting({ seed: 1 })
    const busy = { ...run, valid: false, reasons: ['client-limited: it was busy'] }
    const other = { ...run, setup: { ...description.setup, clients: 9 }, lost: 3 }
    const { doubts, verdict } = compareResults(busy, other)
    expect(doubts).toEqual([
      'different load: clients 4 and 9',
      'before: client-limited: it was busy',
      'after: failed: 3 lost at QoS 1',
    ])
    expect(verdict).toBe('worse')
  })

  test('as text is deterministic', () => {
    const [before, after] = [drifting({ seed: 3 }), drifting({ seed: 4, factor: 1.5 })]
    expect(comparisonText(compareResults(before, after))).toBe(comparisonText(compareResults(before, after)))
    expect(`\n${comparisonText(compareResults(before, after))}`).toMatchInlineSnapshot(`
      "
                  before       after    change  95 % interval
        rate     400.000     400.000    +0.0 %  +0.0 to +0.0 %          same
         p50       1.860       2.177   +17.0 %  -12.9 to +61.8 %        same
         p90       3.429       4.399   +28.3 %  -7.6 to +62.6 %         same
         p99       5.031       7.043   +40.0 %  +0.7 to +67.4 %         same
      verdict: no significant difference
      "
    `)
  })
})

describe('resampling', () => {
  test('of equal parts gives equal means', () => {
    expect(new Set(resampledMeans([5, 5, 5, 5, 5, 5, 5, 5], 1))).toEqual(new Set([5]))
  })

  test('has the standard error of the mean', () => {
    const next = randomNumbers(7)
    const counts = Array.from({ length: 100 }, () => next())
    const means = resampledMeans(counts, 1)!
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length
    const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length)
    const own = counts.reduce((sum, value) => sum + value, 0) / 100
    expect(mean).toBeCloseTo(own, 2)
    expect(deviation / Math.sqrt(1 / 12 / 100)).toBeGreaterThan(0.7) // the standard error of a uniform distribution
    expect(deviation / Math.sqrt(1 / 12 / 100)).toBeLessThan(1.3)
  })

  test('gives nothing for too few parts', () => {
    expect(resampledMeans([1, 2, 3, 4, 5, 6, 7], 1)).toBeUndefined()
    expect(resampledPercentiles(new IntervalHistograms().histograms, [50], 1)).toBeUndefined()
  })
})

describe('interval histograms', () => {
  test('merge in a long run without loss', () => {
    const intervals = new IntervalHistograms()
    for (let at = 0; at < 3_600_000; at += 100) intervals.record(at, 5)
    expect(intervals.histograms.length).toBeLessThanOrEqual(128)
    expect(intervals.ms).toBe(32_000)
    expect(intervals.histograms.map((times) => times?.count).slice(0, 3)).toEqual([320, 320, 320])
    expect(intervals.histograms.reduce((sum, times) => sum + (times?.count ?? 0), 0)).toBe(36_000)
  })

  test('of different lengths are added by time', () => {
    const [short, long] = [new IntervalHistograms(), new IntervalHistograms()]
    short.record(10_300, 1)
    long.record(0, 2)
    long.record(60_000, 2)
    short.add(new IntervalHistograms(long.encode()))
    expect(short.ms).toBe(long.ms)
    const counts = short.histograms.map((times) => times?.count ?? 0)
    expect([counts[0], counts[Math.floor(10_300 / short.ms)], counts[Math.floor(60_000 / short.ms)]]).toEqual(
      [1, 1, 1],
    )
    expect(merged([drifting({ seed: 1, seconds: 2 }), drifting({ seed: 2, seconds: 2 })]).stretches.ms).toBe(
      250,
    )
  })
})
