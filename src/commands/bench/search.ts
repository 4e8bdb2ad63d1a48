// --find-max: the highest rate at which conditions hold. Doubles the rate until they fail (or halves it until they hold),
// then bisects on a logarithmic scale.
import type { Assertion } from '../../cli/options/bench-values.js'
import { failedAssertions } from './assertions.js'
import { failuresOf, type Result, type Search, type Step } from './result.js'
import { ownLimit } from './validity.js'

export interface SearchSettings {
  /** Messages per second of the first step. */
  readonly start: number
  readonly conditions: readonly Assertion[]
  /** Runs at a rate. */
  measure(rate: number): Promise<Result>
  /** Called after a step that failed: lets the server recover. */
  pause(): Promise<void>
  /** True: end the search with the best step so far. */
  stopped(): boolean
}

const precision = 1.05 // quotient of the two rates at the end
const lowestRate = 1
const highestRate = 100_000_000

/** The result of the best step, or of the last one if none held, with all steps. */
export async function findMax({
  start,
  conditions,
  measure,
  pause,
  stopped,
}: SearchSettings): Promise<Result> {
  const steps: Step[] = []
  let best: Result | undefined
  let last: Result | undefined
  let [low, high] = [0, Number.POSITIVE_INFINITY]
  let limited = false
  for (let rate: number | undefined = start; rate !== undefined && !stopped(); rate = next(low, high)) {
    last = await measure(rate)
    if (last.interrupted) break
    const step = stepOf(last, rate, conditions)
    steps.push(step)
    if (step.holds) {
      low = rate
      best = last
    } else {
      high = rate
      limited = last.reasons.some((reason) => reason.startsWith(ownLimit))
      if (next(low, high) !== undefined && !stopped()) await pause()
    }
  }
  const result = best ?? last!
  const reasons = limited
    ? [...result.reasons, `${ownLimit}: at ${high} messages/s the server was not the limit`]
    : result.reasons
  const search: Search = {
    conditions: conditions.map(({ text }) => text).join(', '),
    found: best === undefined ? null : low,
    refused: Number.isFinite(high) ? high : null,
    steps,
  }
  const interrupted = stopped() || last!.interrupted
  return { ...result, interrupted, reasons, valid: reasons.length === 0, search }
}

/** The next rate to try; undefined: done. */
function next(low: number, high: number): number | undefined {
  if (high === Number.POSITIVE_INFINITY)
    return low >= highestRate ? undefined : Math.min(highestRate, low * 2)
  if (low === 0) return high <= lowestRate ? undefined : Math.max(lowestRate, rounded(high / 2))
  if (high / low <= precision) return undefined
  const middle = rounded(Math.sqrt(low * high))
  return middle > low && middle < high ? middle : undefined
}

/** To three digits. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3))
}

function stepOf(result: Result, rate: number, conditions: readonly Assertion[]): Step {
  const why = [...failedAssertions(conditions, result), ...failuresOf(result), ...result.reasons]
  const { p50 = null, p99 = null, max = null } = result.latency_ms ?? {}
  return { asked_rate: rate, rate: result.rate, ...{ p50, p99, max }, holds: why.length === 0, why }
}
