// A run as it stands at a moment: what the live view and the metrics are made from.
import { Histogram } from './histogram.js'
import { type Counts, countNames, noCounts } from './tally.js'

export const phases = ['connecting', 'running', 'ending'] as const

export interface Snapshot {
  readonly phase: (typeof phases)[number]
  /** When what counts begins, on the system's clock in milliseconds. */
  readonly start: number
  /** Those that are only known at the end are 0 before. */
  readonly counts: Counts
  readonly failed: Readonly<Record<string, number>>
  readonly disconnects: Readonly<Record<string, number>>
  /** Clients whose connection has not ended for good. */
  readonly clients: number
  /** QoS 1 and 2 messages without an acknowledgement. */
  readonly inFlight: number
  /** Messages of an open loop whose time has come, and that are not sent yet. */
  readonly backlog: number
  readonly latency: Histogram
}

/** As threads send it to one another. */
export type SentSnapshot = Omit<Snapshot, 'latency'> & { readonly latency: string }

export function sendable(snapshot: Snapshot): SentSnapshot {
  return { ...snapshot, latency: snapshot.latency.encode() }
}

/** Those of the threads of one run, together; undefined where there is none yet. */
export function together(parts: readonly SentSnapshot[]): Snapshot | undefined {
  if (parts.length === 0) return undefined
  const counts = noCounts()
  const [failed, disconnects]: Record<string, number>[] = [{}, {}]
  const latency = new Histogram()
  for (const part of parts) {
    for (const name of countNames) counts[name] += part.counts[name]
    addCounts(failed!, part.failed)
    addCounts(disconnects!, part.disconnects)
    latency.add(new Histogram(part.latency))
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

/** Adds counts by name to those of others. */
export function addCounts(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}
