// Checks of a resumed session (MQTT 5.0, 4.4, 4.6): messages left unacknowledged by the previous connection are resent
// with the same Packet Identifiers and, by a client, in the original order.

import { payloadHash } from '../content-hash.js'
import * as names from '../names.js'
import type { Direction, Packet } from '../packet.js'
import { violation } from '../rules.js'
import type { LateViolation } from '../views/view.js'
import type { ResendFacts } from './in-flight.js'
import { type ConnectionState, report } from './state.js'

/** A message that one side must resend. */
export interface Unacknowledged {
  readonly direction: Direction
  /** The packet to resend; `either` if a PUBREC may not have arrived. */
  readonly step: 'publish' | 'pubrel' | 'either'
  readonly identifier: number
  /** Number of the unanswered packet. */
  readonly number: number
  readonly topic: string | undefined
  readonly kept: ResendFacts
}

const patience = 20 // seconds

/** Offset of the Packet Identifier in a PUBLISH. */
export function identifierOffset({ body, start, bytes }: Packet): number {
  return body - start + 2 + ((bytes[body]! << 8) | bytes[body + 1]!)
}

function identifierKey(direction: Direction, identifier: number): number {
  return (direction === 'c2s' ? 0 : 0x10000) + identifier
}

export class Resumption {
  readonly #state: ConnectionState
  readonly #before: ConnectionState
  /** Messages not yet resent or acknowledged, by direction and Packet Identifier. */
  readonly #left = new Map<number, Unacknowledged>()
  /** Messages whose Packet Identifier was reused for another message. */
  readonly #lost: Unacknowledged[] = []
  /** Packet Identifiers of exchanges that ended late in the previous connection: the last packet may not have arrived. */
  readonly #ended: Record<Direction, readonly number[]>
  #lastOrder = -1

  constructor(
    state: ConnectionState,
    before: ConnectionState,
    { left, ended }: { left: readonly Unacknowledged[]; ended: Record<Direction, readonly number[]> },
  ) {
    this.#state = state
    this.#before = before
    this.#ended = ended
    for (const one of left) this.#left.set(identifierKey(one.direction, one.identifier), one)
  }

  /** Returns the message that a PUBLISH resends, undefined if it is new. */
  publish(packet: Packet): Unacknowledged | undefined {
    const { direction, packetIdentifier, dup } = packet
    const key = identifierKey(direction, packetIdentifier)
    const left = this.#left.get(key)
    if (left === undefined) {
      if (dup) this.#new(packet)
      return undefined
    }
    this.#left.delete(key)
    if (!dup && (left.topic !== packet.topic || left.step === 'pubrel')) {
      this.#lost.push(left)
      return undefined
    }
    if (direction === 'c2s' && dup && left.step === 'publish') this.#order(packet, left)
    return left
  }

  /** A PUBREL, which resends, or an acknowledgement: either settles the message. */
  other(packet: Packet): Unacknowledged | undefined {
    const { direction, packetIdentifier, type } = packet
    const sender = type === names.pubrel ? direction : direction === 'c2s' ? 's2c' : 'c2s'
    const key = identifierKey(sender, packetIdentifier)
    const left = this.#left.get(key)
    this.#left.delete(key)
    return left
  }

  /** Messages not resent yet; the next connection inherits them. */
  get rest(): readonly Unacknowledged[] {
    return [...this.#left.values()]
  }

  #order(packet: Packet, { kept: { order } }: Unacknowledged): void {
    if (order < this.#lastOrder && this.#sure) {
      report(
        packet,
        'resend-order',
        'a message that was first sent later was resent earlier',
        identifierOffset(packet),
      )
    }
    this.#lastOrder = Math.max(this.#lastOrder, order)
  }

  /** A DUP whose Packet Identifier is unknown: reports a message that was resent with a new Packet Identifier. */
  #new(packet: Packet): void {
    const { direction, topic, length, packetIdentifier } = packet
    if (!this.#sure || this.#ended[direction].includes(packetIdentifier)) return
    const hash = payloadHash(packet)
    const same = [...this.#left.values()].filter((left) => {
      return (
        left.direction === direction &&
        left.kept.hash === hash &&
        left.topic === topic &&
        left.kept.length === length
      )
    })
    if (same.length !== 1 || hash === 0 || same[0]!.step === 'pubrel') return
    const { number, identifier } = same[0]!
    const detail = `#${number} was sent with Packet Identifier ${identifier}`
    report(packet, 'resend-new-id', detail, identifierOffset(packet))
    this.#left.delete(identifierKey(direction, identifier))
  }

  get #sure(): boolean {
    return this.#state.sure && this.#before.whole
  }

  /** Messages that were never resent, although their sender had time and no open exchange held them up. */
  *missing(isQuiet: (direction: Direction) => boolean): Generator<LateViolation> {
    const { lastTime, connackTime, version, limits } = this.#state
    if (!this.#sure || connackTime < 0) return
    for (const left of [...this.#lost, ...this.#left.values()]) {
      const { direction, number, identifier, kept } = left
      if (kept.expires || kept.length > limits[direction].maximumPacketSize) continue
      if (lastTime[direction] - connackTime < patience || !isQuiet(direction)) continue
      const detail = `#${number} with Packet Identifier ${identifier} was neither acknowledged nor resent`
      const found = violation('resend-missing', version, 0, detail)
      if (found !== undefined) yield { ...found, packet: number, direction }
    }
  }
}
