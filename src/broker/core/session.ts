// The session of a client: its subscriptions, and the messages of QoS 1 and 2 that it has not acknowledged, whether it is
// connected or not (MQTT 5.0, 4.1).
import { type AcknowledgeType, puback, pubcomp, pubrec, pubrel } from '../../codec/acknowledge.js'
import { ProtocolError } from '../../errors.js'
import { InFlight, stage } from '../../session/in-flight.js'
import type { Counters } from './counters.js'
import { Fifo, type Holding } from './queue.js'
import type { RetainedCursor } from './retained.js'
import type { Limits } from './settings.js'
import type {
  Delivery,
  SharedSubscription,
  SubscriberConnection,
  SubscriberSession,
  Subscription,
} from './subscription.js'
import { Timer } from './timers.js'
import type { Will } from './wills.js'

export interface SessionContext {
  readonly limits: Limits
  readonly holding: Holding
  readonly counters: Counters
  /** A message is lost: there is no room for it in the queue of `session`. */
  dropped(session: Session): void
  /** The time after which the client should have come back is over. */
  expired(session: Session, now: number): void
  willDue(session: Session, now: number): void
}

export class Session implements SubscriberSession {
  readonly clientId: string
  user: string | undefined
  connection: SubscriberConnection | undefined
  /** Seconds that the session outlives its connection. */
  expiry = 0
  /** By the text of the Topic Filter as the client sent it. */
  readonly subscriptions = new Map<string, Subscription>()
  /** What these cost in bytes; see `filterCost`. */
  filterBytes = 0
  /** Packet Identifiers of QoS 2 messages that were received and not released. */
  readonly unreleased = new Set<number>()
  /** Retained messages that new subscriptions are still to be sent. */
  readonly cursors = new Map<Subscription, RetainedCursor>()
  /** Of a connection that was lost: published when its delay is over or the session ends. */
  will: Will | undefined
  readonly willTimer: Timer
  readonly expiryTimer: Timer
  /** True from the first message that found the queue full until the client returns. */
  overflowed = false
  readonly #context: SessionContext
  readonly #queue = new Fifo<Delivery>()
  readonly #inFlight = new InFlight<Delivery>()
  #sequence = 0
  /** Bytes of all messages that are kept. */
  #bytes = 0
  /** Packet Identifiers in flight that this connection has not been sent yet. */
  #resending: number[] = []
  /** Messages in flight that this connection has been sent. */
  #sent = 0
  /** True when it will not have a connection again. */
  ended = false

  constructor(clientId: string, context: SessionContext) {
    this.clientId = clientId
    this.#context = context
    this.willTimer = new Timer((now) => context.willDue(this, now))
    this.expiryTimer = new Timer((now) => context.expired(this, now))
  }

  /** Messages that are kept. */
  get queued(): number {
    return this.#queue.length + this.#inFlight.publishes
  }

  /** Messages that were not sent yet. */
  get waiting(): number {
    return this.#queue.length
  }

  /** True if a message can be sent at once. */
  get ready(): boolean {
    const { connection } = this
    return connection?.room === true && this.#queue.length === 0 && this.#windowOpen(connection)
  }

