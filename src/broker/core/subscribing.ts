// SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0, 3.8 to 3.11), and the retained messages that a new subscription gets.
import { ProtocolError } from '../../errors.js'
import * as answers from './answers.js'
import type { ClientConnection } from './client.js'
import type { ClientPacket, SubscriptionRequest } from './client-packets.js'
import type { Message } from './message.js'
import type { Session } from './session.js'
import { changeWork, checkWork, type Steps } from './steps.js'
import type { SharedSubscription, Subscription, SubscriptionOptions } from './subscription.js'
import { filterCost, hasWildcard, parseFilter } from './topics.js'

/** Reason Codes of SUBACK and UNSUBACK (MQTT 5.0, 3.9.3 and 3.11.3). */
const notAuthorized = 0x87
const quotaExceeded = 0x97
const noSubscriptionExisted = 0x11

/**
 * Subscribes, one Topic Filter per step.
 * @throws ProtocolError 0x82 or 0x8F: one bad Topic Filter ends the connection before anything is subscribed
 */
export function* receiveSubscribe(connection: ClientConnection, packet: ClientPacket): Steps {
  const { broker, session } = connection
  let watches = false
  for (const request of packet.subscriptions) {
    if (checkedFilter(request).filter.startsWith('$SYS')) watches = true
    broker.worked(checkWork)
    yield
  }
  if (watches) broker.events.watched()
  const id = packet.properties.subscriptionIdentifier
  const granted: number[] = []
  const wanted: Subscription[] = []
  for (const request of packet.subscriptions) {
    const options = optionsOf(connection, request, typeof id === 'number' ? id : 0)
    const result = subscribe(connection, request, checkedFilter(request), options)
    granted.push(typeof result === 'number' ? result : options.qos)
    if (typeof result !== 'number' && result.retained) wanted.push(result.subscription)
    broker.worked(changeWork)
    yield
  }
  connection.send(answers.suback(packet.messageId, granted, connection)) // [MQTT-3.8.4-1] [MQTT-3.8.4-6]
  if (!connection.open) return
  for (const subscription of wanted) {
    const { filter } = subscription
    if (!hasWildcard(filter) && broker.retained.get(filter) === undefined) continue
    const messages = broker.retained.matching(filter)
    session!.cursors.set(subscription, { messages, held: undefined })
  }
  if (session!.cursors.size > 0) sendRetained(connection, broker.now) // before what is published next [MQTT-4.6.0-5]
}

function checkedFilter({ text, noLocal }: SubscriptionRequest) {
  const parsed = parseFilter(text)
  if ('fault' in parsed) throw new ProtocolError(`invalid Topic Filter '${text}': ${parsed.fault}`, 0x8f)
  if (parsed.share !== undefined && noLocal)
    throw new ProtocolError('SUBSCRIBE with No Local for a shared subscription [MQTT-3.8.3-4]', 0x82)
  return parsed
}

/** A bridge before MQTT 5 gets RETAIN as published, and none of its own messages, as from mosquitto. */
function optionsOf(
  { version, request, broker }: ClientConnection,
  wanted: SubscriptionRequest,
  id: number,
): SubscriptionOptions {
  const { maxQos } = broker.settings
  const qos = wanted.qos < maxQos ? wanted.qos : maxQos
  const bridge = version < 5 && request!.bridge
  return { qos, noLocal: wanted.noLocal || bridge, retainAsPublished: wanted.retainAsPublished || bridge, id }
}

