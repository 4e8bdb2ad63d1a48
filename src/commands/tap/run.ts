// mqttx tap: a proxy that shows packets and causes faults, until a signal.
import type { Args } from '../../cli/option.js'
import { otherListeners } from '../../cli/options/listeners.js'
import { endpoint } from '../../connection/endpoint.js'
import { ExitCode } from '../../errors.js'
import type { Host } from '../../host.js'
import { say } from '../../io/say.js'
import { readGiven } from '../../io/small-file.js'
import type { Faults } from '../../tap/faults.js'
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
  const faults = readFaults(args, core)
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
  const { stopped, release } = untilSignal(host)
  const display = await createDisplay(args, host, tell)
  try {
    const running = await core.startTap({
      listeners: wanted.map((listener) => ({ ...listener, bind, names })),
      ...{ unix, certificate, target, faults: faults && (() => faults) },
      connectMs: args.connectTimeout * 1000,
      watcher: display,
      report(line, hint) {
        tell(line)
        if (hint !== undefined) tell(`hint: ${hint}`)
      },
    })
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
    tell('No MQTT was found.')
    return ExitCode.notMqtt
  }
  return found.error + found.warning > 0 ? ExitCode.violations : ExitCode.ok
}

/** @throws UsageError that points at the word */
function readFaults(
  { fault, faultFile, seed }: TapArgs,
  { Faults, parseFault, parseFaultFile }: typeof import('../../tap/tap.js'),
): Faults | undefined {
  const ofFile =
    faultFile === undefined
      ? []
      : parseFaultFile(readGiven(faultFile, { what: 'the faults ' }).toString(), faultFile)
  const rules = [...ofFile, ...fault.map((rule) => parseFault(rule))]
  return rules.length === 0 ? undefined : new Faults(rules, seed)
}
