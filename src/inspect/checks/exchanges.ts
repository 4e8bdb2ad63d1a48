// Packet Identifiers and the exchanges of QoS 1 and 2, SUBSCRIBE, UNSUBSCRIBE and PINGREQ (MQTT 5.0, 2.2.1, 4.3 to 4.6):
// what is under way, which packet answers which, and what breaks the order of things.
import * as names from '../names.js'
import type { Direction, Packet } from '../packet.js'
import type { RuleKey } from '../rules.js'
import { Published, type Waiting, waitingOf } from './published.js'
import { type State, wrong } from './state.js'

/** More than this is not under way at once: a Packet Identifier has two bytes. Guards against streams that make no sense. */
const mostPings = 1000

export class Exchanges {
  readonly #state: State
  readonly #published: Record<Direction, Published> = { c2s: new Published(), s2c: new Published() }
  readonly #requests = new Map<number, Waiting>()
  readonly #pings: Waiting[] = []
  /** The SUBSCRIBE or UNSUBSCRIBE that the packet at hand answers. */
  answered: Waiting | undefined

  constructor(state: State) {
    this.#state = state
  }

  packet(packet: Packet): void {
    this.answered = undefined
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
        if (this.#pings.length < mostPings) this.#pings.push(waitingOf(packet))
        return
      case names.pingresp:
        return answer(packet, this.#pings.shift())
    }
  }

  #publish(packet: Packet): void {
    const { direction, packetIdentifier: id } = packet
    const published = this.#published[direction]
    const { qos1, qos2, received, released } = published
    const earlier = qos1.get(id) ?? qos2.get(id) ?? received.get(id)
    if (earlier !== undefined) this.#again(packet, earlier)
    else if (this.#state.sure) this.#unlike(packet, released.has(id))
    published.refused.delete(id)
    received.delete(id)
    const [waiting, other] = packet.qos === 1 ? [qos1, qos2] : [qos2, qos1]
    other.delete(id)
    if (earlier === undefined || !packet.dup) waiting.delete(id)
    waiting.set(id, waitingOf(packet))
    const most = this.#state.limits[direction].receiveMaximum
    if (packet.version === 5 && this.#state.sure && published.size > most) {
      const detail = `${published.size} messages are not acknowledged, Receive Maximum is ${most}`
      wrong(packet, direction === 'c2s' ? 'receive-max-c2s' : 'receive-max-s2c', detail)
    }
  }

  /** Its Packet Identifier is free, as far as PUBLISH packets go. */
  #unlike(packet: Packet, released: boolean): void {
    if (released) {
      wrong(
        packet,
        packet.dup ? 'publish-after-pubrel' : 'packet-id-in-use',
        undefined,
        identifierOffset(packet),
      )
    } else if (packet.direction === 'c2s' && this.#requests.has(packet.packetIdentifier)) {
      wrong(packet, 'packet-id-in-use', undefined, identifierOffset(packet))
    } else if (packet.dup && this.#state.fresh && this.#state.connect?.cleanStart === true) {
      wrong(packet, 'dup-on-first')
    }
  }

  #again(packet: Packet, earlier: Waiting): void {
    if (!this.#state.sure) return
    if (packet.dup) {
      if (packet.version === 5) wrong(packet, 'resend-same-connection', `it was sent as #${earlier.number}`)
      return
    }
    const same = earlier.topic === packet.topic && earlier.length === packet.length
    const detail = `Packet Identifier ${packet.packetIdentifier} is in use since #${earlier.number}`
    if (same) wrong(packet, 'resend-without-dup')
    else wrong(packet, 'packet-id-in-use', detail, identifierOffset(packet))
  }