/** The subscription, and whether it gets retained messages; or the Reason Code of the refusal. */
function subscribe(
  { session, broker }: ClientConnection,
  { text, retainHandling }: SubscriptionRequest,
  parsed: { share: string | undefined; filter: string },
  options: SubscriptionOptions,
): { subscription: Subscription; retained: boolean } | number {
  if (broker.authorize?.(session!, 'subscribe', parsed.filter) === false) return notAuthorized
  const { subscriptions } = session!
  const earlier = subscriptions.get(text)
  const retained = parsed.share === undefined && (retainHandling === 0 || (retainHandling === 1 && !earlier))
  if (earlier !== undefined) {
    broker.subscriptions.replace(earlier, options) // [MQTT-3.8.4-3]
    return { subscription: earlier, retained }
  }
  const cost = filterCost(text)
  if (session!.filterBytes + cost > broker.limits.filterBytes) return quotaExceeded
  session!.filterBytes += cost
  const subscription = broker.subscriptions.add(session!, text, parsed, options)
  subscriptions.set(text, subscription)
  return { subscription, retained }
}

/** Unsubscribes, one Topic Filter per step; throws like `receiveSubscribe`. */
export function* receiveUnsubscribe(connection: ClientConnection, packet: ClientPacket): Steps {
  const { broker } = connection
  const session = connection.session!
  for (const text of packet.filters) {
    const parsed = parseFilter(text)
    if ('fault' in parsed) throw new ProtocolError(`invalid Topic Filter '${text}': ${parsed.fault}`, 0x8f)
    broker.worked(checkWork)
    yield
  }
  const left = new Set<SharedSubscription>()
  const results: number[] = []
  for (const text of packet.filters) {
    results.push(unsubscribe(connection, session, text, left))
    broker.worked(changeWork)
    yield
  }
  connection.send(answers.unsuback(packet.messageId, results, connection)) // [MQTT-3.10.4-4]
  if (left.size === 0) return
  broker.worked(session.waiting >> 3)
  broker.router.redeliver(session.takeShared(left, false), session, false, broker.now)
}

/** Returns the Reason Code. If the client leaves a shared subscription, adds it to `left`. */
function unsubscribe(
  { broker }: ClientConnection,
  session: Session,
  text: string,
  left: Set<SharedSubscription>,
): number {
  const subscription = session.subscriptions.get(text)
  if (subscription === undefined) return noSubscriptionExisted
  session.subscriptions.delete(text)
  session.filterBytes -= filterCost(text)
  session.cursors.delete(subscription)
  broker.subscriptions.remove(subscription)
  if (subscription.group !== undefined) left.add(subscription.group)
  return 0
}

/** Steps through the tree of retained messages in one turn of a connection. */
const stepsPerTurn = 500

/** Sends retained messages while there is room, in turns. */
export function sendRetained(connection: ClientConnection, now: number): void {
  connection.broker.worked(takeSteps(connection, now))
}

/** One turn; returns the number of its steps. */
function takeSteps(connection: ClientConnection, now: number): number {
  const session = connection.session!
  const { broker } = connection
  let steps = 0
  for (const [subscription, cursor] of session.cursors) {
    while (steps++ < stepsPerTurn) {
      if (!connection.room) return steps // continues when the network has taken bytes
      if (cursor.held === undefined) {
        const { value, done } = cursor.messages.next()
        if (done === true) {
          session.cursors.delete(subscription)
          break
        }
        cursor.held = value
      } else if (broker.retained.get(cursor.held.topic) !== cursor.held) cursor.held = undefined // replaced meanwhile
      if (cursor.held !== undefined) {
        if (!send(connection, subscription, cursor.held, now)) return steps // continues when a message is acknowledged
        cursor.held = undefined
      }
    }
    if (steps >= stepsPerTurn) {
      broker.later(connection)
      return steps
    }
  }
  return steps
}

/** False if the message must wait. */
function send(
  { broker }: ClientConnection,
  { session, options }: Subscription,
  message: Message,
  now: number,
): boolean {
  const qos = options.qos < message.qos ? options.qos : message.qos
  if (qos > 0 && !session.ready) return false
  if (now > message.expires) return true
  const ids = options.id > 0 ? [options.id] : undefined
  broker.router.deliver(session, { message, qos, retain: true, ids, group: undefined }, now)
  return true
}
