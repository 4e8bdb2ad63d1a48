// Creates, keeps, expires and ends sessions (MQTT 5.0, 4.1), and publishes wills.

import type { Timers } from '../../session/timers.js'
import type { Ending } from './caller.js'
import { forever } from './connect.js'
import type { Router } from './router.js'
import { Session, type SessionContext } from './session.js'
import type { Steps } from './steps.js'
import type { SubscriberConnection } from './subscription.js'
import type { Subscriptions } from './subscriptions.js'
import { type Will, willMessage } from './wills.js'

export interface SessionsOptions {
  readonly context: SessionContext
  readonly timers: Timers
  readonly subscriptions: Subscriptions
  readonly router: Router
  /** The time of the current call. */
  now(): number
  /** Runs the steps now, or in later turns if there are too many. */
  inSteps(steps: Steps): void
}

export class Sessions {
  readonly #options: SessionsOptions
  readonly #all = new Map<string, Session>()
  /** Connected clients, and their maximum so far. */
  connected = 0
  maximum = 0
  /** Sessions that outlive their connection. */
  #lasting = 0

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  get(clientId: string): Session | undefined {
    return this.#all.get(clientId)
  }

  /** Including those of clients that are not connected. */
  all(): Iterable<Session> {
    return this.#all.values()
  }

  get size(): number {
    return this.#all.size
  }

  /** False if there is no room for another session that outlives its connection. */
  canKeep(clientId: string): boolean {
    const kept = this.#all.get(clientId)?.expiry ?? 0
    return kept > 0 || this.#lasting < this.#options.context.limits.sessions
  }

  /**
   * The session of a client that connects: its existing one, or a new one for Clean Start. An open connection with the
   * same Client Identifier is ended [MQTT-3.1.4-3].
   */
  take(clientId: string, clean: boolean, now: number): { session: Session; present: boolean } {
    this.#all.get(clientId)?.connection?.end(0x8e, 'a client connected with the same identifier')
    const earlier = this.#all.get(clientId)
    if (earlier !== undefined && clean) this.#end(earlier, now) // [MQTT-3.1.2-4]
    const kept = clean ? undefined : earlier
    const session = kept ?? new Session(clientId, this.#options.context)
    this.#all.set(clientId, session)
    this.#options.timers.clear(session.expiryTimer)
    this.#options.timers.clear(session.willTimer)
    session.will = undefined // [MQTT-3.1.3-9]
    return { session, present: kept !== undefined }
  }

  attach(session: Session, connection: SubscriberConnection): void {
    session.connection = connection
    this.connected++
    this.maximum = Math.max(this.maximum, this.connected)
  }

  /** Session Expiry Interval in seconds. */
  setExpiry(session: Session, seconds: number): void {
    if (session.expiry > 0) this.#lasting--
    session.expiry = seconds
    if (seconds > 0) this.#lasting++
  }

  /** Handles the end of a connection: publishes or delays the will (MQTT 5.0, 3.1.2.5), and sets the session's expiry. */
  detach(session: Session, connection: SubscriberConnection, ending: Ending): void {
    const now = this.#options.now()
    const { timers, router } = this.#options
    session.connection = undefined
    this.connected--
    const isNormal = ending.by === 'client' && (ending.reasonCode === 0 || connection.version < 5)
    const will: Will | undefined = isNormal ? undefined : connection.request?.will // [MQTT-3.1.2-10]
    const delay = Math.min(will?.delay ?? 0, session.expiry)
    if (will !== undefined && delay === 0) router.publish(willMessage(will, now), session, now)
    else session.will = will
    if (session.expiry === 0) return this.#end(session, now)
    if (session.will !== undefined) timers.set(session.willTimer, now + delay * 1000)
    if (session.expiry < forever) timers.set(session.expiryTimer, now + session.expiry * 1000)
    router.redeliver(session.takeShared(undefined, false), session, true, now)
  }

  /** Called when the Will Delay Interval is over. */
  willDue(session: Session, now: number): void {
    const { will } = session
    session.will = undefined
    if (will !== undefined) this.#options.router.publish(willMessage(will, now), session, now)
  }

  /** Called when the Session Expiry Interval is over. */
  expired(session: Session, now: number): void {
    if (session.connection === undefined) this.#end(session, now)
  }

  #end(session: Session, now: number): void {
    const { timers, subscriptions, router } = this.#options
    timers.clear(session.expiryTimer)
    timers.clear(session.willTimer)
    for (const subscription of session.subscriptions.values())
      if (subscription.group !== undefined) subscriptions.remove(subscription)
    this.#options.inSteps(removal(session, subscriptions))
    const shared = session.takeShared(undefined, true)
    session.discard()
    this.setExpiry(session, 0)
    if (this.#all.get(session.clientId) === session) this.#all.delete(session.clientId)
    this.willDue(session, now)
    router.redeliver(shared, session, false, now)
  }
}

/** Removes the subscriptions of an ended session, except shared ones. Nothing is sent to it meanwhile. */
function* removal(session: Session, subscriptions: Subscriptions): Steps {
  for (const subscription of session.subscriptions.values()) {
    if (subscription.group === undefined) subscriptions.remove(subscription)
    yield
  }
}
