// Acknowledgements that wait for the application. They are sent in the order of the messages [MQTT-4.6.0-2]
// [MQTT-4.6.0-3], so one that waits delays those after it.
import { ProtocolError } from '../errors.js'

/** PUBACK or PUBREC, by Control Packet type. */
export type FirstAnswer = 4 | 5

interface Answer {
  type: FirstAnswer
  messageId: number
  /** Calls of `withhold` without their release. */
  holds: number
}

export class Withheld {
  readonly #send: (type: FirstAnswer, messageId: number) => void
  readonly #limit: number
  #queue: Answer[] = []
  /** The answer to the message that is being delivered. */
  #current: Answer | undefined

  /** `limit`: the largest number of waiting answers. */
  constructor(send: (type: FirstAnswer, messageId: number) => void, limit: number) {
    this.#send = send
    this.#limit = limit
  }

  /**
   * Withholds the answer to the message that is being delivered.
   * @returns a function that sends it, after all earlier ones; without effect after the loss of the network connection
   */
  withhold(): () => void {
    const answer = (this.#current ??= { type: 4, messageId: 0, holds: 0 })
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
    this.#queue.push(Object.assign(answer ?? { holds: 0 }, { type, messageId }))
  }

  /** The network connection is lost: the server will send unanswered messages again. */
  clear(): void {
    this.#queue = []
    this.#current = undefined
  }

  #advance(): void {
    while (this.#queue[0]?.holds === 0) {
      const { type, messageId } = this.#queue.shift()!
      this.#send(type, messageId)
    }
  }
}
