// The topic ids of one client of MQTT-SN: which name each stands for (MQTT-SN 1.2, 6.5).
import type { Packet } from '../packet.js'

const [register, regack, publish, subscribe, suback] = [0x0a, 0x0b, 0x0c, 0x12, 0x13]
const normal = 0

/** Message ids of requests by the gateway are apart from those of the client. */
const ofGateway = 0x10000

export class SnTopics {
  readonly #names = new Map<number, string>()
  /** Topics of REGISTER and SUBSCRIBE by message id, until the answer assigns a topic id. */
  readonly #asked = new Map<number, string>()
  /** Topic ids assigned by an answer whose request was not captured. */
  readonly #unnamed = new Set<number>()

  /** Learns from a message; a PUBLISH with a known normal topic id gets its topic. */
  packet(packet: Packet): void {
    const { type, packetIdentifier, topic, topicAlias: id, direction } = packet
    const isRequest = type === register || type === subscribe
    const key = packetIdentifier + ((direction === 'c2s') === isRequest ? 0 : ofGateway)
    if (type === register && id > 0 && topic !== undefined) this.#names.set(id, topic)
    if (isRequest && topic !== undefined) this.#asked.set(key, topic)
    if (type === regack || type === suback) {
      const asked = this.#asked.get(key)
      this.#asked.delete(key)
      if (packet.reasonCode !== 0 || id === 0) return
      if (asked !== undefined) this.#names.set(id, asked)
      else this.#unnamed.add(id)
    }
    if (type === publish && packet.sn?.topicIdType === normal && packet.qos !== 3) {
      const name = this.#names.get(id)
      if (name !== undefined) packet.topic = name
    }
  }

  /** True if the id was assigned, or could have been by an answer that is still to come or was not captured. */
  mayBeKnown(id: number): boolean {
    return this.#asked.size > 0 || this.#unnamed.has(id) || this.#names.has(id)
  }
}
