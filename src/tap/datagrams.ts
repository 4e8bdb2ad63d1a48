// A proxy for MQTT-SN over UDP: a socket towards the gateway for each client. Datagrams pass unchanged, but for faults.
import { addressText, type TcpAddress } from '../transport/endpoint.js'
import { UdpPeer, type UdpTarget, udpTargets } from '../transport/udp.js'
import { listenUdp, type UdpOrigin, type UdpServer, type UdpWanted } from '../transport/udp-server.js'
import type { CommonOptions, RunningTap } from './common.js'
import { datagramHead, FollowedTopics } from './datagram-head.js'
import type { Direction } from './fault-language.js'
import type { FaultedConnection, Faults, Plan } from './faults.js'
import { refuseLoop } from './loop.js'

export interface DatagramTapOptions extends CommonOptions {
  readonly listener: UdpWanted
  /** The gateway. */
  readonly target: TcpAddress
  /** Clients whose sockets are kept; 10,000 by default. */
  readonly mostClients?: number
}

/** Clients with a socket, and milliseconds after which one that is silent loses it. */
const [defaultClients, idleMs, sweepMs] = [10_000, 24 * 60 * 60 * 1000, 60_000]
/** Datagrams of a client that wait for its socket. */
const mostWaiting = 64
/** Datagrams that wait for their time, for all clients, and their bytes. */
const [mostDelayed, mostDelayedBytes] = [10_000, 16 * 1024 * 1024]

interface Client {
  readonly id: number
  readonly origin: UdpOrigin
  readonly connection: FaultedConnection
  readonly topics: FollowedTopics
  /** Bytes that have arrived. */
  readonly offsets: Record<Direction, number>
  peer: UdpPeer | undefined
  /** Datagrams for the gateway, while the socket is opened; undefined: it is not being opened. */
  waiting: Buffer[] | undefined
  lastUsed: number
  isGone: boolean
}

/** @throws MqttxError if it cannot listen, if the target has no address or is the tap itself */
export async function startDatagramTap(options: DatagramTapOptions): Promise<RunningTap> {
  const { report, target, listener } = options
  const [gateway] = (await udpTargets(target, AbortSignal.timeout(options.connectMs))) as [UdpTarget]
  let proxy: DatagramProxy | undefined
  const server = await listenUdp(listener, {
    message: (datagram, origin) => proxy?.fromClient(datagram, origin),
    trouble: (error) => report(`Cannot receive a datagram: ${error.message}.`),
  })
  const url = `mqtt-sn://${addressText(server.address)}`
  try {
    await refuseLoop({ address: target }, [{ url, address: server.address }])
  } catch (error) {
    await server.close()
    throw error
  }
  proxy = new DatagramProxy(server, gateway, options)
  const running = proxy
  return {
    urls: [url],
    connections: () => running.clients,
    close: () => running.close(),
  }
}

class DatagramProxy {
  /** Clients so far. */
  clients = 0
  readonly #server: UdpServer
  readonly #gateway: UdpTarget
  readonly #options: DatagramTapOptions
  /** By address, the least recently used first. */
  readonly #clients = new Map<string, Client>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #delayedBytes = 0
  readonly #sweep: NodeJS.Timeout
  /** What was reported and did not change since. */
  readonly #reported = new Set<string>()
  #isClosed = false

  constructor(server: UdpServer, gateway: UdpTarget, options: DatagramTapOptions) {
    this.#server = server
    this.#gateway = gateway
    this.#options = options
    this.#sweep = setInterval(() => this.#removeIdle(), sweepMs)
    this.#sweep.unref()
  }

  fromClient(datagram: Buffer, origin: UdpOrigin): void {
    if (this.#isClosed) return
    const client = this.#clientOf(origin)
    this.#arrived(client, 'c2s', datagram, (bytes) => this.#toGateway(client, bytes))
  }

  #fromGateway(client: Client, datagram: Buffer): void {
    this.#reported.clear()
    this.#arrived(client, 's2c', datagram, (bytes) => this.#toClient(client, bytes))
  }

  #clientOf(origin: UdpOrigin): Client {
    const known = this.#clients.get(origin.key)
    if (known !== undefined) {
      this.#clients.delete(origin.key)
      this.#clients.set(origin.key, known)
      known.lastUsed = performance.now()
      return known
    }
    if (this.#clients.size >= (this.#options.mostClients ?? defaultClients)) this.#removeOldest()
    const id = ++this.clients
    const client: Client = {
      ...{ id, origin, topics: new FollowedTopics(), offsets: { c2s: 0, s2c: 0 } },
      connection: { id, version: 1, clientId: undefined, draws: [] },
      ...{ peer: undefined, waiting: undefined, lastUsed: performance.now(), isGone: false },
    }
    this.#clients.set(origin.key, client)
    this.#options.watcher?.opened(id, origin.key, addressText(this.#gateway))
    return client
  }

