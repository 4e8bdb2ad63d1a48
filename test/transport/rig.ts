// Servers on loopback ports for one test, and endpoints to them.
import type { AddressInfo, Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Endpoint } from '../../src/transport/endpoint.js'
import { open } from '../../src/transport/open.js'

/** Starts `server` on a free port. Closes it and its connections at the end of the test. */
export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('secureConnection', (socket: Duplex) => socket.on('error', () => {}))
  await new Promise<void>((done) => server.listen(0, host, done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export function endpointAt(port: number, more: Partial<Endpoint> = {}): Endpoint {
  return { address: { host: '127.0.0.1', port }, noDelay: true, ...more }
}

/** Opens a stream and closes it at the end of the test. */
export async function opened(endpoint: Endpoint, signal = AbortSignal.timeout(10_000)): Promise<Duplex> {
  const stream = await open(endpoint, signal)
  onTestFinished(() => void stream.on('error', () => {}).destroy())
  return stream
}

/** The next chunk, as text. */
export function heard(stream: Duplex): Promise<string> {
  return new Promise((done) => stream.once('data', (chunk: Buffer) => done(chunk.toString('latin1'))))
}
