// mqttx check: one probe of a server.
import { serverOf } from '../../connection/ends.js'
import { type ConnectOptions, connectOptions } from '../../connection/options.js'
import { ExitCode, MqttxError } from '../../errors.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { progress } from '../../io/progress.js'
import { say } from '../../io/say.js'
import { Interrupted } from '../interrupted.js'
import { probe } from './probe.js'
import { nagiosStatus, type Report, reportText } from './report.js'
import type { CheckArgs } from './spec.js'
import { exceeded, measured } from './verdict.js'

const defaultTimeoutMs = 10_000
/** Of Nagios plugins. */
const unknown = 3

export async function run(given: CheckArgs, host: Host): Promise<number> {
  const args: CheckArgs = given.json ? { ...given, format: 'json' } : given
  if (args.listStatements) return (await import('./conformance.js')).listStatements(args, host)
  if (args.diff !== undefined)
    return (await import('./capabilities.js')).diffCapabilities(args, args.diff, host)
  if (args.capabilities) {
    const options = await optionsOf(args, host, timeoutOf(args))
    return (await import('./capabilities.js')).checkCapabilities(args, options, host)
  }
  if (args.acl !== undefined) return (await import('./acl.js')).checkAccess(args, args.acl, host)
  const output = new Output(host.stdout)
  const timeoutMs = timeoutOf(args)
  const options = await optionsOf(args, host, timeoutMs).catch(async (error: unknown) => {
    if (args.format !== 'nagios' || !(error instanceof MqttxError)) throw error
    output.text(`MQTT UNKNOWN - ${error.lines[0]!.replaceAll('|', '/')}\n`)
    await output.finish()
    return undefined
  })
  if (options === undefined) return unknown
  const interrupt = new AbortController()
  const release = host.onSignal(['SIGINT', 'SIGTERM'], (signal) => interrupt.abort(new Interrupted(signal)))
  if (args.conformance) {
    const { checkConformance } = await import('./conformance.js')
    return checkConformance(args, options, { host, signal: interrupt.signal }).finally(release)
  }
  const server = serverOf(options)
  const spinner = progress(() => host.stderr, `Checking ${server}`)
  const settings = { ...args, timeoutMs }
  const result = await probe(options, settings, { signal: interrupt.signal, now: () => host.now() }).finally(
    () => {
      spinner.stop()
      release()
    },
  )
  const limits = { warn: args.warn ?? {}, crit: args.crit ?? {} }
  const values = measured(result, Date.now())
  const critical = exceeded(values, limits.crit)
  const warnings = exceeded(values, limits.warn)
  const report: Report = { server, result, values, critical, warnings, limits }
  output.text(reportText(report, args.format))
  await output.finish()
  if (args.format === 'nagios') return nagiosStatus(report)
  return concluded(report, host)
}

/** @returns the exit status of success. @throws MqttxError with the reason of a failure */
function concluded({ result, critical, warnings }: Report, host: Host): number {
  const { failure } = result
  if (failure !== undefined) {
    const { step, error } = failure
    if (step === undefined || error instanceof Interrupted) throw error
    throw new MqttxError(`${step.name}: ${step.reason}`, {
      exitCode: error.exitCode,
      hint: step.hints,
      cause: error,
    })
  }
  for (const line of warnings) say(host.stderr, `Warning: ${line}.`)
  if (critical.length === 0) return ExitCode.ok
  throw new MqttxError(critical.join('; '), { exitCode: ExitCode.check })
}

function timeoutOf({ timeout, fresh }: CheckArgs): number {
  return timeout === undefined
    ? defaultTimeoutMs + Math.max(0, ...fresh.map(({ within }) => within))
    : timeout * 1000
}

async function optionsOf(args: CheckArgs, host: Host, timeoutMs: number): Promise<ConnectOptions> {
  const fixed = {
    willQos: 0,
    willRetain: false,
    retry: 0,
    noReconnect: true,
    disableCleanSession: false,
  } as const
  const needs = { pid: host.pid, maxInFlight: 1, receiveMaximum: 20, reconnects: 0, noDelay: true }
  const options = await connectOptions({ ...args, ...fixed }, needs, host)
  return { ...options, connectTimeoutMs: Math.min(options.connectTimeoutMs, timeoutMs) }
}
