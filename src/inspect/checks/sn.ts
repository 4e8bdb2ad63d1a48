// MQTT-SN over the messages of one client (MQTT-SN 1.2, 6.5 to 6.8): topic ids are resolved, and must have been told.
import type { Packet } from '../packet.js'
import { wrong } from './state.js'

const predefined = 1
const shortName = 2

/** Requests that have to be answered before the next (6.14 lets a client have one outstanding). */
const answers: Readonly<Record<number, number>> = { 4: 0x05, 10: 0x0b, 18: 0x13, 20: 0x15 }

export class SensorNetwork {
  readonly #topics = new Map<number, string>()
  /** REGISTER and SUBSCRIBE by message id: the topic that the answer gives an id to. */
  readonly #asked = new Map<number, string>()
  #connected = false
  #outstanding: { type: number; id: number; direction: string } | undefined

  packet(packet: Packet): void {
    const { type, packetIdentifier: id, topic, topicAlias, direction } = packet
    if (type === 0x04) this.#connected = true
    if (type === 0x0a && topicAlias > 0 && topic !== undefined) this.#topics.set(topicAlias, topic)
    if ((type === 0x0a || type === 0x12) && topic !== undefined) this.#asked.set(id, topic)
    if ((type === 0x0b || type === 0x13) && packet.reasonCode === 0) {
      const asked = this.#asked.get(id)
      if (asked !== undefined && topicAlias > 0) this.#topics.set(topicAlias, asked)
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
    else if (this.#connected && packet.qos !== 3)
      wrong(packet, 'sn-topicid-unknown', undefined, packet.body - packet.start + 1)
  }

  /** Only a second request of another kind is told: the same again is a retransmission. */
  #request(type: number, id: number, direction: string, packet: Packet): void {
    const open = this.#outstanding
    if (open !== undefined && direction !== open.direction && answers[open.type] === type)
      this.#outstanding = undefined
    if (answers[type] === undefined || direction !== 'c2s') return
    if (open !== undefined && this.#outstanding !== undefined && this.#connected && type !== 0x04) {
      if (open.type !== 0x04 && open.id !== id) wrong(packet, 'sn-one-outstanding')
    }
    this.#outstanding = { type, id, direction }
  }
}
