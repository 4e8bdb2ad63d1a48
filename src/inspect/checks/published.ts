// What waits for an answer, and what one side has published, by Packet Identifier.
import type { Instant } from '../../capture/stream.js'
import { payloadPrint } from '../content.js'
import type { Packet, Subscription } from '../packet.js'
import { propertyId } from '../properties.js'

/** Something that waits for an answer. */
export interface Waiting extends Instant {
  type: number
  number: number
  second: number
  nanos: number
  readonly topic?: string | undefined
  length: number
  readonly subscriptions?: readonly Subscription[] | undefined
  /** Of a PUBLISH, where the session outlives the connection. */
  readonly kept: Kept | undefined
}

/** What the next connection has to know of a PUBLISH. */
export interface Kept {
  readonly qos: number
  /** The number of the packet that was the first to send it. */
  readonly order: number
  readonly length: number
  readonly print: number
  readonly expires: boolean
}

/** Acknowledgements of so many messages may be lost with a connection. */
const mostEnded = 256

/** What one side has published, by Packet Identifier, in the order in which it happened. */
export class Published {
  /** Waiting for PUBACK; for PUBREC; for PUBREL; for PUBCOMP. */
  readonly qos1 = new Map<number, Waiting>()
  readonly qos2 = new Map<number, Waiting>()
  readonly received = new Map<number, Waiting>()
  readonly released = new Map<number, Waiting>()
  /** Refused by PUBREC: a PUBREL must not follow. */
  readonly refused = new Set<number>()
  /** What was acknowledged last, where the session outlives the connection. */
  #ended: Uint16Array | undefined
  #endedCount = 0

  get size(): number {
    return this.qos1.size + this.qos2.size + this.received.size + this.released.size
  }

  /** The PUBLISH with this Packet Identifier that has not come to its PUBREL. */
  before(identifier: number): Waiting | undefined {
    const { qos1, qos2, received } = this
    // Most often two of the three are empty.
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

export function waitingOf(packet: Packet): Waiting {
  const { type, number, second, nanos, topic, length, subscriptions } = packet
  return { type, number, second, nanos, topic, length, subscriptions, kept: undefined }
}

/** The exchange has come to `packet`, which waits now. The same object: an exchange of QoS 2 would need three. */
export function advanced(waiting: Waiting, { type, number, second, nanos, length }: Packet): Waiting {
  waiting.type = type
  waiting.number = number
  waiting.second = second
  waiting.nanos = nanos
  waiting.length = length
  return waiting
}

/** The same of a PUBLISH whose session outlives the connection; `order` where it sends again. */
export function keptOf(packet: Packet, order: number): Waiting {
  const { type, number, second, nanos, topic, length, qos } = packet
  const expires = packet.property(propertyId.messageExpiry) !== undefined
  const kept = { qos, order, length, print: payloadPrint(packet), expires }
  return { type, number, second, nanos, topic, length, subscriptions: undefined, kept }
}
