// Checks of the beginning and the end of a connection: CONNECT, CONNACK, AUTH, DISCONNECT (MQTT 5.0, 3.1, 3.2, 3.14, 4.12).

import { type CloseDetail, secondsOf } from '../../capture/stream.js'
import {
  auth,
  connack,
  connect,
  disconnect,
  onlyDirection,
  pubcomp,
  publish,
  versionNames,
} from '../names.js'
import type { Packet } from '../packet.js'
import { propertyId } from '../properties.js'
import { violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import { type ConnectionState, report } from './state.js'

/** Seconds a side has to close the connection after the other must know that it should. */
const patience = 10
/** Seconds a side has to answer, or to close the connection after its own DISCONNECT. */
const longPatience = 20

/** Rules that make a packet malformed, so that its receiver must close the connection. */
const malformed = new Set([
  'field-overrun',
  'trailing-bytes',
  'wrong-length',
  'remlen-5-bytes',
  'type-reserved-0',
  'qos-3',
])

export class HandshakeChecks {
  readonly #state: ConnectionState
  #malformedAt = -1
  /** A connection that stays open was reported. */
  #reported = false
  #connectNumber = 0

  constructor(state: ConnectionState) {
    this.#state = state
  }

  /** Call this before the state is updated from the packet. */
  packet(packet: Packet): void {
    if (this.#isSettled(packet)) return
    const { direction, type } = packet
    const state = this.#state
    if (packet.violations.length > 0) this.#note(packet)
    if (state.whole && state.disconnected[direction] !== undefined) report(packet, 'after-disconnect')
    if (direction === 'c2s') this.#fromClient(packet)
    else this.#fromServer(packet)
    if (type === connect) this.#connectNumber = packet.number
    if (type === disconnect) state.disconnected[direction] ??= packet.seconds
    if (type === auth) this.#auth(packet)
    const only = onlyDirection(type, packet.version)
    if (only !== undefined && only !== direction && state.whole && state.connect !== undefined) {
      report(packet, 'direction')
    }
  }

  /** Fast path: the connection is established and `packet` neither begins nor ends it. */
  #isSettled({ type, violations, properties }: Packet): boolean {
    if (type < publish || type > pubcomp || violations.length > 0 || properties !== undefined) return false
    const { sure, connackCode, disconnected } = this.#state
    if (!sure || connackCode !== 0 || this.#malformedAt >= 0) return false
    return disconnected.c2s === undefined && disconnected.s2c === undefined
  }

  #fromClient(packet: Packet): void {
    const { type } = packet
    const state = this.#state
    if (state.packets.c2s === 0) {
      if (type !== connect && state.whole) report(packet, 'first-not-connect')
    } else if (type === connect && state.connect !== undefined) report(packet, 'second-connect')
    if (state.version !== 5 || state.connect === undefined) return
    const method = state.connectProperty(propertyId.authenticationMethod) !== undefined
    if (method && state.connackCode < 0 && state.whole && state.packets.s2c > 0 && type !== auth) {
      if (type !== disconnect && type !== connect) report(packet, 'early-with-auth-method')
    }
    const expiry = packet.type === disconnect ? packet.property(propertyId.sessionExpiry) : undefined
    if (expiry !== undefined && expiry !== 0 && !state.connectProperty(propertyId.sessionExpiry))
      report(packet, 'disconnect-expiry')
  }

  #fromServer(packet: Packet): void {
    const { type } = packet
    const state = this.#state
    if (state.packets.s2c === 0 && state.whole && state.connect !== undefined) {
      if (type === disconnect && packet.version === 5) report(packet, 'disconnect-before-connack')
      else if (type !== connack && !(type === auth && packet.version === 5)) report(packet, 'connack-first')
    }
    if (type === connack) this.#connack(packet)
    else if (state.connackCode > 0 && type !== disconnect) report(packet, 'data-after-refuse')
    if (type === publish || packet.version !== 5 || packet.properties === undefined) return
    if (
      state.connectProperty(propertyId.requestProblemInformation) !== 0 ||
      type === connack ||
      type === disconnect
    )
      return
    const { properties } = packet
    if (properties.has(propertyId.reasonString) || properties.has(propertyId.userProperty)) {
      report(packet, 'problem-info-unwanted')
    }
  }

  #connack(packet: Packet): void {
    const { connect, connackCode, whole } = this.#state
    if (connackCode >= 0) report(packet, 'connack-twice')
    if (connect === undefined || !whole) return
    const { reasonCode, sessionPresent, version } = packet
    if (!((connect.level & 0x7f) in versionNames)) this.#unknownLevel(packet, connect.level)
    if (sessionPresent && connect.cleanStart && version > 3)
      report(packet, 'session-present-clean', undefined, 2)
    if (connect.clientId === '' && reasonCode === 0) {
      const assigned = packet.property(propertyId.assignedClientIdentifier) !== undefined
      if (version === 5 ? !assigned : version === 4 && !connect.cleanStart)
        report(packet, 'empty-clientid-reply')
    }
    const asked = this.#state.connectProperty(propertyId.requestResponseInformation) === 1
    if (!asked && packet.property(propertyId.responseInformation) !== undefined)
      report(packet, 'response-info-unasked')
    this.#method(packet)
  }

  /** A server that does not know the level refuses it with code 0x01, or with a Reason Code of MQTT 5.0. */
  #unknownLevel(packet: Packet, level: number): void {
    const { reasonCode, version } = packet
    if (reasonCode === 0) report(packet, 'protocol-level', `protocol level ${level} was accepted`, 3)
    else if (version < 5 && reasonCode !== 1) {
      report(packet, 'protocol-level', `protocol level ${level} was refused with a code other than 0x01`, 3)
    }
  }

  #auth(packet: Packet): void {
    if (!this.#state.whole || this.#state.connect === undefined || packet.version !== 5) return
    if (this.#state.connectProperty(propertyId.authenticationMethod) === undefined)
      report(packet, 'auth-without-method')
    else this.#method(packet)
  }

  #method(packet: Packet): void {
    const method = packet.property(propertyId.authenticationMethod)
    const asked = this.#state.connectProperty(propertyId.authenticationMethod)
    if (method !== undefined && asked !== undefined && method !== asked) report(packet, 'auth-method-changed')
  }

  #note({ violations, direction, seconds }: Packet): void {
    if (direction === 'c2s' && violations.some(({ rule }) => malformed.has(rule.key)))
      this.#malformedAt = seconds
  }

  /**
   * Checks the end of the connection. `heard`: other packets from this server to this client's address were captured, so
   * a missing CONNACK is not a gap in the capture.
   */
  closed(how: string, detail: CloseDetail | undefined, heard: boolean): LateViolation[] {
    const late: LateViolation[] = []
    const { whole, version, disconnected, connect } = this.#state
    const end = detail === undefined ? -1 : secondsOf(detail.origin)
    const said = disconnected.c2s
    if (this.#state.sure && how !== 'rst' && said !== undefined && end >= 0 && end - said > longPatience) {
      const found = violation('disconnect-close', version, 0)
      if (found !== undefined) late.push({ ...found, packet: 0, direction: 'c2s' })
    }
    if (whole && heard && connect !== undefined && this.#isUnanswered(how, detail)) {
      const found = violation('connack-missing', version, 0)
      if (found !== undefined) late.push({ ...found, packet: this.#connectNumber, direction: 's2c' })
    }
    return late
  }

  /** The server neither sent a packet nor closed, although the client waited long enough. */
  #isUnanswered(how: string, detail: CloseDetail | undefined): boolean {
    const { packets, lastTime, connectTime, faulty, connection } = this.#state
    if (packets.s2c > 0 || faulty || connectTime < 0 || connection.versionFrom === 'assumed') return false
    const byClient =
      how === 'fin' ? detail?.direction === 's2c' : how === 'rst' && detail?.direction === 'c2s'
    const seen = byClient ? secondsOf(detail!.origin) : lastTime.c2s
    return seen - connectTime >= longPatience
  }

  /** Reports, once, a connection that stays open although it must be closed. */
  stillOpen(packet: Packet): void {
    const state = this.#state
    if (this.#reported || (state.connackCode <= 0 && this.#malformedAt < 0)) return
    const { seconds, direction } = packet
    if (seconds < 0 || !state.whole) return
    if (state.connackCode > 0 && direction === 'c2s' && seconds - state.connackTime > patience) {
      this.#reported = true
      report(packet, 'refuse-then-close')
    }
    if (this.#malformedAt >= 0 && direction === 's2c' && packet.type !== disconnect) {
      if (seconds - this.#malformedAt < patience) return
      this.#reported = true
      report(packet, 'malformed-not-closed')
    }
  }
}
