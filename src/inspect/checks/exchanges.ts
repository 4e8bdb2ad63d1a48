// Packet Identifiers and the exchanges of QoS 1 and 2, SUBSCRIBE, UNSUBSCRIBE and PINGREQ (MQTT 5.0, 2.2.1, 4.3 to 4.6):
// tracks open exchanges, matches answers to requests and checks their order.
import { nanosBetween } from '../../capture/stream.js'
import * as names from '../names.js'
import type { Direction, Packet } from '../packet.js'
import type { RuleKey } from '../rules.js'
import { advanced, InFlight, type Pending, pendingOf, resendablePendingOf } from './in-flight.js'
import { identifierOffset, type Resumption, type Unacknowledged } from './resumption.js'
import { type ConnectionState, report } from './state.js'

/** PINGREQs without an answer that are kept. They have no Packet Identifier that would bound their number. */
const mostPings = 1000

export class ExchangeChecks {
  readonly #state: ConnectionState
  /** Created at the first PUBLISH: most of many thousand connections never publish. */
  readonly #published: Record<Direction, InFlight | undefined> = { c2s: undefined, s2c: undefined }
  readonly #requests = new Map<number, Pending>()
  readonly #pings: Pending[] = []
  /** The SUBSCRIBE or UNSUBSCRIBE that the current packet answers. */
  answered: Pending | undefined
  /** The current PUBLISH repeats a message whose exchange has not reached PUBREL. */
  again = false
  /** Messages of the previous connection that must be resent. */
  resumption: Resumption | undefined
  /** PUBRELs came in another order than the PUBLISH packets. */
  unordered = false

  constructor(state: ConnectionState) {
    this.#state = state
  }

