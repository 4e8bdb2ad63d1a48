// What the broker remembers: retained messages, persistent sessions, identifiers of unreleased QoS 2 messages. It has
// the method names that aedes asks for, and differs from the store that aedes brings along in that it
// - answers at once, so that no message is overtaken and lost (see settled.ts),
// - bounds what an absent client may cost, and finds an acknowledged message without a search,
// - reports a session without subscriptions as present [MQTT-3.2.2-2], sends again with DUP and in order,
// - does not show retained $SYS topics to a subscription to `#` [MQTT-4.7.2-1].
import { type Duplex, Readable } from 'node:stream'
import { matches } from '../session/topic-filter.js'
import { FilterTree } from './filters.js'
import { Holding, type Message, messageOverhead, StoredSession } from './session.js'
import { refused, type Settled, settled } from './settled.js'

/** A client of aedes, or what stands for it. */
interface Owner {
  readonly id: string
  readonly conn?: Duplex
}

interface Subscription {
  readonly topic: string
  readonly qos: number
}

/** A client that wants a message whether it is here or not; in the shape that aedes hands back to `outgoingEnqueueCombi`. */
interface Wanted extends Subscription {
  readonly clientId: string
}

/** Stands for the subscriptions of a session that has none, because aedes takes that for no session. Never granted. */
export const noSubscriptions = '$mqttx/session'

export interface StoreEvents {
  /** A QoS 2 message came again before its PUBREL: aedes answers and does not publish it. */
  duplicate(connection: Duplex | undefined): void
  /** The queue of a session is full: a message to that client is lost, the first one or another of a row. */
  dropped(clientId: string, occasion: 'first' | 'again'): void
  /** There is no room for a retained message: it reached its subscribers and is not kept. */
  notRetained(topic: string): void
}

/** Bytes of all retained messages, and of all messages that wait for the clients of sessions. */
export interface StoreLimits {
  readonly retainedBytes: number
  readonly queuedBytes: number
}

const mebibyte = 1024 * 1024
const defaultLimits: StoreLimits = { retainedBytes: 256 * mebibyte, queuedBytes: 512 * mebibyte }

/** A copy, because a received payload is a view that keeps all of the chunk that it came in. */
const owned = (packet: Message): Message => ({ ...packet, payload: Buffer.from(packet.payload) })

const costOf = (packet: Message | undefined): number =>
  packet === undefined ? 0 : packet.payload.length + packet.topic.length + messageOverhead

export class Store {
  readonly sessions = new Map<string, StoredSession>()
  readonly #events: StoreEvents
  readonly #retained = new Map<string, Message>()
  readonly #tree = new FilterTree()
  readonly #incoming = new Map<string, Set<number>>()
  readonly #done = settled(undefined)
  readonly #limits: StoreLimits
  readonly #queued: Holding
  #retainedBytes = 0

  constructor(events: StoreEvents, limits: StoreLimits = defaultLimits) {
    this.#events = events
    this.#limits = limits
    this.#queued = new Holding(limits.queuedBytes)
  }

  get retainedCount(): number {
    return this.#retained.size
  }

  async setup(): Promise<void> {}

  storeRetained(packet: Message): Settled<unknown> {
    const { topic, payload } = packet
    const before = this.#retained.get(topic)
    const room = this.#limits.retainedBytes - this.#retainedBytes + costOf(before)
    if (payload.length === 0) this.#retained.delete(topic)
    else if (costOf(packet) <= room) this.#retained.set(topic, owned(packet))
    else {
      this.#retained.delete(topic) // the older message is not the last one on this topic any more
      this.#events.notRetained(topic)
    }
    this.#retainedBytes += costOf(this.#retained.get(topic)) - costOf(before)
    return this.#done
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.#retainedFor(filters))
  }

