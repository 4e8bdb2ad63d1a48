// Connections of a load generator: the core's, dealt out to the servers and the local addresses that were given.
import { Connection } from '../../connection/connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import type { BenchArgs } from './args.js'
import type { Dial } from './client.js'

type Endpoint = ConnectOptions['endpoint']

export interface Server {
  readonly host: string
  /** Undefined: the one of -p. */
  readonly port: number | undefined
}

export interface Routes {
  /** Empty: the one of the options. */
  readonly servers: readonly Server[]
  /** Local addresses; empty: the system chooses. */
  readonly sources: readonly string[]
}

export function routesOf({ servers = [], ifaddr = [] }: BenchArgs): Routes {
  return { servers, sources: ifaddr }
}

/** Client k goes to server k mod n; local addresses take turns, each with all servers. */
export function dialer(options: ConnectOptions, routes: Routes): Dial {
  const ways = endpointsOf(options.endpoint, routes)
  let dialled = 0
  return ({ clientId, index }, events) => {
    const fromSource = ways[Math.floor(dialled++ / ways[0]!.length) % ways.length]!
    const endpoint = fromSource[index % fromSource.length]!
    return new Connection({ ...options, endpoint, clientId }, events)
  }
}

/** By local address, then by server. */
function endpointsOf(endpoint: Endpoint, { servers, sources }: Routes): Endpoint[][] {
  const { address } = endpoint
  if (!('host' in address)) return [[endpoint]]
  const hosts = servers.length === 0 ? [address] : servers
  const locals = sources.length === 0 ? [address.localAddress] : sources
  return locals.map((localAddress) =>
    hosts.map(({ host, port = address.port }) => ({ ...endpoint, address: { host, port, localAddress } })),
  )
}
