// The outcome of a run as numbers: what --json prints, what `bench merge` joins, and what every view is made from.
import type { EngineResult } from './engine.js'
import { rounded } from './figures.js'
import { Histogram, type Percentiles } from './histogram.js'
import type { Mode } from './plan.js'
import type { Search } from './search.js'
import { addCounts } from './snapshot.js'
import { type EncodedStretches, Stretches } from './stretches.js'
import { type Counts, countNames, noCounts, type Second } from './tally.js'
import { reasonsOf } from './validity.js'

export interface Header {
  readonly mqttx: string
  readonly node: string
  readonly system: string
  /** What $SYS/broker/version said; undefined: nothing. */
  readonly broker: string | undefined
  readonly command: string
  readonly seed: number
  /** null where no TCP is spoken: a unix socket. */
  readonly tcp_nodelay: boolean | null
  /** Of the first message, UTC. */
  readonly started: string
}

export interface Setup {
  readonly mode: Mode
  /** open: at the times of a rate; closed: as fast as it goes. */
  readonly loop: 'open' | 'closed'
  readonly qos: number
  readonly size: number
  readonly clients: number
  /** Connections that receive in pubsub, and that answer in rr. */
  readonly subscribers: number
  /** Messages a second that were asked for. */
  readonly asked_rate: number | undefined
  /** Clients a second that were to disconnect and connect again. */
  readonly churn?: number | undefined
  /** Requests without a response that each client may have, in a closed loop of rr. */
  readonly window?: number | undefined
}

/** What one thread has used, as shares of one core. */
export interface ThreadLoad {
  readonly cpu: number
  /** The system let others run although this thread could have; null where the system does not tell. */
  readonly waited: number | null
}

/** What the load generator has found out about itself. */
export interface Audit {
  /** Milliseconds beyond what a timer takes anyway. */
  readonly event_loop_delay_ms: { readonly p99: number; readonly max: number }
  /** Those that do the work. */
  readonly threads: readonly ThreadLoad[]
  /** Of one core, the busiest of them. */
  readonly thread_cpu: number
  /** Of one core, the whole process with its other threads. */
  readonly process_cpu: number
  readonly gc_ms: { readonly total: number; readonly max: number }
  /** How late messages were sent while their connection could take them. */
  readonly lag_ms: { readonly p50: number; readonly p99: number; readonly max: number }
  /** The most messages whose time had come and that were not sent yet, as seen every quarter of a second. */
  readonly backlog: number
}

export type OwnLoad = Omit<Audit, 'lag_ms' | 'thread_cpu'>

export interface Result extends Counts {
  readonly format: 'mqttx bench 2'
  readonly header: Header
  readonly setup: Setup
  readonly failed: Readonly<Record<string, number>>
  /** Why connections were lost; those that were made again too. */
  readonly disconnects: Readonly<Record<string, number>>
  /** The window that `rate` is of. */
  readonly elapsed_s: number
  /** From the end of that window to the last acknowledgement or message. */
  readonly drain_s: number
  /**
   * Messages a second that went all the way within the window: acknowledged, received, or at QoS 0 sent; connections in
   * `conn`. What came later is in the counts, not in the rate.
   */
  readonly rate: number
  readonly latency_ms: Percentiles | undefined
  readonly service_ms: Percentiles | undefined
  /** From dialling to CONNACK, whatever the work is. */
  readonly connect_ms: Percentiles | undefined
  readonly valid: boolean
  readonly reasons: readonly string[]
  readonly interrupted: boolean
  readonly foreign: number
  readonly audit: Audit
  readonly series: readonly Second[]
  readonly histograms: {
    readonly latency: string
    readonly service: string
    readonly lag: string
    readonly connect: string
  }
  /** The latency stretch by stretch, with two digits: how much it varied in the course of the run. */
  readonly stretches: EncodedStretches
  /** Of --find-max, whose best step this result is. */
  readonly search?: Search
}

/** What is measured, before anything is worked out from it. */
export interface Measured {
  readonly header: Header
  readonly setup: Setup
  readonly counts: Counts
  readonly failed: Readonly<Record<string, number>>
  readonly disconnects: Readonly<Record<string, number>>
  /** Seconds. */
  readonly elapsed: number
  readonly drain: number
  readonly interrupted: boolean
  readonly foreign: number
  readonly audit: OwnLoad
  readonly series: readonly Second[]
  readonly latency: Histogram
  readonly service: Histogram
  readonly lag: Histogram
  readonly connect: Histogram
  readonly stretches: Stretches
}

/** `elapsed` of `conn` is the time that connecting took. */
export function measured(
  engine: EngineResult,
  facts: Pick<Measured, 'header' | 'setup' | 'audit'>,
): Measured {
  const { tally, elapsedMs, drainMs, connectMs, stoppedEarly, foreign } = engine
  const { counts, failed, disconnects, latency, service, lag, connect, stretches, seconds } = tally
  const conn = facts.setup.mode === 'conn'
  const elapsed = (conn ? connectMs : elapsedMs) / 1000
  const drain = conn ? 0 : drainMs / 1000
  return {
    ...facts,
    ...{ counts, failed, disconnects, elapsed, drain, foreign },
    interrupted: stoppedEarly,
    series: seconds,
    ...{ latency, service, lag, connect, stretches },
  }
}

