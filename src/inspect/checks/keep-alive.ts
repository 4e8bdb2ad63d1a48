// Keep Alive (MQTT 5.0, 3.1.2.10). Allows for clock differences and network delay.
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { type ConnectionState, report } from './state.js'

/** Seconds of network delay that are tolerated. */
const grace = 5

export class KeepAliveChecks {
  readonly #state: ConnectionState
  #last = -1
  #keepAlive = 0

  constructor(state: ConnectionState) {
    this.#state = state
  }

  /** Sets the Keep Alive in seconds, 0 for none; Server Keep Alive overrides that of CONNECT. */
  #update(): void {
    const { connect } = this.#state
    const given = this.#state.connackProperty(propertyId.serverKeepAlive)
    this.#keepAlive = Number(given ?? connect?.keepAlive ?? 0)
  }

  packet(packet: Packet): void {
    const { direction, type } = packet
    if (type <= 2) this.#update()
    if (direction !== 'c2s') return
    const { seconds } = packet
    const silence = this.#last < 0 ? 0 : seconds - this.#last
    this.#last = seconds
    const limit = this.#keepAlive
    if (limit === 0 || silence <= limit || !this.#state.whole) return
    const detail = `silent for ${silence.toFixed(3)} s, Keep Alive is ${limit} s`
    const given = this.#state.connackProperty(propertyId.serverKeepAlive) !== undefined
    if (silence * 4 > limit * 5 + grace)
      report(packet, given ? 'server-keepalive' : 'keepalive-client', detail)
    if (silence * 2 > limit * 3 + grace) report(packet, 'keepalive-broker', detail)
  }
}
