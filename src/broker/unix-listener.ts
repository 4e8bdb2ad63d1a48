// Clients of this machine over a unix socket.
import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { MqttxError } from '../errors.js'
import { strerror } from '../io/system-error.js'
import type { Listener, Visits } from './listeners.js'

/** Listens on `path`. A socket that an earlier server has left there is replaced. @throws MqttxError */
export async function listenUnix(path: string, visits: Visits): Promise<Listener> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    visits.connected(socket, { address: undefined, port: undefined, path })
  })
  try {
    await bound(server, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || !(await isAbandoned(path))) throw error
      unlinkSync(path)
      await bound(server, path)
    })
  } catch (cause) {
    throw unixError(path, cause as NodeJS.ErrnoException)
  }
  server.on('error', visits.trouble)
  return {
    address: undefined,
    url: `unix://${resolve(path)}`,
    stop: () => server.close(),
    destroy() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function bound(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      done()
    })
  })
}

/** True for a socket on which nobody listens. */
async function isAbandoned(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return false
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('connect', () => done(false))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => done(code === 'ECONNREFUSED'))
    socket.once('connect', () => socket.destroy())
  })
}

function unixError(path: string, cause: NodeJS.ErrnoException): MqttxError {
  const hint =
    cause.code === 'EADDRINUSE'
      ? 'a server listens there already, or the file is no socket; choose another path'
      : undefined
  return new MqttxError(`cannot listen on ${path}: ${strerror(cause)}`, { hint, cause })
}