  packet(packet: Packet): void {
    this.answered = undefined
    this.again = false
    switch (packet.type) {
      case names.publish:
        if (packet.qos === 1 || packet.qos === 2) this.#publish(packet)
        return
      case names.puback:
        return this.#puback(packet)
      case names.pubrec:
        return this.#pubrec(packet)
      case names.pubrel:
        return this.#pubrel(packet)
      case names.pubcomp:
        return this.#pubcomp(packet)
      case names.subscribe:
      case names.unsubscribe:
        return this.#request(packet)
      case names.suback:
      case names.unsuback:
        return this.#requestAnswered(packet)
      case names.pingreq:
        if (this.#pings.length < mostPings) this.#pings.push(pendingOf(packet))
        return
      case names.pingresp:
        return answer(packet, this.#pings.shift())
    }
  }

  #publish(packet: Packet): void {
    const { direction, packetIdentifier: id } = packet
    const published = this.#of(direction)
    const { qos1, qos2, received, released, refused } = published
    const earlier = published.before(id)
    const left = earlier === undefined ? this.resumption?.publish(packet) : undefined
    this.again = packet.dup && (earlier !== undefined || (left !== undefined && left.step !== 'pubrel'))
    if (earlier !== undefined) this.#again(packet, earlier)
    else if (this.#state.sure) this.#checkNew(packet, released.size > 0 && released.has(id))
    if (refused.size > 0) refused.delete(id)
    const waiting = packet.qos === 1 ? qos1 : qos2
    if (earlier !== undefined) {
      received.delete(id)
      ;(packet.qos === 1 ? qos2 : qos1).delete(id)
      if (!packet.dup) waiting.delete(id)
    }
    const order = (earlier?.kept ?? left?.kept)?.order ?? packet.number
    waiting.set(id, this.#state.expiry > 0 ? resendablePendingOf(packet, order) : pendingOf(packet))
    const most = this.#state.limits[direction].receiveMaximum
    if (packet.version === 5 && this.#state.sure && published.size > most) {
      const detail = `${published.size} messages are not acknowledged, Receive Maximum is ${most}`
      report(packet, direction === 'c2s' ? 'receive-max-c2s' : 'receive-max-s2c', detail)
    }
  }

  /** Checks a PUBLISH whose Packet Identifier no unreleased PUBLISH uses. `released`: one that reached PUBREL does. */
  #checkNew(packet: Packet, released: boolean): void {
    if (released) {
      report(
        packet,
        packet.dup ? 'publish-after-pubrel' : 'packet-id-in-use',
        undefined,
        identifierOffset(packet),
      )
    } else if (packet.direction === 'c2s' && this.#requests.has(packet.packetIdentifier)) {
      report(packet, 'packet-id-in-use', undefined, identifierOffset(packet))
    } else if (packet.dup && this.#isFirstSending(packet)) report(packet, 'dup-on-first')
  }

  /** In a new session, unless the client resends a message of an earlier one, as most clients do. */
  #isFirstSending({ direction }: Packet): boolean {
    const { fresh, connect, isFirstOfClient } = this.#state
    return fresh && connect?.cleanStart === true && (direction === 's2c' || isFirstOfClient)
  }

  #again(packet: Packet, earlier: Pending): void {
    if (!this.#state.sure) return
    if (packet.dup) return report(packet, 'resend-same-connection', `first sent as #${earlier.number}`)
    const same = earlier.topic === packet.topic && earlier.length === packet.length
    const detail = `Packet Identifier ${packet.packetIdentifier} is in use since #${earlier.number}`
    if (same) report(packet, 'resend-without-dup')
    else report(packet, 'packet-id-in-use', detail, identifierOffset(packet))
  }

  #puback(packet: Packet): void {
    const { direction, packetIdentifier: id } = packet
    const { qos1, qos2 } = this.#of(opposite(direction))
    const waiting = qos1.get(id)
    if (waiting === undefined) return this.#unknown(packet, qos2.has(id))
    this.#order(packet, qos1, 'puback-order')
    answer(packet, waiting)
    qos1.delete(id)
    if (this.#state.expiry > 0) this.#of(opposite(direction)).end(id)
  }

  #pubrec(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { qos1, qos2, received, released, refused } = this.#of(opposite(direction))
    const waiting = qos2.get(id)
    if (waiting === undefined) {
      if (!received.has(id) && !released.has(id)) this.#unknown(packet, qos1.has(id))
      return
    }
    this.#order(packet, qos2, 'pubrec-order')
    answer(packet, waiting)
    qos2.delete(id)
    if (reasonCode >= 0x80) refused.add(id)
    else received.set(id, advanced(waiting, packet))
  }

  #pubrel(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { received, released, refused, qos1 } = this.#of(direction)
    const waiting = received.get(id)
    if (waiting === undefined) {
      const left = this.resumption?.other(packet)
      if (left !== undefined)
        return void released.set(id, { ...pendingOf(packet), ...left, type: packet.type })
      if (released.has(id) || reasonCode === 0x92) return
      if (refused.has(id) && this.#state.sure) report(packet, 'pubrel-after-error')
      else this.#unknown(packet, qos1.has(id))
      released.set(id, pendingOf(packet))
      return
    }
    this.#order(packet, received, 'pubrel-order')
    answer(packet, waiting)
    received.delete(id)
    released.set(id, advanced(waiting, packet))
  }

  #pubcomp(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { released, qos1 } = this.#of(opposite(direction))
    const waiting = released.get(id)
    if (waiting === undefined) {
      if (reasonCode !== 0x92) this.#unknown(packet, qos1.has(id))
      return
    }
    answer(packet, waiting)
    released.delete(id)
    if (this.#state.expiry > 0) this.#of(opposite(direction)).end(id)
  }

  /** An acknowledgement without an open exchange. After a reconnect it may belong to the previous connection. */
  #unknown(packet: Packet, otherQos: boolean): void {
    this.resumption?.other(packet)
    const { fresh, isFirstOfClient } = this.#state
    if (!fresh || (packet.type === names.pubrel && packet.direction === 'c2s' && !isFirstOfClient)) return
    const detail = `no open exchange has Packet Identifier ${packet.packetIdentifier}`
    report(packet, otherQos ? 'wrong-ack-type' : 'ack-unknown-id', otherQos ? undefined : detail, 2)
  }

