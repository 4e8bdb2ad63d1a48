// The phases of a client of a gateway, how long it may be silent in each, and what all clients share.
import type { SnConnect } from '../codec/mqtt-sn-messages.js'
import type { Timers } from '../session/timers.js'
import type { Budget } from './gateway-topics.js'
import type { GatewayOptions, Source } from './gateway-types.js'

/** What all clients share. */
export interface ClientPorts<C> {
  readonly options: GatewayOptions
  readonly timers: Timers
  /** Bytes of messages that wait. */
  readonly waiting: Budget
  /** Bytes of topic names and Topic Filters. */
  readonly names: Budget
  send(to: Source, bytes: Uint8Array): void
  proved(client: C): void
  /** The client has left; `kept`: its session has not. */
  left(client: C, kept: boolean): void
}

/** `away`: its session is kept, and it has no connection. */
export type Phase = 'will-topic' | 'will-message' | 'connecting' | 'active' | 'asleep' | 'awake' | 'away'

/** The client has its CONNACK. */
export function isUp(phase: Phase): boolean {
  return phase === 'active' || phase === 'asleep' || phase === 'awake'
}

/** A client that has sent nothing for so many times its Keep Alive, or the time it sleeps, is lost (6.11, 6.14). */
const patience = 1.5

export function sameConnect(one: SnConnect | undefined, other: SnConnect): boolean {
  if (one?.will !== other.will || one.cleanSession !== other.cleanSession) return false
  return one.duration === other.duration
}

export interface Silence {
  /** In seconds; with 0 an active client is never counted as lost. */
  readonly keepAlive: number
  readonly sleepMs: number
  readonly retryMs: number
  readonly retries: number
}

/** Milliseconds without a message after which the client is lost. */
export function silenceOf(phase: Phase, { keepAlive, sleepMs, retryMs, retries }: Silence): number {
  switch (phase) {
    case 'active':
      return keepAlive === 0 ? Number.POSITIVE_INFINITY : keepAlive * 1000 * patience
    case 'asleep':
    case 'awake':
      return sleepMs * patience
    case 'will-topic':
    case 'will-message':
      return retryMs * (retries + 1)
    default:
      return Number.POSITIVE_INFINITY
  }
}
