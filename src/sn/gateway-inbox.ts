// Messages of QoS 1 and 2 from one client: which are on their way to the server, and which were received before.

import { checksum } from '../codec/checksum.js'
import type { SnPublish } from '../codec/mqtt-sn-messages.js'

/** Messages of a client without their last acknowledgement. It should have one (6.6). */
const mostOutstanding = 64
/** Messages of QoS 2 that are done, of which a copy may still be under way. */
const mostDone = 16

interface Outstanding {
  readonly qos: 1 | 2
  /** TopicId for PUBACK. */
  readonly topicId: number
  /** The server has it: PUBREC has been sent (QoS 2). */
  received: boolean
}

interface Done {
  readonly messageId: number
  readonly key: string
  readonly at: number
}

export class Inbox {
  readonly #byId = new Map<number, Outstanding>()
  /** Message identifiers by the number of the server's side. */
  readonly #byToken = new Map<number, number>()
  readonly #keys = new Map<number, string>()
  #done: Done[] = []
  readonly #memoryMs: number

  /** `memoryMs`: how long a copy of a datagram may be under way. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs
  }

  get size(): number {
    return this.#byId.size
  }

  /**
   * What to do with a PUBLISH: forward it, nothing as it is on its way, send PUBREC again, or refuse it for now as there
   * are too many. A copy of a message of QoS 2 that is done gets PUBREC too.
   */
  judge(publish: SnPublish, now: number): 'new' | 'pending' | 'received' | 'full' {
    const known = this.#byId.get(publish.messageId)
    if (known !== undefined) return known.received ? 'received' : 'pending'
    if (publish.qos === 2) {
      this.#done = this.#done.filter(({ at }) => now - at < this.#memoryMs)
      const key = keyOf(publish)
      if (this.#done.some((done) => done.messageId === publish.messageId && done.key === key))
        return 'received'
    }
    return this.#byId.size >= mostOutstanding ? 'full' : 'new'
  }

  /** The message has been forwarded; `token` will be settled. */
  forwarded(publish: SnPublish, token: number, topicId: number): void {
    const qos = publish.qos === 2 ? 2 : 1
    this.#byId.set(publish.messageId, { qos, topicId, received: false })
    this.#byToken.set(token, publish.messageId)
    if (qos === 2) this.#keys.set(publish.messageId, keyOf(publish))
  }

  /** The server has the message, or refuses it. */
  settled(
    token: number,
    accepted: boolean,
  ): { readonly messageId: number; readonly qos: 1 | 2; readonly topicId: number } | undefined {
    const messageId = this.#byToken.get(token)
    if (messageId === undefined) return undefined
    this.#byToken.delete(token)
    const found = this.#byId.get(messageId)!
    if (found.qos === 1 || !accepted) this.#forget(messageId)
    else found.received = true
    return { messageId, qos: found.qos, topicId: found.topicId }
  }

  /**
   * PUBREL: the client does not send the message again.
   * @returns false if the message is on its way to the server, so that PUBREC has not been sent
   */
  released(messageId: number, now: number): boolean {
    const found = this.#byId.get(messageId)
    if (found === undefined) return true
    if (!found.received) return false
    this.#done.push({ messageId, key: this.#keys.get(messageId) ?? '', at: now })
    if (this.#done.length > mostDone) this.#done.shift()
    this.#forget(messageId)
    return true
  }

  /** What is on its way to the server will not be settled: the client sends it again. */
  abandon(): void {
    for (const messageId of this.#byToken.values()) this.#forget(messageId)
    this.#byToken.clear()
  }

  clear(): void {
    this.#byId.clear()
    this.#byToken.clear()
    this.#keys.clear()
    this.#done = []
  }

  #forget(messageId: number): void {
    this.#byId.delete(messageId)
    this.#keys.delete(messageId)
  }
}

/** Tells a copy from another message with the same identifier: topic, length and a checksum of the data. */
function keyOf({ topic, data }: SnPublish): string {
  return `${topic.kind}${'id' in topic ? topic.id : topic.name},${data.length},${checksum(data)}`
}
