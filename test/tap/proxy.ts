// A tap in this process before a server of plain bytes.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { startTap, type TapOptions } from '../../src/tap/tap.js'
import { once } from '../helpers/wait.js'

export interface ByteServer {
  readonly port: number
  readonly server: Server
  /** Connections so far, each not read before it is. */
  readonly sockets: Socket[]
  accepted(count?: number): Promise<Socket>
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

export async function byteServer(): Promise<ByteServer> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    ...{ port: portOf(server), server, sockets },
    async accepted(count = 1) {
      await once(() => sockets.length >= count)
      return sockets[count - 1]!
    },
  }
}

export interface TestTap {
  readonly port: number
  readonly urls: readonly string[]
  /** What was reported. */
  readonly lines: string[]
  dial(): Socket
  connections(): number
  close(): Promise<void>
}

export async function testTap(port: number, options: Partial<TapOptions> = {}): Promise<TestTap> {
  const lines: string[] = []
  const tap = await startTap({
    listeners: [{ scheme: 'mqtt', bind: '127.0.0.1', port: 0 }],
    target: { address: { host: '127.0.0.1', port }, noDelay: true },
    connectMs: 5000,
    report: (line, hint) => void lines.push(hint === undefined ? line : `${line} (${hint})`),
    ...options,
  })
  onTestFinished(() => tap.close())
  const at = Number(/:(\d+)(\/|$)/.exec(tap.urls[0]!)?.[1])
  return {
    ...{ ...tap, port: at, lines },
    dial() {
      const socket = connect({ host: '127.0.0.1', port: at, allowHalfOpen: true })
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
      return socket
    },
  }
}

/** The bytes that arrive from now on. */
export function collect(socket: Socket): { bytes(): Buffer; ended(): boolean; failed(): string | undefined } {
  const chunks: Buffer[] = []
  let ended = false
  let failure: string | undefined
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk)).on('end', () => (ended = true))
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code)).resume()
  return { bytes: () => Buffer.concat(chunks), ended: () => ended, failed: () => failure }
}
