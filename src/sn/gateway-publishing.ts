// PUBLISH of one client to the server (MQTT-SN 1.2, 6.6).
import { SnCode, type SnMessage, type SnPublish, type SnTopic } from '../codec/mqtt-sn-messages.js'
import { Inbox } from './gateway-inbox.js'
import type { UpstreamLink } from './gateway-types.js'

export interface PublishingPorts {
  /** How long a copy of a datagram may be under way, in milliseconds. */
  readonly memoryMs: number
  nameOf(topic: SnTopic): string | undefined
  send(message: SnMessage): void
  /** A message at QoS 0 did not reach the server. */
  dropped(why: string): void
}

export class Publishing {
  readonly #ports: PublishingPorts
  readonly #inbox: Inbox

  constructor(ports: PublishingPorts) {
    this.#ports = ports
    this.#inbox = new Inbox(ports.memoryMs)
  }

  /** @returns false if the topic is not known */
  publish(message: SnPublish, link: UpstreamLink | undefined, now: number): boolean {
    const { topic, qos, messageId, retain, data } = message
    const name = this.#ports.nameOf(topic)
    if (name === undefined) {
      if (qos >= 0) this.#acknowledge(idOf(topic), messageId, SnCode.invalidTopicId)
      return false
    }
    if (qos <= 0) {
      const isTaken = link?.up === true && link.publish(name, data, 0, retain) >= 0
      if (!isTaken) this.#ports.dropped('the server does not take what it sends at QoS 0')
      return true
    }
    const verdict = this.#inbox.judge(message, now)
    if (verdict === 'received') this.#ports.send({ type: 'pubrec', messageId })
    else if (verdict === 'full' || (verdict === 'new' && (link?.up !== true || messageId === 0)))
      this.#acknowledge(idOf(topic), messageId, SnCode.congestion)
    else if (verdict === 'new') {
      const kept = Uint8Array.prototype.slice.call(data)
      this.#inbox.forwarded(message, link!.publish(name, kept, qos as 1 | 2, retain), idOf(topic))
    }
    return true
  }

  /** The server has a message, or refuses it. */
  settled(token: number, accepted: boolean): void {
    const found = this.#inbox.settled(token, accepted)
    if (found === undefined) return
    const { messageId, qos, topicId } = found
    if (!accepted) this.#acknowledge(topicId, messageId, SnCode.notSupported)
    else if (qos === 1) this.#acknowledge(topicId, messageId, SnCode.accepted)
    else this.#ports.send({ type: 'pubrec', messageId })
  }

  pubrel(messageId: number, now: number): void {
    if (this.#inbox.released(messageId, now)) this.#ports.send({ type: 'pubcomp', messageId })
  }

  /** The connection to the server has ended: what was on its way is sent again by the client. */
  abandon(): void {
    this.#inbox.abandon()
  }

  clear(): void {
    this.#inbox.clear()
  }

  #acknowledge(topicId: number, messageId: number, returnCode: number): void {
    this.#ports.send({ type: 'puback', topicId, messageId, returnCode })
  }
}

/** TopicId as it is on the wire. */
function idOf(topic: SnTopic): number {
  return 'id' in topic ? topic.id : Buffer.from(topic.name).readUInt16BE()
}
