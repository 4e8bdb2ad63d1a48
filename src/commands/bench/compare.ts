// Compares two results: differences with confidence intervals, and a verdict. The intervals hold simultaneously at 95 %:
// each of n figures has an interval at 1 - 0.05/n (Bonferroni correction).

import { LatencyHistogram } from '../latency-histogram.js'
import { IntervalHistograms } from './interval-histograms.js'
import { quotientRange, type Range, resampledMeans, resampledPercentiles } from './resampling.js'
import { failuresOf, perSecond, type Result } from './result.js'
import { ownLimit } from './validity.js'

export interface Difference {
  readonly name: string
  readonly before: number
  readonly after: number
  /** after / before - 1, in percent. */
  readonly change_percent: number
  /** Confidence interval of the change, in percent; null: too little data. */
  readonly range_percent: Range | null
  readonly verdict: 'better' | 'worse' | 'same' | 'unknown'
}

export interface Comparison {
  readonly format: 'mqttx bench compare 1'
  readonly differences: readonly Difference[]
  /** Why the comparison may be misleading. */
  readonly doubts: readonly string[]
  readonly verdict: 'better' | 'worse' | 'mixed' | 'same' | 'unknown'
  /** The load generator limited a run: its differences are not counted in the verdict. */
  readonly limited: boolean
}

const percentiles = [50, 90, 99, 99.9]
const confidence = 0.95
const negligible = 0.01 // relative difference; the resolution of the interval histograms
const minAbove = 10 // messages above a percentile, else it is not compared
const seeds = { before: 1, after: 2 } // fixed: the same files give the same output

export function compareResults(before: Result, after: Result): Comparison {
  const share = 1 - (1 - confidence) / (1 + percentiles.length)
  const differences = [rateDifference(before, after, share), ...latencyDifferences(before, after, share)]
  const limited = [before, after].some(({ reasons }) => reasons.some((reason) => reason.startsWith(ownLimit)))
  const found = limited ? [] : differences.map(({ verdict }) => verdict)
  return {
    format: 'mqttx bench compare 1',
    differences,
    doubts: doubtsOf(before, after),
    verdict: overall([...found, ...failureVerdict(before, after)]),
    limited,
  }
}

function rateDifference(before: Result, after: Result, share: number): Difference {
  const draws = [
    resampledMeans(perSecond(before, before.elapsed_s), seeds.before),
    resampledMeans(perSecond(after, after.elapsed_s), seeds.after),
  ]
  return difference({ name: 'rate', before: before.rate, after: after.rate }, draws, { share, better: 'up' })
}

function latencyDifferences(before: Result, after: Result, share: number): Difference[] {
  const [old, now] = [
    new LatencyHistogram(before.histograms.latency),
    new LatencyHistogram(after.histograms.latency),
  ]
  const comparable = percentiles.filter((percentile) => {
    const above = (1 - percentile / 100) * Math.min(old.count, now.count)
    return above >= minAbove
  })
  const oldDraws = resampledPercentiles(
    new IntervalHistograms(before.stretches).histograms,
    comparable,
    seeds.before,
  )
  const nowDraws = resampledPercentiles(
    new IntervalHistograms(after.stretches).histograms,
    comparable,
    seeds.after,
  )
  return comparable.map((percentile, index) => {
    const values = { name: `p${percentile}`, before: old.at(percentile), after: now.at(percentile) }
    return difference(values, [oldDraws?.[index], nowDraws?.[index]], { share, better: 'down' })
  })
}

function difference(
  { name, before, after }: { name: string; before: number; after: number },
  [old, now]: readonly (readonly number[] | undefined)[],
  { share, better }: { share: number; better: 'up' | 'down' },
): Difference {
  const known = old !== undefined && now !== undefined && before > 0
  const range = known ? quotientRange(now, old, share) : undefined
  const direction =
    range === undefined
      ? undefined
      : range.low > 1 + negligible
        ? 'up'
        : range.high < 1 - negligible
          ? 'down'
          : 'neither'
  return {
    ...{ name, before, after },
    change_percent: before > 0 ? percentChange(after / before) : 0,
    range_percent:
      range === undefined ? null : { low: percentChange(range.low), high: percentChange(range.high) },
    verdict:
      direction === undefined
        ? 'unknown'
        : direction === 'neither'
          ? 'same'
          : direction === better
            ? 'better'
            : 'worse',
  }
}

function percentChange(quotient: number): number {
  return Math.round((quotient - 1) * 10_000) / 100
}

/** A run that failed is worse than one that did not, whatever the figures. */
function failureVerdict(before: Result, after: Result): Difference['verdict'][] {
  const failed = [before, after].map((result) => failuresOf(result).length > 0)
  if (failed[0] === failed[1]) return []
  return [failed[1] ? 'worse' : 'better']
}

const comparedSetup = [
  'mode',
  'loop',
  'qos',
  'size',
  'clients',
  'subscribers',
  'asked_rate',
  'churn',
  'window',
] as const

function doubtsOf(before: Result, after: Result): string[] {
  const lines: string[] = []
  for (const name of comparedSetup) {
    const [old, now] = [before.setup[name], after.setup[name]]
    if (old !== now) lines.push(`different load: ${name} ${old ?? 'none'} and ${now ?? 'none'}`)
  }
  for (const [name, result] of Object.entries({ before, after })) {
    if (!result.valid) lines.push(`${name}: ${result.reasons.join('; ')}`)
    const failures = failuresOf(result)
    if (failures.length > 0) lines.push(`${name}: failed: ${failures.join('; ')}`)
  }
  return lines
}

function overall(verdicts: readonly Difference['verdict'][]): Comparison['verdict'] {
  const better = verdicts.includes('better')
  if (verdicts.includes('worse')) return better ? 'mixed' : 'worse'
  if (better) return 'better'
  return verdicts.includes('same') ? 'same' : 'unknown'
}

const widths = [6, 12, 12, 10]
const verdictTexts = {
  ...{ better: 'better', worse: 'worse', mixed: 'mixed: some figures are better, some worse' },
  same: 'no significant difference',
  unknown: 'unknown: the runs are too short for a comparison',
  limited: 'unknown: the load generator limited a run',
} as const

export function comparisonText({ differences, doubts, verdict, limited }: Comparison): string {
  const row = (cells: readonly string[]) => cells.map((cell, index) => cell.padStart(widths[index]!)).join('')
  const lines = differences.map(({ name, before, after, change_percent, range_percent: range, verdict }) => {
    const cells = [name, figure(before), figure(after), `${signed(change_percent)} %`]
    const interval = range === null ? 'none' : `${signed(range.low)} to ${signed(range.high)} %`
    return `${row(cells)}  ${interval.padEnd(22)}  ${verdict}`
  })
  const head = `${row(['', 'before', 'after', 'change'])}  ${'95 % interval'.padEnd(22)}`
  return [
    head.trimEnd(),
    ...lines,
    ...doubts,
    `verdict: ${verdictTexts[limited && verdict === 'unknown' ? 'limited' : verdict]}`,
    '',
  ].join('\n')
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)}`
}

function figure(value: number): string {
  return value.toFixed(value >= 1000 ? 0 : 3)
}
