// --find-max: the highest rate at which conditions hold. Doubles the rate until they do not hold any more (or halves it
// until they do), then halves the distance between the two by its logarithm until they are close.
import type { Assertion } from '../../cli/options/bench-values.js'
import { broken } from './assertions.js'
import { failuresOf, type Result } from './result.js'
import { ownLimit } from './validity.js'

export interface Step {
  readonly asked_rate: number
  /** Messages a second that went all the way. */
  readonly rate: number
  /** Milliseconds; null where nothing was measured. */
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
  readonly holds: boolean
  /** Why not; empty where it does. */
  readonly why: readonly string[]
}

export interface Search {
  readonly conditions: string
  /** The highest rate that held; null: none did. */
  readonly found: number | null
  /** The lowest rate above it that did not hold; null: none was tried. */
  readonly refused: number | null
  readonly steps: readonly Step[]
}

export interface SearchSettings {
  /** Messages a second of the first step. */
  readonly start: number
  readonly conditions: readonly Assertion[]
  /** Does the work at a rate. */
  measure(rate: number): Promise<Result>
  /** Lets the server rest after a step that was too much for it. */
  rest(): Promise<void>
  /** The search is to end with what is known. */
  stopped(): boolean
}

const close = 1.05 // how near the two rates have to be
const least = 1
const highest = 100_000_000

/** The result of the best step, or of the last one where none held, with all steps. */
export async function findMax({
  start,
  conditions,
  measure,
  rest,
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
      if (next(low, high) !== undefined && !stopped()) await rest()
    }
  }
  const result = best ?? last!
  const reasons = limited
    ? [...result.reasons, `${ownLimit}: at ${high} messages/s it was not the server that refused`]
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

/** The rate to try; undefined: the answer is found. */
function next(low: number, high: number): number | undefined {
  if (high === Number.POSITIVE_INFINITY) return low >= highest ? undefined : Math.min(highest, low * 2)
  if (low === 0) return high <= least ? undefined : Math.max(least, rounded(high / 2))
  if (high / low <= close) return undefined
  const middle = rounded(Math.sqrt(low * high))
  return middle > low && middle < high ? middle : undefined
}

/** To three digits: nobody needs more. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3))
}

function stepOf(result: Result, rate: number, conditions: readonly Assertion[]): Step {
  const why = [...broken(conditions, result), ...failuresOf(result), ...result.reasons]
  const { p50 = null, p99 = null, max = null } = result.latency_ms ?? {}
  return { asked_rate: rate, rate: result.rate, ...{ p50, p99, max }, holds: why.length === 0, why }
}
