// Two results side by side: differences with the range that chance leaves to each figure (95 %), and a verdict.
import { Histogram } from './histogram.js'
import type { Result } from './result.js'

interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

const z = 1.96 // of the normal distribution, for 95 %
const percentiles = [50, 90, 99, 99.9]

export function comparison(before: Result, after: Result): string {
  const rows = [row('rate', rateOf(before), rateOf(after), 'up')]
  const [old, now] = [new Histogram(before.histograms.latency), new Histogram(after.histograms.latency)]
  for (const percentile of percentiles) {
    if (old.count === 0 || now.count === 0) break
    rows.push(row(`p${percentile} ms`, timeOf(old, percentile), timeOf(now, percentile), 'down'))
  }
  const head = ['', 'before', 'after', 'change'].map((text, index) => text.padStart(widths[index]!)).join('')
  const counts = `lost ${before.lost} and ${after.lost}, duplicated ${before.duplicated} and ${after.duplicated}`
  const verdicts = rows.map(({ verdict }) => verdict)
  return [
    head,
    ...rows.map(({ text }) => text),
    counts,
    ...doubts(before, after),
    `verdict: ${whole(verdicts)}`,
    '',
  ].join('\n')
}

const widths = [9, 28, 28, 10]

function row(name: string, before: Estimate, after: Estimate, better: 'up' | 'down') {
  const change = before.value === 0 ? 0 : (after.value / before.value - 1) * 100
  const apart = after.low > before.high ? 'up' : after.high < before.low ? 'down' : undefined
  const verdict = apart === undefined ? 'same' : apart === better ? 'better' : 'worse'
  const cells = [name, shown(before), shown(after), `${change >= 0 ? '+' : ''}${change.toFixed(1)} %`]
  return {
    verdict,
    text: `${cells.map((cell, index) => cell.padStart(widths[index]!)).join('')}  ${verdict}`,
  }
}

function shown({ value, low, high }: Estimate): string {
  const digits = value >= 1000 ? 0 : 3
  return `${value.toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`
}

/** The mean of whole seconds, and its standard error. */
function rateOf({ series, rate }: Result): Estimate {
  const whole = series.slice(0, -1).map(({ done, sent }) => Math.max(done, sent))
  if (whole.length < 3) return { value: rate, low: rate, high: rate }
  const mean = whole.reduce((sum, count) => sum + count, 0) / whole.length
  const variance = whole.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (whole.length - 1)
  const error = z * Math.sqrt(variance / whole.length)
  return { value: rate, low: rate - error, high: rate + error }
}

/** The order statistics between which the true percentile lies: the count below it is binomial. */
function timeOf(histogram: Histogram, percentile: number): Estimate {
  const share = percentile / 100
  const error = (z * Math.sqrt(share * (1 - share) * histogram.count)) / histogram.count
  const at = (part: number) => histogram.at(Math.min(100, Math.max(0, part * 100)))
  return { value: at(share), low: at(share - error), high: at(share + error) }
}

function doubts(before: Result, after: Result): string[] {
  const lines: string[] = []
  if (before.setup.mode !== after.setup.mode || before.setup.loop !== after.setup.loop)
    lines.push('the runs did not do the same work')
  for (const [name, { valid, reasons }] of Object.entries({ before, after }))
    if (!valid) lines.push(`${name}: ${reasons.join('; ')}`)
  return lines
}

function whole(verdicts: readonly string[]): string {
  const better = verdicts.includes('better')
  if (verdicts.includes('worse')) return better ? 'mixed' : 'worse'
  return better ? 'better' : 'no difference beyond chance'
}
