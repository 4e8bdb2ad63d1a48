// What aedes asks us: who may connect, what may be published and subscribed to, what goes to whom.
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { matches } from '../session/topic-filter.js'
import { type AccessRules, refusal } from './access.js'
import { filterCost, filterFault } from './filters.js'
import type { Limits, Peer, Peers } from './peers.js'
import type { Message } from './session.js'
import { noSubscriptions, type Store } from './store.js'

export interface HookContext {
  readonly rules: AccessRules
  readonly limits: Limits
  readonly peers: Peers
  readonly store: Store
  /** The prefix of the topics that aedes publishes to itself. */
  readonly internal: string
  /** Somebody subscribes to $SYS: he should see the state of now. */
  refresh(): void
}

/** Of aedes' Client. */
interface Client {
  readonly id: string
  readonly clean: boolean
  readonly conn: Duplex
}

interface Connect {
  clientId: string
  keepalive?: number
  clean?: boolean
  protocolVersion?: number
  username?: string
}

/** What decides where a message goes. */
type Routed = Pick<Message, 'topic' | 'qos' | 'retain' | 'brokerCounter'>

interface Subscription {
  topic: string
  qos: number
}

type Answer<T, E = Error> = (error: E | null, value: T) => void

type ConnackError = Error & { returnCode: number }

/** CONNACK Return Codes (MQTT 3.1.1, 3.2.2.3). */
const identifierRejected = 2
const serverUnavailable = 3
const notAuthorized = 5

/** What the Topic Filters of one client may cost. */
const mostFilterBytes = 16 * 1024 * 1024

function connackError(message: string, returnCode: number): ConnackError {
  return Object.assign(new Error(message), { returnCode })
}

export function hooks({ rules, limits, peers, store, internal, refresh }: HookContext) {
  return {
    /** aedes' keep alive does not know that a client may be silent because we do not read: `overdue` does. */
    preConnect(client: Client, packet: Connect, answer: Answer<boolean>): void {
      const peer = peers.of(client)
      if (peer !== undefined) {
        const { protocolVersion = 4, clean = true, username: user, clientId } = packet
        peer.keepAlive = packet.keepalive ?? 0
        peer.connect = { version: protocolVersion, clean, user, idGiven: clientId !== '' }
      }
      packet.keepalive = 0
      packet.clientId ||= `auto-${randomUUID().toUpperCase()}`
      answer(null, true)
    },

    authenticate(
      client: Client,
      user: string | undefined,
      password: Buffer | undefined,
      answer: Answer<boolean, ConnackError>,
    ) {
      const peer = peers.of(client)
      const unnamed = peer?.connect?.idGiven === false
      if (unnamed && (!client.clean || peer?.connect?.version === 3)) {
        const message = 'a client without an identifier needs MQTT 3.1.1 and a clean session' // [MQTT-3.1.3-8]
        return answer(connackError(message, identifierRejected), false)
      }
      refusal(rules, { address: peer?.origin.address, user, password }).then(
        (refused) => {
          if (refused !== undefined) return answer(connackError(refused.why, refused.code), false)
          if (!client.clean && !store.sessions.has(client.id) && store.sessions.size >= limits.sessions) {
            return answer(connackError(`there are ${limits.sessions} sessions`, serverUnavailable), false)
          }
          const older = peers.named(client.id) // [MQTT-3.1.4-2]
          if (older !== undefined) older.verdict ??= 'a client connected with the same identifier'
          answer(null, true)
        },
        (error) => answer(connackError(String(error), notAuthorized), false),
      )
    },

    /** Also for wills, which aedes does not look at otherwise. */
    authorizePublish(
      _client: Client | null,
      { topic }: { topic: string },
      answer: (error?: Error | null) => void,
    ) {
      if (topic === '' || /[+#\0]/.test(topic))
        return answer(new Error('it published to an invalid Topic Name'))
      answer(topic.startsWith('$SYS/') ? new Error('it published to $SYS, where only the broker does') : null)
    },

    /**
     * Towards aedes each subscription is of QoS 2: of those that match it takes the first with its QoS, not the highest.
     * `authorizeForward` takes each message down to what was granted.
     */
    authorizeSubscribe<T extends Subscription>(
      client: Client,
      subscription: T,
      answer: Answer<T | null>,
    ): void {
      const { topic, qos } = subscription
      if (topic === noSubscriptions) return void setImmediate(answer, null, null) // aedes does not expect it at once
      const fault = filterFault(topic)
      if (fault !== undefined) return answer(new Error(`invalid Topic Filter '${topic}': ${fault}`), null)
      if (!fits(peers.of(client), topic, qos)) return answer(null, null) // SUBACK 0x80
      if (topic.startsWith('$SYS')) refresh()
      answer(null, { ...subscription, qos: 2 })
    },

    /** Once for each message and subscriber. Takes the QoS down to what was granted. */
    authorizeForward<M extends Routed>(client: Client, packet: M): M | null {
      if (packet.topic.startsWith(internal)) return null
      if (packet.qos === 0) return packet
      const granted = grantedQos(peers.of(client)?.subscriptions, packet)
      const session = client.clean ? undefined : store.sessions.get(client.id)
      const queued = session !== undefined && granted > 0 && !packet.retain // a retained one is not
      if (queued && !session.maySend(client, packet.brokerCounter)) return null
      return granted < packet.qos ? { ...packet, qos: granted } : packet
    },
  }
}

/** Notes the subscription; false where the client has no room for another one. */
function fits(peer: Peer | undefined, filter: string, qos: number): boolean {
  if (peer === undefined) return true
  if (!peer.subscriptions.has(filter)) {
    const cost = filterCost(filter)
    if (peer.filterBytes + cost > mostFilterBytes) return false
    peer.filterBytes += cost
  }
  peer.subscriptions.set(filter, qos)
  return true
}

/** The highest QoS of the subscriptions that match [MQTT-3.3.5-1], if it is lower than the message's. */
function grantedQos(subscriptions: Map<string, number> | undefined, { topic, qos }: Routed): number {
  let granted: number | undefined
  for (const [filter, limit] of subscriptions ?? []) {
    if (limit <= (granted ?? -1) || !matches(filter, topic)) continue
    if (limit >= qos) return qos
    granted = limit
  }
  return granted ?? qos
}
