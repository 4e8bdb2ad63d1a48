// One connection to the server for all clients: their subscriptions, sessions and wills are kept here.
import { matches } from '../session/topic-filter.js'
import type {
  Incoming,
  Upstream,
  UpstreamEvents,
  UpstreamLink,
  UpstreamRequest,
  Will,
} from './gateway-types.js'

export interface AggregateOptions {
  /** Opens the connection. */
  open(events: UpstreamEvents): UpstreamLink
  /** Runs `work` after the current call. */
  later(work: () => void): void
  /** Milliseconds of any monotonic clock. */
  now(): number
  dropped(clientId: string, why: string): void
  /** Sessions, and messages that wait for one that is away. */
  readonly sessions: number
  readonly queueMessages: number
  readonly queueBytes: number
}

/** How long retained messages count as the answer to a SUBSCRIBE, in milliseconds. */
const retainedMs = 5000
/** How long after a refusal by the server the next attempt to connect waits, in milliseconds. */
const reopenMs = 1000
/** Topics whose receivers are remembered. */
const mostTopics = 1000

interface Session {
  readonly clientId: string
  clean: boolean
  will: Will | undefined
  readonly filters: Map<string, 0 | 1 | 2>
  /** undefined: away */
  events: UpstreamEvents | undefined
  /** The client takes no more messages. */
  held: boolean
  waiting: Incoming[]
  waitingBytes: number
}

interface Request {
  readonly session: Session
  readonly filter: string
  readonly qos: 0 | 1 | 2
}

export class Aggregate implements Upstream {
  readonly #options: AggregateOptions
  #link: UpstreamLink
  /** Why the server has refused the connection, which is opened again when it is needed. */
  #refusal: { readonly why: string; readonly at: number } | undefined
  #isOver = false
  readonly #sessions = new Map<string, Session>()
  /** Subscribers by Topic Filter. */
  readonly #filters = new Map<string, Set<Session>>()
  readonly #receivers = new Map<string, readonly (readonly [Session, 0 | 1 | 2])[]>()
  readonly #publishes = new Map<number, UpstreamEvents>()
  readonly #subscribes = new Map<number, Request>()
  readonly #unsubscribes = new Map<number, UpstreamEvents>()
  /** Who gets retained messages, as it has subscribed a moment ago. */
  #fresh: { readonly session: Session; readonly filter: string; readonly until: number }[] = []

  constructor(options: AggregateOptions) {
    this.#options = options
    this.#link = options.open(this.#events())
  }

  get link(): UpstreamLink {
    return this.#link
  }

  open(request: UpstreamRequest, events: UpstreamEvents): UpstreamLink {
    const { clientId, clean, will } = request
    const { later } = this.#options
    this.#reopen()
    const old = this.#sessions.get(clientId)
    if (old !== undefined && (clean || old.clean)) this.#forget(old)
    const kept = this.#sessions.get(clientId)
    const session = kept ?? this.#add(clientId)
    Object.assign(session, { clean, will, events, held: false })
    later(() => {
      if (session.events !== events) return
      if (!this.#link.up) {
        this.#leaves(session)
        return events.refused(true, this.#refusal?.why ?? 'there is no connection to the server')
      }
      events.accepted(kept !== undefined)
      this.#deliverWaiting(session)
    })
    return this.#linkOf(session, events)
  }

  publish(topic: string, payload: Uint8Array, retain: boolean): boolean {
    this.#reopen()
    if (!this.#link.up) return false
    return this.#link.publish(topic, payload, 0, retain) >= 0
  }

  /** Opens the connection again that the server has refused. */
  #reopen(): void {
    if (!this.#isOver || this.#options.now() - this.#refusal!.at < reopenMs) return
    this.#isOver = false
    this.#link = this.#options.open(this.#events())
  }

  #add(clientId: string): Session {
    if (this.#sessions.size >= this.#options.sessions) {
      for (const session of this.#sessions.values()) {
        if (session.events !== undefined) continue
        this.#forget(session)
        break
      }
    }
    const session: Session = {
      ...{ clientId, clean: true, will: undefined, filters: new Map(), events: undefined },
      ...{ held: false, waiting: [], waitingBytes: 0 },
    }
    this.#sessions.set(clientId, session)
    return session
  }

  #linkOf(session: Session, events: UpstreamEvents): UpstreamLink {
    const shared = this.#link
    const leave = (): void => {
      if (session.events === events) this.#leaves(session)
    }
    return {
      get up() {
        return shared.up
      },
      get writable() {
        return shared.writable
      },
      publish: (topic, payload, qos, retain) => {
        const token = shared.publish(topic, payload, qos, retain)
        if (qos > 0) this.#publishes.set(token, events)
        return token
      },
      subscribe: (filter, qos) => this.#subscribe({ session, filter, qos }),
      unsubscribe: (filter) => this.#unsubscribe(session, filter, events),
      hold(full) {
        session.held = full
      },
      close: leave,
      cut: () => {
        const { will } = session
        if (will !== undefined && session.events === events && shared.up)
          shared.publish(will.topic, will.payload, will.qos, will.retain)
        leave()
      },
    }
  }

