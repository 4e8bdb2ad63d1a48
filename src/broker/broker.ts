// The embedded broker: the core with listeners, access rules, a clock, a log and counters.
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { shown } from '../text.js'
import {
  type Address,
  type Certificate,
  from,
  type Listener,
  listen,
  type Origin,
  type Visits,
  type Wanted,
} from '../transport/listeners.js'
import { listenUnix } from '../transport/unix-listener.js'
import { version } from '../version.js'
import { type AccessRules, welcomes } from './access.js'
import { Connections, type Wire } from './connections.js'
import { Broker } from './core/broker.js'
import type { Authorize } from './core/caller.js'
import type { Limits, Settings } from './core/settings.js'
import { logged, seldom } from './events.js'
import { type Authenticate, type LoginLimits, Logins } from './logins.js'
import { Sys } from './sys.js'

export type { Certificate, Wanted } from '../transport/listeners.js'
export type { Settings } from './core/settings.js'
export type { Authenticate } from './logins.js'

export interface BrokerOptions {
  /** Without it there are no users: a user name is ignored. */
  readonly authenticate?: Authenticate | undefined
  /** Whether a client may publish, subscribe, receive. Default: it may. */
  readonly authorize?: Authorize | undefined
  readonly allowAnonymous: boolean
  readonly settings?: Partial<Settings>
  readonly port: number
  readonly bind: string
  /** Beside MQTT over TCP on `port`. */
  readonly others?: readonly Omit<Wanted, 'bind'>[]
  /** Path of a unix socket to listen on as well. */
  readonly unix?: string | undefined
  readonly certificate?: Certificate | undefined
  /** One line without its end. */
  log(line: string): void
  readonly limits?: Partial<Limits & LoginLimits>
  readonly wire?: Wire | undefined
}

export interface RunningBroker {
  /** Of MQTT over TCP. */
  readonly address: Address
  /** Where clients can connect, TCP first. */
  readonly urls: readonly string[]
  /** Serves a connection that did not come over one of the listeners; without `origin`, from this process. */
  handle(stream: Duplex, origin?: Origin): void
  close(): Promise<void>
}

const defaultLogins: LoginLimits = { connectMs: 10_000, logins: 100 }

export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { authenticate, authorize, allowAnonymous, limits = {}, settings = {} } = options
  let stopping = false
  const log = (line: string): void => {
    if (!stopping) options.log(line)
  }
  const logins =
    authenticate === undefined ? undefined : new Logins(authenticate, { ...defaultLogins, ...limits })
  const rules: AccessRules = { logins, allowAnonymous }
  const core = new Broker({
    ...{ settings, limits, authorize },
    events: logged(log, () => sys.refresh()),
    assignIdentifier: () => `auto-${randomUUID().toUpperCase()}`,
  })
  const connections = new Connections(core, rules, options.wire)
  const now = (): number => performance.now()
  const publish = (topic: string, value: string): void => {
    core.publish(topic, Buffer.from(value), true, now())
    connections.wake()
  }
  const sys: Sys = new Sys({ core, version, now, publish })

  const listeners: Listener[] = []
  async function stop(): Promise<void> {
    stopping = true
    sys.stop()
    for (const listener of listeners) listener.stop()
    await connections.close()
    for (const listener of listeners) listener.destroy()
  }

  const visits: Visits = {
    connected: (stream, origin) => connections.handle(stream, origin),
    turnedAway: (origin, why) => log(`Client from ${from(origin)} refused: ${shown(why)}.`),
    trouble: seldom((error: Error) => log(`Cannot accept a connection: ${error.message}.`)),
    welcomes: (page) => welcomes(rules, page),
  }
  const { bind, port, others = [], unix, certificate } = options
  try {
    for (const wanted of [{ scheme: 'mqtt', port } as const, ...others]) {
      listeners.push(await listen({ ...wanted, bind }, certificate, visits))
    }
    if (unix !== undefined) listeners.push(await listenUnix(unix, visits))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    address: listeners[0]!.address!,
    urls: listeners.map(({ url }) => url),
    handle: (stream, origin = { address: undefined, port: undefined }) => connections.handle(stream, origin),
    close: stop,
  }
}
