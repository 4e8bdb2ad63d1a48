// The clients of the broker: what is known about each connection beyond what aedes knows, and their counters.
import type { Duplex } from 'node:stream'
import { shown } from '../text.js'
import type { Gate } from './gate.js'
import { type Totals, zeroTotals } from './statistics.js'

export interface Origin {
  /** undefined: not over a network. */
  readonly address: string | undefined
  readonly port: number | undefined
}

export interface Peer {
  readonly origin: Origin
  readonly gate: Gate
  /** Topic Filter -> QoS granted. */
  readonly subscriptions: Map<string, number>
  /** What these Topic Filters cost, in bytes. */
  filterBytes: number
  /** Seconds; 0 never. */
  keepAlive: number
  /** From CONNECT on. */
  connect: { version: number; clean: boolean; user: string | undefined; idGiven: boolean } | undefined
  /** From the moment that the client is accepted; how its log lines name it. */
  name: string | undefined
  /** Why we end the connection, once we do. */
  verdict: string | undefined
}

/** Where a client comes from, for the log. */
export function from({ address, port }: Origin): string {
  return address === undefined ? 'this process' : `${address}:${port}`
}

/** A client in the log: its identifier, or where it comes from while it has none. */
export function nameOf(peer: Peer): string {
  return peer.name === undefined ? `from ${from(peer.origin)}` : shown(peer.name)
}

/** All connections that aedes has. */
export class Peers {
  /** Counts of connections that are gone, and of what never became one. */
  readonly past: Totals = zeroTotals()
  /** The most that were connected at one time. */
  maximum = 0
  readonly #open = new Set<Peer>()
  /** By the stream that aedes was handed; also after it has closed, when aedes reports that it has. */
  readonly #byStream = new WeakMap<Duplex, Peer>()
  readonly #named = new Map<string, Peer>()

  add(peer: Peer): void {
    const { stream } = peer.gate
    this.#open.add(peer)
    this.#byStream.set(stream, peer)
    stream.once('close', () => {
      this.#open.delete(peer)
      if (peer.name !== undefined && this.#named.get(peer.name) === peer) this.#named.delete(peer.name)
      addGate(this.past, peer.gate)
    })
  }

  of(client: { conn: Duplex }): Peer | undefined {
    return this.#byStream.get(client.conn)
  }

  accepted(peer: Peer, clientId: string): void {
    peer.name = clientId
    this.#named.set(clientId, peer)
    this.past.connections++
    this.maximum = Math.max(this.maximum, this.#named.size)
  }

  named(clientId: string): Peer | undefined {
    return this.#named.get(clientId)
  }

  connected(): Iterable<Peer> {
    return this.#named.values()
  }

  all(): Iterable<Peer> {
    return this.#open
  }

  totals(): Totals {
    const totals = { ...this.past }
    for (const { gate } of this.#open) addGate(totals, gate)
    return totals
  }
}

function addGate(totals: Totals, { received, sent }: Gate): void {
  totals.messagesReceived += received.packets
  totals.publishReceived += received.publishes
  totals.publishBytesReceived += received.publishBytes
  totals.bytesReceived += received.bytes
  totals.messagesSent += sent.packets
  totals.publishSent += sent.publishes
  totals.publishBytesSent += sent.publishBytes
  totals.bytesSent += sent.bytes
}

/** How long a client may owe us something. Milliseconds. */
export interface Limits {
  /** From the connection to a whole CONNECT, and from there to the verdict on its password. */
  readonly connectMs: number
  /** How many logins may be under way: a number, no time. */
  readonly logins: number
  /** How many clients may have a session that outlives their connection (Clean Session 0): a number, no time. */
  readonly sessions: number
  /** Taking no byte that waits for it, or acknowledging nothing of a full window, while publishers wait for it. */
  readonly stallMs: number
}

/** Why a connection must end now; undefined if it need not. */
export function overdue(
  { gate, keepAlive, name }: Peer,
  now: number,
  { stallMs }: Limits,
): string | undefined {
  if (gate.stalledSince !== undefined && now - gate.stalledSince > stallMs) {
    return `it took nothing for ${Math.round(stallMs / 1000)} s while publishers waited for it`
  }
  const silentMs = now - gate.heardAt
  const silent = name !== undefined && keepAlive > 0 && silentMs > keepAlive * 1500 // [MQTT-3.1.2-24]
  return silent ? `keep alive timeout, silent for ${Math.round(silentMs / 1000)} s` : undefined
}