  #puback(packet: Packet): void {
    const { direction, packetIdentifier: id } = packet
    const { qos1, qos2 } = this.#published[opposite(direction)]
    const waiting = qos1.get(id)
    if (waiting === undefined) return this.#unknown(packet, qos2.has(id))
    this.#order(packet, qos1, 'puback-order')
    answer(packet, waiting)
    qos1.delete(id)
  }

  #pubrec(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { qos1, qos2, received, released, refused } = this.#published[opposite(direction)]
    const waiting = qos2.get(id)
    if (waiting === undefined) {
      if (!received.has(id) && !released.has(id)) this.#unknown(packet, qos1.has(id))
      return
    }
    this.#order(packet, qos2, 'pubrec-order')
    answer(packet, waiting)
    qos2.delete(id)
    if (reasonCode >= 0x80) refused.add(id)
    else received.set(id, waitingOf(packet, waiting))
  }

  #pubrel(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { received, released, refused, qos1 } = this.#published[direction]
    const waiting = received.get(id)
    if (waiting === undefined) {
      if (released.has(id) || reasonCode === 0x92) return
      if (refused.has(id) && this.#state.sure) wrong(packet, 'pubrel-after-error')
      else this.#unknown(packet, qos1.has(id))
      released.set(id, waitingOf(packet))
      return
    }
    this.#order(packet, received, 'pubrel-order')
    answer(packet, waiting)
    received.delete(id)
    released.set(id, waitingOf(packet))
  }

  #pubcomp(packet: Packet): void {
    const { direction, packetIdentifier: id, reasonCode } = packet
    const { released, qos1 } = this.#published[opposite(direction)]
    const waiting = released.get(id)
    if (waiting === undefined) {
      if (reasonCode !== 0x92) this.#unknown(packet, qos1.has(id))
      return
    }
    answer(packet, waiting)
    released.delete(id)
  }

  /** Nothing of this kind is under way. After a reconnect it may be from the connection before. */
  #unknown(packet: Packet, otherQos: boolean): void {
    if (!this.#state.fresh) return
    const detail = `nothing with Packet Identifier ${packet.packetIdentifier} waits for this`
    wrong(packet, otherQos ? 'wrong-ack-type' : 'ack-unknown-id', otherQos ? undefined : detail, 2)
  }

  /** A client answers in the order of what it answers [MQTT-4.6.0-2] to [MQTT-4.6.0-4]. */
  #order(packet: Packet, waiting: ReadonlyMap<number, Waiting>, key: RuleKey): void {
    if (packet.direction !== 'c2s' || !this.#state.fresh) return
    const first = waiting.keys().next().value
    if (first === packet.packetIdentifier) return
    wrong(packet, key, `Packet Identifier ${first} came before`, 2)
  }

  #request(packet: Packet): void {
    const { packetIdentifier: id, direction } = packet
    if (direction !== 'c2s') return
    const { qos1, qos2, received, released } = this.#published.c2s
    const used =
      this.#requests.has(id) || qos1.has(id) || qos2.has(id) || received.has(id) || released.has(id)
    if (used && this.#state.sure) wrong(packet, 'packet-id-in-use', undefined, packet.body - packet.start)
    this.#requests.set(id, waitingOf(packet))
  }

  #requestAnswered(packet: Packet): void {
    const { packetIdentifier: id, type } = packet
    const request = this.#requests.get(id)
    if (request === undefined || request.type !== type - 1) {
      if (this.#state.whole && this.#state.connect !== undefined) {
        wrong(packet, 'suback-id', `no ${names.packetNames[type - 1]} has this Packet Identifier`, 2)
      }
      return
    }
    this.#requests.delete(id)
    answer(packet, request)
    this.answered = request
  }

  /** What waits for an answer at the end of the connection: the rule, and who should have answered. */
  *unanswered(): Generator<{ waiting: Waiting; key: RuleKey; from: Direction }> {
    for (const direction of ['c2s', 's2c'] as const) {
      const { qos1, qos2, received, released } = this.#published[direction]
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

function answer(packet: Packet, waiting: Waiting | undefined): void {
  if (waiting === undefined) return
  packet.answers = waiting.number
  if (waiting.time >= 0n && packet.time >= 0n) packet.roundTrip = Number(packet.time - waiting.time)
}

/** Where the Packet Identifier of a PUBLISH is. */
function identifierOffset({ body, start, bytes }: Packet): number {
  return body - start + 2 + ((bytes[body]! << 8) | bytes[body + 1]!)
}
