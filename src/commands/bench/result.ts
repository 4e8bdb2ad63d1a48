// The result of a run: the keys of --json, which merge, report and compare read again.

import type { Percentiles } from '../latency-histogram.js'
import type { EncodedIntervals } from './interval-histograms.js'
import type { Mode } from './plan.js'
import type { Counts, Second } from './run-stats.js'

export interface Header {
  readonly mqttx: string
  /** `Node v20.19.0`, `Bun v1.4.5`. */
  readonly runtime: string
  readonly system: string
  /** The value of $SYS/broker/version; undefined: none. */
  readonly broker: string | undefined
  readonly command: string
  readonly seed: number
  /** null without TCP: a unix socket. */
  readonly tcp_nodelay: boolean | null
  /** Time of the first message, UTC. */
  readonly started: string
}

export interface Setup {
  readonly mode: Mode
  /** open: messages are due at the times of a rate; closed: as fast as the server allows. */
  readonly loop: 'open' | 'closed'
  readonly qos: number
  readonly size: number
  readonly clients: number
  /** Subscribers of pubsub, responders of rr. */
  readonly subscribers: number
  /** Requested messages per second. */
  readonly asked_rate: number | undefined
  /** Requested reconnects per second (--churn). */
  readonly churn?: number | undefined
  /** Closed loop of rr: outstanding requests per client. */
  readonly window?: number | undefined
}

/** Load of one thread, as shares of one core. */
export interface ThreadLoad {
  readonly cpu: number
  /** Runnable, but waiting for a core; null if the system does not tell. */
  readonly waited: number | null
}

/** Measurements of the load generator itself. */
export interface Audit {
  /** Milliseconds beyond the resolution of the timer. */
  readonly event_loop_delay_ms: { readonly p99: number; readonly max: number }
  /** The worker threads. */
  readonly threads: readonly ThreadLoad[]
  /** The busiest thread, as a share of one core. */
  readonly thread_cpu: number
  /** The whole process including helper threads, as a share of one core. */
  readonly process_cpu: number
  /** null if the runtime does not tell. */
  readonly gc_ms: { readonly total: number; readonly max: number } | null
  /** How late messages were sent while their connection was ready. */
  readonly lag_ms: { readonly p50: number; readonly p99: number; readonly max: number }
  /** The most messages that were due but not sent, sampled every 250 ms. */
  readonly backlog: number
}

/** The part of the audit that is not derived from the statistics of the run. */
export type GeneratorLoad = Omit<Audit, 'lag_ms' | 'thread_cpu'>

/** One step of --find-max. */
export interface Step {
  readonly asked_rate: number
  /** Messages per second that completed. */
  readonly rate: number
  /** Milliseconds; null if nothing was measured. */
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
  readonly holds: boolean
  /** Why it does not hold; else empty. */
  readonly why: readonly string[]
}

/** The outcome of --find-max. */
export interface Search {
  readonly conditions: string
  /** The highest rate that held; null: none. */
  readonly found: number | null
  /** The lowest rate above it that did not hold; null: none was tried. */
  readonly refused: number | null
  readonly steps: readonly Step[]
}

export interface Result extends Counts {
  readonly format: 'mqttx bench 2'
  readonly header: Header
  readonly setup: Setup
  readonly failed: Readonly<Record<string, number>>
  /** Why connections were lost, including those that were re-established. */
  readonly disconnects: Readonly<Record<string, number>>
  /** Length of the measurement window. */
  readonly elapsed_s: number
  /** From the end of the window to the last acknowledgement or message. */
  readonly drain_s: number
  /**
   * Messages per second that completed within the window: acknowledged, received, or at QoS 0 sent; in `conn`,
   * connections. Later messages are in the counts, but not in the rate.
   */
  readonly rate: number
  readonly latency_ms: Percentiles | undefined
  readonly service_ms: Percentiles | undefined
  /** From dialling to CONNACK, in every mode. */
  readonly connect_ms: Percentiles | undefined
  readonly valid: boolean
  readonly reasons: readonly string[]
  readonly interrupted: boolean
  /** Messages from hosts whose clock is not comparable. */
  readonly foreign: number
  readonly audit: Audit
  readonly series: readonly Second[]
  readonly histograms: {
    readonly latency: string
    readonly service: string
    readonly lag: string
    readonly connect: string
  }
  /** Latency per interval, with two digits. */
  readonly stretches: EncodedIntervals
  /** --find-max: this result is that of the best step. */
  readonly search?: Search
}

/** Completed messages of each whole second; the incomplete last second is left out. */
export function perSecond({ series }: Result, seconds: number): number[] {
  return Array.from({ length: Math.floor(seconds + 0.001) }, (_, second) => series[second]?.done ?? 0)
}

/** What makes a run fail, one phrase each; empty if nothing does. */
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
  if (setup.mode === 'conn' && connected === 0) failures.push('no client connected')
  return failures
}
