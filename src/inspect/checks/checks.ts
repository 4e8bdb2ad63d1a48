// All checks of flows for one connection, in the order in which they need one another.
import type { CloseDetail, FlowFact } from '../../capture/stream.js'
import type { Connection } from '../connection.js'
import { connack } from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { type RuleKey, violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import { Exchanges } from './exchanges.js'
import { Handshake } from './handshake.js'
import { Limits } from './limits.js'
import { SensorNetwork } from './sn.js'
import { State, wrong } from './state.js'
import { Subscriptions } from './subscriptions.js'
import { Timing } from './timing.js'
import type { World } from './world.js'

const aSecond = 1_000_000_000n
/** One who is still there so long after a packet had time to answer it. */
const patience = 20n * aSecond
const mostLate = 100

export class Checks {
  readonly #world: World
  readonly #state: State
  readonly #handshake: Handshake
  readonly #exchanges: Exchanges
  readonly #limits: Limits
  readonly #subscriptions: Subscriptions
  readonly #timing: Timing
  readonly #sn = new SensorNetwork()
  /** Rules of WebSocket, told with the next packet. */
  #facts: { key: RuleKey; detail?: string; direction: Direction }[] = []

  constructor(connection: Connection, world: World) {
    this.#world = world
    this.#state = new State(connection)
    this.#handshake = new Handshake(this.#state)
    this.#exchanges = new Exchanges(this.#state)
    this.#limits = new Limits(this.#state)
    this.#subscriptions = new Subscriptions(this.#state)
    this.#timing = new Timing(this.#state)
  }

  packet(packet: Packet): void {
    if (packet.protocol === 'mqtt-sn') return this.#sn.packet(packet)
    const state = this.#state
    if (this.#facts.length > 0) this.#tellFacts(packet)
    this.#handshake.packet(packet)
    state.learn(packet)
    if (packet.type === connack && packet.reasonCode === 0 && packet.direction === 's2c') {
      this.#world.accepted(state, packet)
    }
    this.#limits.packet(packet)
    this.#exchanges.packet(packet)
    this.#subscriptions.packet(packet, this.#exchanges.answered)
    this.#timing.packet(packet)
    this.#handshake.goesOn(packet)
    this.#world.check(state, packet)
    state.packets[packet.direction]++
    state.lastTime[packet.direction] = packet.time
  }

  fact(fact: FlowFact): void {
    if (fact.kind === 'text-frame') this.#facts.push({ key: 'ws-text-frame', direction: fact.direction })
    if (fact.kind === 'masking') this.#facts.push({ key: 'ws-masking', direction: fact.direction })
    if (fact.kind !== 'websocket' || !fact.handshake) return
    const wanted = /^mqtt(v3\.1)?$/
    if (!fact.offered.some((name) => wanted.test(name)))
      this.#facts.push({ key: 'ws-offer', direction: 'c2s' })
    else if (fact.selected === undefined || !wanted.test(fact.selected)) {
      this.#facts.push({ key: 'ws-select', direction: 's2c' })
    }
  }

  #tellFacts(packet: Packet): void {
    const mine = this.#facts.filter(({ direction }) => direction === packet.direction)
    if (mine.length === 0) return
    this.#facts = this.#facts.filter(({ direction }) => direction !== packet.direction)
    for (const { key, detail } of mine) wrong(packet, key, detail)
  }

  /** The connection has ended: what never came. */
  closed(how: string, detail: CloseDetail | undefined): LateViolation[] {
    const state = this.#state
    this.#world.closed(state)
    const late: LateViolation[] = []
    if (!state.sure || how === 'rst') return late
    for (const { waiting, key, from } of this.#exchanges.unanswered()) {
      if (late.length >= mostLate) break
      if (waiting.time < 0n || state.lastTime[from] - waiting.time < patience) continue
      const found = violation(key, state.version, 0)
      if (found !== undefined) late.push({ ...found, packet: waiting.number, direction: from })
    }
    const end = detail?.origin.time ?? -1n
    const said = state.disconnected.c2s
    if (said !== undefined && end >= 0n && end - said > patience) {
      const found = violation('disconnect-close', state.version, 0)
      if (found !== undefined) late.push({ ...found, packet: 0, direction: 'c2s' })
    }
    return late
  }
}
