// Checks of sessions across the connections of a Client Identifier (MQTT 5.0, 3.1.2.4, 3.2.2.1.1, 4.1): Session Present,
// takeover, and resuming. An uncaptured connection could have come between, so only connections from the same address that
// follow within seconds are compared.
import { type CloseDetail, secondsOf } from '../../capture/stream.js'
import type { Direction, Packet } from '../packet.js'
import { violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import type { ExchangeChecks } from './exchanges.js'
import { Resumption, type Unacknowledged } from './resumption.js'
import { type ConnectionState, hostOf, report } from './state.js'

/** Seconds between the end of a connection and the CONNACK of the next. */
const soon = 10
const takeoverGrace = 1 // second
const mostClients = 20_000
/** Characters of their Client Identifiers. */
const mostCharacters = 16 * 1024 * 1024
/** Messages of closed connections that must be resent. */
const mostLeft = 100_000
/** Seconds; a session with a shorter Session Expiry Interval may have expired. */
const leastExpiry = 60

interface Ended {
  readonly left: readonly Unacknowledged[]
  readonly ended: Record<Direction, readonly number[]>
}

interface Client {
  readonly state: ConnectionState
  /** While the connection is open. */
  exchanges: ExchangeChecks | undefined
  /** After it is closed, if the session outlives it. */
  ended: Ended | undefined
  closedAt: number
  /** The client closed the connection, so the server had no fault. */
  byClient: boolean
}

/** Session Present 0 although there was a session, unless the server restarted. */
interface Lost {
  readonly packet: number
  readonly connackTime: number
  readonly witness: ConnectionState
}

export class SessionChecks {
  readonly #clients = new Map<string, Client>()
  readonly #lost = new WeakMap<ConnectionState, Lost>()
  /** Open connections. */
  readonly #open = new Set<ConnectionState>()
  #left = 0
  #characters = 0

  /** Handles a CONNACK with Reason Code 0. */
  accepted(state: ConnectionState, packet: Packet, exchanges: ExchangeChecks): void {
    const { clientId } = state.connect!
    if (this.#open.size < mostClients) this.#open.add(state)
    if (clientId === '') return
    const before = this.#clients.get(clientId)
    if (before?.state === state) return
    if (before !== undefined) {
      this.#clients.delete(clientId)
      this.#characters -= clientId.length
      if (before.exchanges !== undefined && before.state.whole) before.state.takenOverAt = packet.seconds
      if (this.#follows(before, state, packet)) this.#compare(before, state, packet, exchanges)
      this.#left -= before.ended?.left.length ?? 0
    }
    this.#characters += clientId.length
    while (this.#clients.size >= mostClients || this.#characters > mostCharacters) this.#drop()
    this.#clients.set(clientId, { state, exchanges, ended: undefined, closedAt: -1, byClient: false })
  }

  /** True if this is the current connection of its Client Identifier. */
  isCurrent(state: ConnectionState): boolean {
    return this.#clients.get(state.connect?.clientId ?? '')?.state === state
  }

  /** Reports a server that still uses a connection after another took over its Client Identifier. */
  check(state: ConnectionState, packet: Packet): void {
    const since = state.takenOverAt
    if (since < 0 || packet.direction !== 's2c' || packet.type === 14) return
    if (packet.seconds - since < takeoverGrace) return
    state.takenOverAt = -1
    report(packet, 'takeover')
  }

  closed(state: ConnectionState, how: string, detail: CloseDetail | undefined): void {
    this.#open.delete(state)
    const clientId = state.connect?.clientId
    const client = clientId === undefined ? undefined : this.#clients.get(clientId)
    if (client?.state !== state) return
    const { c2s, s2c } = state.lastTime
    const last = c2s > s2c ? c2s : s2c
    client.closedAt = detail === undefined ? last : secondsOf(detail.origin)
    const first = detail?.direction === (how === 'fin' ? 's2c' : 'c2s')
    client.byClient = state.disconnected.s2c === undefined && (first || state.disconnected.c2s !== undefined)
    const ended = state.expiry > 0 && how !== 'timeout' ? client.exchanges?.ended() : undefined
    client.exchanges = undefined
    if (ended === undefined || this.#left + ended.left.length > mostLeft) return
    client.ended = ended
    this.#left += ended.left.length
  }

  /** Reports a lost session, if another connection proves that the server did not restart. */
  lost(state: ConnectionState): LateViolation | undefined {
    const lost = this.#lost.get(state)
    if (lost === undefined || !state.sure || lost.witness.lastTime.s2c <= lost.connackTime) return undefined
    const detail = 'Session Present is 0, but the session of this client has not expired'
    const found = violation('session-lost-or-invented', state.version, 2, detail)
    return found === undefined ? undefined : { ...found, packet: lost.packet, direction: 's2c' }
  }

  #follows(before: Client, state: ConnectionState, packet: Packet): boolean {
    if (!state.sure || !before.state.sure || before.state.version !== state.version) return false
    if (state.version < 4 || hostOf(before.state.connection.client) !== hostOf(state.connection.client))
      return false
    return (
      before.exchanges !== undefined || (before.closedAt >= 0 && packet.seconds - before.closedAt <= soon)
    )
  }

  #compare(before: Client, state: ConnectionState, packet: Packet, exchanges: ExchangeChecks): void {
    if (state.connect!.cleanStart) return
    const closed = before.exchanges === undefined
    if (!packet.sessionPresent) {
      if (closed && before.byClient && before.state.expiry >= leastExpiry)
        this.#suspectLost(before, state, packet)
      return
    }
    if (before.state.expiry === 0) {
      const statement = state.version === 5 ? '' : ' [MQTT-3.2.2-3]'
      const detail = `the previous session ended with its connection${statement}`
      if (closed) report(packet, 'session-lost-or-invented', detail, 2)
      return
    }
    if (before.state.refused) return
    const ended = before.exchanges?.ended() ?? before.ended
    if (ended !== undefined) exchanges.resumption = new Resumption(state, before.state, ended)
  }

  /** Picks another open connection as witness: if it lives on, the server did not restart. */
  #suspectLost(before: Client, state: ConnectionState, packet: Packet): void {
    for (const witness of this.#open) {
      if (witness === state || !witness.sure || witness.connackTime >= before.closedAt) continue
      this.#lost.set(state, { packet: packet.number, connackTime: packet.seconds, witness })
      return
    }
  }

  #drop(): void {
    const [clientId, { ended }] = this.#clients.entries().next().value!
    this.#left -= ended?.left.length ?? 0
    this.#clients.delete(clientId)
    this.#characters -= clientId.length
  }
}
