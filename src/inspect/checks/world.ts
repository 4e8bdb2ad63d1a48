// What outlives a connection: which connection a Client Identifier has now, and what became of its session.
import type { Packet } from '../packet.js'
import { type State, wrong } from './state.js'

const grace = 1_000_000_000n
const mostClients = 100_000

interface Client {
  state: State
  /** The last connection had a clean session of MQTT 3.1.1, which ends with it. */
  endsWithConnection: boolean
  open: boolean
}

export class World {
  readonly #clients = new Map<string, Client>()
  readonly #takenOver = new WeakMap<State, bigint>()

  /** A CONNACK that accepts. */
  accepted(state: State, packet: Packet): void {
    const { connect, connection, version } = state
    if (connect === undefined || connect.clientId === '') return
    const key = `${connection.server} ${connect.clientId}`
    const before = this.#clients.get(key)
    if (before?.open === true && before.state.whole) this.#takenOver.set(before.state, packet.time)
    if (before?.endsWithConnection === true && packet.sessionPresent && state.whole && before.state.whole) {
      if (!before.open)
        wrong(packet, 'session-lost-or-invented', 'the session before ended with its connection', 2)
    }
    if (this.#clients.size > mostClients) this.#clients.clear()
    this.#clients.set(key, { state, endsWithConnection: version < 5 && connect.cleanStart, open: true })
  }

  /** The server goes on with a connection whose Client Identifier has another. */
  check(state: State, packet: Packet): void {
    const since = this.#takenOver.get(state)
    if (since === undefined || packet.direction !== 's2c' || packet.type === 14) return
    if (packet.time - since < grace) return
    this.#takenOver.delete(state)
    wrong(packet, 'takeover')
  }

  closed(state: State): void {
    const { connect, connection } = state
    const client = this.#clients.get(`${connection.server} ${connect?.clientId}`)
    if (client?.state === state) client.open = false
  }
}