  #subscribe(request: Request): number | undefined {
    const { session, filter, qos } = request
    let highest = qos
    for (const other of this.#filters.get(filter) ?? []) {
      const their = other.filters.get(filter) ?? 0
      if (their > highest) highest = their
    }
    const token = this.#link.subscribe(filter, highest)
    if (token === undefined) return undefined
    this.#subscribes.set(token, request)
    const now = this.#options.now()
    this.#fresh = this.#fresh.filter(({ until }) => until > now)
    this.#fresh.push({ session, filter, until: now + retainedMs })
    this.#join(session, filter, qos)
    return token
  }

  #unsubscribe(session: Session, filter: string, events: UpstreamEvents): number {
    const last = this.#leave(session, filter)
    if (last) {
      const token = this.#link.unsubscribe(filter)
      this.#unsubscribes.set(token, events)
      return token
    }
    const token = -1 - this.#unsubscribes.size
    this.#options.later(() => events.unsuback(token))
    return token
  }

  #join(session: Session, filter: string, qos: 0 | 1 | 2): void {
    session.filters.set(filter, qos)
    const subscribers = this.#filters.get(filter) ?? new Set()
    subscribers.add(session)
    this.#filters.set(filter, subscribers)
    this.#receivers.clear()
  }

  /** @returns true if nobody is left */
  #leave(session: Session, filter: string): boolean {
    session.filters.delete(filter)
    const subscribers = this.#filters.get(filter)
    subscribers?.delete(session)
    this.#receivers.clear()
    if (subscribers !== undefined && subscribers.size > 0) return false
    this.#filters.delete(filter)
    return true
  }

  #leaves(session: Session): void {
    session.events = undefined
    if (session.clean) this.#forget(session)
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.clientId)
    for (const filter of [...session.filters.keys()]) {
      if (this.#leave(session, filter) && this.#link.up) this.#link.unsubscribe(filter)
    }
    session.waiting = []
  }

  #events(): UpstreamEvents {
    return {
      accepted: (sessionPresent) => {
        this.#refusal = undefined
        this.#subscribes.clear()
        this.#unsubscribes.clear()
        if (!sessionPresent) this.#subscribeAgain()
        for (const { events } of this.#sessions.values()) events?.accepted(true)
      },
      refused: (busy, why) => {
        this.#refusal = { why, at: this.#options.now() }
        this.#isOver = true
        for (const requests of [this.#publishes, this.#subscribes, this.#unsubscribes]) requests.clear()
        for (const session of [...this.#sessions.values()]) {
          const { events } = session
          this.#leaves(session)
          events?.refused(busy, why)
        }
      },
      settled: (token, accepted) => {
        const events = this.#publishes.get(token)
        this.#publishes.delete(token)
        events?.settled(token, accepted)
      },
      suback: (token, granted) => this.#suback(token, granted),
      unsuback: (token) => {
        const events = this.#unsubscribes.get(token)
        this.#unsubscribes.delete(token)
        events?.unsuback(token)
      },
      message: (message, done) => {
        this.#deliver(message)
        done?.()
      },
      drained: () => {
        for (const { events } of this.#sessions.values()) events?.drained()
      },
    }
  }

  #subscribeAgain(): void {
    for (const [filter, subscribers] of this.#filters) {
      let highest: 0 | 1 | 2 = 0
      for (const { filters } of subscribers) {
        const qos = filters.get(filter) ?? 0
        if (qos > highest) highest = qos
      }
      this.#link.subscribe(filter, highest)
    }
  }

  #suback(token: number, granted: number): void {
    const request = this.#subscribes.get(token)
    if (request === undefined) return
    this.#subscribes.delete(token)
    const { session, filter, qos } = request
    if (granted >= 0x80) this.#leave(session, filter)
    session.events?.suback(token, granted >= 0x80 ? granted : Math.min(granted, qos))
  }

  #deliver(message: Incoming): void {
    const now = this.#options.now()
    for (const [session, granted] of this.#receiversOf(message.topic)) {
      if (message.retain && !this.#wantsRetained(session, message.topic, now)) continue
      const qos = granted < message.qos ? granted : message.qos
      this.#hand(session, { ...message, qos, dup: false })
    }
  }

  #hand(session: Session, message: Incoming): void {
    const { clientId, events } = session
    if (events === undefined) return this.#keep(session, message)
    if (session.held && message.qos > 0) return this.#options.dropped(clientId, 'its queue is full')
    events.message(message, undefined)
  }

  /** For a session that is away: messages of QoS 1 and 2. */
  #keep(session: Session, message: Incoming): void {
    if (message.qos === 0) return
    const { queueMessages, queueBytes, dropped } = this.#options
    const size = message.payload.length + message.topic.length
    if (session.waiting.length >= queueMessages || session.waitingBytes + size > queueBytes)
      return dropped(session.clientId, 'its queue is full')
    session.waiting.push({ ...message, payload: Uint8Array.prototype.slice.call(message.payload) })
    session.waitingBytes += size
  }

  #deliverWaiting(session: Session): void {
    const { waiting, events } = session
    session.waiting = []
    session.waitingBytes = 0
    for (const message of waiting) events?.message(message, undefined)
  }

  #wantsRetained(session: Session, topic: string, now: number): boolean {
    return this.#fresh.some(
      (fresh) => fresh.session === session && fresh.until > now && matches(plain(fresh.filter), topic),
    )
  }

  #receiversOf(topic: string): readonly (readonly [Session, 0 | 1 | 2])[] {
    const known = this.#receivers.get(topic)
    if (known !== undefined) return known
    const found = new Map<Session, 0 | 1 | 2>()
    for (const [filter, subscribers] of this.#filters) {
      if (!matches(plain(filter), topic)) continue
      for (const session of subscribers) {
        const qos = session.filters.get(filter) ?? 0
        if (qos >= (found.get(session) ?? 0)) found.set(session, qos)
      }
    }
    if (this.#receivers.size >= mostTopics) this.#receivers.clear()
    const receivers = [...found]
    this.#receivers.set(topic, receivers)
    return receivers
  }
}

/** The Topic Filter of a shared subscription (MQTT 5.0, 4.8.2). */
function plain(filter: string): string {
  return filter.startsWith('$share/') ? filter.split('/').slice(2).join('/') : filter
}
