// Creates connections, distributed over --servers and --ifaddr.
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import type { BenchArgs } from './args.js'
import type { Dial } from './connection.js'

type Endpoint = ConnectOptions['endpoint']

export interface BenchServer {
  readonly host: string
  /** Undefined: the port of -p. */
  readonly port: number | undefined
}

export interface Routes {
  /** Empty: the server of the connection options. */
  readonly servers: readonly BenchServer[]
  /** Local addresses; empty: chosen by the system. */
  readonly sources: readonly string[]
}

export function routesOf({ servers = [], ifaddr = [] }: BenchArgs): Routes {
  return { servers, sources: ifaddr }
}

/** Client k connects to server k mod n. Each local address is used for one connection per server, then the next. */
export function dialer(options: ConnectOptions, routes: Routes): Dial {
  const endpoints = endpointsOf(options.endpoint, routes)
  let dialled = 0
  return ({ clientId, index }, events) => {
    const fromSource = endpoints[Math.floor(dialled++ / endpoints[0]!.length) % endpoints.length]!
    const endpoint = fromSource[index % fromSource.length]!
    return new Connection({ ...options, endpoint, clientId }, events)
  }
}

/** Indexed by local address, then by server. */
function endpointsOf(endpoint: Endpoint, { servers, sources }: Routes): Endpoint[][] {
  const { address } = endpoint
  if (!('host' in address)) return [[endpoint]]
  const hosts = servers.length === 0 ? [address] : servers
  const locals = sources.length === 0 ? [address.localAddress] : sources
  return locals.map((localAddress) =>
    hosts.map(({ host, port = address.port }) => ({ ...endpoint, address: { host, port, localAddress } })),
  )
}
