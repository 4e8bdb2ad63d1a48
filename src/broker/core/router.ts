// Routes a message to the retained messages, to each subscribed client, and to one member of each shared subscription.
import type { QoS } from '../../codec/publish.js'
import type { Authorize } from './caller.js'
import type { Message } from './message.js'
import type { Retained } from './retained.js'
import type { Delivery, SharedSubscription, SubscriberConnection, SubscriberSession } from './subscription.js'
import type { Subscriptions } from './subscriptions.js'

export interface RouterOptions {
  readonly subscriptions: Subscriptions
  readonly retained: Retained
  readonly authorize: Authorize | undefined
  notRetained(topic: string): void
  /** Counts work: a message was handed to `units` clients. */
  worked(receivers: number): void
}

/** Bytes. Messages in larger chunks are not cached, as the cache would keep the chunk alive. */
const largestRemembered = 128 * 1024

export class Router {
  readonly #options: RouterOptions
  /** The last deliveries by QoS and RETAIN, for clients without Subscription Identifiers. */
  readonly #forms: (Delivery | undefined)[] = []

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /**
   * Hands `message` to all matching subscriptions. `from` is the publishing session, `publisher` its connection, which is
   * blocked while a subscriber is behind.
   * @returns how many clients and shared subscriptions have a subscription that matches
   */
  publish(
    message: Message,
    from: SubscriberSession | undefined,
    now: number,
    publisher?: SubscriberConnection,
  ): number {
    const { subscriptions, retained, notRetained, worked } = this.#options
    const { routes, groups } = subscriptions.match(message.topic)
    let reached = 0
    for (const route of routes) {
      const target = route.session === from ? route.local : route
      if (target === undefined || target.session.ended) continue
      reached++
      const { session, ids } = target
      const qos = target.qos < message.qos ? target.qos : message.qos
      const retain = target.retainAsPublished && message.retain // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
      const delivery =
        ids === undefined ? this.#form(message, qos, retain) : { message, qos, retain, ids, group: undefined }
      this.#deliver(session, delivery, now, publisher)
    }
    for (const group of groups) if (this.#share(message, group, now, publisher)) reached++
    if (message.retain && !retained.store(message)) notRetained(message.topic) // [MQTT-3.3.1-5]
    if (message.bytes.length > largestRemembered) this.#forms.length = 0
    worked(1 + routes.length + groups.length)
    return reached
  }

  /** A retained message for a new subscription (MQTT 5.0, 3.3.1.3). */
  deliver(session: SubscriberSession, delivery: Delivery, now: number): void {
    this.#deliver(session, delivery, now, undefined)
  }

  /**
   * Passes messages of shared subscriptions that `from` has not received to other members. If `from` is still a member and no
   * other member is connected, it keeps them.
   */
  redeliver(deliveries: readonly Delivery[], from: SubscriberSession, remains: boolean, now: number): void {
    for (const delivery of deliveries) {
      const { group, message } = delivery
      if (group === undefined || now > message.expires) continue
      if (remains && !group.hasOther(from)) from.offer(delivery, now)
      else this.#share(message, group, now, undefined)
    }
  }

  #share(
    message: Message,
    group: SharedSubscription,
    now: number,
    publisher: SubscriberConnection | undefined,
  ): boolean {
    const member = group.choose(message.qos)
    if (member === undefined) return group.size > 0
    const { session, options } = member
    const qos: QoS = options.qos < message.qos ? options.qos : message.qos
    const retain = options.retainAsPublished && message.retain
    const ids = options.id > 0 ? [options.id] : undefined
    this.#deliver(session, { message, qos, retain, ids, group }, now, publisher)
    return true
  }

  #deliver(
    session: SubscriberSession,
    delivery: Delivery,
    now: number,
    publisher: SubscriberConnection | undefined,
  ): void {
    const { authorize } = this.#options
    if (authorize?.(session, 'receive', delivery.message.topic) === false) return
    const { connection } = session
    if (delivery.qos > 0) session.offer(delivery, now)
    else connection?.publishQos0(delivery, now)
    if (publisher !== undefined) connection?.pressure.hold(publisher)
  }

  #form(message: Message, qos: QoS, retain: boolean): Delivery {
    const index = qos * 2 + (retain ? 1 : 0)
    const last = this.#forms[index]
    if (last?.message === message) return last
    return (this.#forms[index] = { message, qos, retain, ids: undefined, group: undefined })
  }
}
