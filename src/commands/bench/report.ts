// A result as text for a terminal of 80 columns and 24 lines. The figures that matter are at the end.
import type { PlotForm } from '../../cli/options/bench-values.js'
import { jsonOf, oneLine, count as plural, shown } from '../../text.js'
import type { Percentiles } from '../latency-histogram.js'
import { formatNumber, formatPercent } from '../number-format.js'
import { percentileChart, rateChart, rateVaries } from './charts.js'
import { failuresOf, type Result, type Search, type Step } from './result.js'
import { lateMs } from './run-stats.js'

const percentileNames = {
  ...{ p50: 'p50', p90: 'p90', p99: 'p99' },
  ...{ p999: 'p99.9', p9999: 'p99.99', max: 'max' },
} as const
const percentileKeys = Object.keys(percentileNames) as (keyof typeof percentileNames)[]
const lagShare = 0.2 // of the latency: from here on the report shows the send lag beside it
const nameWidth = 18
const columnWidth = 10
const longestVersion = 50 // bytes

/** One JSON object on one line. */
export function jsonReport(result: Result): string {
  return `${jsonOf(result)}\n`
}

/** How the report is drawn. */
export interface Drawing {
  readonly form: PlotForm
  /** All charts (--plot); else only the rate over time, and only if it varies. */
  readonly all: boolean
}

/** @param failedAssertions the conditions of --assert that do not hold */
export function textReport(
  result: Result,
  drawing: Drawing,
  failedAssertions: readonly string[] = [],
): string {
  const lines = [
    ...headerLines(result),
    ...chartLines(result, drawing),
    ...(result.search === undefined ? [] : stepLines(result.search)),
    '',
    ...countLines(result),
    '',
    ...rateLines(result),
    ...latencyLines(result),
    ...(result.search === undefined ? [] : [foundLine(result.search)]),
    ...verdict(result, failedAssertions),
  ]
  return `${lines.map(oneLine).join('\n')}\n`
}

function headerLines({ header, setup, audit }: Result): string[] {
  const { mqttx, runtime, system, broker, command, seed, tcp_nodelay, started } = header
  const server = broker === undefined ? 'no version in $SYS' : shown(broker, longestVersion)
  const { event_loop_delay_ms, threads, thread_cpu, lag_ms } = audit
  const waited = threads.map((thread) => thread.waited).filter((share) => share !== null)
  const wait = waited.length === 0 ? '' : `, CPU wait ${formatPercent(Math.max(...waited))}`
  return [
    `mqttx ${mqttx}, ${runtime}, ${system}; ${started.replace(/\.\d+/, '')}`,
    `server: ${server}; seed ${seed}${tcp_nodelay === false ? '; TCP_NODELAY off' : ''}`,
    `command: ${command}`,
    `${plural(setup.clients, 'client')}, ${loadText(setup)}`,
    `generator: CPU ${formatPercent(thread_cpu)}${wait}; p99: loop delay ${milliseconds(event_loop_delay_ms.p99)}, send lag ${milliseconds(lag_ms.p99)}`,
  ]
}

