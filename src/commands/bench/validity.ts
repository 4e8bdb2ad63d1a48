// Why a result is not valid: the load generator was the limit, or the requested load was not reached.
import type { LatencyHistogram } from '../latency-histogram.js'
import { formatPercent } from '../number-format.js'
import type { Audit, Setup, ThreadLoad } from './result.js'
import { type Counts, lateMs } from './run-stats.js'

const busyShare = 0.95 // of a core: the thread may have been the bottleneck
const longDelayMs = 25
const shortestJudged = 0.5 // seconds: in a shorter run, shares of CPU time say little
const longWaitShare = 0.1 // of the time
const ownLatencyShare = 0.5 // of the latency is caused by this program
const reachedShare = 0.99 // of the requested load
const inFlightSeconds = 0.1 // messages offered last may still be in flight when the window ends

/** Prefix of reasons that name a limit of the load generator. */
export const ownLimit = 'client-limited'

export interface ValidityInput {
  readonly setup: Setup
  readonly counts: Counts
  /** Seconds. */
  readonly elapsed: number
  readonly interrupted: boolean
  readonly foreign: number
  readonly latency: LatencyHistogram
  readonly audit: Audit
}

/** Empty: the result is valid. */
export function invalidReasons(input: ValidityInput): string[] {
  const { counts, foreign } = input
  const reasons = [...ownLimits(input), ...rateNotHeld(input)]
  if (counts.reconnected < counts.churned * reachedShare)
    reasons.push(`churn not met: ${counts.reconnected} of ${counts.churned} clients reconnected in time`)
  if (foreign > 0) reasons.push(`no latency for ${foreign} messages from hosts with another clock`)
  return reasons
}

/** The rate is held if nearly all offered messages complete within the window. */
function rateNotHeld({ setup, counts, elapsed, interrupted }: ValidityInput): string[] {
  if (setup.loop !== 'open' || elapsed === 0 || interrupted) return []
  const due = counts.expected * Math.max(0, 1 - inFlightSeconds / elapsed)
  if (counts.done >= due * reachedShare) return []
  const [done, expected] = [counts.done / elapsed, counts.expected / elapsed]
  return [`rate not held: ${done.toFixed(0)} of ${expected.toFixed(0)} messages/s completed in time`]
}

function ownLimits({ elapsed, latency, audit }: ValidityInput): string[] {
  const { lag_ms, threads, thread_cpu, event_loop_delay_ms, gc_ms } = audit
  const longEnough = elapsed >= shortestJudged
  const reasons: string[] = []
  if (lag_ms.p99 > lateMs)
    reasons.push(`${ownLimit}: messages were sent late, p99 ${lag_ms.p99.toFixed(1)} ms`)
  if (thread_cpu > busyShare && longEnough)
    reasons.push(`${ownLimit}: a thread was busy for ${formatPercent(thread_cpu)} of the time`)
  if (event_loop_delay_ms.p99 > longDelayMs)
    reasons.push(`${ownLimit}: event-loop delay p99 ${event_loop_delay_ms.p99.toFixed(1)} ms`)
  const waited = Math.max(...threads.map(({ waited }) => waited ?? 0))
  const wanted = Math.max(...threads.map(({ cpu, waited }) => cpu + (waited ?? 0)))
  if (reasons.length === 0 && waited > longWaitShare && longEnough) {
    const wait = `waited for the CPU ${formatPercent(waited)} of the time`
    if (wanted > busyShare) return [`${ownLimit}: ${wait}, without idle time`]
    const slowTimer = lag_ms.p50 > latency.at(50) * ownLatencyShare
    if (slowTimer || event_loop_delay_ms.p99 > latency.at(99) * ownLatencyShare)
      return [`${ownLimit}: ${wait}, a large part of the latency`]
  }
  const [first, ...others] = reasons
  const cause = causeOf(threads, gc_ms?.max ?? 0)
  return first === undefined || cause === undefined ? reasons : [`${first} (${cause})`, ...others]
}

/** The cause of a limit, if known. */
function causeOf(threads: readonly ThreadLoad[], longestGcMs: number): string | undefined {
  const waited = Math.max(...threads.map(({ waited }) => waited ?? 0))
  if (waited > longWaitShare) return `CPU wait ${formatPercent(waited)}`
  if (longestGcMs > lateMs) return `garbage collection up to ${longestGcMs.toFixed(0)} ms`
  return undefined
}
