// Acknowledgements that wait for the application. They are sent in the order of the messages [MQTT-4.6.0-2]
// [MQTT-4.6.0-3], so one that waits delays those after it.
import { ProtocolError } from '../errors.js'

/** PUBACK or PUBREC, by Control Packet type. */
export type FirstAnswer = 4 | 5

/** True if a PUBLISH that the server sends again is the message whose answer is withheld. */
export type IsRepeated<Message> = (message: Message) => boolean

interface Answer<Message> {
  type: FirstAnswer
  messageId: number
  /** Calls of `withhold` without their release. */
  holds: number
  isRepeated: IsRepeated<Message> | undefined
}

export class Withheld<Message = unknown> {
  readonly #send: (type: FirstAnswer, messageId: number) => void
  readonly #limit: number
  #queue: Answer<Message>[] = []
  /** Those of the queue with `isRepeated`, by Packet Identifier. */
  readonly #queued = new Map<number, Answer<Message>>()
  /** The answer to the message that is being delivered. */
  #current: Answer<Message> | undefined
  /** By Packet Identifier: withheld at the loss of a network connection, until the server sends the message again. */
  readonly #outlasting = new Map<number, Answer<Message>>()

  /** `limit`: the largest number of waiting answers. */
  constructor(send: (type: FirstAnswer, messageId: number) => void, limit: number) {
    this.#send = send
    this.#limit = limit
  }

  /** PUBREC packets that are withheld. */
  get receipts(): number {
    let count = 0
    for (const { type } of this.#queue) if (type === 5) count++
    for (const { type } of this.#outlasting.values()) if (type === 5) count++
    return count
  }

  /** Answers that are allowed, and that wait for the server to send their message again on a new network connection. */
  get owed(): number {
    let count = 0
    for (const { holds } of this.#outlasting.values()) if (holds === 0) count++
    return count
  }

  /**
   * Withholds the answer to the message that is being delivered.
   * @param isRepeated with it, the message is recognised if the server sends it again, also on the next network
   * connection: see `again`
   * @returns a function that sends it, after all earlier ones; without effect after the loss of the network connection
   */
  withhold(isRepeated?: IsRepeated<Message>): () => void {
    const answer = (this.#current ??= { type: 4, messageId: 0, holds: 0, isRepeated })
    answer.holds++
    let held = true
    return () => {
      if (!held) return
      held = false
      answer.holds--
      this.#advance()
    }
  }

  /**
   * Sends the answer to the message that was delivered, or queues it.
   * @throws ProtocolError 0x93 if more than the limit wait
   */
  answer(type: FirstAnswer, messageId: number): void {
    const answer = this.#current
    this.#current = undefined
    if (answer === undefined && this.#queue.length === 0) return this.#send(type, messageId)
    if (this.#queue.length >= this.#limit) {
      throw new ProtocolError(`More than ${this.#limit} messages without an acknowledgement`, 0x93, {
        hint: 'the server reuses Packet Identifiers that are not acknowledged',
      })
    }
    this.#push(Object.assign(answer ?? { holds: 0, isRepeated: undefined }, { type, messageId }))
  }

  #push(answer: Answer<Message>): void {
    this.#queue.push(answer)
    if (answer.isRepeated !== undefined) this.#queued.set(answer.messageId, answer)
  }

  /** True for a message at QoS 1 that `again` will take. */
  knows(messageId: number, message: Message): boolean {
    const answer = this.#outlasting.get(messageId)
    return answer?.type === 4 && answer.isRepeated!(message)
  }

  /**
   * A PUBLISH has come that is to be answered with `type`. If the server sends a message again whose answer was never
   * sent, the answer is sent once, when its hold is released, and the message must not be delivered again. At QoS 2 the
   * Packet Identifier tells; at QoS 1 the message has to be the same too. Before MQTT 5 servers send it again on the same
   * network connection if the answer takes long.
   */
  again(type: FirstAnswer, messageId: number, message: Message): boolean {
    const queued = this.#queued.get(messageId)
    if (queued?.type === type && (type === 5 || queued.isRepeated!(message))) return true
    if (this.#outlasting.size === 0) return false
    const answer = this.#outlasting.get(messageId)
    if (answer === undefined) return false
    this.#outlasting.delete(messageId)
    if (answer.type !== type || (type === 4 && !answer.isRepeated!(message))) return false
    this.#push(answer)
    this.#advance()
    return true
  }

  /** The network connection is lost: the server will send unanswered messages again. */
  clear(): void {
    for (const answer of this.#queue) {
      if (answer.isRepeated !== undefined) this.#outlasting.set(answer.messageId, answer)
    }
    this.#queue = []
    this.#queued.clear()
    this.#current = undefined
  }

  /** The server has released this Packet Identifier. */
  released(messageId: number): void {
    this.#outlasting.delete(messageId)
    this.#queued.delete(messageId)
  }

  /** The server has started a new Session. */
  forget(): void {
    this.#outlasting.clear()
  }

  #advance(): void {
    while (this.#queue[0]?.holds === 0) {
      const answer = this.#queue.shift()!
      const { type, messageId } = answer
      if (this.#queued.get(messageId) === answer) this.#queued.delete(messageId)
      this.#send(type, messageId)
    }
  }
}
