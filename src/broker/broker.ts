// The embedded broker: aedes, with a store, limits, access rules and counters of its own. The only importer of aedes,
// which is loaded when a broker starts and at no other time.
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Aedes, Client } from 'aedes'
import { shown } from '../text.js'
import { version } from '../version.js'
import { type AccessRules, welcomes } from './access.js'
import { Connections } from './connections.js'
import { follow } from './events.js'
import { pieceSize } from './gate.js'
import { hooks } from './hooks.js'
import {
  type Address,
  type Certificate,
  type Listener,
  listen,
  type Visits,
  type Wanted,
} from './listeners.js'
import { type Authenticate, Logins } from './logins.js'
import { from, type Limits, Peers } from './peers.js'
import { Store } from './store.js'
import { Sys } from './sys.js'

export type { Address, Certificate, Wanted } from './listeners.js'
export type { Authenticate } from './logins.js'

export interface BrokerOptions {
  /** Without it there are no users: a user name is ignored. */
  readonly authenticate?: Authenticate | undefined
  readonly allowAnonymous: boolean
  readonly port: number
  readonly bind: string
  /** Beside MQTT over TCP on `port`. */
  readonly others?: readonly Omit<Wanted, 'bind'>[]
  readonly certificate?: Certificate | undefined
  /** One line without its end. */
  log(line: string): void
  readonly limits?: Partial<Limits>
}

export interface RunningBroker {
  /** Of MQTT over TCP. */
  readonly address: Address
  /** Where clients can connect, TCP first. */
  readonly urls: readonly string[]
  /** Serves a connection that did not come over the network. */
  handle(stream: Duplex): void
  close(): Promise<void>
}

const defaultLimits: Limits = { connectMs: 10_000, stallMs: 60_000, logins: 100, sessions: 10_000 }

export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const limits = { ...defaultLimits, ...options.limits }
  const peers = new Peers()
  let stopping = false
  const log = (line: string): void => {
    if (!stopping) options.log(line)
  }
  const { authenticate, allowAnonymous } = options
  const logins = authenticate === undefined ? undefined : new Logins(authenticate, limits)
  const rules: AccessRules = { logins, allowAnonymous }
  const { aedes, sys } = await startAedes({ rules, log }, peers, limits)
  const connections = new Connections({ peers, limits, log, serve: (stream) => aedes.handle(stream) })

  const listeners: Listener[] = []
  async function stop(): Promise<void> {
    stopping = true
    sys.stop()
    for (const listener of listeners) listener.stop()
    await new Promise<void>((resolve) => aedes.close(resolve))
    await connections.close()
    for (const listener of listeners) listener.destroy()
  }

  const visits: Visits = {
    connected: (stream, origin) => connections.handle(stream, origin),
    turnedAway: (origin, why) => log(`Client from ${from(origin)} refused: ${shown(why)}.`),
    trouble: seldom((error: Error) => log(`Cannot accept a connection: ${error.message}.`)),
    welcomes: (page) => welcomes(rules, page),
  }
  const { bind, port, others = [], certificate } = options
  try {
    for (const wanted of [{ scheme: 'mqtt', port } as const, ...others]) {
      listeners.push(await listen({ ...wanted, bind }, certificate, visits))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    address: listeners[0]!.address,
    urls: listeners.map(({ url }) => url),
    handle: (stream) => connections.handle(stream, { address: undefined, port: undefined }),
    close: stop,
  }
}

const aedesLimits = {
  // All limits are the gate's. aedes' own concurrency is one queue for all: behind one slow subscriber, everybody
  // would wait. Its drain timeout ends whoever is slow; `overdue` ends only who does not move at all.
  concurrency: 0,
  drainTimeout: 2 ** 31 - 1,
  // What a client sends before its CONNACK is set aside: no more than one piece of packets of 2 bytes.
  queueLimit: pieceSize / 2,
  // A client of MQTT 3.1.1 cannot know a lower limit than its 65,535 identifiers, and they are all that is stored.
  maxInflightInbound: 0,
  maxClientsIdLength: 65_535,
}

/** What fails again and again, such as each connection without descriptors: the log hears of it every 10 seconds. */
function seldom<T>(report: (what: T) => void): (what: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (what) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    report(what)
  }
}

async function startAedes(
  { rules, log }: { rules: AccessRules; log: BrokerOptions['log'] },
  peers: Peers,
  limits: Limits,
): Promise<{ aedes: Aedes; sys: Sys }> {
  const { Aedes } = await import('aedes')
  const id = randomUUID()
  const store = new Store({
    duplicate: (conn) => (conn === undefined ? undefined : peers.of({ conn })?.gate.published()),
    dropped(clientId, occasion) {
      peers.past.publishDropped++
      if (occasion === 'first') log(`Client ${shown(clientId)}: its queue is full, messages are lost.`)
    },
    notRetained: seldom((topic) => log(`There is no room for the retained message of ${shown(topic)}.`)),
  })
  const aedes = await Aedes.createBroker({
    id,
    persistence: store,
    ...aedesLimits,
    connectTimeout: limits.connectMs,
    published: (_packet, client: Client | null, done) => {
      if (client !== null) peers.of(client)?.gate.published()
      done()
    },
    ...hooks({ rules, limits, peers, store, internal: `$SYS/${id}/`, refresh: () => sys.refresh() }),
  })
  const publish = (topic: string, value: string, done: () => void): void => {
    const payload = Buffer.from(value)
    aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain: true, dup: false }, done)
  }
  const sys: Sys = new Sys({ peers, store, version, now: () => performance.now(), publish })
  follow(aedes, peers, log)
  return { aedes, sys }
}
