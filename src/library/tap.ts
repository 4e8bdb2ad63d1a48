// The tap for test suites: checks its options, starts it, and passes on its packets.
import { parseGateway, snPrefix } from '../cli/gateway-url.js'
import { MqttxError } from '../errors.js'
import type { RunningTap } from '../tap/tap.js'
import { whole } from './checks.js'
import { ofKind, own, tapNames } from './names.js'
import { settings } from './settings.js'
import type { Tap, TapOptions, TapPackets } from './tap-types.js'
import { warnOfLog } from './warnings.js'

const ports = [0, 65_535] as const
const connectMs = 30_000

/** @throws MqttxError */
export async function launchTap(given: TapOptions): Promise<Tap> {
  const {
    to,
    listen = 0,
    host = '127.0.0.1',
    wsPort,
    tls,
    seed = 1,
    onLog,
    faults = [],
  } = own(given, tapNames)
  const port = whole('listen', listen, ports)
  const others = wsPort === undefined ? [] : [{ scheme: 'ws', port: whole('wsPort', wsPort, ports) } as const]
  whole('seed', seed, [0, 0xffffffff])
  const gateway = snPrefix.test(String(to)) ? gatewayOf(given) : undefined
  const target =
    gateway === undefined ? (await settings(to, tls === undefined ? {} : { tls })).endpoint : undefined
  const protocol = gateway === undefined ? 'mqtt' : 'mqtt-sn'
  const { Faults, parseFault, startDatagramTap, startTap } = await import('../tap/tap.js')
  const { packetObjects } = await import('../tap/packet-objects.js')
  function rulesOf(rules: string | readonly string[]) {
    ofKind('faults', rules, 'string or list of strings')
    return [rules].flat().map((rule) => parseFault(rule, 'faults', protocol))
  }
  let current = new Faults(rulesOf(faults), seed)
  const objects = packetObjects(protocol)
  const common = {
    ...{ connectMs, watcher: objects.watcher, faults: () => current },
    report(line: string) {
      try {
        onLog?.(line)
      } catch (error) {
        warnOfLog(error)
      }
    },
  }
  const listeners = [{ scheme: 'mqtt', port } as const, ...others].map((wanted) => ({
    ...wanted,
    bind: host,
  }))
  const running =
    gateway === undefined
      ? await startTap({ ...common, listeners, target: target! })
      : await startDatagramTap({ ...common, listener: { bind: host, port }, target: gateway })
  return {
    ...addressOf(running),
    setFaults(rules) {
      current = new Faults(rulesOf(rules), seed)
    },
    faults: () => current.counts().map(({ rule, applied }) => ({ rule: rule.text, applied })),
    packets: () => objects.reader() as TapPackets,
    ...closing(running, objects),
  }
}

/** The target of a tap over UDP. @throws MqttxError for options of TCP */
function gatewayOf({ to, wsPort, tls }: TapOptions) {
  if (wsPort === undefined && tls === undefined) return parseGateway(String(to), 'to')
  throw new MqttxError(
    `${tls === undefined ? 'wsPort' : 'tls'} is for TCP: MQTT-SN goes over UDP, without TLS`,
  )
}

function addressOf({ urls }: RunningTap) {
  const { hostname, port } = new URL(urls[0]!)
  return { url: urls[0]!, urls, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function closing(running: RunningTap, objects: { end(): Promise<void> }) {
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= running.close().then(() => objects.end()))
  return { close, [Symbol.asyncDispose]: close }
}
