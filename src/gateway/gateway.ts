// A running gateway of MQTT-SN: its socket, its clock, and connections to the server around the core of sn/.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { ConnectOptions } from '../connection/options.js'
import { Gateway } from '../sn/gateway.js'
import { Aggregate } from '../sn/gateway-aggregate.js'
import { defaultLimits, type GatewayLimits, type Source, type Upstream } from '../sn/gateway-types.js'
import type { PredefinedTopics } from '../sn/predefined.js'
import { formatAddress } from '../transport/listeners.js'
import { listenUdp, type UdpOrigin, type UdpWanted } from '../transport/udp-server.js'
import { logged } from './log.js'
import { ServerLink } from './server-link.js'
import { UnconnectedClients } from './unconnected.js'

export interface GatewayStart extends Omit<UdpWanted, 'bind' | 'port'> {
  readonly bind: string
  readonly port: number
  /** How to reach the server. Client Identifier, will and session are those of each client. */
  readonly connect: ConnectOptions
  /** Opens a stream to the server instead of a network connection, for a client at `origin`. */
  readonly openStream?: ((origin: UdpOrigin | undefined) => Duplex) | undefined
  /** One connection for all clients. */
  readonly aggregate?: boolean | undefined
  readonly predefined: PredefinedTopics
  readonly gatewayId: number
  /** T_retry in milliseconds. */
  readonly retryMs: number
  /** N_retry */
  readonly retries: number
  /** Seconds between two ADVERTISE. */
  readonly advertise?: number | undefined
  readonly limits?: Partial<GatewayLimits>
  /** One line without its end. */
  log(line: string): void
}

export interface RunningGateway {
  readonly url: string
  /** Clients, those included that are away and have a session. */
  readonly clients: number
  close(): Promise<void>
}

/** Attempts to connect to the server that are under way at the same time. */
const mostAttempts = 100
/** Bytes of one connection that the server has not taken. */
const buffered = 1024 * 1024
const sharedBuffered = 16 * 1024 * 1024
/** Random numbers are drawn in batches, as each call of the system costs. */
const drawn = 4096
const longestTimeout = 2 ** 31 - 1
/** For MQTT 5: the server keeps a session that the client wants to be kept. */
const never = 0xffffffff

/** @throws MqttxError */
export async function startGateway(start: GatewayStart): Promise<RunningGateway> {
  const limits = { ...defaultLimits, ...start.limits }
  const now = (): number => performance.now()
  const { events, dropped } = logged(start.log)
  const links = new Links(start, (why) => events.ignored({ key: 'clients without a connection' }, why))
  const upstream = start.aggregate
    ? new Aggregate({
        open: (itsEvents) => links.openShared(itsEvents),
        later: (work) => setImmediate(work),
        ...{ now, dropped, sessions: limits.clients },
        ...{ queueMessages: limits.queueMessages, queueBytes: limits.queueBytes },
      })
    : links
  const { gatewayId, retryMs, retries, advertise, predefined, bind, port, names } = start
  let wake = (): void => {}
  const server = await listenUdp(
    { bind, port, names },
    {
      message(datagram, origin) {
        core.receive(datagram, origin, now())
        wake()
      },
      trouble: (error) => start.log(`The socket reports: ${error.message}.`),
    },
  )
  const core = new Gateway({
    settings: { gatewayId, retryMs, retries, advertise, predefined, limits },
    ...{ upstream, events, now, random: randomNumbers() },
    send: (to, bytes) => server.send(to as UdpOrigin, bytes),
    broadcast: (bytes) => server.broadcast(bytes, server.address.port),
  })
  const clock = new Clock(core)
  wake = () => clock.wake()
  links.wake = wake
  wake()
  return {
    url: `mqtt-sn://${formatAddress(server.address)}`,
    get clients() {
      return core.clients
    },
    async close() {
      clock.stop()
      core.stop()
      await links.close()
      await server.close()
    },
  }
}

/** Calls the core when it wants to be called. */
class Clock {
  readonly #core: Gateway
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(core: Gateway) {
    this.#core = core
  }

