// mqttx pub: publishes one message, lines (-l), or lines of JSON (--json).
import type { Args } from '../../cli/option.js'
import { isSn } from '../../cli/options/mqtt-sn.js'
import { maxPayload } from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { createDiagnostics } from '../diagnostics.js'
import { withExplanation } from '../explaining.js'
import { announceStdin, loadPayload, tooLong } from '../payload.js'
import { withTrace } from '../tracing.js'
import { publishLines } from './lines.js'
import { publishMessage } from './message.js'
import type { pub } from './spec.js'

type PubArgs = Args<typeof pub.options>

/** Reconnect attempts in a row, about half a minute. */
const lineReconnects = 8

export async function run(args: PubArgs, host: Host): Promise<number> {
  const fromLines = args.stdinLine || args.json
  const needs = {
    pid: host.pid,
    maxInFlight: args.maxInflight ?? defaultWindow,
    receiveMaximum: defaultWindow,
    noDelay: false,
    reconnects: fromLines ? lineReconnects : 0,
  }
  const options = isSn(args)
    ? await (await import('../../connection/sn.js')).snOptions(args, needs, host)
    : await connectOptions(args, needs, host)
  return withTrace(args, options, host, (traced) =>
    withExplanation(args, traced, host, (given, quiet) => publish(args, given, quiet)),
  )
}

async function publish(args: PubArgs, options: ConnectOptions, host: Host): Promise<number> {
  const { topic, qos, retain, timeout } = args
  const fromLines = args.stdinLine || args.json
  if (fromLines || args.stdinFile || args.file === '-') announceStdin(args, host)
  const io = { host, diagnostics: createDiagnostics(args, host), timeout }
  if (args.json) {
    const { publishJson } = await import('./json.js')
    await publishJson(options, { topic, qos, retain }, io)
    return ExitCode.ok
  }
  const { version } = options
  const template = preparePublish(topic!, { qos, retain, version, properties: options.properties.publish })
  if (args.stdinLine) {
    await publishLines(options, template, io)
    return ExitCode.ok
  }
  const payload = await loadPayload(args, host)
  if (payload.length > maxPayload(template)) throw tooLong('Message length')
  const repetition = { times: args.repeat, delayMs: args.repeatDelay * 1000 }
  return publishMessage(options, { template, payload, repetition, timeout }, io.diagnostics)
}
