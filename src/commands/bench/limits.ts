// What the operating system grants, looked at before anything connects.
import { readFileSync } from 'node:fs'
import { ExitCode, MqttxError } from '../../errors.js'

const ownFiles = 30 // standard streams, Node's own, the connection that asks for $SYS
const filesOfThread = 10

/** @throws MqttxError that says how many are needed, and the command that allows them */
export function checkOpenFiles(connections: number, threads: number, limit = openFiles()): void {
  const needed = connections + ownFiles + threads * filesOfThread
  if (limit === undefined || needed <= limit) return
  throw new MqttxError(`${connections} connections need ${needed} open files, and the limit is ${limit}.`, {
    hint: `ulimit -n ${needed}`,
    exitCode: ExitCode.system,
  })
}

/** The limit in force; undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    const row = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return row === null ? undefined : Number(row[1])
  } catch {
    return undefined // not Linux
  }
}

/** Local ports that the system gives to connections. */
interface PortRange {
  readonly low: number
  readonly high: number
}

export interface Ways {
  /** Local addresses that connections are made from; 0: the system chooses one. */
  readonly sources: number
  readonly servers: number
}

/**
 * A local address has each of its ports once for each server; one that we choose ourselves, once altogether.
 * @throws MqttxError where there cannot be enough of them, with what would be
 */
export function checkPorts(connections: number, { sources, servers }: Ways, range = portRange()): void {
  if (range === undefined) return
  const ports = range.high - range.low + 1
  const most = sources === 0 ? ports * servers : ports * sources
  if (connections <= most) return
  const addresses = Math.ceil(connections / ports)
  const hint = `--ifaddr with ${addresses} addresses of this machine (on loopback ${loopbacks(addresses)}), or more ports: sysctl -w net.ipv4.ip_local_port_range="1024 65535"`
  throw new MqttxError(
    `${connections} connections need as many local ports, and the system has ${most} for them.`,
    { hint, exitCode: ExitCode.system },
  )
}

function loopbacks(count: number): string {
  return count > 250 ? '127.0.0.0/8 has them' : `127.0.0.2-127.0.0.${count + 1}`
}

/** The range in force; undefined where the system does not tell. */
function portRange(): PortRange | undefined {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    const [low, high] = text.trim().split(/\s+/).map(Number)
    return low! > 0 && high! >= low! ? { low: low!, high: high! } : undefined
  } catch {
    return undefined // not Linux
  }
}

const remedies: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL:
    'no local port was free: use more addresses with --ifaddr, or wait a minute for old connections to go',
  EADDRINUSE:
    'an address of --ifaddr had no free port left: add more of them, or wait a minute for old connections to go',
  EMFILE: 'the limit of open files was reached: raise it with ulimit -n',
}

/** What helps against failures of the system, one sentence for each kind. */
export function adviceOn(failed: Readonly<Record<string, number>>): string[] {
  return Object.keys(failed).flatMap((reason) => remedies[reason] ?? [])
}
