// What a client asks the gateway for: messages, subscriptions, and the registrations they need (MQTT-SN 1.2, 6.5 to 6.9). One
// request is outstanding; the others wait in their order.
import { SnCode, type SnMessage, type SnTopic } from '../codec/mqtt-sn-messages.js'
import type { SnClientSettings, SnClientSink, SnPublication, SnTarget } from './client-types.js'
import { Retransmission } from './retransmission.js'
import { TopicTable } from './topics.js'

interface Publishing {
  readonly kind: 'publish'
  readonly id: number
  readonly publication: SnPublication
  phase: 'register' | 'publish' | 'release'
  /** MsgId of REGISTER */
  requestId: number
  topic: SnTopic | undefined
  /** PUBLISH was sent, so that it has DUP the next time. */
  wasSent: boolean
  /** How often the gateway did not know the topic identifier. */
  unknown: number
}

interface Subscribing {
  readonly kind: 'subscribe' | 'unsubscribe'
  readonly id: number
  readonly target: SnTarget
  readonly qos: 0 | 1 | 2
  wasSent: boolean
}

type Request = Publishing | Subscribing

/** After the gateway has not known so many identifiers that it had assigned, the message counts as refused. */
const mostUnknown = 5
/** The longest pause after "congestion" in milliseconds (T_WAIT, 7.2). */
const longestWaitMs = 5 * 60_000

export class Outgoing {
  readonly #settings: SnClientSettings
  readonly #sink: Omit<SnClientSink, 'send'>
  readonly #send: (message: SnMessage) => void
  readonly #onAssigned: (id: number, name: string) => void
  /** Identifiers for what this client publishes. They are those of one connection. */
  readonly #topics = new TopicTable()
  readonly #retry: Retransmission
  #current: Request | undefined
  #waiting: Request[] = []
  #lastId = 0
  /** When the pause after "congestion" ends. */
  #pausedUntil = Number.POSITIVE_INFINITY
  #waitMs: number
  #now = 0
  #isUp = false

  /** `onAssigned` is called for each identifier that an answer assigns to a name. */
  constructor(
    settings: SnClientSettings,
    sink: Omit<SnClientSink, 'send'>,
    send: (message: SnMessage) => void,
    onAssigned: (id: number, name: string) => void,
  ) {
    this.#settings = settings
    this.#sink = sink
    this.#send = send
    this.#onAssigned = onAssigned
    this.#retry = new Retransmission(settings)
    this.#waitMs = settings.retryMs
  }

  /** Nothing is outstanding and nothing waits. */
  get isIdle(): boolean {
    return this.#current === undefined
  }

  /** Messages at QoS 1 and 2 without their last acknowledgement. */
  get inFlight(): number {
    const all = this.#current === undefined ? [] : [this.#current, ...this.#waiting]
    return all.filter((request) => request.kind === 'publish' && request.publication.qos > 0).length
  }

