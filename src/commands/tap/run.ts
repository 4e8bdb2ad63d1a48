// mqttx tap: a proxy that shows packets and causes faults, until a signal.
import type { Args } from '../../cli/option.js'
import { otherListeners } from '../../cli/options/listeners.js'
import { endpoint } from '../../connection/endpoint.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { say } from '../../io/say.js'
import { readGiven } from '../../io/small-file.js'
import type { TapProtocol } from '../../tap/fault-language.js'
import type { Faults } from '../../tap/faults.js'
import type { CommonOptions, RunningTap } from '../../tap/tap.js'
import { readCertificate, untilSignal } from '../server.js'
import { createDisplay } from './display.js'
import type { tap } from './spec.js'
import { summary } from './summary.js'

type TapArgs = Args<typeof tap.options>

const defaultBind = '127.0.0.1'
const names = ['--listen', '--listen'] as const

export async function run(args: TapArgs, host: Host): Promise<number> {
  const tell = (line: string): void => {
    if (!args.quiet) say(host.stderr, line)
  }
  const core = await import('../../tap/tap.js')
  const protocol = args.to?.udp === true ? 'mqtt-sn' : 'mqtt'
  const faults = readFaults(args, core, protocol)
  const start = protocol === 'mqtt' ? await overTcp(args, host) : overUdp(args)
  const { stopped, release } = untilSignal(host)
  const display = await createDisplay(args, host, tell, protocol)
  const options: CommonOptions = {
    faults: faults && (() => faults),
    connectMs: args.connectTimeout * 1000,
    watcher: display,
    report(line, hint) {
      tell(line)
      if (hint !== undefined) tell(`hint: ${hint}`)
    },
  }
  try {
    const running = await start(options)
    try {
      for (const url of running.urls) tell(`Listening on ${url}`)
      await Promise.race([stopped, display.failed])
    } finally {
      await running.close()
    }
    await display.end()
    for (const line of summary(running.connections(), display, faults)) tell(line)
  } finally {
    release()
  }
  if (display.hasCut()) return ExitCode.system
  const { packets, found } = display.inspector
  if (packets === 0) {
    tell(protocol === 'mqtt' ? 'No MQTT was found.' : 'No MQTT-SN was found.')
    return ExitCode.notMqtt
  }
  return found.error + found.warning > 0 ? ExitCode.violations : ExitCode.ok
}

type Start = (options: CommonOptions) => Promise<RunningTap>

/** What starts the tap; files that options name have been read. */
async function overTcp(args: TapArgs, host: Host): Promise<Start> {
  const { to = {}, listen, unix } = args
  const bind = listen?.bind ?? defaultBind
  const wanted = [
    ...(listen === undefined ? [] : [{ scheme: 'mqtt', port: listen.port } as const]),
    ...otherListeners(args),
  ]
  const target = await endpoint(
    { ...args, wsPath: '/mqtt', ...to, bind: undefined, unix: to.unix, ws: false, srv: false },
    { noDelay: true, host, passphrases: new Map() },
  )
  const certificate = readCertificate(args)
  const { startTap } = await import('../../tap/tap.js')
  const listeners = wanted.map((listener) => ({ ...listener, bind, names }))
  return (options) => startTap({ ...options, listeners, unix, certificate, target })
}

function overUdp({ to = {}, listen }: TapArgs): Start {
  const listener = { bind: listen?.bind ?? defaultBind, port: listen?.port ?? 0, names }
  const target = { host: to.host ?? '', port: to.port ?? 0 }
  return async (options) =>
    (await import('../../tap/tap.js')).startDatagramTap({ ...options, listener, target })
}

/** @throws UsageError that points at the word */
function readFaults(
  { fault, faultFile, seed }: TapArgs,
  { Faults, parseFault, parseFaultFile }: typeof import('../../tap/tap.js'),
  protocol: TapProtocol,
): Faults | undefined {
  const ofFile =
    faultFile === undefined
      ? []
      : parseFaultFile(readGiven(faultFile, { what: 'the faults ' }).toString(), faultFile, protocol)
  const rules = [...ofFile, ...fault.map((rule) => parseFault(rule, '--fault', protocol))]
  return rules.length === 0 ? undefined : new Faults(rules, seed)
}