  *#retainedFor(filters: readonly string[]): Generator<Message> {
    for (const filter of filters) {
      if (!/[#+]/.test(filter)) {
        const packet = this.#retained.get(filter)
        if (packet !== undefined) yield packet
        continue
      }
      for (const [topic, packet] of this.#retained) if (matches(filter, topic)) yield packet
    }
  }

  addSubscriptions(client: Owner, subscriptions: readonly Subscription[]): Settled<unknown> {
    const session = this.#session(client)
    for (const { topic, qos } of subscriptions) {
      session.subscriptions.set(topic, qos)
      if (qos > 0) this.#tree.add(topic, client.id, qos)
      else this.#tree.remove(topic, client.id)
    }
    return this.#done
  }

  removeSubscriptions(client: Owner, filters: readonly string[]): Settled<unknown> {
    for (const filter of filters) {
      this.sessions.get(client.id)?.subscriptions.delete(filter)
      this.#tree.remove(filter, client.id)
    }
    return this.#done
  }

  /** Asked for once, when a client with Clean Session 0 connects: the session exists from here on. */
  subscriptionsByClient(client: Owner): Settled<Subscription[]> {
    const present = this.sessions.has(client.id)
    const session = this.#session(client)
    session.overflowed = false
    const found = [...session.subscriptions].map(([topic, qos]) => ({ topic, qos }))
    return settled(present && found.length === 0 ? [{ topic: noSubscriptions, qos: 0 }] : found)
  }

  /** A client with Clean Session 1 connects: what was kept for it goes [MQTT-3.1.2-6]. */
  cleanSubscriptions(client: Owner): Settled<unknown> {
    this.removeSubscriptions(client, [...(this.sessions.get(client.id)?.subscriptions.keys() ?? [])])
    this.sessions.get(client.id)?.discard()
    this.sessions.delete(client.id)
    return this.#done
  }

  subscriptionsByTopic(topic: string): Settled<Wanted[]> {
    return settled(Array.from(this.#tree.match(topic), ([clientId, qos]) => ({ clientId, topic, qos })))
  }

  outgoingEnqueueCombi(wanted: readonly Wanted[], packet: Message): Settled<unknown> {
    if (wanted.length === 0) return this.#done
    const message = owned(packet)
    for (const { clientId, qos } of wanted) {
      const session = this.sessions.get(clientId)
      if (session === undefined || session.enqueue(message, qos > 1 && packet.qos > 1 ? 2 : 1)) continue
      this.#events.dropped(clientId, session.overflowed ? 'again' : 'first')
      session.overflowed = true
    }
    return this.#done
  }

  outgoingUpdate(
    client: Owner,
    packet: { cmd: string; messageId?: number; brokerCounter?: number },
  ): Settled<unknown> {
    const session = this.sessions.get(client.id)
    if (packet.cmd === 'pubrel') session?.release(client, packet.messageId ?? 0)
    else session?.sending(client, packet)
    return this.#done
  }

  /** Also called with a PUBLISH that did not go to this connection: only PUBACK and PUBCOMP end a message. */
  outgoingClearMessageId(client: Owner, packet: { cmd: string; messageId?: number }): Settled<unknown> {
    if (packet.cmd !== 'publish') this.sessions.get(client.id)?.acknowledge(packet.messageId ?? 0)
    return this.#done
  }

  outgoingStream(client: Owner): Readable {
    return Readable.from(this.sessions.get(client.id)?.resend(client) ?? [])
  }

  /** Only the identifiers: the message was published when it came, and what comes again is dropped. */
  incomingStorePacket(client: Owner, packet: { messageId: number }): Settled<unknown> {
    const known = this.#incoming.get(client.id)
    if (known === undefined) this.#incoming.set(client.id, new Set([packet.messageId]))
    else known.add(packet.messageId)
    return this.#done
  }

  incomingGetPacket(client: Owner, packet: { cmd: string; messageId: number }): Settled<unknown> {
    if (!this.#incoming.get(client.id)?.has(packet.messageId)) return refused(new Error('no such packet'))
    if (packet.cmd === 'publish') this.#events.duplicate(client.conn)
    return settled(packet)
  }

  incomingDelPacket(client: Owner, packet: { messageId: number }): Settled<unknown> {
    this.#incoming.get(client.id)?.delete(packet.messageId)
    return this.#done
  }

  cleanIncoming(client: Owner): Settled<unknown> {
    this.#incoming.delete(client.id)
    return this.#done
  }

  /** aedes keeps the will with the connection and publishes it from there; storing it serves clusters. */
  putWill(): Settled<unknown> {
    return this.#done
  }

  delWill(): Settled<unknown> {
    return this.#done
  }

  streamWill(): readonly never[] {
    return []
  }

  #session(client: Owner): StoredSession {
    let session = this.sessions.get(client.id)
    if (session === undefined)
      this.sessions.set(client.id, (session = new StoredSession(client.id, this.#queued)))
    return session
  }
}
