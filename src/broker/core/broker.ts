// The broker core, without sockets, clocks or files: takes bytes and the time, returns bytes for each connection and a
// deadline.
import { packetNames, publish } from '../../codec/control-packets.js'
import { maxRemainingLength } from '../../codec/framing.js'
import { Timers } from '../../session/timers.js'
import type { Authorize, Events, Sink } from './caller.js'
import type { Core } from './client.js'
import { Connection } from './connection.js'
import { type Counters, zeroCounters } from './counters.js'
import { PublishEncoder } from './encode.js'
import { messageFrom } from './message.js'
import { Holding } from './queue.js'
import { Retained } from './retained.js'
import { Router } from './router.js'
import { Sessions } from './sessions.js'
import { defaultLimits, defaultSettings, type Limits, type Settings } from './settings.js'
import { changeWork, type Steps, turn } from './steps.js'
import { Subscriptions } from './subscriptions.js'
import { TopicNames } from './topic-names.js'

export interface BrokerOptions {
  readonly settings?: Partial<Settings>
  readonly limits?: Partial<Limits>
  readonly events: Events
  /** Whether a client may publish to a topic, subscribe to a filter, or receive a message of a topic. Default: true. */
  readonly authorize?: Authorize | undefined
  /** A Client Identifier for a client without one, which no other has. */
  assignIdentifier(): string
}

export class Broker implements Core {
  readonly settings: Settings
  readonly limits: Limits
  readonly events: Events
  readonly authorize: Authorize | undefined
  readonly assignIdentifier: () => string
  readonly counters: Counters = zeroCounters()
  readonly timers = new Timers()
  readonly subscriptions = new Subscriptions()
  readonly encoder = new PublishEncoder()
  readonly topicNames = new TopicNames()
  readonly retained: Retained
  readonly router: Router
  readonly sessions: Sessions
  readonly holding: Holding
  readonly packetSizes: readonly number[]
  now = 0
  #depth = 0
  /** Work of the call that is being dealt with; see `turn`. */
  #work = 0
  /** Connections that have something to write. */
  #touched = new Set<Connection>()
  /** Connections that go on when others have had their turn. */
  #later = new Set<Connection>()
  /** Work of no connection. */
  readonly #unfinished: Steps[] = []

  constructor(options: BrokerOptions) {
    const { events, authorize } = options
    this.settings = { ...defaultSettings, ...options.settings }
    this.limits = { ...defaultLimits, ...options.limits }
    this.events = events
    this.authorize = authorize
    this.assignIdentifier = options.assignIdentifier
    this.retained = new Retained(this.limits.retainedBytes, this.timers)
    this.holding = new Holding(this.limits.allQueuedBytes)
    this.packetSizes = packetNames.map((_, type) =>
      type === publish ? maxRemainingLength + 5 : this.limits.filterBytes,
    )
    const { retained, subscriptions, timers } = this
    this.router = new Router({
      ...{ subscriptions, retained, authorize },
      notRetained: (topic) => events.notRetained(topic),
      worked: (receivers) => this.worked(receivers),
    })
    const { limits, holding, counters } = this
    this.sessions = new Sessions({
      ...{ timers, subscriptions, router: this.router },
      now: () => this.now,
      inSteps: (steps) => this.#inSteps(steps),
      context: {
        ...{ limits, holding, counters },
        dropped: (session) => {
          counters.publishDropped++
          events.dropped(session.clientId, session.overflowed ? 'again' : 'first')
          session.overflowed = true
          session.connection?.end(0x97, 'its queue is full')
        },
        expired: (session, now) => this.sessions.expired(session, now),
        willDue: (session, now) => this.sessions.willDue(session, now),
      },
    })
  }

  /** A network connection has been made. Times are milliseconds of any clock that never goes back. */
  open(sink: Sink, now: number): Connection {
    this.counters.sockets++
    return new Connection(sink, this, now)
  }

  /** Publishes a message of the server's own, with QoS 0. */
  publish(topic: string, payload: Buffer, retain: boolean, now: number): void {
    this.during(now, () => {
      this.router.publish(messageFrom(topic, payload, { qos: 0, retain, now }), undefined, now)
    })
  }

  /** Does what is due. */
  tick(now: number): void {
    this.during(now, () => {
      this.timers.run(now)
      this.#proceed(turn / 2)
      this.#continue(now)
    })
  }

  /** When `tick` is to be called next: a time that has passed if there is work left; Infinity if there is nothing to do. */
  deadline(): number {
    return this.#later.size > 0 || this.#unfinished.length > 0
      ? Number.NEGATIVE_INFINITY
      : this.timers.deadline()
  }

  /** Ends all connections. */
  stop(now: number): void {
    this.during(now, () => {
      for (const { connection } of [...this.sessions.all()]) connection?.end(0x8b, 'the broker stops')
    })
  }

  // --- For the parts of the core

  /** Every call from outside goes through here: when the outermost has done its work, the bytes leave. */
  during(now: number, work: () => void): void {
    this.now = now
    const outermost = this.#depth === 0
    if (outermost) this.#work = 0
    // Work that is left from earlier calls waits for `tick`: clients that send much must not multiply it.
    const goesOn = outermost && this.#later.size === 0
    this.#depth++
    try {
      work()
      if (goesOn) this.#continue(now)
    } finally {
      this.#depth--
      if (this.#depth === 0) this.#flush()
    }
  }

  /** True when the others should have their turn. */
  get exhausted(): boolean {
    return this.#work >= turn
  }

  /** `connection` has something to write. */
  touch(connection: Connection): void {
    this.#touched.add(connection)
  }

  /** `connection` has work left: its `step` is called. */
  later(connection: Connection): void {
    this.#later.add(connection)
  }

  isLater(connection: Connection): boolean {
    return this.#later.has(connection)
  }

  /** Something has been done that takes as long as handing a message to `units` clients. */
  worked(units: number): void {
    this.#work += units
  }

  /** Does `steps`, those that are too many for this turn in later ones. */
  #inSteps(steps: Steps): void {
    this.#unfinished.push(steps)
    this.#proceed(turn)
  }

  #proceed(most: number): void {
    for (
      let first = this.#unfinished[0];
      first !== undefined && this.#work < most;
      [first] = this.#unfinished
    ) {
      if (first.next().done === true) this.#unfinished.shift()
      this.worked(changeWork)
    }
  }

  /** Each connection with work left has one turn. */
  #continue(now: number): void {
    const waiting = this.#later
    if (waiting.size === 0) return
    this.#later = new Set()
    for (const connection of waiting) {
      if (this.exhausted) this.#later.add(connection)
      else connection.step(now)
    }
  }

  #flush(): void {
    const touched = this.#touched
    if (touched.size === 0) return
    this.#touched = new Set()
    for (const connection of touched) connection.flush()
  }
}
