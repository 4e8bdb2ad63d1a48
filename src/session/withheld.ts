// Acknowledgements of received messages that wait for the application. All of them leave in the order in which the
// messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3], so one that waits keeps back those after it.
import { ProtocolError } from '../errors.js'

/** PUBACK or PUBREC (the first answer to a PUBLISH), by Control Packet type. */
export type FirstAnswer = 4 | 5

interface Receipt {
  type: FirstAnswer
  messageId: number
  /** How often it was withheld and not yet released. */
  holds: number
}

export class Withheld {
  readonly #send: (type: FirstAnswer, messageId: number) => void
  readonly #limit: number
  #queue: Receipt[] = []
  /** For the message that is being delivered. */
  #current: Receipt | undefined

  /** `limit`: PUBLISH packets without an answer that may wait here. */
  constructor(send: (type: FirstAnswer, messageId: number) => void, limit: number) {
    this.#send = send
    this.#limit = limit
  }

  /**
   * Withholds the answer to the message that is being delivered.
   * @returns sends it, after all those before it; no effect once the network connection is lost
   */
  withhold(): () => void {
    const receipt = (this.#current ??= { type: 4, messageId: 0, holds: 0 })
    receipt.holds++
    let held = true
    return () => {
      if (!held) return
      held = false
      receipt.holds--
      this.#advance()
    }
  }

  /**
   * The message has been delivered: sends its answer, or queues it.
   * @throws ProtocolError 0x93 when more than the limit wait
   */
  answer(type: FirstAnswer, messageId: number): void {
    const receipt = this.#current
    this.#current = undefined
    if (receipt === undefined && this.#queue.length === 0) return this.#send(type, messageId)
    if (this.#queue.length >= this.#limit) {
      throw new ProtocolError(`More than ${this.#limit} messages without an acknowledgement`, 0x93, {
        hint: 'the server uses Packet Identifiers again before they are acknowledged',
      })
    }
    this.#queue.push(Object.assign(receipt ?? { holds: 0 }, { type, messageId }))
  }

  /** The network connection is lost: the server sends again what was not answered. */
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
