// Two results side by side: differences with the range that chance leaves to each, and a verdict. The ranges hold together
// with 95 %: each of n figures has one of 1 - 0.05/n (Bonferroni), so that looking at many finds no more by chance.
import { Histogram } from './histogram.js'
import { meansOf, percentilesOf, type Range, rangeOfQuotients } from './resampling.js'
import { failuresOf, perSecond, type Result } from './result.js'
import { Stretches } from './stretches.js'
import { ownLimit } from './validity.js'

export interface Difference {
  readonly name: string
  readonly before: number
  readonly after: number
  /** after / before - 1, in per cent. */
  readonly change_percent: number
  /** Where chance alone may have put the change; null: too little was measured to tell. */
  readonly range_percent: Range | null
  readonly verdict: 'better' | 'worse' | 'same' | 'unknown'
}

export interface Comparison {
  readonly format: 'mqttx bench compare 1'
  readonly differences: readonly Difference[]
  /** What makes the comparison doubtful. */
  readonly doubts: readonly string[]
  readonly verdict: 'better' | 'worse' | 'mixed' | 'same' | 'unknown'
  /** The load generator was the limit of a run: differences of its figures may be its own doing, and do not count. */
  readonly limited: boolean
}

const percentiles = [50, 90, 99, 99.9]
const together = 0.95
const slight = 0.01 // what the stretches' two digits tell apart, and nobody cares about
const leastBeyond = 10 // messages above a percentile, without which it is an accident
const seeds = { before: 1, after: 2 } // the same files give the same text

export function compared(before: Result, after: Result): Comparison {
  const share = 1 - (1 - together) / (1 + percentiles.length)
  const differences = [rate(before, after, share), ...times(before, after, share)]
  const limited = [before, after].some(({ reasons }) => reasons.some((reason) => reason.startsWith(ownLimit)))
  const found = limited ? [] : differences.map(({ verdict }) => verdict)
  return {
    format: 'mqttx bench compare 1',
    differences,
    doubts: doubts(before, after),
    verdict: whole([...found, ...losses(before, after)]),
    limited,
  }
}

function rate(before: Result, after: Result, share: number): Difference {
  const draws = [
    meansOf(perSecond(before, before.elapsed_s), seeds.before),
    meansOf(perSecond(after, after.elapsed_s), seeds.after),
  ]
  return difference({ name: 'rate', before: before.rate, after: after.rate }, draws, { share, better: 'up' })
}

function times(before: Result, after: Result, share: number): Difference[] {
  const [old, now] = [new Histogram(before.histograms.latency), new Histogram(after.histograms.latency)]
  const able = percentiles.filter((percentile) => {
    const beyond = (1 - percentile / 100) * Math.min(old.count, now.count)
    return beyond >= leastBeyond
  })
  const oldDraws = percentilesOf(new Stretches(before.stretches).times, able, seeds.before)
  const nowDraws = percentilesOf(new Stretches(after.stretches).times, able, seeds.after)
  return able.map((percentile, index) => {
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
  const range = known ? rangeOfQuotients(now, old, share) : undefined
  const apart =
    range === undefined
      ? undefined
      : range.low > 1 + slight
        ? 'up'
        : range.high < 1 - slight
          ? 'down'
          : 'neither'
  return {
    ...{ name, before, after },
    change_percent: before > 0 ? inPercent(after / before) : 0,
    range_percent: range === undefined ? null : { low: inPercent(range.low), high: inPercent(range.high) },
    verdict:
      apart === undefined ? 'unknown' : apart === 'neither' ? 'same' : apart === better ? 'better' : 'worse',
  }
}

function inPercent(quotient: number): number {
  return Math.round((quotient - 1) * 10_000) / 100
}

/** Counts that must be 0 need no statistics. */
function losses(before: Result, after: Result): Difference['verdict'][] {
  const failed = [before, after].map((result) => failuresOf(result).length > 0)
  if (failed[0] === failed[1]) return []
  return [failed[1] ? 'worse' : 'better']
}

const alike = [
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

function doubts(before: Result, after: Result): string[] {
  const lines: string[] = []
  for (const name of alike) {
    const [old, now] = [before.setup[name], after.setup[name]]
    if (old !== now) lines.push(`not the same work: ${name} ${old ?? 'none'} and ${now ?? 'none'}`)
  }
  for (const [name, result] of Object.entries({ before, after })) {
    if (!result.valid) lines.push(`${name}: ${result.reasons.join('; ')}`)
    const failures = failuresOf(result)
    if (failures.length > 0) lines.push(`${name}: failed: ${failures.join('; ')}`)
  }
  return lines
}

function whole(verdicts: readonly Difference['verdict'][]): Comparison['verdict'] {
  const better = verdicts.includes('better')
  if (verdicts.includes('worse')) return better ? 'mixed' : 'worse'
  if (better) return 'better'
  return verdicts.includes('same') ? 'same' : 'unknown'
}

const widths = [6, 12, 12, 10]
const sentences = {
  ...{ better: 'better', worse: 'worse', mixed: 'mixed: better here, worse there' },
  same: 'no difference beyond chance',
  unknown: 'unknown: the runs are too short to tell a difference from chance',
  limited: 'unknown: the load generator was the limit of a run',
} as const

export function comparisonText({ differences, doubts, verdict, limited }: Comparison): string {
  const row = (cells: readonly string[]) => cells.map((cell, index) => cell.padStart(widths[index]!)).join('')
  const lines = differences.map(({ name, before, after, change_percent, range_percent: range, verdict }) => {
    const cells = [name, figure(before), figure(after), `${signed(change_percent)} %`]
    const chance = range === null ? 'no range' : `${signed(range.low)} to ${signed(range.high)} %`
    return `${row(cells)}  ${chance.padEnd(22)}  ${verdict}`
  })
  const head = `${row(['', 'before', 'after', 'change'])}  ${'95 % range of it'.padEnd(22)}`
  return [
    head.trimEnd(),
    ...lines,
    ...doubts,
    `verdict: ${sentences[limited && verdict === 'unknown' ? 'limited' : verdict]}`,
    '',
  ].join('\n')
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)}`
}

function figure(value: number): string {
  return value.toFixed(value >= 1000 ? 0 : 3)
}
