// mqttx sub: subscribes and prints messages until -C, -W or a signal ends it.
import type { Writable } from 'node:stream'
import { isSn } from '../../cli/options/mqtt-sn.js'
import { type ConnectOptions, connectOptions, defaultWindow } from '../../connection/options.js'
import type { Host } from '../../host.js'
import { Output } from '../../io/output.js'
import { say } from '../../io/say.js'
import { hasScreen, isTerminal } from '../../io/terminal.js'
import { createDiagnostics } from '../diagnostics.js'
import { withExplanation } from '../explaining.js'
import { clock, formatter, hasForm, type Printer, paletteFor, printer } from '../printer.js'
import { withTrace } from '../tracing.js'
import { discoverGateways } from './discover.js'
import type { SubArgs } from './spec.js'
import { Subscriber } from './subscriber.js'
import { WatchScreen } from './watch-screen.js'

const maxInFlight = 65_000 // --remove-retained leaves Packet Identifiers for SUBSCRIBE

export async function run(args: SubArgs, host: Host): Promise<number> {
  if (args.exec !== undefined || args.table !== undefined) {
    const { runWorker } = await import('./worker.js')
    return runWorker(args, host)
  }
  const sn = isSn(args) ? await import('../../connection/sn.js') : undefined
  if (args.discover && sn !== undefined) return discoverGateways(args, host, sn)
  const needs = {
    pid: host.pid,
    maxInFlight: Math.min(args.maxInflight ?? defaultWindow, maxInFlight),
    // At most -C, so that the server keeps further messages for the next connection of this Session.
    receiveMaximum: Math.min(args.count ?? defaultWindow, defaultWindow),
    noDelay: true,
    reconnects: Number.POSITIVE_INFINITY,
  }
  const options = await (sn?.snOptions(args, needs, host) ?? connectOptions(args, needs, host))
  return withTrace(args, options, host, (traced) =>
    withExplanation(args, traced, host, (given, quiet) => subscribe(args, given, quiet)),
  )
}

async function subscribe(args: SubArgs, options: ConnectOptions, host: Host): Promise<number> {
  const output = new Output(host.stdout)
  const { printer, stderr } = await printing(args, host, output)
  const diagnostics = createDiagnostics(args, { stderr })
  const io = { host, output, printer, diagnostics }
  const endsAtSuback = args.explain && !(args.connect && args.count !== undefined)
  return new Subscriber(endsAtSuback ? { ...args, exitAfterSubscribe: true } : args, options, io).run()
}

/** How to print: `stderr` is standard error, or collects its lines while the view of -w has the terminal. */
async function printing(
  args: SubArgs,
  host: Host,
  output: Output,
): Promise<{ printer: Printer; stderr: Writable }> {
  const palette = await paletteFor(host)
  const target = { host: args.host ?? 'localhost', palette, clock }
  const { stdout, stderr, env } = host
  if (!args.watch || !hasScreen(stdout) || env.TERM === 'dumb') {
    const warn = (text: string) => say(stderr, text)
    return { printer: printer(args, { ...target, terminal: isTerminal(stdout), warn }), stderr }
  }
  const warn = (text: string) => say(screen.stderr, text)
  const format = hasForm(args) ? formatter(args, warn) : undefined
  const screen = new WatchScreen(host, output, { ...target, format })
  return { printer: screen, stderr: screen.stderr }
}
