// Opens a Duplex to an endpoint: socket, proxy, TLS, WebSocket. Layers beyond a plain socket are loaded when needed.
import type { Duplex } from 'node:stream'
import { ConnectionError } from '../errors.js'
import { shown } from '../text.js'
import { dial } from './dial.js'
import { addressText, type Endpoint, type TcpAddress } from './endpoint.js'
import { step } from './steps.js'

/**
 * @param signal aborts the attempt; its reason is thrown
 * @throws ConnectionError if it can be retried, else MqttxError
 */
export async function open(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
  const { address, service, steps } = endpoint
  if (service === undefined || !('host' in address)) return reach(endpoint, signal)
  const { serversOf } = await import('./srv.js')
  let failure: unknown
  const servers = await step(
    steps,
    {
      name: 'DNS',
      target: shown(`${service}.${address.host}`),
      detail: (found) => shown(found.map(addressText).join(', ')),
    },
    () => serversOf(service, address.host, signal),
  )
  for (const server of servers) {
    try {
      return await reach({ ...endpoint, address: { ...address, ...server } }, signal, address)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      failure = error
    }
  }
  throw failure
}

/** @param asked the address that the user gave, if SRV records have replaced it */
async function reach(endpoint: Endpoint, signal: AbortSignal, asked?: TcpAddress): Promise<Duplex> {
  const below = await connected(endpoint, signal)
  if (endpoint.tls === undefined && endpoint.webSocket === undefined) return below
  below.on('error', () => {}) // no other listener while a layer is loaded
  try {
    return await layered(below, endpoint, { signal, asked })
  } catch (error) {
    below.destroy()
    throw error
  }
}

async function connected(
  { address, proxy, noDelay, halfOpen, steps }: Endpoint,
  signal: AbortSignal,
): Promise<Duplex> {
  const options = { noDelay, halfOpen, signal, steps }
  if (proxy === undefined || !('host' in address)) return dial(address, options)
  const { throughProxy } = await (proxy.scheme === 'http' ? import('./http-proxy.js') : import('./socks.js'))
  return throughProxy(proxy, address, options)
}

/** The query may be a secret. */
function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '?...')
}

async function layered(
  below: Duplex,
  { address, tls, webSocket, steps }: Endpoint,
  { signal, asked }: { signal: AbortSignal; asked: TcpAddress | undefined },
): Promise<Duplex> {
  let stream = below
  if (tls !== undefined) {
    const { certificateEnd, secure, secured } = await import('./tls.js')
    stream = await step(
      steps,
      {
        name: 'TLS',
        target: shown(tls.servername ?? addressText(asked ?? address)),
        detail: secured,
        expires: certificateEnd,
      },
      () => secure(below, { settings: tls, address, asked }, signal),
    )
  }
  if (webSocket !== undefined) {
    const { upgrade } = await import('./websocket.js')
    const target = { settings: webSocket, address, secure: tls !== undefined, name: tls?.servername }
    const under = stream
    stream = await step(steps, { name: 'WebSocket', target: withoutQuery(webSocket.path) }, () =>
      upgrade(under, target, signal),
    )
  }
  return stream
}
