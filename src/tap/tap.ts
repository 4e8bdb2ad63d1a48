// A proxy between clients and a server that passes bytes on unchanged, shows them, and applies faults.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { MqttxError } from '../errors.js'
import { type Endpoint, endText } from '../transport/endpoint.js'
import {
  type Certificate,
  endOf,
  from,
  type Listener,
  listen,
  type Origin,
  type Wanted,
} from '../transport/listeners.js'
import { isLocalPage } from '../transport/loopback.js'
import { open } from '../transport/open.js'
import { listenUnix } from '../transport/unix-listener.js'
import type { CommonOptions, RunningTap } from './common.js'
import { join, reset } from './connection.js'
import type { Direction } from './fault-language.js'
import type { FaultedConnection } from './faults.js'
import { refuseLoop } from './loop.js'

export type { CommonOptions, RunningTap, Watcher } from './common.js'
export { startDatagramTap } from './datagrams.js'
export { parseFault, parseFaultFile } from './fault-language.js'
export { Faults } from './faults.js'

export interface TapOptions extends CommonOptions {
  readonly listeners: readonly Wanted[]
  /** Path of a unix socket to listen on. */
  readonly unix?: string | undefined
  readonly certificate?: Certificate | undefined
  /** Where the connections go. */
  readonly target: Endpoint
}

/** Milliseconds that connections may take to close. */
const closeMs = 300

/** @throws MqttxError if it cannot listen, or if the target is the tap itself */
export async function startTap(options: TapOptions): Promise<RunningTap> {
  const { watcher, faults, connectMs, report } = options
  const target: Endpoint = { ...options.target, halfOpen: true, noDelay: true }
  const streams = new Set<Duplex>()
  const stopping = new AbortController()
  let connections = 0

  function keep(stream: Duplex): void {
    streams.add(stream)
    stream.once('close', () => streams.delete(stream))
    stream.on('error', () => {}) // 'close' follows
  }

  async function connected(client: Duplex, origin: Origin): Promise<void> {
    keep(client)
    client.pause()
    const id = ++connections
    const gone = new AbortController()
    const giveUp = (): void => gone.abort()
    client.once('close', giveUp)
    const limit = AbortSignal.timeout(connectMs)
    let server: Duplex
    try {
      server = await open(target, AbortSignal.any([stopping.signal, gone.signal, limit]))
    } catch (error) {
      if (!stopping.signal.aborted && !gone.signal.aborted)
        reportFailure(origin, limit.aborted ? undefined : error)
      return reset(client)
    }
    keep(server)
    client.off('close', giveUp)
    const connection: FaultedConnection = { id, version: 0, clientId: undefined, draws: [] }
    /** Undefined until the first bytes. */
    let isMqtt: boolean | undefined
    const recognised = (direction: Direction, bytes: Buffer): boolean => {
      const found = direction === 'c2s' && bytes[0] === 0x10
      if (found) watcher?.opened(id, endOf(origin), farEnd(server))
      else report(`Client from ${from(origin)}: not MQTT; its bytes are passed on as they are.`)
      return found
    }
    join(client, server, connection, {
      faults,
      passed(direction, bytes) {
        isMqtt ??= recognised(direction, bytes)
        if (isMqtt) watcher?.passed(id, direction, bytes)
      },
      applied: (fault) => watcher?.applied(id, fault),
      answered: (connack) => watcher?.answered(id, connack),
      closed(how) {
        if (isMqtt) watcher?.closed(id, how)
      },
    })
  }

  function farEnd(server: Duplex): string {
    const { remoteAddress, remotePort } = server as Socket
    if (remoteAddress === undefined || remotePort === undefined) return endText(target.address)
    return endText({ host: remoteAddress, port: remotePort })
  }

  function reportFailure(origin: Origin, error: unknown): void {
    const why = error instanceof Error ? error.message : `no connection within ${connectMs / 1000} s`
    const hint = error instanceof MqttxError ? error.hint : undefined
    report(`Client from ${from(origin)} not connected: ${why.replace(/\.$/, '')}.`, hint)
  }

  const visits = {
    halfOpen: true,
    connected: (stream: Duplex, origin: Origin) => void connected(stream, origin),
    turnedAway: (origin: Origin, why: string) => report(`Client from ${from(origin)} refused: ${why}.`),
    trouble: (error: Error) => report(`Cannot accept a connection: ${error.message}.`),
    welcomes: isLocalPage,
  }
  const listeners: Listener[] = []

  async function close(): Promise<void> {
    stopping.abort()
    for (const listener of listeners) listener.stop()
    const closed = Array.from(streams, (stream) => new Promise((resolve) => stream.once('close', resolve)))
    for (const stream of streams) stream.end()
    const late = setTimeout(() => {
      for (const stream of streams) stream.destroy()
    }, closeMs)
    for (const stream of streams) stream.resume()
    await Promise.all(closed)
    clearTimeout(late)
    for (const listener of listeners) listener.destroy()
  }

  try {
    for (const wanted of options.listeners) listeners.push(await listen(wanted, options.certificate, visits))
    if (options.unix !== undefined) listeners.push(await listenUnix(options.unix, visits))
    await refuseLoop(target, listeners)
  } catch (error) {
    await close()
    throw error
  }
  return { urls: listeners.map(({ url }) => url), connections: () => connections, close }
}
