// From CONNECT to CONNACK, with the will in between (MQTT-SN 1.2, 6.2).
import { SnCode, type SnMessage } from '../codec/mqtt-sn-messages.js'
import type { SnClientSettings } from './client-types.js'
import { Retransmission } from './retransmission.js'

export class Handshake {
  readonly #settings: SnClientSettings
  readonly #send: (message: SnMessage) => void
  readonly #retry: Retransmission
  /** What the gateway has not answered yet. */
  #outstanding: SnMessage | undefined
  #hasSentWill = false

  constructor(settings: SnClientSettings, send: (message: SnMessage) => void) {
    this.#settings = settings
    this.#send = send
    this.#retry = new Retransmission(settings)
  }

  get deadline(): number {
    return this.#retry.deadline
  }

  start(now: number): void {
    const { clientId, cleanSession, keepAlive, will } = this.#settings
    this.#hasSentWill = false
    this.#ask(
      {
        ...{ type: 'connect', will: will !== undefined, cleanSession, protocolId: 1 },
        ...{ duration: keepAlive, clientId },
      },
      now,
    )
  }

  /** @returns the code of CONNACK; undefined before it */
  receive(message: SnMessage, now: number): number | undefined {
    const { will } = this.#settings
    switch (message.type) {
      // A repeated request means that the answer was lost.
      case 'willtopicreq':
        if (will !== undefined) {
          const { topic: willTopic, qos, retain } = will
          this.#ask({ type: 'willtopic', willTopic, qos, retain }, now)
        }
        return undefined
      case 'willmsgreq':
        if (will === undefined) return undefined
        this.#hasSentWill = true
        this.#ask({ type: 'willmsg', data: will.payload }, now)
        return undefined
      case 'connack':
        // A gateway that accepts before it has the will has not understood it, or answers an earlier CONNECT.
        if (message.returnCode === SnCode.accepted && will !== undefined && !this.#hasSentWill)
          return undefined
        this.#retry.stop()
        return message.returnCode
      default:
        return undefined
    }
  }

  tick(now: number): 'silent' | undefined {
    const due = this.#retry.tick(now)
    if (due === 'again' && this.#outstanding !== undefined) this.#send(this.#outstanding)
    return due === 'silent' ? due : undefined
  }

  #ask(message: SnMessage, now: number): void {
    this.#outstanding = message
    this.#send(message)
    this.#retry.start(now)
  }
}
