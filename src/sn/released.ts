// Messages at QoS 2 whose exchange is over. A datagram that was delayed or doubled on its way may bring one again after its
// PUBREL, and MQTT-SN has no order of datagrams: it must not be taken for a new message.

import { checksum } from '../codec/checksum.js'
import type { SnPublish } from '../codec/mqtt-sn-messages.js'
import { topicIdOf } from './client-types.js'

interface Released {
  readonly mark: number
  readonly until: number
}

/** The last messages of one sender that are remembered. */
const most = 16

export class ReleasedMessages {
  readonly #messages = new Map<number, Released>()
  readonly #forMs: number

  /** @param forMs how long a datagram may be under way */
  constructor(forMs: number) {
    this.#forMs = forMs
  }

  /** The exchange of a message with this `mark` is over. */
  add(messageId: number, mark: number, now: number): void {
    this.#messages.delete(messageId)
    this.#messages.set(messageId, { mark, until: now + this.#forMs })
    if (this.#messages.size > most)
      for (const [oldest] of this.#messages) return void this.#messages.delete(oldest)
  }

  /** True for a repetition. A sender may use the identifier again for another message, which differs. */
  has(messageId: number, mark: number, now: number): boolean {
    const released = this.#messages.get(messageId)
    return released !== undefined && released.mark === mark && now <= released.until
  }

  clear(): void {
    this.#messages.clear()
  }
}

/** A number that two different messages rarely share. */
export function markOf({ topic, data }: SnPublish): number {
  return checksum(data, topicIdOf(topic))
}
