// Keep Alive (MQTT 5.0, 3.1.2.10). Only silences that no clock and no network explains are told.
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { type State, wrong } from './state.js'

const grace = 5

export class Timing {
  readonly #state: State
  #last = -1
  #keepAlive = 0

  constructor(state: State) {
    this.#state = state
  }

  /** In seconds, 0 for none; asked for when the CONNECT or CONNACK that tells it has come. */
  #learn(): void {
    const { connect } = this.#state
    const given = this.#state.told(propertyId.serverKeepAlive)
    this.#keepAlive = Number(given ?? connect?.keepAlive ?? 0)
  }

  packet(packet: Packet): void {
    const { direction, type } = packet
    if (type <= 2) this.#learn()
    if (direction !== 'c2s') return
    const { seconds } = packet
    const silence = this.#last < 0 ? 0 : seconds - this.#last
    this.#last = seconds
    const limit = this.#keepAlive
    if (limit === 0 || silence <= limit || !this.#state.whole) return
    const detail = `silent for ${silence.toFixed(3)} s, Keep Alive is ${limit} s`
    const given = this.#state.told(propertyId.serverKeepAlive) !== undefined
    if (silence * 4 > limit * 5 + grace)
      wrong(packet, given ? 'server-keepalive' : 'keepalive-client', detail)
    if (silence * 2 > limit * 3 + grace) wrong(packet, 'keepalive-broker', detail)
  }
}
