// Metrics of a run in the Prometheus text exposition format, version 0.0.4.
import type { Snapshot } from './snapshot.js'

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Upper bounds of the histogram buckets, in seconds. */
const limits = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  ...[0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
]

/** Counts that are exact during the run; losses and duplicates are known only at the end. */
const counters = {
  offered: 'Messages that were due, or that a closed loop decided to send.',
  sent: 'Messages sent.',
  acked: 'Messages acknowledged at QoS 1 and 2.',
  received: 'Messages received, without duplicates.',
  late: 'Messages sent more than 10 ms late.',
  connected: 'Clients that connected.',
  disconnected: 'Connections lost.',
  churned: 'Times that a client was due to reconnect.',
  reconnected: 'Times that a client reconnected.',
} as const

export interface RunLabels {
  readonly version: string
  readonly mode: string
  readonly loop: string
  readonly qos: number
}

/** The response to a scrape. Without a snapshot (before the first connection) only `mqttx_bench_info`. */
export function exposition({ version, mode, loop, qos }: RunLabels, snapshot: Snapshot | undefined): string {
  const info = { version, mode, loop, qos: String(qos) }
  const lines = [...head('info', 'gauge', 'Parameters of the run.'), sample('info', info, 1)]
  if (snapshot === undefined) return `${lines.join('\n')}\n`
  for (const [name, help] of Object.entries(counters)) {
    const count = snapshot.counts[name as keyof typeof counters]
    lines.push(...head(`${name}_total`, 'counter', help), sample(`${name}_total`, {}, count))
  }
  lines.push(...byReason('failed_total', 'Failures by Reason Code or error.', snapshot.failed))
  lines.push(...byReason('disconnects_total', 'Lost connections by reason.', snapshot.disconnects))
  lines.push(...gauge('clients', 'Clients whose connection has not ended.', snapshot.clients))
  lines.push(...gauge('in_flight', 'Unacknowledged messages.', snapshot.inFlight))
  lines.push(...gauge('backlog', 'Messages that are due but not sent.', snapshot.backlog))
  lines.push(
    ...histogram('latency_seconds', 'Latency; with a rate, from the intended time.', snapshot.latency),
  )
  return `${lines.join('\n')}\n`
}

function gauge(name: string, help: string, value: number): string[] {
  return [...head(name, 'gauge', help), sample(name, {}, value)]
}

function byReason(name: string, help: string, counts: Readonly<Record<string, number>>): string[] {
  const samples = Object.entries(counts).map(([reason, count]) => sample(name, { reason }, count))
  return samples.length === 0 ? [] : [...head(name, 'counter', help), ...samples]
}

function histogram(name: string, help: string, times: Snapshot['latency']): string[] {
  const counts = limits.map(() => 0)
  let [sum, limit] = [0, 0]
  for (const [ms, count] of times.recorded()) {
    while (limit < limits.length && ms / 1000 > limits[limit]!) limit++
    if (limit < limits.length) counts[limit]! += count
    sum += (ms / 1000) * count
  }
  let below = 0
  const buckets = limits.map((le, index) => {
    below += counts[index]!
    return sample(`${name}_bucket`, { le: String(le) }, below)
  })
  return [
    ...head(name, 'histogram', help),
    ...buckets,
    sample(`${name}_bucket`, { le: '+Inf' }, times.count),
    sample(`${name}_sum`, {}, Number(sum.toPrecision(6))),
    sample(`${name}_count`, {}, times.count),
  ]
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP mqttx_bench_${name} ${help}`, `# TYPE mqttx_bench_${name} ${type}`]
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `mqttx_bench_${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
