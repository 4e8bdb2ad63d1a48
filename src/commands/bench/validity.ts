// Why a result may not be what it seems: the load generator was the limit, or the work was not done as it was asked for.
import { percent } from './figures.js'
import type { Audit, Measured, ThreadLoad } from './result.js'
import { lateMs } from './tally.js'

/** A thread that is this busy may be what was measured. */
const busy = 0.95
const longDelayMs = 25
const measurable = 0.5 // seconds: in less, a share of the time says little
const much = 0.1 // of the time
const share = 0.5 // of a latency: more of it is ours than the server's
const nearly = 0.99 // of what was asked for
const underWay = 0.1 // seconds: what was offered last may still be on its way when the window ends

/** How the reasons begin that name a limit of our own. */
export const ownLimit = 'client-limited'

/** Empty: the result is valid. Those that begin with `client-limited` name the load generator's own limit. */
export function reasonsOf(measured: Measured, audit: Audit): string[] {
  const { counts, foreign } = measured
  const reasons = [...ownLimits(measured, audit), ...rateNotHeld(measured)]
  if (counts.reconnected < counts.churned * nearly)
    reasons.push(
      `churn not met: ${counts.reconnected} of ${counts.churned} clients were connected again in time`,
    )
  if (foreign > 0)
    reasons.push(`no latency for ${foreign} messages: they come from a host with another clock`)
  return reasons
}

/** The rate holds when nearly all of what was offered went all the way within the window. */
function rateNotHeld({ setup, counts, elapsed, interrupted }: Measured): string[] {
  if (setup.loop !== 'open' || elapsed === 0 || interrupted) return []
  const due = counts.expected * Math.max(0, 1 - underWay / elapsed)
  if (counts.done >= due * nearly) return []
  const [done, expected] = [counts.done / elapsed, counts.expected / elapsed]
  return [`rate not held: ${done.toFixed(0)} of ${expected.toFixed(0)} messages/s went all the way in time`]
}

function ownLimits(
  { elapsed, latency }: Measured,
  { lag_ms, threads, thread_cpu, event_loop_delay_ms, gc_ms }: Audit,
): string[] {
  const longEnough = elapsed >= measurable
  const reasons: string[] = []
  if (lag_ms.p99 > lateMs)
    reasons.push(`${ownLimit}: messages were sent late, p99 ${lag_ms.p99.toFixed(1)} ms`)
  if (thread_cpu > busy && longEnough)
    reasons.push(`${ownLimit}: a thread was busy for ${percent(thread_cpu)} of the time`)
  if (event_loop_delay_ms.p99 > longDelayMs)
    reasons.push(`${ownLimit}: event-loop delay p99 ${event_loop_delay_ms.p99.toFixed(1)} ms`)
  const waited = Math.max(...threads.map(({ waited }) => waited ?? 0))
  const wanted = Math.max(...threads.map(({ cpu, waited }) => cpu + (waited ?? 0)))
  if (reasons.length === 0 && waited > much && longEnough) {
    const others = `other processes had the processor for ${percent(waited)} of the time`
    const typical = latency.at(50)
    if (wanted > busy) return [`${ownLimit}: ${others}, and a thread had no time to spare`]
    if (lag_ms.p50 > typical * share || event_loop_delay_ms.p99 > latency.at(99) * share)
      return [`${ownLimit}: ${others}, which is a large part of the latency`]
  }
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
