// Runs all stateful checks of one connection, in the order of their dependencies.
import { type CloseDetail, type FlowFact, secondsOf } from '../../capture/stream.js'
import type { InspectedConnection } from '../connection.js'
import { connack, disconnect, publish } from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { type RuleKey, violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import { ExchangeChecks } from './exchanges.js'
import { HandshakeChecks } from './handshake.js'
import { KeepAliveChecks } from './keep-alive.js'
import { LimitChecks } from './limits.js'
import { MqttSnChecks } from './mqtt-sn.js'
import type { ServerState, ServerStates } from './servers.js'
import { ConnectionState, hostOf, report } from './state.js'
import { SubscriptionChecks } from './subscriptions.js'

/** Grace period for a late answer, in seconds. */
const patience = 20
const mostLate = 100

export class ConnectionChecks {
  readonly #servers: ServerStates
  readonly #state: ConnectionState
  readonly #handshake: HandshakeChecks
  readonly #exchanges: ExchangeChecks
  readonly #limits: LimitChecks
  readonly #subscriptions: SubscriptionChecks
  readonly #timing: KeepAliveChecks
  #sn: MqttSnChecks | undefined
  #server: ServerState | undefined
  /** Violations of WebSocket rules, reported with the next packet of that direction. */
  #facts: { key: RuleKey; detail?: string; direction: Direction }[] = []

  constructor(connection: InspectedConnection, servers: ServerStates) {
    this.#servers = servers
    this.#state = new ConnectionState(connection)
    this.#handshake = new HandshakeChecks(this.#state)
    this.#exchanges = new ExchangeChecks(this.#state)
    this.#limits = new LimitChecks(this.#state)
    this.#subscriptions = new SubscriptionChecks(this.#state, this.#exchanges)
    this.#timing = new KeepAliveChecks(this.#state)
  }

  packet(packet: Packet): void {
    if (packet.protocol === 'mqtt-sn') {
      this.#sn ??= new MqttSnChecks(this.#state.connection)
      return this.#sn.packet(packet)
    }
    const state = this.#state
    if (this.#facts.length > 0) this.#reportFacts(packet)
    this.#server ??= this.#servers.serverOf(state.connection.server)
    const server = this.#server
    this.#handshake.packet(packet)
    if (state.packets.c2s + state.packets.s2c === 0) this.#first(packet, server)
    state.update(packet)
    if (packet.type === connack && packet.direction === 's2c') this.#connack(packet, server)
    this.#limits.packet(packet)
    this.#exchanges.packet(packet)
    this.#subscriptions.packet(packet, this.#exchanges.answered, server.deliveries)
    this.#timing.packet(packet)
    this.#handshake.stillOpen(packet)
    this.#acrossConnections(packet, server)
    state.count(packet)
    if (packet.violations.length > 0 && packet.direction === 'c2s') {
      state.faulty ||= packet.violations.some(({ severity }) => severity === 'error')
    }
  }

  /** The first packet that was captured. */
  #first({ connect }: Packet, { seen }: ServerState): void {
    const host = hostOf(this.#state.connection.client)
    if (connect === undefined) seen.addUnidentified(host)
    else this.#state.isFirstOfClient = seen.add(connect.clientId, host)
  }

  #connack(packet: Packet, server: ServerState): void {
    const state = this.#state
    server.addHeard(hostOf(state.connection.client))
    if (packet.reasonCode !== 0 || state.connect === undefined) return
    const assigned = packet.property(propertyId.assignedClientIdentifier)
    if (typeof assigned === 'string') server.seen.identify(assigned)
    server.sessions.accepted(state, packet, this.#exchanges)
    server.wills.accepted(state, packet)
  }

  /** Checks that involve other connections to the same server. */
  #acrossConnections(packet: Packet, { sessions, wills, deliveries }: ServerState): void {
    const state = this.#state
    const { type, direction } = packet
    if (!state.whole) deliveries.incomplete = true
    if (direction === 'c2s') {
      if (type === publish) deliveries.published(state, packet, this.#exchanges.again)
      else if (type === disconnect && sessions.isCurrent(state)) wills.disconnected(state, packet)
      if (this.#exchanges.unordered) deliveries.unordered = true
      return
    }
    sessions.check(state, packet)
    const { subscriber } = this.#subscriptions
    if (subscriber === undefined || wills.isEmpty) return
    if (type === publish) wills.delivered(subscriber, packet)
    wills.judge(subscriber, packet, this.#subscriptions)
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

  #reportFacts(packet: Packet): void {
    const matching = this.#facts.filter(({ direction }) => direction === packet.direction)
    if (matching.length === 0) return
    this.#facts = this.#facts.filter(({ direction }) => direction !== packet.direction)
    for (const { key, detail } of matching) report(packet, key, detail)
  }

  /** Violations that show when the connection ends, such as missing answers. At most 100. */
  closed(how: string, detail: CloseDetail | undefined): LateViolation[] {
    const late: LateViolation[] = []
    for (const found of this.#late(how, detail)) {
      if (late.length >= mostLate) break
      late.push(found)
    }
    return late
  }

  *#late(how: string, detail: CloseDetail | undefined): Generator<LateViolation> {
    const state = this.#state
    if (this.#sn !== undefined) return yield* this.#sn.closed()
    const server = this.#server
    if (server !== undefined) yield* this.#leave(server, how, detail)
    const heard = server?.isHeard(hostOf(state.connection.client)) === true
    yield* this.#handshake.closed(how, detail, heard)
    if (!state.sure || how === 'rst') return
    for (const { waiting, key, from } of this.#exchanges.unanswered()) {
      if (waiting.second < 0 || state.lastTime[from] - secondsOf(waiting) < patience) continue
      const found = violation(key, state.version, 0)
      if (found !== undefined) yield { ...found, packet: waiting.number, direction: from }
    }
    yield* this.#subscriptions.missing()
    const { resumption } = this.#exchanges
    if (resumption !== undefined) yield* resumption.missing((direction) => this.#exchanges.isQuiet(direction))
  }

  #leave(
    { sessions, wills, deliveries }: ServerState,
    how: string,
    detail: CloseDetail | undefined,
  ): LateViolation[] {
    const state = this.#state
    const lost = sessions.lost(state)
    sessions.closed(state, how, detail)
    wills.closed(state, how, detail)
    const { subscriber } = this.#subscriptions
    const late = lost === undefined ? [] : [lost]
    if (subscriber === undefined) return late
    wills.forget(subscriber.bit)
    return [...late, ...deliveries.leave(subscriber)]
  }
}
