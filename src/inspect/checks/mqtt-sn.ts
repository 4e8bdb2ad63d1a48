// Stateful checks of MQTT-SN for one client (MQTT-SN 1.2, 6.5 to 6.8): topic ids must be registered, and are resolved.
import type { Packet } from '../packet.js'
import { report } from './state.js'

const predefined = 1
const shortName = 2

/** Answer types by request type. A client may have one request outstanding (6.14). */
const answers: Readonly<Record<number, number>> = { 4: 0x05, 10: 0x0b, 18: 0x13, 20: 0x15 }

export class MqttSnChecks {
  readonly #topics = new Map<number, string>()
  /** Topics of REGISTER and SUBSCRIBE by message id, until the answer assigns a topic id. */
  readonly #asked = new Map<number, string>()
  #connected = false
  /** Topic ids assigned by an answer whose request was not captured. */
  readonly #unnamed = new Set<number>()
  #outstanding: Request | undefined
  /** A request that was unanswered when the next was sent. */
  #overtaken: (Request & { readonly by: Packet }) | undefined

  packet(packet: Packet): void {
    const { type, packetIdentifier: id, topic, topicAlias, direction } = packet
    if (type === 0x04) this.#connected = true
    if (type === 0x0a && topicAlias > 0 && topic !== undefined) this.#topics.set(topicAlias, topic)
    if ((type === 0x0a || type === 0x12) && topic !== undefined) this.#asked.set(id, topic)
    if ((type === 0x0b || type === 0x13) && packet.reasonCode === 0) {
      const asked = this.#asked.get(id)
      if (asked !== undefined && topicAlias > 0) this.#topics.set(topicAlias, asked)
      else this.#unnamed.add(topicAlias)
      this.#asked.delete(id)
    }
    if (type === 0x0c) this.#publish(packet)
    this.#request(type, id, direction, packet)
  }

  #publish(packet: Packet): void {
    const kind = packet.bytes[packet.body]! & 3
    if (kind === predefined || kind === shortName) return
    const known = this.#topics.get(packet.topicAlias)
    if (known !== undefined) packet.topic = known
    // The answer that assigns the id may be missing, or come later.
    else if (
      this.#connected &&
      packet.qos !== 3 &&
      this.#asked.size === 0 &&
      !this.#unnamed.has(packet.topicAlias)
    )
      report(packet, 'sn-topicid-unknown', undefined, packet.body - packet.start + 1)
  }

  /**
   * Two outstanding requests are reported when the answer to the first arrives after the second request: without that
   * answer, an earlier one could be missing from the capture. The same message id again is a retransmission.
   */
  #request(type: number, id: number, direction: string, packet: Packet): void {
    const open = this.#outstanding
    if (direction !== 'c2s') {
      if (open !== undefined && answers[open.type] === type) this.#outstanding = undefined
      return this.#answer(type, id, packet)
    }
    if (answers[type] === undefined) return
    this.#overtaken = undefined
    if (open !== undefined && this.#connected && type !== 0x04 && open.type !== 0x04 && open.id !== id) {
      this.#overtaken = { ...open, by: packet }
    }
    this.#outstanding = { type, id, number: packet.number }
  }

  #answer(type: number, id: number, packet: Packet): void {
    const first = this.#overtaken
    if (first === undefined || answers[first.type] !== type || first.id !== id) return
    this.#overtaken = undefined
    if (packet.second >= 0 && packet.seconds <= first.by.seconds) return
    report(packet, 'sn-one-outstanding', `#${first.by.number} was sent before #${first.number} was answered`)
  }
}

interface Request {
  readonly type: number
  readonly id: number
  readonly number: number
}
