// Where clients come from: TCP, TLS, WebSocket and WebSocket over TLS, each on a port of its own.
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { MqttxError } from '../errors.js'
import { strerror } from '../io/system-error.js'
import { zoneHint } from '../io/zone.js'
import { listenCode, tlsLibrary, tlsReason } from '../runtime.js'
import { endText } from './endpoint.js'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where a client comes from. */
export interface Origin {
  /** undefined: not over a network. */
  readonly address: string | undefined
  readonly port: number | undefined
  /** Of the unix socket that it came over. */
  readonly path?: string
}

/** For messages: `127.0.0.1:50000`, the path of a unix socket. */
export function from({ address, port, path }: Origin): string {
  if (path !== undefined) return path
  return address === undefined ? 'this process' : `${address}:${port}`
}

/** For traces: `127.0.0.1:50000`, `[::1]:50000`, `unix:/run/mqtt.sock`. */
export function endOf({ address, port = 0, path }: Origin): string {
  if (path !== undefined) return endText({ path })
  return address === undefined ? 'this process' : endText({ host: address, port })
}

export interface Wanted {
  readonly scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss'
  readonly bind: string
  /** 0 takes a free one. */
  readonly port: number
  /** The options of the port and of the address in hints. */
  readonly names?: readonly [port: string, bind: string] | undefined
}

/** For mqtts and wss: PEM texts. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

export interface Visits {
  connected(stream: Duplex, origin: Origin): void
  /** A client that came no further than its connection; no end of line, no full stop. */
  turnedAway(origin: Origin, why: string): void
  /** A client may end its side and still be written to. */
  readonly halfOpen?: boolean
  /** The system does not let us have a connection. */
  trouble(error: Error): void
  /** Whether a page of this origin (RFC 6454) may connect from a browser. */
  welcomes(page: string): boolean
}

export interface Listener {
  /** undefined: a unix socket. */
  readonly address: Address | undefined
  readonly url: string
  /** Accepts nobody any more. */
  stop(): void
  /** Ends connections that nobody else knows of: those still in a handshake. */
  destroy(): void
}

const handshakeMs = 10_000

/** @throws MqttxError */
export async function listen(
  wanted: Wanted,
  certificate: Certificate | undefined,
  visits: Visits,
): Promise<Listener> {
  const server = await serverFor(wanted.scheme, certificate, visits)
  const running = await bound(server, { host: wanted.bind, port: wanted.port }, visits).catch((error) => {
    throw listenError(wanted, error)
  })
  const found = server.address()
  if (found === null || typeof found === 'string') throw new MqttxError('the server has no address')
  const address = { host: found.address, port: found.port }
  const path = wanted.scheme.startsWith('ws') ? '/mqtt' : ''
  return { address, url: `${wanted.scheme}://${formatAddress(address)}${path}`, ...running }
}

/** Starts `server`; its later errors are `trouble`. Rejects with the error of the system. */
export function bound(
  server: Server,
  where: ListenOptions,
  { trouble }: Visits,
): Promise<Pick<Listener, 'stop' | 'destroy'>> {
  const sockets = new Set<Socket>()
  const destroy = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject).on('error', trouble)
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      resolve({ stop: () => server.close(), destroy })
    })
  })
}

async function serverFor(
  scheme: Wanted['scheme'],
  certificate: Certificate | undefined,
  visits: Visits,
): Promise<Server> {
  const arrived = (socket: Socket) => visits.connected(socket, originOf(socket))
  const allowHalfOpen = visits.halfOpen ?? false
  if (scheme === 'mqtt') return createServer({ noDelay: true, allowHalfOpen }, arrived)
  if (scheme === 'ws') return withWebSocket(createHttpServer({ noDelay: true }), visits)
  const options = { ...certificate, noDelay: true, handshakeTimeout: handshakeMs }
  try {
    if (scheme === 'mqtts') {
      return withTlsErrors(createTlsServer({ ...options, allowHalfOpen }, arrived), visits)
    }
    return withTlsErrors(await withWebSocket(createHttpsServer(options), visits), visits)
  } catch (cause) {
    const reason = cause instanceof Error ? tlsReason(cause) : String(cause)
    const hint =
      '--certfile must be a certificate and --keyfile its private key, not encrypted, both in PEM form'
    throw new MqttxError(`${tlsLibrary} does not take the certificate or the key: ${reason}`, { hint, cause })
  }
}

function originOf({ remoteAddress, remotePort }: Socket): Origin {
  return { address: remoteAddress, port: remotePort }
}

function withTlsErrors<S extends Server>(server: S, { turnedAway }: Visits): S {
  return server.on('tlsClientError', (error: Error, socket: Socket) => {
    turnedAway(originOf(socket), `the TLS handshake failed (${tlsReason(error)})`)
    socket.destroy() // Node leaves it open
  })
}

async function withWebSocket(server: HttpServer, visits: Visits): Promise<HttpServer> {
  const { webSocketAcceptor } = await import('./websocket.js')
  const { accept } = webSocketAcceptor((stream, request) =>
    visits.connected(stream, originOf(request.socket)),
  )
  server.on('request', (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end('MQTT over WebSocket only.\n')
  })
  return server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const page = request.headers.origin
    if (page === undefined || visits.welcomes(page)) return accept(request, socket, head)
    visits.turnedAway(originOf(request.socket), `pages of ${page} may not connect`)
    socket.on('error', () => {}).end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
  })
}

/** As in a URL: an IPv6 address goes into brackets. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `p` and `b` are the names of options. */
const reasons: Record<string, (p: string, b: string) => [reason: string, hint: string]> = {
  EADDRINUSE: (p) => [
    'Address already in use',
    `another broker may be running there; choose a port with ${p}, or ${p} 0 for a free one`,
  ],
  EACCES: (p) => ['Permission denied', `ports below 1024 are for root; choose another with ${p}`],
  EADDRNOTAVAIL: (_, b) => [
    'This machine does not have that address',
    `${b} 127.0.0.1 is this machine only, 0.0.0.0 all its networks`,
  ],
  ENOTFOUND: (_, b) => ['Name not found', `${b} takes an address of this machine, or a name for one`],
}

export function listenError(
  { bind, port, names = ['-p', '--bind'] }: Wanted,
  error: NodeJS.ErrnoException,
): MqttxError {
  const known = reasons[listenCode(error)]?.(...names) ?? [strerror(error), undefined]
  const [reason, hint] = [known[0], zoneHint(bind) ?? known[1]]
  return new MqttxError(`cannot listen on ${formatAddress({ host: bind, port })}: ${reason}`, {
    hint,
    cause: error,
  })
}
