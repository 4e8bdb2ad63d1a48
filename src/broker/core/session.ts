// A client's Session State in the server (MQTT 5.0, 4.1): its subscriptions, and the QoS 1 and 2 messages to it that
// are queued or in flight. Times are milliseconds on the broker's clock.
import { type AcknowledgeType, puback, pubcomp, pubrec, pubrel } from '../../codec/acknowledge.js'
import { ProtocolError } from '../../errors.js'
import { InFlight, type Stage, stage } from '../../session/in-flight.js'
import { Timer } from '../../session/timers.js'
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
import type { Will } from './wills.js'

export interface SessionContext {
  readonly limits: Limits
  readonly holding: Holding
  readonly counters: Counters
  /** Called when a message for `session` is dropped because the session's or the broker's queue limit is reached. */
  dropped(session: Session): void
  /** Called when the Session Expiry Interval is over. */
  expired(session: Session, now: number): void
  /** Called when the Will Delay Interval is over. */
  willDue(session: Session, now: number): void
}

export class Session implements SubscriberSession {
  readonly clientId: string
  user: string | undefined
  /** Undefined while the client is not connected. */
  connection: SubscriberConnection | undefined
  /** Session Expiry Interval in seconds. */
  expiry = 0
  /** By Topic Filter, as the client sent it. */
  readonly subscriptions = new Map<string, Subscription>()
  /** Cost of the subscriptions in bytes; see `filterCost`. */
  filterBytes = 0
  /** Packet Identifiers of QoS 2 messages from the client for which PUBREL has not been received. */
  readonly unreleased = new Set<number>()
  /** Positions in the retained messages that new subscriptions are still being sent. */
  readonly cursors = new Map<Subscription, RetainedCursor>()
  /** The Will Message of a lost connection, published when `willTimer` runs or the session ends. */
  will: Will | undefined
  readonly willTimer: Timer
  readonly expiryTimer: Timer
  /** True after a message was dropped, until the client reconnects. */
  overflowed = false
  /** True after `discard`. */
  ended = false
  readonly #context: SessionContext
  /** Messages that were not sent yet. */
  readonly #queue = new Fifo<Delivery>()
  /** Messages that were sent, on this or an earlier connection, and not acknowledged. */
  readonly #inFlight = new InFlight<Delivery>()
  /** Sequence number of the last message that was sent. */
  #sequence = 0
  /** Bytes of all messages that are queued or in flight. */
  #bytes = 0
  /** Packet Identifiers in flight that have not been sent again on the current connection, in order. */
  #resending: number[] = []
  /** Messages in flight that were sent on the current connection; at most its window. */
  #sent = 0

  constructor(clientId: string, context: SessionContext) {
    this.clientId = clientId
    this.#context = context
    this.willTimer = new Timer((now) => context.willDue(this, now))
    this.expiryTimer = new Timer((now) => context.expired(this, now))
  }

  /** Messages that are queued or in flight. */
  get queued(): number {
    return this.#queue.length + this.#inFlight.publishes
  }

  /** Messages that were not sent yet. */
  get waiting(): number {
    return this.#queue.length
  }

  /** True if a message can be sent now, without queueing. */
  get ready(): boolean {
    const { connection } = this
    return connection?.room === true && this.#queue.length === 0 && this.#windowOpen(connection)
  }

  /** Sends or queues a QoS 1 or 2 message; drops it if a queue limit is reached or it is too large for the client. */
  offer(delivery: Delivery, now: number): void {
    if (this.ended) return // sending the same message to other clients may have ended the session
    const { connection, ready } = this
    const { message } = delivery
    const { size } = message
    const { limits, holding } = this.#context
    const fitsBytes = this.#bytes + size <= limits.queuedBytes
    // A message alone may be larger than the limit if it is sent at once.
    if (connection !== undefined && ready && (fitsBytes || this.queued === 0)) {
      if (!connection.fits(delivery)) return // [MQTT-3.1.2-25]
      message.keep(false)
      holding.add(message, true)
      this.#bytes += size
      this.#send(connection, delivery, now)
      return
    }
    const hasRoom = fitsBytes && this.queued < limits.queuedMessages
    if (!hasRoom || !holding.add(message, false)) return this.#context.dropped(this)
    message.keep(true)
    this.#bytes += size
    this.#queue.push(delivery)
  }

  /** Sends again what is in flight, then what is queued, until the window or the connection is full. */
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

  /** Sends again on a new connection what is in flight, in the original order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resume(now: number): void {
    this.overflowed = false
    this.#sent = 0
    this.#resending = this.#inFlight.ordered()
    this.pump(now)
  }

  /**
   * Handles PUBACK, PUBREC or PUBCOMP from the client. A Packet Identifier that is not in use is not an error.
   * @throws ProtocolError 0x82 if the Packet Identifier waits for another packet
   */
  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, now: number): void {
    const state = this.#inFlight.stage(messageId)
    if (state === stage.free) {
      if (type === pubrec) this.connection?.acknowledge(pubrel, messageId, 0x92)
      return
    }
    if (!isExpected(type, state)) {
      const name = type === puback ? 'PUBACK' : type === pubrec ? 'PUBREC' : 'PUBCOMP'
      throw new ProtocolError(
        `${name} for Packet Identifier ${messageId}, which waits for something else`,
        0x82,
      )
    }
    this.#forget(messageId)
    if (type === pubrec && reasonCode < 0x80) {
      this.#inFlight.release(messageId)
      this.connection?.acknowledge(pubrel, messageId, 0)
      return
    }
    this.#inFlight.settle(messageId) // also after a Reason Code of 0x80 or above [MQTT-4.8.2-6]
    if (!this.#resending.includes(messageId)) this.#sent-- // not counted until it is sent again
    this.pump(now)
  }

  /**
   * Returns the messages of shared subscriptions that can go to another member: those in the queue, which are removed
   * from it, and if the session ends also QoS 1 messages in flight, but not QoS 2 [MQTT-4.8.2-5].
   * @param groups the shared subscriptions; undefined: all
   * @param ends the caller calls `discard` next
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

  /** Ends the session and removes all its messages. */
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
    if (state === stage.free) return // acknowledged before it was sent again
    const kept = this.#inFlight.kept(messageId)
    if (kept !== undefined && !connection.fits(kept)) {
      this.#forget(messageId)
      this.#inFlight.settle(messageId)
      return
    }
    this.#sent++
    // After PUBREC no message is kept.
    if (kept === undefined) connection.acknowledge(pubrel, messageId, 0)
    else connection.publish(kept, messageId, true, now) // DUP [MQTT-3.3.1-1]
  }

  /** Drops the message in flight with this Packet Identifier, if it is still kept. */
  #forget(messageId: number): void {
    const kept = this.#inFlight.kept(messageId)
    if (kept !== undefined) this.#drop(kept)
  }

  /** Subtracts a message from the byte counts, of the session and of the broker. */
  #drop({ message }: Delivery): void {
    this.#bytes -= message.size
    this.#context.holding.remove(message)
  }
}

/** True if a Packet Identifier in the stage `state` waits for `type`. A repeated PUBREC is allowed. */
function isExpected(type: AcknowledgeType, state: Stage): boolean {
  switch (type) {
    case puback:
      return state === stage.puback
    case pubcomp:
      return state === stage.pubcomp
    default:
      return state === stage.pubrec || state === stage.pubcomp
  }
}
