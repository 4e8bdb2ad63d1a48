// A result as text for people: header, counts, two tables of times, and the verdict.

import type { PlotForm } from '../../cli/options/bench-values.js'
import { jsonOf } from '../../text.js'
import { charts } from './charts.js'
import { number, percent } from './figures.js'
import type { Percentiles } from './histogram.js'
import { failuresOf, type Result } from './result.js'
import type { Search, Step } from './search.js'
import { lateMs } from './tally.js'

const shown = ['p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const
const ownShare = 0.2 // of the latency: from here on the report says how much of it is our own timer
const names = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9', p9999: 'p99.99', max: 'max' } as const

/** One object on one line. */
export function jsonReport(result: Result): string {
  return `${jsonOf(result)}\n`
}

/**
 * @param plot how it draws
 * @param broken the conditions of --assert that do not hold
 */
export function textReport(result: Result, plot: PlotForm, broken: readonly string[] = []): string {
  return [
    ...headerLines(result),
    '',
    ...countLines(result),
    '',
    ...timeLines(result),
    ...(plot === 'none' ? [] : charts(result, plot)),
    ...(result.search === undefined ? [] : searchLines(result.search)),
    '',
    ...verdict(result, broken),
    '',
  ].join('\n')
}

function headerLines({ header, setup }: Result): string[] {
  const { mqttx, node, system, broker, command, seed, tcp_nodelay, started } = header
  return [
    `mqttx ${mqttx}, Node ${node}, ${system}`,
    `server: ${broker ?? 'says no version in $SYS'}; TCP_NODELAY ${tcp_nodelay === null ? 'does not apply' : tcp_nodelay ? 'on' : 'off'}`,
    `command: ${command}`,
    `seed ${seed}, started ${started}`,
    `${counted(setup.clients, 'client')}, ${loopText(setup)}`,
  ]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function loopText({ mode, loop, asked_rate, qos, size, subscribers }: Result['setup']): string {
  if (mode === 'conn') return 'connecting and waiting'
  if (mode === 'sub') return `subscribing at QoS ${qos}`
  const whom = {
    pubsub: ` to ${counted(subscribers, 'subscriber')}`,
    rr: `, answered by ${subscribers}`,
    pub: '',
  }
  const to = whom[mode]
  const what = `QoS ${qos}, ${size} bytes${to}`
  if (loop === 'open') return `${what}, open loop at ${number(asked_rate ?? 0)} messages/s`
  return `${what}, closed loop: each waits for the server, so a stall delays messages instead of showing in all of them`
}

function countLines(result: Result): string[] {
  const { setup, elapsed_s, rate, audit } = result
  const unit = setup.mode === 'conn' ? 'connections/s' : 'messages/s'
  const lines = [
    `${number(rate)} ${unit} over ${elapsed_s.toFixed(1)} s${result.interrupted ? ' (interrupted)' : ''}`,
  ]
  const late = lateOf(result)
  if (late > 0)
    lines.push(`${number(late)} more went all the way in ${result.drain_s.toFixed(1)} s after that`)
  const row = (...keys: (keyof Result)[]) =>
    keys.map((key) => `${key} ${number(Number(result[key]))}`).join(', ')
  lines.push(row('connected', 'disconnected'))
  if (setup.mode !== 'sub' && setup.mode !== 'conn') {
    lines.push(row('offered', 'sent', ...(setup.qos > 0 ? (['acked', 'unacked'] as const) : [])))
    if (setup.loop === 'open')
      lines.push(`${row('late', 'skipped', 'unsent')} (late: more than ${lateMs} ms)`)
  }
  if (setup.mode !== 'pub' && setup.mode !== 'conn')
    lines.push(row('received', 'lost', 'duplicated', 'reordered'))
  else if (setup.mode === 'pub' && setup.qos === 0) lines.push(row('lost'))
  if (result.churned > 0) lines.push(row('churned', 'reconnected'))
  for (const [reason, count] of Object.entries(result.disconnects))
    lines.push(`disconnected: ${reason}: ${number(count)}`)
  for (const [reason, count] of Object.entries(result.failed))
    lines.push(`failed: ${reason}: ${number(count)}`)
  lines.push(...ownLines(audit))
  return lines
}

/** Messages that went all the way after the window that the rate is of. */
function lateOf({ setup: { mode, qos }, acked, received, done, sent }: Result): number {
  if (mode === 'conn') return 0
  return (mode !== 'pub' ? received : qos === 0 ? sent : acked) - done
}

function ownLines({
  event_loop_delay_ms,
  threads,
  process_cpu,
  gc_ms,
  lag_ms,
  backlog,
}: Result['audit']): string[] {
  const shares = (values: readonly (number | null)[]) =>
    values.map((value) => (value === null ? '?' : percent(value))).join(', ')
  const waited = threads.map((thread) => thread.waited)
  return [
    `own load: ${threads.length === 1 ? 'thread' : 'threads'} ${shares(threads.map(({ cpu }) => cpu))}, process ${percent(process_cpu)}; ` +
      `kept waiting by other processes ${shares(waited)} of the time`,
    `event-loop delay p99 ${event_loop_delay_ms.p99.toFixed(1)} ms, gc ${gc_ms.total.toFixed(0)} ms (longest ${gc_ms.max.toFixed(1)} ms), ` +
      `schedule lag p50 ${lag_ms.p50.toFixed(1)} ms, p99 ${lag_ms.p99.toFixed(1)} ms, backlog up to ${number(backlog)}`,
  ]
}

function timeLines(result: Result): string[] {
  const { latency_ms, service_ms, setup, audit } = result
  if (latency_ms === undefined && setup.mode === 'pub' && setup.qos === 0)
    return ['no latency: QoS 0 has no acknowledgement (-q 1 has; pubsub follows messages to a subscriber)']
  const own = audit.lag_ms.p50
  const floor =
    latency_ms !== undefined && own > latency_ms.p50 * ownShare
      ? [
          `of latency_ms, ${own.toFixed(3)} ms at p50 and ${audit.lag_ms.p99.toFixed(3)} ms at p99 are our own timer's`,
        ]
      : []
  const head = `${''.padEnd(11)}${shown.map((key) => names[key].padStart(10)).join('')}`
  const from = setup.loop === 'open' ? 'from the intended time' : 'from the sending'
  return [
    head,
    `${line('latency_ms', latency_ms)}  ${what(setup)}, ${from}`,
    `${line('service_ms', service_ms)}  ${what(setup)}, from the sending`,
    ...floor,
  ]
}

function what({ mode, qos }: Result['setup']): string {
  if (mode === 'conn') return 'to CONNACK'
  if (mode === 'rr') return 'to the response'
  if (mode !== 'pub') return 'to the subscriber'
  return qos === 0 ? 'to the socket' : 'to the acknowledgement'
}

function line(name: string, percentiles: Percentiles | undefined): string {
  const values = shown.map((key) =>
    (percentiles === undefined ? '-' : percentiles[key].toFixed(3)).padStart(10),
  )
  return name.padEnd(11) + values.join('')
}

function verdict(result: Result, broken: readonly string[]): string[] {
  const failures = [...failuresOf(result), ...broken.map((sentence) => `--assert ${sentence}`)]
  if (failures.length > 0) return [`failed: ${failures.join('; ')}`, ...result.reasons]
  return result.valid ? ['valid'] : [...result.reasons]
}

function searchLines({ conditions, found, refused, steps }: Search): string[] {
  const answer = found === null ? 'none' : `${number(found)} messages/s`
  const above = refused === null || found === null ? '' : `; ${number(refused)} is too much`
  return [
    '',
    `highest rate that holds ${conditions}: ${answer}${above}`,
    ['asked', 'rate', 'p50', 'p99', 'max'].map((text) => text.padStart(11)).join(''),
    ...steps.map(stepLine),
  ]
}

function stepLine({ asked_rate, rate, p50, p99, max, holds, why }: Step): string {
  const rates = [asked_rate, rate].map((value) => number(value).padStart(11))
  const times = [p50, p99, max].map((ms) => (ms === null ? '-' : ms.toFixed(3)).padStart(11))
  return `${[...rates, ...times].join('')}  ${holds ? 'holds' : why.join('; ')}`
}
