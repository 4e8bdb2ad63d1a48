// Conditions on a result, for scripts: which of them do not hold, and what was measured instead.
import type { Assertion } from '../../cli/options/bench-values.js'
import type { Percentiles } from './histogram.js'
import type { Result } from './result.js'
import type { Counts } from './tally.js'

/** One sentence for each condition that does not hold. */
export function broken(assertions: readonly Assertion[], result: Result): string[] {
  const sentences: string[] = []
  for (const assertion of assertions) {
    const value = measuredAs(assertion.metric, result)
    if (value === undefined) sentences.push(`${assertion.text}: nothing was measured`)
    else if (!holds(assertion, value)) sentences.push(`${assertion.text}: it is ${value}`)
  }
  return sentences
}

function measuredAs(metric: string, result: Result): number | undefined {
  if (metric === 'rate') return result.rate
  if (metric === 'loss') return result.lost
  if (metric === 'failed') return Object.values(result.failed).reduce((sum, count) => sum + count, 0)
  const [, service, time] = /^(service_)?(p\d+|max)$/.exec(metric) ?? []
  if (time === undefined) return result[metric as keyof Counts]
  const times = service === undefined ? result.latency_ms : result.service_ms
  return times?.[time as keyof Percentiles]
}

function holds({ operator, value: bound }: Assertion, value: number): boolean {
  switch (operator) {
    case '<':
      return value < bound
    case '<=':
      return value <= bound
    case '=':
      return value === bound
    case '>=':
      return value >= bound
    case '>':
      return value > bound
    default:
      return operator satisfies never
  }
}
