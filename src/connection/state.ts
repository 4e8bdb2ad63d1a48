// The state of a Connection: its phases, what each of them holds, and every transition between them.
import type { Handshake } from './handshake.js'
import type { Link } from './link.js'
import type { Negotiated } from './negotiated.js'

/** From CONNECT to CONNACK. */
export interface Connecting {
  readonly phase: 'connecting'
  readonly link: Link
  readonly handshake: Handshake
}

/** From CONNACK to the loss or the close of the network connection. */
export interface Connected {
  readonly phase: 'connected'
  readonly link: Link
  readonly negotiated: Negotiated
  /** When CONNACK came, in milliseconds of `performance.now()`. */
  readonly since: number
}

/** DISCONNECT has been sent. */
interface Closing {
  readonly phase: 'closing'
  readonly link: Link
}

/** Final. `failure` is undefined after `close()` or `destroy()`. */
interface Ended {
  readonly phase: 'ended'
  readonly failure: Error | undefined
}

type State = { readonly phase: 'disconnected' } | Connecting | Connected | Closing | Ended

const disconnected: State = { phase: 'disconnected' }

/**
 * Disconnected before the first network connection and between two. Each event below returns false, and changes
 * nothing, in a phase in which it has no meaning.
 */
export class ConnectionState {
  #state: State = disconnected
  /** `#state` in the phase 'connected': a field, as each PUBLISH reads it. */
  #connected: Connected | undefined
  #sessionExpiry = 0

  get phase(): State['phase'] {
    return this.#state.phase
  }

  get connecting(): Connecting | undefined {
    const state = this.#state
    return state.phase === 'connecting' ? state : undefined
  }

  get connected(): Connected | undefined {
    return this.#connected
  }

  /** No further network connection will be made. */
  get ending(): boolean {
    return this.#state.phase === 'closing' || this.#state.phase === 'ended'
  }

  /** The network connection, if there is one. */
  get link(): Link | undefined {
    return 'link' in this.#state ? this.#state.link : undefined
  }

  /** The error that has ended the Connection, if one has. */
  get failure(): Error | undefined {
    return this.#state.phase === 'ended' ? this.#state.failure : undefined
  }

  /** Session Expiry Interval of the last CONNACK, in seconds; 0 before the first. */
  get sessionExpiry(): number {
    return this.#sessionExpiry
  }

  /** A network connection has been opened, and CONNECT is next. */
  opened(link: Link, handshake: Handshake): boolean {
    if (this.#state.phase !== 'disconnected') return false
    return this.#enter({ phase: 'connecting', link, handshake })
  }

  /** The server has accepted the connection, at `now` of `performance.now()`. */
  accepted(negotiated: Negotiated, now: number): boolean {
    if (this.#state.phase !== 'connecting') return false
    this.#sessionExpiry = negotiated.sessionExpiry
    return this.#enter({ phase: 'connected', link: this.#state.link, negotiated, since: now })
  }

  /** The network connection was lost, or CONNECT has failed. */
  lost(): boolean {
    if (this.#state.phase !== 'connecting' && this.#state.phase !== 'connected') return false
    return this.#enter(disconnected)
  }

  /** DISCONNECT is about to be sent. */
  closing(): boolean {
    if (this.#state.phase !== 'connected') return false
    return this.#enter({ phase: 'closing', link: this.#state.link })
  }

  /** Closed, destroyed, or failed with an error that no further attempt can cure. */
  ended(failure?: Error): boolean {
    if (this.#state.phase === 'ended') return false
    return this.#enter({ phase: 'ended', failure })
  }

  #enter(state: State): true {
    this.#state = state
    this.#connected = state.phase === 'connected' ? state : undefined
    return true
  }
}
