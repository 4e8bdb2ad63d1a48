// Limits of the operating system, checked before any client connects.
import { readFileSync } from 'node:fs'
import { ExitCode, MqttxError } from '../../errors.js'

const baseFiles = 30 // standard streams, Node's own, the connection that reads $SYS
const filesPerThread = 10

/** @throws MqttxError 14 with the required number of open files, and the command that raises the limit */
export function checkOpenFiles(connections: number, threads: number, limit = openFiles()): void {
  const needed = connections + baseFiles + threads * filesPerThread
  if (limit === undefined || needed <= limit) return
  throw new MqttxError(`${connections} connections need ${needed} open files, and the limit is ${limit}.`, {
    hint: `ulimit -n ${needed}`,
    exitCode: ExitCode.system,
  })
}

/** The soft limit; undefined if the system does not tell. */
function openFiles(): number | undefined {
  try {
    const row = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return row === null ? undefined : Number(row[1])
  } catch {
    return undefined // not Linux
  }
}

/** The range of ephemeral ports, inclusive. */
interface PortRange {
  readonly low: number
  readonly high: number
}

export interface PortUse {
  /** Number of local addresses of --ifaddr or -A; 0: the system chooses one. */
  readonly sources: number
  readonly servers: number
}

/**
 * Each port of the local address can be used once per server, but only once in all if we bind the address ourselves.
 * @throws MqttxError 14 if there are too few ports, with the options that provide more
 */
export function checkPorts(connections: number, { sources, servers }: PortUse, range = portRange()): void {
  if (range === undefined) return
  const ports = range.high - range.low + 1
  const most = sources === 0 ? ports * servers : ports * sources
  if (connections <= most) return
  const addresses = Math.ceil(connections / ports)
  const hint = `use --ifaddr with ${addresses} addresses of this machine (on loopback: ${loopbacks(addresses)}), or more ports: sysctl -w net.ipv4.ip_local_port_range="1024 65535"`
  throw new MqttxError(
    `${connections} connections need as many local ports, but only ${most} are available.`,
    { hint, exitCode: ExitCode.system },
  )
}

function loopbacks(count: number): string {
  return count > 250 ? 'any of 127.0.0.0/8' : `127.0.0.2-127.0.0.${count + 1}`
}

/** The current range; undefined if the system does not tell. */
function portRange(): PortRange | undefined {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    const [low, high] = text.trim().split(/\s+/).map(Number)
    return low! > 0 && high! >= low! ? { low: low!, high: high! } : undefined
  } catch {
    return undefined // not Linux
  }
}

const hints: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL:
    'no free local port: use more addresses with --ifaddr, or wait a minute until old connections are gone',
  EADDRINUSE:
    'no free port on an address of --ifaddr: add addresses, or wait a minute until old connections are gone',
  EMFILE: 'the limit of open files is reached: raise it with ulimit -n',
}

/** One hint for each system error that occurred. */
export function hintsFor(failed: Readonly<Record<string, number>>): string[] {
  return Object.keys(failed).flatMap((reason) => hints[reason] ?? [])
}
