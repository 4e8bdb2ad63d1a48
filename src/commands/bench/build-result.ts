// Builds the result of a run from its statistics, and merges the results of threads and shards.

import { LatencyHistogram } from '../latency-histogram.js'
import { roundToThousandth } from '../number-format.js'
import type { EngineResult } from './engine.js'
import { IntervalHistograms } from './interval-histograms.js'
import type { Audit, GeneratorLoad, Header, Result, Setup } from './result.js'
import { type Counts, countNames, noCounts, type Second } from './run-stats.js'
import { addCounts } from './snapshot.js'
import { invalidReasons } from './validity.js'

/** What is measured, before anything is derived from it. Times are in seconds. */
interface RawResult {
  readonly header: Header
  readonly setup: Setup
  readonly counts: Counts
  readonly failed: Readonly<Record<string, number>>
  readonly disconnects: Readonly<Record<string, number>>
  readonly elapsed: number
  readonly drain: number
  readonly interrupted: boolean
  readonly foreign: number
  readonly load: GeneratorLoad
  readonly series: readonly Second[]
  readonly latency: LatencyHistogram
  readonly service: LatencyHistogram
  readonly lag: LatencyHistogram
  readonly connect: LatencyHistogram
  readonly intervals: IntervalHistograms
}

export interface RunDescription {
  readonly header: Header
  readonly setup: Setup
  readonly load: GeneratorLoad
}

/** The result of one thread. `elapsed_s` of `conn` is the time that connecting took. */
export function resultOf(engine: EngineResult, description: RunDescription): Result {
  const { stats, elapsedMs, drainMs, connectMs, stoppedEarly, foreign } = engine
  const { counts, failed, disconnects, latency, service, lag, connect, intervals, seconds } = stats
  const conn = description.setup.mode === 'conn'
  return derived({
    ...description,
    ...{ counts, failed, disconnects, foreign },
    elapsed: (conn ? connectMs : elapsedMs) / 1000,
    drain: conn ? 0 : drainMs / 1000,
    interrupted: stoppedEarly,
    series: seconds,
    ...{ latency, service, lag, connect, intervals },
  })
}

function derived(raw: RawResult): Result {
  const { header, setup, counts, failed, disconnects, elapsed, drain, interrupted, foreign, series } = raw
  const { latency, service, lag, connect } = raw
  const audit: Audit = {
    ...raw.load,
    thread_cpu: Math.max(...raw.load.threads.map(({ cpu }) => cpu)),
    lag_ms: { p50: lag.at(50), p99: lag.at(99), max: lag.at(100) },
  }
  const reasons = invalidReasons({ setup, counts, elapsed, interrupted, foreign, latency, audit })
  const done = setup.mode === 'conn' ? counts.connected : counts.done
  return {
    format: 'mqttx bench 2',
    header,
    setup,
    ...counts,
    ...{ failed, disconnects },
    elapsed_s: roundToThousandth(elapsed),
    drain_s: roundToThousandth(drain),
    rate: roundToThousandth(elapsed === 0 ? 0 : done / elapsed),
    latency_ms: latency.percentiles(),
    service_ms: service.percentiles(),
    connect_ms: connect.percentiles(),
    valid: reasons.length === 0,
    reasons,
    ...{ interrupted, foreign, audit, series },
    histograms: {
      ...{ latency: latency.encode(), service: service.encode() },
      ...{ lag: lag.encode(), connect: connect.encode() },
    },
    stretches: raw.intervals.encode(),
  }
}

/** The result that one run with the clients of all `results`, which ran at the same time, would have. */
export function merged(results: readonly Result[]): Result {
  const [first] = results
  const counts = noCounts()
  const failed: Record<string, number> = {}
  const disconnects: Record<string, number> = {}
  const series: Second[] = []
  const [latency, service, lag, connect] = [0, 1, 2, 3].map(() => new LatencyHistogram()) as Histograms
  const histograms = { latency, service, lag, connect }
  const intervals = new IntervalHistograms()
  for (const result of results) {
    for (const name of countNames) counts[name] += result[name]
    addCounts(failed, result.failed)
    addCounts(disconnects, result.disconnects)
    for (const name of ['latency', 'service', 'lag', 'connect'] as const)
      histograms[name].add(new LatencyHistogram(result.histograms[name]))
    intervals.add(new IntervalHistograms(result.stretches))
    addSeconds(series, result.series)
  }
  const most = (value: (result: Result) => number) => Math.max(...results.map(value))
  const sum = (value: (result: Result) => number) =>
    results.reduce((total, result) => total + value(result), 0)
  return derived({
    header: first!.header,
    setup: { ...first!.setup, subscribers: sum(({ setup }) => setup.subscribers) },
    ...{ counts, failed, disconnects, series, intervals, ...histograms },
    elapsed: most((result) => result.elapsed_s),
    drain: most((result) => result.elapsed_s + result.drain_s) - most((result) => result.elapsed_s),
    interrupted: results.some(({ interrupted }) => interrupted),
    foreign: sum((result) => result.foreign),
    load: {
      event_loop_delay_ms: {
        p99: most(({ audit }) => audit.event_loop_delay_ms.p99),
        max: most(({ audit }) => audit.event_loop_delay_ms.max),
      },
      threads: results.flatMap(({ audit }) => audit.threads),
      process_cpu: sum(({ audit }) => audit.process_cpu),
      gc_ms: first!.audit.gc_ms && {
        total: sum(({ audit }) => audit.gc_ms?.total ?? 0),
        max: most(({ audit }) => audit.gc_ms?.max ?? 0),
      },
      backlog: sum(({ audit }) => audit.backlog), // upper bound: the maxima may be from different moments
    },
  })
}

type Histograms = [LatencyHistogram, LatencyHistogram, LatencyHistogram, LatencyHistogram]

function addSeconds(sums: Second[], seconds: readonly Second[]): void {
  for (const [index, { sent, done, maxMs }] of seconds.entries()) {
    const sum = (sums[index] ??= { sent: 0, done: 0, maxMs: 0 })
    sum.sent += sent
    sum.done += done
    sum.maxMs = Math.max(sum.maxMs, maxMs)
  }
}
