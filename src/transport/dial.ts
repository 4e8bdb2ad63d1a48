// Opens a TCP or unix socket.
import dns from 'node:dns/promises'
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { ConnectionError } from '../errors.js'
import { isSystemError, strerror } from '../io/system-error.js'
import { zoneHint } from '../io/zone.js'
import { unboundAddress } from '../runtime.js'
import { shown } from '../text.js'
import { during } from './during.js'
import { type Address, addressText } from './endpoint.js'
import { firstOf, interleaved } from './race.js'
import { type StepObserver, step } from './steps.js'

const noPort =
  'no local port is free: wait a minute for old connections to time out, or use another address (-A; bench: --ifaddr)'
const notOurs = '-A (bench: --ifaddr) must be an address of this machine'

/** The hint if there is no answer at all. */
export const silenceHint = 'is the host up, and does a firewall drop packets to this port?'

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the broker running, are -h and -p right?',
  ENOENT: 'no such socket: is the broker running?',
  EADDRNOTAVAIL: noPort,
  EADDRINUSE: noPort,
  ETIMEDOUT: silenceHint,
}

type TcpAddress = Extract<Address, { host: string }>

export interface DialOptions {
  readonly noDelay: boolean
  /** See Endpoint. */
  readonly halfOpen?: boolean | undefined
  readonly signal: AbortSignal
  readonly steps?: StepObserver | undefined
}

/**
 * Connects, trying all addresses of a host name.
 * @throws ConnectionError with the operating system's reason, and mosquitto's status 1
 */
export async function dial(address: Address, options: DialOptions): Promise<Socket> {
  if ('path' in address) return open({ path: address.path }, address, options)
  if (isLocalhost(address)) {
    // The address first (RFC 6761, 6.3): Node takes 6 ms to look the name up, a tenth of a one-shot publish.
    const found = await open({ host: '127.0.0.1', port: address.port }, address, options).catch(
      () => undefined,
    )
    if (found !== undefined) return found
  }
  const { signal, steps } = options
  const targets = await during(signal, undefined, tcpTargets(address, steps))
  if (targets.length === 1) return open(targets[0]!, address, options)
  return firstOf(targets, (target, limit) => open(target, address, { ...options, signal: limit }), signal)
}

function isLocalhost({ host, localAddress }: TcpAddress): boolean {
  return localAddress === undefined && host.toLowerCase() === 'localhost'
}

function open(target: NetConnectOpts, address: Address, options: DialOptions): Promise<Socket> {
  const isPath = 'path' in target
  return step(
    options.steps,
    { name: isPath ? 'socket' : 'TCP', target: shown(addressText(target as Address)) },
    () => connected(target, address, options),
  )
}

function connected(target: NetConnectOpts, address: Address, options: DialOptions): Promise<Socket> {
  const { noDelay, halfOpen = false } = options
  const socket = connect({ ...target, noDelay, allowHalfOpen: halfOpen })
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(options.signal.reason)
    if (options.signal.aborted) abort()
    options.signal.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => {
      options.signal.removeEventListener('abort', abort)
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: Error) => {
      options.signal.removeEventListener('abort', abort)
      socket.on('error', () => {}) // ignore further errors
      reject(options.signal.aborted ? error : dialError(error, address))
    })
  })
}

interface Target {
  readonly host: string
  readonly port: number
  readonly localAddress?: string
}

/** The addresses of the host in the order in which they are tried. */
async function tcpTargets(
  { host, port, localAddress }: TcpAddress,
  steps: StepObserver | undefined,
): Promise<Target[]> {
  const from = localAddress === undefined ? [] : await addressesOf(localAddress, steps)
  const local = from[0] === undefined ? {} : { localAddress: from[0].address }
  const all = await addressesOf(host, steps)
  const reachable = from[0] === undefined ? all : all.filter(({ family }) => family === from[0]!.family)
  return interleaved(reachable.length > 0 ? reachable : all).map(({ address }) => {
    return { host: address, port, ...local }
  })
}

interface Found {
  readonly address: string
  readonly family: number
}

/** The addresses of a name. @throws ConnectionError */
export async function addressesOf(host: string, steps: StepObserver | undefined): Promise<Found[]> {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family }]
  const detail = (found: Found[]) => found.map(({ address }) => address).join(', ')
  return step(steps, { name: 'DNS', target: shown(host), detail }, () => lookup(host))
}

async function lookup(host: string): Promise<Found[]> {
  try {
    return await dns.lookup(host, { all: true })
  } catch (error) {
    throw lookupError(host, error)
  }
}

/** The error for a system error of a socket, with mosquitto's text. */
export function dialError(error: Error, address: Address): ConnectionError {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const code = 'code' in first ? String(first.code) : undefined
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return lookupError('host' in address ? address.host : addressText(address), first)
  }
  const reason = isSystemError(first) ? strerror(first) : first.message
  const local = unboundAddress(first, 'host' in address ? address.localAddress : undefined)
  const hint = local === undefined ? hintFor(first, code) : unboundHint(local, code)
  return new ConnectionError(`${reason} (${addressText(address)})`, { code, hint, cause: error })
}

function hintFor(error: Error, code: string | undefined): string | undefined {
  const zone = 'address' in error && typeof error.address === 'string' ? zoneHint(error.address) : undefined
  return zone ?? (code === undefined ? undefined : hints[code])
}

/** The system reports an invalid zone only as an invalid argument. */
function unboundHint(local: string, code: string | undefined): string | undefined {
  const zone = zoneHint(local)
  if (zone !== undefined) return `-A: ${zone}`
  return code === 'EADDRNOTAVAIL' ? notOurs : hints[code ?? '']
}

function lookupError(host: string, cause: unknown): ConnectionError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  const hint = zoneHint(host) ?? `no address for the name '${host}': is it spelt right, does DNS work?`
  return new ConnectionError('Unable to connect (Lookup error).', { code, hint, cause, prefix: '' })
}