export function resultOf(measured: Measured): Result {
  const { header, setup, counts, failed, disconnects, elapsed, drain, interrupted, foreign, series } =
    measured
  const { latency, service, lag, connect } = measured
  const audit: Audit = {
    ...measured.audit,
    thread_cpu: Math.max(...measured.audit.threads.map(({ cpu }) => cpu)),
    lag_ms: { p50: lag.at(50), p99: lag.at(99), max: lag.at(100) },
  }
  const reasons = reasonsOf(measured, audit)
  return {
    format: 'mqttx bench 2',
    header,
    setup,
    ...counts,
    ...{ failed, disconnects },
    elapsed_s: rounded(elapsed),
    drain_s: rounded(drain),
    rate: rounded(elapsed === 0 ? 0 : doneOf(setup, counts) / elapsed),
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
    stretches: measured.stretches.encode(),
  }
}

function doneOf({ mode }: Setup, { done, connected }: Counts): number {
  return mode === 'conn' ? connected : done
}

/** What went all the way in each whole second of `seconds`; what is left of the last one would look like a fall. */
export function perSecond({ series }: Result, seconds: number): number[] {
  return Array.from({ length: Math.floor(seconds + 0.001) }, (_, second) => series[second]?.done ?? 0)
}

/** What makes a run fail, in words; empty where all is well. */
export function failuresOf(result: Result): string[] {
  const { setup, lost, duplicated, unacked, unsent, skipped, failed, sent, received, connected } = result
  const failures: string[] = []
  if (result.search?.found === null) failures.push(`no rate holds ${result.search.conditions}`)
  const note = (count: number, text: string) => void (count > 0 && failures.push(`${count} ${text}`))
  if (setup.qos > 0) note(lost, `lost at QoS ${setup.qos}`)
  if (setup.qos === 2) note(duplicated, 'duplicated at QoS 2')
  note(unacked, 'not acknowledged')
  note(unsent, 'not sent')
  note(skipped, 'skipped')
  for (const [reason, count] of Object.entries(failed)) note(count, reason)
  if ((setup.mode === 'sub' || setup.mode === 'rr') && received === 0) failures.push('nothing received')
  if (setup.mode !== 'sub' && setup.mode !== 'conn' && sent === 0) failures.push('nothing sent')
  if (setup.mode === 'conn' && connected === 0) failures.push('nobody connected')
  return failures
}

/** What one run would have measured that did the work of all `results`, which ran at the same time. */
export function merged(results: readonly Result[]): Result {
  const [first] = results
  const counts = noCounts()
  const failed: Record<string, number> = {}
  const disconnects: Record<string, number> = {}
  const series: Second[] = []
  const [latency, service, lag, connect] = [0, 1, 2, 3].map(() => new Histogram()) as Histograms
  const histograms = { latency, service, lag, connect }
  const stretches = new Stretches()
  for (const result of results) {
    for (const name of countNames) counts[name] += result[name]
    addCounts(failed, result.failed)
    addCounts(disconnects, result.disconnects)
    for (const name of ['latency', 'service', 'lag', 'connect'] as const)
      histograms[name].add(new Histogram(result.histograms[name]))
    stretches.add(new Stretches(result.stretches))
    addSeconds(series, result.series)
  }
  const most = (value: (result: Result) => number) => Math.max(...results.map(value))
  const sum = (value: (result: Result) => number) =>
    results.reduce((total, result) => total + value(result), 0)
  return resultOf({
    header: first!.header,
    setup: { ...first!.setup, subscribers: sum(({ setup }) => setup.subscribers) },
    ...{ counts, failed, disconnects, series, stretches, ...histograms },
    elapsed: most((result) => result.elapsed_s),
    drain: most((result) => result.elapsed_s + result.drain_s) - most((result) => result.elapsed_s),
    interrupted: results.some(({ interrupted }) => interrupted),
    foreign: sum((result) => result.foreign),
    audit: {
      event_loop_delay_ms: {
        p99: most(({ audit }) => audit.event_loop_delay_ms.p99),
        max: most(({ audit }) => audit.event_loop_delay_ms.max),
      },
      threads: results.flatMap(({ audit }) => audit.threads),
      process_cpu: sum(({ audit }) => audit.process_cpu),
      gc_ms: { total: sum(({ audit }) => audit.gc_ms.total), max: most(({ audit }) => audit.gc_ms.max) },
      backlog: sum(({ audit }) => audit.backlog), // at the most: they need not have been the same moments
    },
  })
}

type Histograms = [Histogram, Histogram, Histogram, Histogram]

function addSeconds(sums: Second[], seconds: readonly Second[]): void {
  for (const [index, { sent, done, maxMs }] of seconds.entries()) {
    const sum = (sums[index] ??= { sent: 0, done: 0, maxMs: 0 })
    sum.sent += sent
    sum.done += done
    sum.maxMs = Math.max(sum.maxMs, maxMs)
  }
}