  get deadline(): number {
    return Math.min(this.#retry.deadline, this.#pausedUntil)
  }

  /** A message at QoS 0 to this target waits for nothing. */
  sendsAtOnce(target: SnTarget): boolean {
    return this.#isUp && this.#current === undefined && this.#topicOf(target) !== undefined
  }

  /** @returns MsgId; at QoS 0 a number that is not sent */
  publish(publication: SnPublication, now: number): number {
    this.#now = now
    const id = this.#nextId()
    const { target, qos } = publication
    if (qos === 0 && this.sendsAtOnce(target)) {
      this.#sendPublish(publication, this.#topicOf(target)!, 0, false)
      return id
    }
    this.#add({
      ...{ kind: 'publish', id, publication, phase: 'publish', requestId: 0 },
      ...{ topic: undefined, wasSent: false, unknown: 0 },
    })
    return id
  }

  request(kind: 'subscribe' | 'unsubscribe', target: SnTarget, qos: 0 | 1 | 2, now: number): number {
    this.#now = now
    const id = this.#nextId()
    this.#add({ kind, id, target, qos, wasSent: false })
    return id
  }

  /** The identifier of a name was assigned by an answer, or by a REGISTER of the gateway. */
  assigned(id: number, name: string): void {
    this.#topics.set(id, name)
  }

  /**
   * CONNACK: what was outstanding is sent again.
   * @returns false if that is impossible, as the state of a message at QoS 2 has gone with the connection
   */
  connected(now: number): boolean {
    this.#now = now
    this.#isUp = true
    const current = this.#current
    if (current === undefined) return true
    if (
      this.#settings.cleanSession &&
      current.kind === 'publish' &&
      current.publication.qos === 2 &&
      current.wasSent
    )
      return false
    this.#begin(current)
    return true
  }

  /** Topic identifiers and subscriptions are asked for again on the next connection. */
  disconnected(): void {
    this.#isUp = false
    this.#retry.stop()
    this.#pausedUntil = Number.POSITIVE_INFINITY
    this.#topics.clear()
    const kept = [this.#current, ...this.#waiting].filter((request) => request?.kind === 'publish')
    this.#current = kept[0]
    this.#waiting = kept.slice(1) as Request[]
    if (this.#current?.kind === 'publish' && this.#current.phase === 'register')
      this.#current.phase = 'publish'
  }

  /** @returns 'silent' if the gateway does not answer */
  tick(now: number): 'silent' | undefined {
    this.#now = now
    const current = this.#current
    if (now >= this.#pausedUntil) {
      this.#pausedUntil = Number.POSITIVE_INFINITY
      if (current !== undefined) this.#begin(current)
    }
    const due = this.#retry.tick(now)
    if (due === 'silent') return due
    if (due === 'again' && current !== undefined) this.#transmit(current)
    return undefined
  }

  /** Takes an answer; others are ignored. */
  receive(message: SnMessage, now: number): void {
    this.#now = now
    const current = this.#current
    switch (message.type) {
      case 'regack':
        if (current?.kind !== 'publish' || current.phase !== 'register') return
        if (current.requestId === message.messageId) this.#onRegack(current, message)
        return
      case 'puback':
        return this.#onPuback(message)
      case 'pubrec':
        if (current?.kind !== 'publish' || current.id !== message.messageId) return
        if (current.publication.qos !== 2 || current.phase !== 'publish' || !current.wasSent) return
        current.phase = 'release'
        return this.#begin(current)
      case 'pubcomp':
        if (current?.kind === 'publish' && current.id === message.messageId && current.phase === 'release')
          this.#settle(current, 0)
        return
      case 'suback':
        if (current?.kind === 'subscribe' && current.id === message.messageId)
          this.#onSuback(current, message)
        return
      case 'unsuback':
        if (current?.kind !== 'unsubscribe' || current.id !== message.messageId) return
        this.#next()
        this.#sink.answered(current.id, 0, 0)
    }
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 65_535) + 1
    return this.#lastId
  }

  #add(request: Request): void {
    if (this.#current !== undefined) return void this.#waiting.push(request)
    this.#current = request
    if (this.#isUp) this.#begin(request)
  }

  /** The topic of a PUBLISH; undefined: REGISTER comes first. */
  #topicOf(target: SnTarget): SnTopic | undefined {
    if (target.kind !== 'name') return target
    const id = this.#topics.idOf(target.name)
    return id === undefined ? undefined : { kind: 'normal', id }
  }

  #begin(request: Request): void {
    if (request.kind === 'publish' && request.phase !== 'release') {
      request.topic = this.#topicOf(request.publication.target)
      request.phase = request.topic === undefined ? 'register' : 'publish'
      if (request.phase === 'register') request.requestId = this.#nextId()
      else if (request.publication.qos === 0) {
        this.#sendPublish(request.publication, request.topic!, 0, false)
        return this.#next()
      }
    }
    this.#transmit(request)
    this.#retry.start(this.#now)
  }

  #transmit(request: Request): void {
    if (request.kind !== 'publish') {
      const { kind, id, target, qos, wasSent } = request
      request.wasSent = true
      this.#send({ type: kind, dup: wasSent, qos, messageId: id, topic: target })
      return
    }
    const { id, publication, phase, requestId, topic, wasSent } = request
    if (phase === 'release') return void this.#send({ type: 'pubrel', messageId: id })
    if (phase === 'register') {
      const { target } = publication
      const name = target.kind === 'predefined' ? '' : target.name
      return void this.#send({ type: 'register', topicId: 0, messageId: requestId, name })
    }
    request.wasSent = true
    this.#sendPublish(publication, topic!, id, wasSent)
  }

  #sendPublish({ qos, retain, data }: SnPublication, topic: SnTopic, messageId: number, dup: boolean): void {
    this.#send({ type: 'publish', dup, qos, retain, topic, messageId, data })
  }

  #onRegack(current: Publishing, { topicId, returnCode }: { topicId: number; returnCode: number }): void {
    if (returnCode === SnCode.congestion) return this.#pause()
    if (returnCode !== SnCode.accepted) return this.#settle(current, returnCode)
    const { target } = current.publication
    if (target.kind === 'name') this.#assign(topicId, target.name)
    current.phase = 'publish'
    this.#begin(current)
  }

  #onPuback(message: Extract<SnMessage, { type: 'regack' | 'puback' }>): void {
    const { topicId, messageId, returnCode } = message
    const current = this.#current
    const isCurrent =
      current?.kind === 'publish' &&
      current.phase === 'publish' &&
      current.publication.qos > 0 &&
      current.id === messageId
    if (!isCurrent) {
      if (messageId !== 0 || returnCode === SnCode.accepted) return
      if (returnCode === SnCode.invalidTopicId) this.#topics.forget(topicId)
      return this.#sink.dropped(returnCode)
    }
    if (returnCode === SnCode.accepted) {
      if (current.publication.qos === 1) this.#settle(current, 0)
      return
    }
    current.wasSent = false
    if (returnCode === SnCode.congestion) return this.#pause()
    const { target } = current.publication
    if (returnCode === SnCode.invalidTopicId && target.kind === 'name' && ++current.unknown < mostUnknown) {
      this.#topics.forget(this.#topics.idOf(target.name) ?? topicId)
      return this.#begin(current)
    }
    this.#settle(current, returnCode)
  }

  #onSuback(current: Subscribing, message: Extract<SnMessage, { type: 'suback' }>): void {
    const { topicId, returnCode, qos } = message
    if (returnCode === SnCode.congestion) {
      current.wasSent = false
      return this.#pause()
    }
    if (returnCode === SnCode.accepted && current.target.kind === 'name' && topicId > 0)
      this.#assign(topicId, current.target.name)
    this.#next()
    this.#sink.answered(current.id, returnCode, Math.max(0, qos))
  }

  #assign(id: number, name: string): void {
    this.#topics.set(id, name)
    this.#onAssigned(id, name)
  }

  /** Begins the current request again after a pause. */
  #pause(): void {
    const waitMs = Math.min(this.#waitMs, Math.max(longestWaitMs, this.#settings.retryMs))
    this.#waitMs = waitMs * 2
    this.#retry.stop()
    this.#pausedUntil = this.#now + waitMs
    this.#sink.congested(waitMs)
  }

  #settle(request: Publishing, returnCode: number): void {
    this.#next()
    if (request.publication.qos === 0) this.#sink.dropped(returnCode)
    else this.#sink.settled(request.id, returnCode)
  }

  #next(): void {
    this.#retry.stop()
    this.#waitMs = this.#settings.retryMs
    this.#current = this.#waiting.shift()
    if (this.#current !== undefined) this.#begin(this.#current)
  }
}