  /** Forwards a datagram with `send`, unless a fault prevents it. */
  #arrived(client: Client, direction: Direction, datagram: Buffer, send: (bytes: Buffer) => void): void {
    const { watcher } = this.#options
    const faults = this.#options.faults?.()
    if (faults === undefined) {
      send(datagram)
      watcher?.passed(client.id, direction, datagram)
      return
    }
    watcher?.passed(client.id, direction, datagram)
    this.#decided(client, { direction, datagram, send, faults })
    client.offsets[direction] += datagram.length
  }

  #decided(
    client: Client,
    {
      direction,
      datagram,
      send,
      faults,
    }: { direction: Direction; datagram: Buffer; send: (bytes: Buffer) => void; faults: Faults },
  ): void {
    const { connection, id } = client
    const topics = faults.needsTopicIn.c2s || faults.needsTopicIn.s2c ? client.topics : undefined
    const { type, topic, before } = datagramHead(datagram, direction, { connection, topics })
    const size = datagram.length
    const plan = faults.decide({ type, direction, size, topic }, connection)
    if (plan === undefined) return send(datagram)
    const offset = client.offsets[direction]
    for (const rule of plan.applied)
      this.#options.watcher?.applied(id, { rule, connection: id, direction, type, offset, size })
    if (plan.answer !== undefined) return this.#answer(client, datagram.subarray(0, before), plan.answer)
    this.#planned(plan, datagram, send)
  }

  #planned({ keep, copies, delayMs }: Plan, datagram: Buffer, send: (bytes: Buffer) => void): void {
    if (keep === 0) return
    const kept = datagram.subarray(0, keep)
    const sendAll = (): void => {
      for (let copy = 0; copy < copies; copy++) send(kept)
    }
    if (delayMs === 0) return sendAll()
    const isFull = this.#timers.size >= mostDelayed || this.#delayedBytes + kept.length > mostDelayedBytes
    if (isFull) return this.#reportOnce('too many datagrams are delayed: some are dropped')
    this.#delayedBytes += kept.length
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#delayedBytes -= kept.length
      sendAll()
    }, delayMs)
    this.#timers.add(timer)
  }

  /** CONNACK in place of the gateway, encapsulated as the CONNECT was. */
  #answer(client: Client, encapsulation: Buffer, code: number): void {
    const connack = Buffer.concat([encapsulation, Buffer.of(3, 0x05, code)])
    this.#options.watcher?.answered(client.id, connack)
    client.offsets.s2c += connack.length
    this.#toClient(client, connack)
  }

  #toClient(client: Client, datagram: Buffer): void {
    if (!client.isGone) this.#server.send(client.origin, datagram)
  }

  #toGateway(client: Client, datagram: Buffer): void {
    if (client.isGone) return
    if (client.peer !== undefined) {
      if (client.peer.writable) client.peer.send(datagram)
      else this.#reportOnce('the system takes no more datagrams: some are dropped')
      return
    }
    if (client.waiting !== undefined) {
      if (client.waiting.length < mostWaiting) client.waiting.push(datagram)
      return
    }
    client.waiting = [datagram]
    void this.#open(client)
  }

  async #open(client: Client): Promise<void> {
    try {
      const peer = await UdpPeer.open(this.#gateway, undefined, {
        message: (datagram) => this.#fromGateway(client, datagram),
        drained() {},
        failed: (error) => {
          client.peer = undefined
          this.#failed(error)
        },
      })
      if (client.isGone) return peer.close()
      client.peer = peer
      for (const datagram of client.waiting ?? []) peer.send(datagram)
    } catch (error) {
      this.#failed(error as Error)
    } finally {
      client.waiting = undefined
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    const reason = error.code === 'ECONNREFUSED' ? 'Connection refused' : error.message
    this.#reportOnce(`${addressText(this.#gateway)}: ${reason}`, 'is the gateway there?')
  }

  /** Until the gateway sends a datagram again. */
  #reportOnce(what: string, hint?: string): void {
    if (this.#isClosed || this.#reported.has(what) || this.#reported.size >= 10) return
    this.#reported.add(what)
    this.#options.report(`MQTT-SN: ${what}.`, hint)
  }

  #removeOldest(): void {
    const oldest = this.#clients.values().next().value
    if (oldest !== undefined) this.#remove(oldest)
  }

  #removeIdle(): void {
    const limit = performance.now() - idleMs
    for (const client of this.#clients.values()) {
      if (client.lastUsed > limit) return
      this.#remove(client)
    }
  }

  #remove(client: Client): void {
    client.isGone = true
    client.peer?.close()
    this.#clients.delete(client.origin.key)
    this.#options.watcher?.closed(client.id, 'closed')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const client of [...this.#clients.values()]) this.#remove(client)
    await this.#server.close()
  }
}