/** `1.5 ms`, `120 ms` */
function milliseconds(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`
}

function loadText({ mode, loop, asked_rate, qos, size, subscribers }: Result['setup']): string {
  if (mode === 'conn') return 'connecting only'
  if (mode === 'sub') return `subscribing at QoS ${qos}`
  const peers = {
    pub: '',
    pubsub: ` to ${plural(subscribers, 'subscriber')}`,
    rr: ` to ${plural(subscribers, 'responder')}`,
  }
  const rate =
    loop === 'open' ? `open loop at ${formatNumber(asked_rate ?? 0)}/s` : 'closed loop (hides stalls)'
  return `QoS ${qos}, ${size} bytes${peers[mode]}, ${rate}`
}

function chartLines(result: Result, { form, all }: Drawing): string[] {
  if (form === 'none') return []
  const charts = all ? [percentileChart(result, form)] : []
  if (all || (result.search === undefined && rateVaries(result))) charts.push(rateChart(result, form))
  return charts.filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines])
}

function countLines(result: Result): string[] {
  const { setup } = result
  const row = (...keys: (keyof Result)[]) =>
    keys.map((key) => `${key} ${formatNumber(Number(result[key]))}`).join(', ')
  const lostIfPub = setup.mode === 'pub' ? (['lost'] as const) : [] // else with the received messages
  const lines = [row('connected', 'disconnected')]
  if (result.churned > 0) lines.push(row('churned', 'reconnected'))
  if (setup.mode !== 'sub' && setup.mode !== 'conn') {
    lines.push(
      setup.qos > 0 ? row('offered', 'sent', 'acked', 'unacked') : row('offered', 'sent', ...lostIfPub),
    )
    if (setup.loop === 'open')
      lines.push(`${row('late', 'skipped', 'unsent')} (late: by more than ${lateMs} ms)`)
  }
  for (const [reason, count] of Object.entries(result.disconnects))
    lines.push(`disconnected: ${reason}: ${formatNumber(count)}`)
  for (const [reason, count] of Object.entries(result.failed))
    lines.push(`failed: ${reason}: ${formatNumber(count)}`)
  if (setup.mode !== 'pub' && setup.mode !== 'conn')
    lines.push(row('received', 'lost', 'duplicated', 'reordered'))
  return lines
}

function rateLines(result: Result): string[] {
  const { setup, elapsed_s, drain_s, rate, interrupted } = result
  const unit = setup.mode === 'conn' ? 'connections/s' : 'messages/s'
  const window = `${formatNumber(rate)} ${unit} over ${elapsed_s.toFixed(1)} s`
  const after = doneAfterWindow(result)
  const drain =
    after > 0 ? `; ${formatNumber(after)} more completed within ${drain_s.toFixed(1)} s after` : ''
  return [`${window}${interrupted ? ' (interrupted)' : ''}${drain}`]
}

/** Messages that completed after the window for which the rate is calculated. */
function doneAfterWindow({ setup: { mode, qos }, acked, received, done, sent }: Result): number {
  if (mode === 'conn') return 0
  return (mode !== 'pub' ? received : qos === 0 ? sent : acked) - done
}

function latencyLines({ latency_ms, service_ms, setup, audit }: Result): string[] {
  if (latency_ms === undefined && setup.mode === 'pub' && setup.qos === 0)
    return ['no latency: QoS 0 is not acknowledged (try -q 1, or pubsub)']
  const heads = percentileKeys.map((key) => percentileNames[key].padStart(columnWidth))
  const lines = [
    `ms to ${endOfLatency(setup)}`.padEnd(nameWidth) + heads.join(''),
    percentileLine('latency', latency_ms),
  ]
  // In a closed loop a message is due when it is sent.
  if (setup.loop === 'open' || percentileKeys.some((key) => latency_ms?.[key] !== service_ms?.[key]))
    lines.push(percentileLine(setup.mode === 'conn' ? '  from dialling' : '  from sending', service_ms))
  const { p50, p99 } = audit.lag_ms
  if (latency_ms !== undefined && p50 > latency_ms.p50 * lagShare)
    lines.push(
      `of the latency, ${p50.toFixed(3)} ms at p50 and ${p99.toFixed(3)} ms at p99 are our own send lag`,
    )
  return lines
}

function endOfLatency({ mode, qos }: Result['setup']): string {
  if (mode === 'conn') return 'CONNACK'
  if (mode === 'rr') return 'response'
  if (mode !== 'pub') return 'subscriber'
  return ['socket', 'PUBACK', 'PUBCOMP'][qos]!
}

function percentileLine(name: string, percentiles: Percentiles | undefined): string {
  const values = percentileKeys.map((key) => percentiles?.[key].toFixed(3) ?? '-')
  return name.padEnd(nameWidth) + values.map((value) => value.padStart(columnWidth)).join('')
}

function verdict(result: Result, failedAssertions: readonly string[]): string[] {
  const failures = [...failuresOf(result), ...failedAssertions.map((text) => `--assert ${text}`)]
  if (failures.length > 0) return [...result.reasons, `failed: ${failures.join('; ')}`]
  return result.valid ? ['valid'] : [...result.reasons]
}

function stepLines({ steps }: Search): string[] {
  return [
    '',
    ['asked', 'rate', 'p50', 'p99', 'max'].map((text) => text.padStart(10)).join(''),
    ...steps.map(stepLine),
  ]
}

function stepLine({ asked_rate, rate, p50, p99, max, holds, why }: Step): string {
  const rates = [asked_rate, rate].map((value) => formatNumber(value).padStart(10))
  const times = [p50, p99, max].map((ms) => (ms === null ? '-' : ms.toFixed(3)).padStart(10))
  return `${[...rates, ...times].join('')}  ${holds ? 'holds' : why.join('; ')}`
}

function foundLine({ conditions, found, refused }: Search): string {
  const answer = found === null ? 'none' : `${formatNumber(found)} messages/s`
  const above = refused === null || found === null ? '' : ` (not at ${formatNumber(refused)})`
  return `highest rate that holds ${conditions}: ${answer}${above}`
}
