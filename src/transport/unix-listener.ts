// Listens on a unix socket.
import { existsSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { MqttxError } from '../errors.js'
import { strerror } from '../io/system-error.js'
import { bound, type Listener, type Visits } from './listeners.js'

/** Listens on `path`. A socket that an earlier server has left there is replaced. @throws MqttxError */
export async function listenUnix(path: string, visits: Visits): Promise<Listener> {
  const server = createServer({ allowHalfOpen: visits.halfOpen ?? false }, (socket) =>
    visits.connected(socket, { address: undefined, port: undefined, path }),
  )
  try {
    const running = await bound(server, { path }, visits).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || !(await isAbandoned(path))) throw error
      unlinkSync(path)
      return bound(server, { path }, visits)
    })
    return { address: undefined, url: `unix://${resolve(path)}`, ...running }
  } catch (cause) {
    throw unixError(path, cause as NodeJS.ErrnoException)
  }
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
  const folder = dirname(resolve(path))
  // Node reports a missing folder as EACCES, and Bun every folder that it cannot use as ENOENT.
  const isMissing = (cause.code === 'EACCES' || cause.code === 'ENOENT') && !existsSync(folder)
  const reason = isMissing ? 'No such file or directory' : strerror(cause)
  const hint = isMissing ? `create the folder ${folder}` : hints[cause.code ?? '']
  return new MqttxError(`cannot listen on ${path}: ${reason}`, { hint, cause })
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'a server listens there already, or the file is no socket; choose another path',
  EACCES: 'the folder must be writable for this user; choose another path',
}
