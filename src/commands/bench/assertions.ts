// --assert: checks conditions on a result.
import type { Assertion } from '../../cli/options/bench-values.js'
import type { Percentiles } from '../latency-histogram.js'
import type { Result } from './result.js'
import type { Counts } from './run-stats.js'

/** For each condition that does not hold, a line with the measured value. */
export function failedAssertions(assertions: readonly Assertion[], result: Result): string[] {
  const failures: string[] = []
  for (const assertion of assertions) {
    const value = measuredValue(assertion.metric, result)
    if (value === undefined) failures.push(`${assertion.text}: nothing was measured`)
    else if (!holds(assertion, value)) failures.push(`${assertion.text}: it is ${value}`)
  }
  return failures
}

function measuredValue(metric: string, result: Result): number | undefined {
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
