// The connections of a broker, from the first byte to the last: admitted, handed to aedes, ended when they must be.
import type { Duplex } from 'node:stream'
import { type Admission, admit } from './admission.js'
import { Gate } from './gate.js'
import { from, type Limits, type Origin, overdue, type Peer, type Peers } from './peers.js'

/** How long connections may take to close when the broker stops. */
const stopMs = 300

/** How often to look for clients that have become silent or do not move. */
const sweepMs = 1000

export interface ConnectionsOptions {
  readonly peers: Peers
  readonly limits: Limits
  log(line: string): void
  /** Hands a stream that begins with a good CONNECT to aedes. */
  serve(stream: Duplex): void
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #open = new Set<Duplex>()
  readonly #timer: NodeJS.Timeout

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
  }

  handle(stream: Duplex, origin: Origin): void {
    const { peers, limits } = this.#options
    this.#open.add(stream)
    stream.once('close', () => this.#open.delete(stream))
    peers.past.sockets++
    admit(stream, limits.connectMs, (admission) => this.#decided(stream, origin, admission))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const { gate } of this.#options.peers.all()) gate.stream.destroy()
    const closed = Array.from(this.#open, (stream) => new Promise((resolve) => stream.once('close', resolve)))
    const late = setTimeout(() => {
      for (const stream of this.#open) stream.destroy()
    }, stopMs)
    await Promise.all(closed)
    clearTimeout(late)
  }

  #decided(stream: Duplex, origin: Origin, admission: Admission): void {
    const { peers, log, serve } = this.#options
    if (!admission.admitted) {
      log(`Client from ${from(origin)} refused: ${admission.why}.`)
      peers.past.bytesReceived += admission.received
      peers.past.bytesSent += admission.sent
      return
    }
    const gate = new Gate(stream, admission.first, () => performance.now())
    peers.add(newPeer(origin, gate))
    serve(gate.stream)
  }

  #sweep(): void {
    const { peers, limits } = this.#options
    for (const peer of peers.all()) {
      peer.verdict ??= overdue(peer, performance.now(), limits)
      if (peer.verdict !== undefined) peer.gate.stream.destroy()
    }
  }
}

function newPeer(origin: Origin, gate: Gate): Peer {
  return {
    origin,
    gate,
    subscriptions: new Map(),
    filterBytes: 0,
    keepAlive: 0,
    connect: undefined,
    name: undefined,
    verdict: undefined,
  }
}
