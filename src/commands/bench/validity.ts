// Why a result may not be what it seems: the load generator was the limit, or the work was not done as it was asked for.
import { percent } from './figures.js'
import type { Audit, Measured, ThreadLoad } from './result.js'
import { lateMs } from './tally.js'

/** A thread that is this busy may be what was measured. */
const busy = 0.95
const longDelayMs = 25
const measurable = 0.5 // seconds: in less, a share of the time says little
const much = 0.1 // of the time
const nearly = 0.99 // of what was asked for

/** Empty: the result is valid. Those that begin with `client-limited` name the load generator's own limit. */
export function reasonsOf({ setup, counts, elapsed, foreign }: Measured, audit: Audit): string[] {
  const reasons = ownLimits(audit, elapsed >= measurable)
  const achieved = elapsed === 0 ? 0 : counts.sent / elapsed
  if (setup.asked_rate !== undefined && setup.loop === 'open' && counts.sent < counts.offered * nearly) {
    const rates = `${achieved.toFixed(0)} of ${setup.asked_rate.toFixed(0)} messages/s`
    reasons.push(`rate not met: ${rates} were sent; the server did not take more`)
  }
  if (counts.reconnected < counts.churned * nearly)
    reasons.push(
      `churn not met: ${counts.reconnected} of ${counts.churned} clients were connected again in time`,
    )
  if (foreign > 0)
    reasons.push(`no latency for ${foreign} messages: they come from a host with another clock`)
  return reasons
}

function ownLimits(
  { lag_ms, threads, thread_cpu, event_loop_delay_ms, gc_ms }: Audit,
  longEnough: boolean,
): string[] {
  const reasons: string[] = []
  if (lag_ms.p99 > lateMs)
    reasons.push(`client-limited: messages were sent late, p99 ${lag_ms.p99.toFixed(1)} ms`)
  if (thread_cpu > busy && longEnough)
    reasons.push(`client-limited: a thread was busy for ${percent(thread_cpu)} of the time`)
  if (event_loop_delay_ms.p99 > longDelayMs)
    reasons.push(`client-limited: event-loop delay p99 ${event_loop_delay_ms.p99.toFixed(1)} ms`)
  const [first, ...others] = reasons
  const cause = causeOf(threads, gc_ms.max)
  return first === undefined || cause === undefined ? reasons : [`${first} (${cause})`, ...others]
}

/** What a limit comes from, where that is known. */
function causeOf(threads: readonly ThreadLoad[], longestGcMs: number): string | undefined {
  const waited = Math.max(...threads.map(({ waited }) => waited ?? 0))
  if (waited > much) return `other processes had its processor for ${percent(waited)} of the time`
  if (longestGcMs > lateMs) return `garbage collection took up to ${longestGcMs.toFixed(0)} ms`
  return undefined
}
