// What waits for an answer, and what one side has published, by Packet Identifier.
import type { Packet, Subscription } from '../packet.js'

/** Something that waits for an answer. */
export interface Waiting {
  readonly type: number
  readonly number: number
  readonly time: bigint
  readonly topic?: string | undefined
  readonly length: number
  readonly subscriptions?: readonly Subscription[] | undefined
}

/** What one side has published, by Packet Identifier, in the order in which it happened. */
export class Published {
  /** Waiting for PUBACK; for PUBREC; for PUBREL; for PUBCOMP. */
  readonly qos1 = new Map<number, Waiting>()
  readonly qos2 = new Map<number, Waiting>()
  readonly received = new Map<number, Waiting>()
  readonly released = new Map<number, Waiting>()
  /** Refused by PUBREC: a PUBREL must not follow. */
  readonly refused = new Set<number>()

  get size(): number {
    return this.qos1.size + this.qos2.size + this.received.size + this.released.size
  }
}

export function waitingOf(packet: Packet, about?: Waiting): Waiting {
  const { type, number, time, topic, length, subscriptions } = packet
  return { type, number, time, topic: about?.topic ?? topic, length, subscriptions }
}
