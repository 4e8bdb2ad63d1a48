// The will of one client (MQTT-SN 1.2, 6.3 and 6.4).
import { SnCode, type SnMessage } from '../codec/mqtt-sn-messages.js'
import { isTopicName } from './gateway-subscriptions.js'
import type { UpstreamLink, Will } from './gateway-types.js'

type WillTopic = Extract<SnMessage, { readonly willTopic: string }>
type WillMessage = { readonly type: 'willmsg' | 'willmsgupd'; readonly data: Uint8Array }

/** False for a topic with which a server ends the connection. An empty one deletes the will. */
export function isWillTopic({ willTopic }: WillTopic): boolean {
  return willTopic === '' || isTopicName(willTopic)
}

export class ClientWill {
  #will: Will | undefined
  /** The server has another one: MQTT cannot change it, so we publish it ourselves. */
  #changed = false

  /** For a new connection to the server. */
  take(): Will | undefined {
    this.#changed = false
    return this.#will
  }

  clear(): void {
    this.#will = undefined
  }

  /** @returns false for an empty topic, which deletes the will */
  topic({ willTopic: topic, qos, retain }: WillTopic): boolean {
    const payload = this.#will?.payload ?? new Uint8Array()
    this.#will = topic === '' ? undefined : { topic, payload, qos: qos === 1 || qos === 2 ? qos : 0, retain }
    return topic !== ''
  }

  message({ data }: WillMessage): void {
    if (this.#will !== undefined)
      this.#will = { ...this.#will, payload: Uint8Array.prototype.slice.call(data) }
  }

  /** WILLTOPICUPD and WILLMSGUPD. @returns the answer */
  update(message: WillTopic | WillMessage): SnMessage {
    if ('willTopic' in message) {
      if (!isWillTopic(message)) return { type: 'willtopicresp', returnCode: SnCode.notSupported }
      this.topic(message)
      this.#changed = true
      return { type: 'willtopicresp', returnCode: SnCode.accepted }
    }
    if (this.#will === undefined) return { type: 'willmsgresp', returnCode: SnCode.notSupported }
    this.message(message)
    this.#changed = true
    return { type: 'willmsgresp', returnCode: SnCode.accepted }
  }

  /** The client is lost: its will is published, by the server or by us. */
  execute(link: UpstreamLink): void {
    if (!this.#changed) return link.cut()
    if (link.up && this.#will !== undefined) {
      const { topic, payload, qos, retain } = this.#will
      link.publish(topic, payload, qos, retain)
    }
    link.close()
  }
}
