// The state of a run at a moment, for the live view and the metrics.
import { LatencyHistogram } from '../latency-histogram.js'
import { type Counts, countNames, noCounts } from './run-stats.js'

export const phases = ['connecting', 'running', 'ending'] as const

export interface Snapshot {
  readonly phase: (typeof phases)[number]
  /** When the measurement begins, on the clock. */
  readonly start: number
  /** Counts that are known only at the end are 0. */
  readonly counts: Counts
  readonly failed: Readonly<Record<string, number>>
  readonly disconnects: Readonly<Record<string, number>>
  /** Clients whose connection has not ended for good. */
  readonly clients: number
  /** Unacknowledged QoS 1 and 2 messages. */
  readonly inFlight: number
  /** Open loop: messages that are due but not sent. */
  readonly backlog: number
  readonly latency: LatencyHistogram
}

/** The form that a worker thread sends. */
export type SentSnapshot = Omit<Snapshot, 'latency'> & { readonly latency: string }

export function toSendable(snapshot: Snapshot): SentSnapshot {
  return { ...snapshot, latency: snapshot.latency.encode() }
}

/** The sum of the snapshots of the threads; undefined if there is none yet. */
export function combinedSnapshot(parts: readonly SentSnapshot[]): Snapshot | undefined {
  if (parts.length === 0) return undefined
  const counts = noCounts()
  const [failed, disconnects]: Record<string, number>[] = [{}, {}]
  const latency = new LatencyHistogram()
  for (const part of parts) {
    for (const name of countNames) counts[name] += part.counts[name]
    addCounts(failed!, part.failed)
    addCounts(disconnects!, part.disconnects)
    latency.add(new LatencyHistogram(part.latency))
  }
  const sum = (value: (part: SentSnapshot) => number) => parts.reduce((total, part) => total + value(part), 0)
  return {
    phase: phases[Math.min(...parts.map(({ phase }) => phases.indexOf(phase)))]!,
    start: Math.min(...parts.map(({ start }) => start)),
    ...{ counts, failed: failed!, disconnects: disconnects!, latency },
    clients: sum(({ clients }) => clients),
    inFlight: sum(({ inFlight }) => inFlight),
    backlog: sum(({ backlog }) => backlog),
  }
}

/** Adds `counts` to `sums`, by name. */
export function addCounts(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}