  wake(): void {
    const { deadline } = this.#core
    if (this.#stopped || deadline >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = deadline
    const ms = Math.min(Math.max(1, Math.ceil(deadline - performance.now())), longestTimeout)
    this.#timer = setTimeout(() => {
      this.#at = Number.POSITIVE_INFINITY
      this.#core.tick(performance.now())
      this.wake()
    }, ms)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}

/** All connections to the server. */
class Links implements Upstream {
  readonly #start: GatewayStart
  readonly #open = new Set<ServerLink>()
  readonly #closing = new Set<Promise<void>>()
  readonly #dirty = new Set<ServerLink>()
  readonly #turns: (() => void)[] = []
  #attempts = 0
  readonly #unconnected: UnconnectedClients
  /** Called after each event: the core may have another deadline. */
  wake: () => void = () => {}

  /** `lost` reports why messages at QoS -1 are lost. */
  constructor(start: GatewayStart, lost: (why: string) => void) {
    this.#start = start
    this.#unconnected = new UnconnectedClients((events) => this.openShared(events), lost)
  }

  open(...[request, events]: Parameters<Upstream['open']>): ReturnType<Upstream['open']> {
    const { connect, openStream } = this.#start
    const { clientId, clean, will, source } = request
    const { version } = connect
    const origin = originOf(source)
    const own: ConnectOptions = {
      ...connect,
      ...{ clientId, cleanStart: clean },
      will: will && { ...will, payload: Buffer.from(will.payload) },
      sessionExpiry: version === 5 && !clean ? connect.sessionExpiry || never : 0,
      ...(openStream && { openStream: () => openStream(origin) }),
    }
    return this.#link(own, buffered, 0, events)
  }

  openShared(events: Parameters<Upstream['open']>[1]): ServerLink {
    const { connect, openStream } = this.#start
    const own = { ...connect, ...(openStream && { openStream: () => openStream(undefined) }) }
    return this.#link(own, sharedBuffered, Number.POSITIVE_INFINITY, events)
  }

  publish(topic: string, payload: Uint8Array, retain: boolean): boolean {
    return this.#unconnected.publish(topic, payload, retain)
  }

  async close(): Promise<void> {
    for (const link of this.#open) this.#closing.add(link.finish())
    await Promise.all(this.#closing)
  }

  #link(
    connect: ConnectOptions,
    bytes: number,
    retries: number,
    events: Parameters<Upstream['open']>[1],
  ): ServerLink {
    const link: ServerLink = new ServerLink(
      {
        ...{ connect, buffered: bytes, retries },
        turn: () => this.#turn(),
        flushLater: (dirty) => this.#flushLater(dirty),
        ended: (closed) => {
          this.#open.delete(link)
          this.#closing.add(closed)
          void closed.then(() => this.#closing.delete(closed))
        },
      },
      events,
    )
    this.#open.add(link)
    return link
  }

  async #turn(): Promise<() => void> {
    while (this.#attempts >= mostAttempts) await new Promise<void>((resolve) => this.#turns.push(resolve))
    this.#attempts++
    return () => {
      this.#attempts--
      this.#turns.shift()?.()
    }
  }

  #flushLater(link: ServerLink): void {
    if (this.#dirty.size === 0) setImmediate(() => this.#flush())
    this.#dirty.add(link)
  }

  #flush(): void {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    for (const link of dirty) link.flush()
    this.wake()
  }
}

/** The network address of a client: a node behind a forwarder has that of the forwarder. */
function originOf(source: Source): UdpOrigin {
  return 'via' in source ? originOf(source.via as Source) : (source as UdpOrigin)
}

function randomNumbers(): () => number {
  let numbers = new Uint16Array(0)
  let next = 0
  return () => {
    if (next >= numbers.length) {
      const { buffer, byteOffset } = randomBytes(2 * drawn)
      numbers = new Uint16Array(buffer.slice(byteOffset, byteOffset + 2 * drawn))
      next = 0
    }
    return numbers[next++]!
  }
}
