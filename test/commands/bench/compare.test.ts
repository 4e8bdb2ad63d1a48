// Two runs told apart: what chance explains is no difference, what it does not explain is one.
import { describe, expect, test } from 'vitest'
import { compared, comparisonText } from '../../../src/commands/bench/compare.js'
import { randomNumbers } from '../../../src/commands/bench/random.js'
import { meansOf, percentilesOf } from '../../../src/commands/bench/resampling.js'
import { merged, type Result } from '../../../src/commands/bench/result.js'
import { Stretches } from '../../../src/commands/bench/stretches.js'
import { Tally } from '../../../src/commands/bench/tally.js'
import { facts, resultFrom } from './fakes.js'

interface Behaviour {
  readonly seed: number
  /** Every latency times so much. */
  readonly factor?: number
  readonly seconds?: number
  readonly perSecond?: number
}

/**
 * A server whose speed wanders: quarters of a second that follow each other are alike, as with real ones, and now and then it
 * stands still. Treating its messages as independent would call any two of its runs different.
 */
function wandering({ seed, factor = 1, seconds = 20, perSecond = 400 }: Behaviour): Result {
  const next = randomNumbers(seed)
  const tally = new Tally()
  let mood = 0
  for (let at = 0; at < seconds * 1000; at += 1000 / perSecond) {
    if (Math.floor(at / 250) !== Math.floor((at - 1000 / perSecond) / 250)) mood = 0.7 * mood + (next() - 0.5)
    const latency = factor * Math.exp(mood + next()) * (next() < 0.001 ? 20 : 1)
    tally.done(at, at - latency, at - latency)
    tally.counts.sent++
    tally.counts.acked++
  }
  const engine = { elapsedMs: seconds * 1000, drainMs: 0, connectMs: 1, stoppedEarly: false, foreign: 0 }
  return resultFrom({ tally, ...engine })
}

describe('a comparison', () => {
  test('of two runs of the same server finds hardly ever a difference', () => {
    let found = 0
    for (let pair = 0; pair < 8; pair++) {
      const { verdict } = compared(wandering({ seed: 2 * pair }), wandering({ seed: 2 * pair + 1 }))
      if (verdict !== 'same') found++
    }
    expect(found).toBeLessThanOrEqual(1) // by seed, always the same
  }, 60_000)

  test('finds what is twice as slow, in both directions', () => {
    const [fast, slow] = [wandering({ seed: 1 }), wandering({ seed: 2, factor: 2 })]
    const worse = compared(fast, slow)
    expect(worse.verdict).toBe('worse')
    const p50 = worse.differences.find(({ name }) => name === 'p50')!
    expect(p50).toMatchObject({ verdict: 'worse' })
    expect(p50.range_percent!.low).toBeGreaterThan(0)
    expect(p50.range_percent!.low).toBeLessThan(100)
    expect(p50.range_percent!.high).toBeGreaterThan(100)
    expect(compared(slow, fast).verdict).toBe('better')
  })

  test('finds a rate that has changed', () => {
    const [less, more] = [wandering({ seed: 1, perSecond: 300 }), wandering({ seed: 1 })]
    expect(compared(less, more).differences[0]).toMatchObject({ name: 'rate', verdict: 'better' })
    expect(compared(more, less).differences[0]).toMatchObject({ name: 'rate', verdict: 'worse' })
  })

  test('of short runs is not known', () => {
    const run = wandering({ seed: 1, seconds: 1 })
    const comparison = compared(run, run)
    expect(comparison.verdict).toBe('unknown')
    expect(comparison.differences[0]).toMatchObject({ range_percent: null, verdict: 'unknown' })
    expect(comparisonText(comparison)).toContain('verdict: unknown: the runs are too short')
  })

  test('tells what makes it doubtful, and what was lost', () => {
    const run = wandering({ seed: 1 })
    const busy = { ...run, valid: false, reasons: ['client-limited: it was busy'] }
    const other = { ...run, setup: { ...facts.setup, clients: 9 }, lost: 3 }
    const { doubts, verdict } = compared(busy, other)
    expect(doubts).toEqual([
      'not the same work: clients 4 and 9',
      'before: client-limited: it was busy',
      'after: failed: 3 lost at QoS 1',
    ])
    expect(verdict).toBe('worse')
  })

  test('as text is the same each time', () => {
    const [before, after] = [wandering({ seed: 3 }), wandering({ seed: 4, factor: 1.5 })]
    expect(comparisonText(compared(before, after))).toBe(comparisonText(compared(before, after)))
    expect(`\n${comparisonText(compared(before, after))}`).toMatchInlineSnapshot(`
      "
                  before       after    change  95 % range of it
        rate     400.000     400.000    +0.0 %  +0.0 to +0.0 %          same
         p50       1.860       2.177   +17.0 %  -12.9 to +61.8 %        same
         p90       3.429       4.399   +28.3 %  -7.6 to +62.6 %         same
         p99       5.031       7.043   +40.0 %  +0.7 to +67.4 %         same
      verdict: no difference beyond chance
      "
    `)
  })
})

describe('draws', () => {
  test('of parts that are all alike are all alike', () => {
    expect(new Set(meansOf([5, 5, 5, 5, 5, 5, 5, 5], 1))).toEqual(new Set([5]))
  })

  test('scatter around the mean as the standard error says', () => {
    const next = randomNumbers(7)
    const counts = Array.from({ length: 100 }, () => next())
    const means = meansOf(counts, 1)!
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length
    const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length)
    const own = counts.reduce((sum, value) => sum + value, 0) / 100
    expect(mean).toBeCloseTo(own, 2)
    expect(deviation / Math.sqrt(1 / 12 / 100)).toBeGreaterThan(0.7) // the usual error of a mean of even chances
    expect(deviation / Math.sqrt(1 / 12 / 100)).toBeLessThan(1.3)
  })

  test('are none where there are too few parts', () => {
    expect(meansOf([1, 2, 3, 4, 5, 6, 7], 1)).toBeUndefined()
    expect(percentilesOf(new Stretches().times, [50], 1)).toBeUndefined()
  })
})

describe('stretches', () => {
  test('become longer in a long run, and lose nothing', () => {
    const stretches = new Stretches()
    for (let at = 0; at < 3_600_000; at += 100) stretches.record(at, 5)
    expect(stretches.times.length).toBeLessThanOrEqual(128)
    expect(stretches.ms).toBe(32_000)
    expect(stretches.times.map((times) => times?.count).slice(0, 3)).toEqual([320, 320, 320])
    expect(stretches.times.reduce((sum, times) => sum + (times?.count ?? 0), 0)).toBe(36_000)
  })

  test('are added at their times, whatever their lengths', () => {
    const [short, long] = [new Stretches(), new Stretches()]
    short.record(10_300, 1)
    long.record(0, 2)
    long.record(60_000, 2)
    short.add(new Stretches(long.encode()))
    expect(short.ms).toBe(long.ms)
    const counts = short.times.map((times) => times?.count ?? 0)
    expect([counts[0], counts[Math.floor(10_300 / short.ms)], counts[Math.floor(60_000 / short.ms)]]).toEqual(
      [1, 1, 1],
    )
    expect(
      merged([wandering({ seed: 1, seconds: 2 }), wandering({ seed: 2, seconds: 2 })]).stretches.ms,
    ).toBe(250)
  })
})
