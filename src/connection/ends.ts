// The ends of a network connection as text, for a trace.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressText, endText } from '../transport/endpoint.js'
import type { ConnectOptions } from './options.js'

/** The server, as the options name it. */
export function serverOf({ endpoint }: ConnectOptions): string {
  return endText(endpoint.address)
}

/** Both ends as `address:port`; undefined if `stream` tells none, as over a unix socket. */
export function endsOf(stream: Duplex): { readonly client: string; readonly server: string } | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = stream as Partial<Socket>
  if (localAddress === undefined || localPort === undefined) return undefined
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return {
    client: addressText({ host: localAddress, port: localPort }),
    server: addressText({ host: remoteAddress, port: remotePort }),
  }
}
