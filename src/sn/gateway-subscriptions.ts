// REGISTER, SUBSCRIBE and UNSUBSCRIBE of one client (MQTT-SN 1.2, 6.5, 6.7, 6.9).
import { SnCode, type SnFilter, type SnMessage } from '../codec/mqtt-sn-messages.js'
import { misplacedWildcards } from '../session/topic-filter.js'
import type { ClientTopics } from './gateway-topics.js'
import type { UpstreamLink } from './gateway-types.js'
import type { PredefinedTopics } from './predefined.js'

export interface SubscriptionPorts {
  readonly topics: ClientTopics
  readonly predefined: PredefinedTopics
  send(message: SnMessage): void
}

type Register = Extract<SnMessage, { type: 'register' }>
type Request = Extract<SnMessage, { type: 'subscribe' | 'unsubscribe' }>

interface Pending {
  readonly messageId: number
  readonly type: Request['type']
  readonly topic: SnFilter
  readonly filter: string
}

/** `$share/GROUP/FILTER` (MQTT 5.0, 4.8.2); servers end the connection for others. */
const shared = /^\$share\/[^/+#]+\/./s
/** SUBSCRIBE and UNSUBSCRIBE without an answer from the server. A client should have one (6.9). */
const mostPending = 64

export class Subscriptions {
  readonly #ports: SubscriptionPorts
  readonly #pending = new Map<number, Pending>()
  /** Predefined topics that the client has subscribed to by identifier. */
  readonly #predefined = new Map<string, number>()
  /** The last request that was answered, for a copy of it. */
  #last: { readonly key: string; readonly answer: SnMessage } | undefined

  constructor(ports: SubscriptionPorts) {
    this.#ports = ports
  }

  /** The Topic Name of a PUBLISH; undefined: there is none. */
  nameOf(topic: SnFilter): string | undefined {
    switch (topic.kind) {
      case 'normal':
        return this.#ports.topics.nameOf(topic.id)
      case 'predefined':
        return this.#ports.predefined.nameOf(topic.id)
      default:
        return isTopicName(topic.name) ? topic.name : undefined
    }
  }

  predefinedId(name: string): number | undefined {
    return this.#predefined.size === 0 ? undefined : this.#predefined.get(name)
  }

  clear(): void {
    this.#pending.clear()
    this.#predefined.clear()
    this.#last = undefined
  }

  /** Requests that are not answered are void: the client sends them again. */
  connectionLost(): void {
    this.#pending.clear()
  }

  receive(message: Register | Request, link: UpstreamLink | undefined): void {
    if (message.type === 'register') this.#register(message)
    else if (message.type === 'subscribe') this.#subscribe(message, link)
    else this.#unsubscribe(message, link)
  }

  #register({ name, messageId }: Register): void {
    const { topics, send } = this.#ports
    const topicId = isTopicName(name) ? topics.assign(name) : undefined
    if (topicId === undefined) {
      const returnCode = isTopicName(name) ? SnCode.congestion : SnCode.notSupported
      return send({ type: 'regack', topicId: 0, messageId, returnCode })
    }
    topics.learned(name)
    send({ type: 'regack', topicId, messageId, returnCode: SnCode.accepted })
  }

  #subscribe(request: Request, link: UpstreamLink | undefined): void {
    if (this.#isCopy(request)) return
    const filter = this.#filterOf(request.topic)
    if (filter === undefined) {
      const known = request.topic.kind === 'name' || request.topic.kind === 'short'
      return this.#suback(request, 0, known ? SnCode.notSupported : SnCode.invalidTopicId)
    }
    const { topics } = this.#ports
    const qos = request.qos === 1 || request.qos === 2 ? request.qos : 0
    const isFull = this.#pending.size >= mostPending
    if (link?.up !== true || isFull || !topics.subscribed(filter, qos))
      return this.#suback(request, 0, SnCode.congestion)
    const token = link.subscribe(filter, qos)
    if (token !== undefined) return this.#await(token, request, filter)
    topics.unsubscribed(filter)
    this.#suback(request, 0, SnCode.notSupported)
  }

  #unsubscribe(request: Request, link: UpstreamLink | undefined): void {
    if (this.#isCopy(request)) return
    const filter = this.#filterOf(request.topic)
    if (filter === undefined) return this.#unsuback(request)
    if (link?.up !== true || this.#pending.size >= mostPending) return // it is sent again
    this.#await(link.unsubscribe(filter), request, filter)
  }

  #await(token: number, { type, messageId, topic }: Request, filter: string): void {
    this.#pending.set(token, { type, messageId, topic, filter })
  }

  suback(token: number, granted: number): void {
    const request = this.#take(token)
    if (request === undefined) return
    const { topic, filter } = request
    const { topics } = this.#ports
    if (granted >= 0x80) {
      topics.unsubscribed(filter)
      return this.#suback(request, 0, SnCode.notSupported)
    }
    const qos = (granted & 3) as 0 | 1 | 2
    topics.subscribed(filter, qos)
    if (topic.kind === 'predefined') this.#predefined.set(filter, topic.id)
    let topicId = topic.kind === 'predefined' ? topic.id : 0
    if (topic.kind === 'name' && isTopicName(filter)) {
      topicId = topics.assign(filter) ?? 0
      if (topicId > 0) topics.learned(filter)
    }
    this.#suback(request, topicId, SnCode.accepted, qos)
  }

  unsuback(token: number): void {
    const request = this.#take(token)
    if (request === undefined) return
    this.#ports.topics.unsubscribed(request.filter)
    this.#predefined.delete(request.filter)
    this.#unsuback(request)
  }

  #take(token: number): Pending | undefined {
    const request = this.#pending.get(token)
    this.#pending.delete(token)
    return request
  }

  /** True for a request that is on its way to the server, or that was answered last: it is answered again. */
  #isCopy(request: Request): boolean {
    const key = keyOf(request)
    for (const pending of this.#pending.values()) if (keyOf(pending) === key) return true
    if (this.#last?.key !== key) return false
    this.#ports.send(this.#last.answer)
    return true
  }

  #filterOf(topic: SnFilter): string | undefined {
    if (topic.kind === 'predefined') return this.#ports.predefined.nameOf(topic.id)
    if (topic.kind === 'normal') return undefined
    const { name } = topic as { readonly name: string }
    if (name === '' || name.includes('\0') || misplacedWildcards(name).length > 0) return undefined
    if (name.startsWith('$share/') && !shared.test(name)) return undefined
    return name
  }

  #suback(request: Pending | Request, topicId: number, returnCode: number, qos: 0 | 1 | 2 = 0): void {
    const answer: SnMessage = { type: 'suback', qos, topicId, messageId: request.messageId, returnCode }
    if (returnCode === SnCode.accepted) this.#last = { key: keyOf(request), answer }
    this.#ports.send(answer)
  }

  #unsuback(request: Pending | Request): void {
    const answer: SnMessage = { type: 'unsuback', messageId: request.messageId }
    this.#last = { key: keyOf(request), answer }
    this.#ports.send(answer)
  }
}

export function isTopicName(name: string): boolean {
  return name !== '' && !/[+#\0]/.test(name)
}

function keyOf({ type, messageId, topic }: Pick<Request, 'type' | 'messageId' | 'topic'>): string {
  return `${type} ${messageId} ${topic.kind} ${'id' in topic ? topic.id : topic.name}`
}