  /** A client acknowledges in the order in which it received [MQTT-4.6.0-2] to [MQTT-4.6.0-4]. */
  #order(packet: Packet, waiting: ReadonlyMap<number, Pending>, key: RuleKey): void {
    if (packet.direction !== 'c2s') return
    const first = waiting.keys().next().value
    if (first === packet.packetIdentifier) return
    if (key === 'pubrel-order') this.unordered = true
    if (!this.#state.fresh) return
    report(packet, key, `Packet Identifier ${first} was first`, 2)
  }

  #request(packet: Packet): void {
    const { packetIdentifier: id, direction } = packet
    if (direction !== 'c2s') return
    const used = this.#requests.has(id) || this.#published.c2s?.has(id) === true
    if (used && this.#state.sure) report(packet, 'packet-id-in-use', undefined, packet.body - packet.start)
    this.#requests.set(id, pendingOf(packet))
  }

  #requestAnswered(packet: Packet): void {
    const { packetIdentifier: id, type } = packet
    const request = this.#requests.get(id)
    if (request === undefined || request.type !== type - 1) {
      if (this.#state.whole && this.#state.connect !== undefined) {
        report(packet, 'suback-id', `no ${names.packetNames[type - 1]} has this Packet Identifier`, 2)
      }
      return
    }
    this.#requests.delete(id)
    answer(packet, request)
    this.answered = request
  }

  #of(direction: Direction): InFlight {
    const published = this.#published
    if (direction === 'c2s') return (published.c2s ??= new InFlight())
    return (published.s2c ??= new InFlight())
  }

  /** True if no message of this side is unacknowledged. */
  isQuiet(direction: Direction): boolean {
    return (this.#published[direction]?.size ?? 0) === 0
  }

  /** True if exactly one message of this side is unacknowledged, so that no other delayed it. */
  isAlone(direction: Direction): boolean {
    return this.#published[direction]?.size === 1
  }

  /** The state that the session keeps: messages to resend, and the Packet Identifiers acknowledged last. */
  ended(): { left: readonly Unacknowledged[]; ended: Record<Direction, readonly number[]> } {
    const left: Unacknowledged[] = [...(this.resumption?.rest ?? [])]
    for (const direction of ['c2s', 's2c'] as const) {
      const published = this.#published[direction]
      if (published === undefined) continue
      const { qos1, qos2, received, released } = published
      for (const [step, all] of [
        ['publish', qos1],
        ['publish', qos2],
        ['either', received],
        ['pubrel', released],
      ] as const) {
        for (const [identifier, { number, topic, kept }] of all) {
          if (kept !== undefined) left.push({ direction, step, identifier, number, topic, kept })
        }
      }
    }
    const { c2s, s2c } = this.#published
    return { left, ended: { c2s: c2s?.ended ?? [], s2c: s2c?.ended ?? [] } }
  }

  /** Exchanges still open at the end of the connection, each with its rule and the side that should have answered. */
  *unanswered(): Generator<{ waiting: Pending; key: RuleKey; from: Direction }> {
    for (const direction of ['c2s', 's2c'] as const) {
      const published = this.#published[direction]
      if (published === undefined) continue
      const { qos1, qos2, received, released } = published
      const from = opposite(direction)
      for (const waiting of qos1.values()) yield { waiting, key: 'puback-missing', from }
      for (const waiting of qos2.values()) yield { waiting, key: 'pubrec-missing', from }
      for (const waiting of received.values()) yield { waiting, key: 'pubrel-missing', from: direction }
      for (const waiting of released.values()) yield { waiting, key: 'pubcomp-missing', from }
    }
    for (const waiting of this.#requests.values()) {
      yield {
        waiting,
        key: waiting.type === names.subscribe ? 'suback-missing' : 'unsuback-missing',
        from: 's2c',
      }
    }
    for (const waiting of this.#pings) yield { waiting, key: 'pingresp-missing', from: 's2c' }
  }
}

function opposite(direction: Direction): Direction {
  return direction === 'c2s' ? 's2c' : 'c2s'
}

function answer(packet: Packet, waiting: Pending | undefined): void {
  if (waiting === undefined) return
  packet.answers = waiting.number
  if (waiting.second >= 0 && packet.second >= 0) packet.roundTrip = nanosBetween(waiting, packet)
}