  /** Sends a message of QoS 1 or 2, or queues it. */
  offer(delivery: Delivery, now: number): void {
    if (this.ended) return // by what this very message has led to
    const { connection, ready } = this
    const { message } = delivery
    const { size } = message
    const { limits, holding } = this.#context
    const alone = this.queued === 0
    if (connection !== undefined && ready && (alone || this.#bytes + size <= limits.queuedBytes)) {
      if (!connection.fits(delivery)) return // [MQTT-3.1.2-25]
      message.keep(false)
      holding.add(message, true)
      this.#bytes += size
      this.#send(connection, delivery, now)
      return
    }
    const room = this.queued < limits.queuedMessages && this.#bytes + size <= limits.queuedBytes
    if (!room || !holding.add(message, false)) return this.#context.dropped(this)
    message.keep(true)
    this.#bytes += size
    this.#queue.push(delivery)
  }

  /** Sends what waits, as far as the window and the connection have room. */
  pump(now: number): void {
    const { connection } = this
    if (connection === undefined) return
    while (this.#resending.length > 0) {
      if (this.#sent >= connection.window || !connection.room) return
      this.#resend(connection, this.#resending.shift()!, now)
    }
    while (this.#queue.length > 0 && this.#windowOpen(connection) && connection.room) {
      const delivery = this.#queue.shift()!
      if (now <= delivery.message.expires && connection.fits(delivery)) this.#send(connection, delivery, now)
      else this.#drop(delivery) // [MQTT-3.3.2-5], [MQTT-3.1.2-25]
    }
  }

  /** A new connection of the client: what is in flight is sent again, in the first order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resume(now: number): void {
    this.overflowed = false
    this.#sent = 0
    this.#resending = this.#inFlight.ordered()
    this.pump(now)
  }

  /**
   * PUBACK, PUBREC or PUBCOMP.
   * @throws ProtocolError 0x82 if it does not answer what was sent under its Packet Identifier
   */
  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, now: number): void {
    const state = this.#inFlight.stage(messageId)
    if (state === stage.free) {
      if (type === pubrec) this.connection?.acknowledge(pubrel, messageId, 0x92)
      return
    }
    const isAnswer =
      type === puback
        ? state === stage.puback
        : type === pubcomp
          ? state === stage.pubcomp
          : state === stage.pubrec || state === stage.pubcomp
    if (!isAnswer) {
      const name = type === puback ? 'PUBACK' : type === pubrec ? 'PUBREC' : 'PUBCOMP'
      throw new ProtocolError(
        `${name} for Packet Identifier ${messageId}, which waits for something else`,
        0x82,
      )
    }
    if (type === pubrec && reasonCode < 0x80) {
      this.#forget(messageId)
      this.#inFlight.release(messageId)
      this.connection?.acknowledge(pubrel, messageId, 0)
      return
    }
    this.#forget(messageId) // [MQTT-4.8.2-6]: also a refusal ends a message
    this.#inFlight.settle(messageId)
    if (!this.#resending.includes(messageId)) this.#sent-- // else this connection has not been sent it
    this.pump(now)
  }

  /**
   * Takes out the messages of shared subscriptions, of `groups` or of all, that another member can have: those that were not sent, and of a
   * session that ends those of QoS 1 that were not acknowledged.
   * [MQTT-4.8.2-5]: not those of QoS 2.
   */
  takeShared(groups: ReadonlySet<SharedSubscription> | undefined, ends: boolean): Delivery[] {
    const isShared = (delivery: Delivery): boolean =>
      delivery.group !== undefined && (groups === undefined || groups.has(delivery.group))
    const found: Delivery[] = []
    if (ends) {
      for (const messageId of this.#inFlight.ordered()) {
        const kept = this.#inFlight.kept(messageId)
        if (kept !== undefined && kept.qos === 1 && isShared(kept)) found.push(kept)
      }
    }
    const waiting = this.#queue.extract(isShared)
    for (const delivery of waiting) this.#drop(delivery)
    return found.concat(waiting)
  }

  /** The session ends: what it holds is forgotten. */
  discard(): void {
    this.ended = true
    for (const messageId of this.#inFlight.ordered()) {
      this.#forget(messageId)
      this.#inFlight.settle(messageId)
    }
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#drop(next)
    this.unreleased.clear()
    this.cursors.clear()
  }

  #windowOpen(connection: SubscriberConnection): boolean {
    return this.#sent < connection.window && this.#resending.length === 0
  }

  #send(connection: SubscriberConnection, delivery: Delivery, now: number): void {
    const waitsFor = delivery.qos === 1 ? stage.puback : stage.pubrec
    const messageId = this.#inFlight.take(waitsFor, ++this.#sequence, delivery)
    this.#sent++
    connection.publish(delivery, messageId, false, now)
  }

  #resend(connection: SubscriberConnection, messageId: number, now: number): void {
    const state = this.#inFlight.stage(messageId)
    if (state === stage.free) return // acknowledged meanwhile
    const kept = this.#inFlight.kept(messageId)
    if (kept !== undefined && !connection.fits(kept)) {
      this.#forget(messageId)
      this.#inFlight.settle(messageId)
      return
    }
    this.#sent++
    if (kept === undefined) connection.acknowledge(pubrel, messageId, 0)
    else connection.publish(kept, messageId, true, now) // [MQTT-3.3.1-1]
  }

  /** The message under this Packet Identifier is not needed any more. */
  #forget(messageId: number): void {
    const kept = this.#inFlight.kept(messageId)
    if (kept !== undefined) this.#drop(kept)
  }

  #drop({ message }: Delivery): void {
    this.#bytes -= message.size
    this.#context.holding.remove(message)
  }
}
