// Packets that wait for an answer, and the unacknowledged PUBLISH packets of one side, by Packet Identifier.
import type { Instant } from '../../capture/stream.js'
import { payloadHash } from '../content-hash.js'
import type { Packet, Subscription } from '../packet.js'
import { propertyId } from '../properties.js'

/** A packet that waits for an answer. */
export interface Pending extends Instant {
  type: number
  number: number
  second: number
  nanos: number
  readonly topic?: string | undefined
  length: number
  readonly subscriptions?: readonly Subscription[] | undefined
  /** Set for a PUBLISH if the session outlives the connection. */
  readonly kept: ResendFacts | undefined
}

/** Facts about a PUBLISH that the next connection of the session needs. */
export interface ResendFacts {
  /** Number of the packet that sent it first. */
  readonly order: number
  readonly length: number
  readonly hash: number
  readonly expires: boolean
}

/** Completed Packet Identifiers that are kept: their last acknowledgements may have been lost with the connection. */
const mostEnded = 256

/** Unacknowledged PUBLISH packets of one side, by Packet Identifier, in the order of sending. */
export class InFlight {
  /** Waiting for PUBACK, PUBREC, PUBREL and PUBCOMP respectively. */
  readonly qos1 = new Map<number, Pending>()
  readonly qos2 = new Map<number, Pending>()
  readonly received = new Map<number, Pending>()
  readonly released = new Map<number, Pending>()
  /** Refused by PUBREC: no PUBREL may follow. */
  readonly refused = new Set<number>()
  /** Packet Identifiers acknowledged last, if the session outlives the connection. */
  #ended: Uint16Array | undefined
  #endedCount = 0

  get size(): number {
    return this.qos1.size + this.qos2.size + this.received.size + this.released.size
  }

  /** The PUBLISH with this Packet Identifier that has not reached PUBREL. */
  before(identifier: number): Pending | undefined {
    const { qos1, qos2, received } = this
    // Usually two of the three are empty, and `size` costs less than `get`.
    return (
      (qos1.size > 0 ? qos1.get(identifier) : undefined) ??
      (qos2.size > 0 ? qos2.get(identifier) : undefined) ??
      (received.size > 0 ? received.get(identifier) : undefined)
    )
  }

  has(identifier: number): boolean {
    return this.before(identifier) !== undefined || this.released.has(identifier)
  }

  end(identifier: number): void {
    this.#ended ??= new Uint16Array(mostEnded)
    this.#ended[this.#endedCount++ % mostEnded] = identifier
  }

  get ended(): readonly number[] {
    return [...(this.#ended?.subarray(0, Math.min(this.#endedCount, mostEnded)) ?? [])]
  }
}

export function pendingOf(packet: Packet): Pending {
  const { type, number, second, nanos, topic, length, subscriptions } = packet
  return { type, number, second, nanos, topic, length, subscriptions, kept: undefined }
}

/** Moves `waiting` on to the next packet of its exchange. Reuses the object: QoS 2 would need three. */
export function advanced(waiting: Pending, { type, number, second, nanos, length }: Packet): Pending {
  waiting.type = type
  waiting.number = number
  waiting.second = second
  waiting.nanos = nanos
  waiting.length = length
  return waiting
}

/** Like `waitingOf`, for a PUBLISH whose session outlives the connection. `order`: number of the packet that sent it first. */
export function resendablePendingOf(packet: Packet, order: number): Pending {
  const { type, number, second, nanos, topic, length } = packet
  const expires = packet.property(propertyId.messageExpiry) !== undefined
  const kept = { order, length, hash: payloadHash(packet), expires }
  return { type, number, second, nanos, topic, length, subscriptions: undefined, kept }
}
