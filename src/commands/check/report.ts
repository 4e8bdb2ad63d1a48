// The report of a probe as text, JSON, a line for Nagios, or metrics for Prometheus.
import type { Format, Limits } from '../../cli/options/check.js'
import type { Step } from '../../connection/step-log.js'
import { jsonOf } from '../../text.js'
import { reasonOf } from '../failed-step.js'
import type { ProbeResult } from './probe.js'
import { type Measured, milliseconds } from './verdict.js'

export interface Report {
  readonly server: string
  readonly result: ProbeResult
  readonly values: Measured
  /** Lines about values beyond --warn and --crit. */
  readonly warnings: readonly string[]
  readonly critical: readonly string[]
  readonly limits: { readonly warn: Limits; readonly crit: Limits }
}

/** Ends with a line feed. */
export function reportText(report: Report, format: Format): string {
  switch (format) {
    case 'text':
      return asText(report)
    case 'json':
      return `${jsonOf(asJson(report))}\n`
    case 'nagios':
      return `${nagiosLine(report)}\n`
    case 'prometheus':
      return metrics(report)
    default:
      return format satisfies never
  }
}

/** The connection itself is no step of a check. */
const shownSteps = ({ result }: Report): readonly Step[] =>
  result.steps.filter(({ name }) => name !== 'session')

function asText(report: Report): string {
  const lines = shownSteps(report).map((step) => {
    const took = step.end === undefined ? '-' : milliseconds(step.end - step.begin)
    const found = step.error === undefined ? step.detail : `failed: ${reasonOf(step.error)}`
    const text = [step.target, found].filter((part) => part !== '').join(': ')
    return `${step.name.padEnd(10)}  ${took.padStart(11)}  ${text}`.trimEnd()
  })
  return [...lines, verdict(report), ''].join('\n')
}

/** One line without its end. */
function verdict({ result, values, critical }: Report): string {
  if (result.failure !== undefined) {
    const { step, error } = result.failure
    return step === undefined ? `FAILED: ${reasonOf(error)}` : `FAILED at ${step.name}: ${step.reason}`
  }
  if (critical.length > 0) return `FAILED: ${critical.join('; ')}`
  const { connect, roundtrip } = values
  const parts = [
    connect !== undefined && `connected in ${milliseconds(connect)}`,
    roundtrip !== undefined && `round trip ${milliseconds(roundtrip)}`,
  ]
  return `OK: ${parts.filter(Boolean).join(', ')}`
}

function asJson(report: Report): object {
  const { server, result, values, warnings, critical } = report
  const { failure } = result
  return {
    server,
    ok: failure === undefined && critical.length === 0,
    ...(failure && {
      failed: {
        step: failure.step?.name ?? null,
        reason: failure.step?.reason ?? reasonOf(failure.error),
        try: failure.step?.hints ?? [],
      },
    }),
    connectMs: rounded(values.connect),
    roundTripMs: rounded(values.roundtrip),
    certificateDays: values.certificate ?? null,
    warnings,
    critical,
    steps: shownSteps(report).map(({ name, target, begin, end, detail, error }) => ({
      name,
      target,
      ms: end === undefined ? null : rounded(end - begin),
      ...(error === undefined ? { found: detail } : { error: reasonOf(error) }),
    })),
  }
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Number(ms.toFixed(3)))

/** The statuses of Nagios plugins. */
export function nagiosStatus({ result, critical, warnings }: Report): 0 | 1 | 2 {
  if (result.failure !== undefined || critical.length > 0) return 2
  return warnings.length > 0 ? 1 : 0
}

/** The text has no `|`, which begins the performance data. */
function nagiosLine(report: Report): string {
  const { values, warnings, critical, limits } = report
  const word = (['OK', 'WARNING', 'CRITICAL'] as const)[nagiosStatus(report)]
  const text = critical.length + warnings.length > 0 ? [...critical, ...warnings].join('; ') : verdict(report)
  const seconds = (ms: number | undefined) => (ms === undefined ? '' : String(ms / 1000))
  const time = (label: string, key: 'connect' | 'roundtrip') =>
    values[key] !== undefined &&
    `${label}=${(values[key] / 1000).toFixed(6)}s;${seconds(limits.warn[key])};${seconds(limits.crit[key])};0`
  const days =
    values.certificate !== undefined &&
    `certificate=${values.certificate};${below(limits.warn.certificate)};${below(limits.crit.certificate)}`
  const data = [time('connect', 'connect'), time('roundtrip', 'roundtrip'), days].filter(Boolean).join(' ')
  const line = `MQTT ${word} - ${text.replace(/^(OK|FAILED)( at|:)? /, '').replaceAll('|', '/')}`
  return data === '' ? line : `${line} | ${data}`
}

/** A range of the plugins: `14:` alerts below 14. */
const below = (limit: number | undefined): string => (limit === undefined ? '' : `${limit}:`)

function metrics(report: Report): string {
  const { server, result, values, critical } = report
  const label = `server="${escaped(server)}"`
  const metric = (name: string, help: string, samples: readonly string[]): string =>
    samples.length === 0
      ? ''
      : `# HELP mqttx_check_${name} ${help}\n# TYPE mqttx_check_${name} gauge\n${samples.map((sample) => `mqttx_check_${name}${sample}\n`).join('')}`
  const one = (value: number | undefined) => (value === undefined ? [] : [`{${label}} ${value}`])
  const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)
  const ok = result.failure === undefined && critical.length === 0
  const expires = result.steps.find((step) => step.expires !== undefined)?.expires
  return [
    metric('success', '1 if every step succeeded within the limits of --crit.', one(Number(ok))),
    metric('connect_seconds', 'Time to CONNACK.', one(inSeconds(values.connect))),
    metric('round_trip_seconds', 'Time from PUBLISH to the message.', one(inSeconds(values.roundtrip))),
    metric(
      'certificate_expiry_timestamp_seconds',
      "When the server's certificate expires.",
      one(inSeconds(expires)),
    ),
    metric('step_success', '1 if the step succeeded.', stepSamples(report, label)),
  ].join('')
}

/** A sample for each step, and for each Topic Filter of --fresh. The topic of the round trip is a new one each time. */
function stepSamples(report: Report, label: string): string[] {
  const samples = new Map<string, boolean>()
  for (const { name, target, end, error } of shownSteps(report)) {
    const filter = name === 'message' ? `,filter="${escaped(target)}"` : ''
    samples.set(`{${label},step="${name}"${filter}}`, end !== undefined && error === undefined)
  }
  return [...samples].map(([labels, succeeded]) => `${labels} ${Number(succeeded)}`)
}

/** A label value in the text format of Prometheus. */
function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
