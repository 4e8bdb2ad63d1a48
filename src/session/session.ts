// The protocol state of one Session, without I/O (MQTT 5.0, 4.1, 4.3, 4.4, 4.6), for MQTT 3.1, 3.1.1 and 5.0.
import { ProtocolError } from '../errors.js'
import { InFlight, type Stage, stage } from './in-flight.js'
import { type IsRepeated, Withheld } from './withheld.js'

/** Acknowledgements by Control Packet type. */
export type AcknowledgeType = 4 | 5 | 6 | 7
const puback = 4
const pubrec = 5
const pubrel = 6
const pubcomp = 7
const maxIdentifiers = 65_535 // 0 is not valid [MQTT-2.2.1-3]
const names = ['', '', '', '', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'] as const

/** The fields of a received PUBLISH that the Session uses. */
export interface Incoming {
  readonly qos: 0 | 1 | 2
  readonly messageId: number
}

/** The outputs of a Session. `Kept` is an outgoing message, `Message` a received one. */
export interface Output<Kept, Message> {
  /** Sends `kept` again as a PUBLISH with DUP, or returns why the server would refuse it. */
  republish(kept: Kept, messageId: number): Refusal | undefined
  acknowledge(type: AcknowledgeType, messageId: number, reasonCode: number): void
  /** Delivers to the application, a QoS 2 message once. It may call `withhold`. */
  deliver(message: Message): void
  /** A PUBLISH is done: accepted, or refused with a Reason Code of 0x80 and above. `reason` explains the code. */
  settle(messageId: number, reasonCode: number, reason: string | undefined): void
}

export interface Refusal {
  /** 0x80 and above. */
  readonly reasonCode: number
  readonly hint?: string | undefined
}

export interface SessionOptions {
  readonly version: 3 | 4 | 5
  /** Own limit of PUBLISH packets in flight, 1..65535. SUBSCRIBE and UNSUBSCRIBE need free identifiers too. */
  readonly maxInFlight: number
}

export class Session<Kept, Message extends Incoming> {
  readonly #out: Output<Kept, Message>
  readonly #version: number
  readonly #maxInFlight: number
  readonly #outgoing = new InFlight<Kept>()
  /** Packet Identifiers of QoS 2 messages that are delivered and not released (method B of 4.3.3). */
  readonly #incoming = new Set<number>()
  readonly #withheld: Withheld<Message>
  #window: number
  #sequence = 0
  #unknown = 0
  /** Packet Identifiers to send again on a new connection when the window has room. */
  #toResend: number[] = []

  constructor(out: Output<Kept, Message>, options: SessionOptions) {
    this.#out = out
    this.#version = options.version
    this.#maxInFlight = options.maxInFlight
    this.#window = this.#maxInFlight
    // Not our Receive Maximum: mosquitto 2.0.11 exceeds it.
    this.#withheld = new Withheld((type, messageId) => out.acknowledge(type, messageId, 0), maxIdentifiers)
  }

  /** True while another PUBLISH at QoS 1 or 2 may be sent. */
  get open(): boolean {
    return this.#outgoing.publishes < this.#window && this.#toResend.length === 0
  }

  /** SUBSCRIBE and UNSUBSCRIBE packets without an answer. */
  get requests(): number {
    return this.#outgoing.requests
  }

  /**
   * Messages that the server would send again though they are handled: those at QoS 2 that it has not released with PUBREL,
   * and those whose answer waits for a new network connection.
   */
  get unreleased(): number {
    return this.#incoming.size - this.#withheld.receipts + this.#withheld.owed
  }

  /** PUBLISH packets at QoS 1 and 2 in flight. */
  get inFlight(): number {
    return this.#outgoing.publishes
  }

  /** Acknowledgements for Packet Identifiers that were not in use. */
  get unknownAcknowledgements(): number {
    return this.#unknown
  }

  /** True if a QoS 2 PUBLISH is in flight, which can only be finished in this Session. */
  hasQoS2InFlight(): boolean {
    return this.#outgoing.ordered().some((id) => this.#outgoing.stage(id) !== stage.puback)
  }

  /** The server's Receive Maximum (MQTT 5.0, 3.2.2.3.3): the window is the smaller of it and our own limit. */
  limit(receiveMaximum: number): void {
    this.#window = Math.min(this.#maxInFlight, receiveMaximum)
  }

  /** The Packet Identifier for a PUBLISH, which the caller sends. `kept` is kept until the acknowledgement. */
  publish(qos: 0 | 1 | 2, kept: Kept | undefined): number {
    if (qos === 0) return this.#outgoing.pass()
    return this.#outgoing.take(qos === 1 ? stage.puback : stage.pubrec, ++this.#sequence, kept)
  }

  /** The Packet Identifier for a SUBSCRIBE or UNSUBSCRIBE with `filters` Topic Filters, which the caller sends. */
  request(waitsFor: 'suback' | 'unsuback', filters = 1): number {
    return this.#outgoing.take(stage[waitsFor], filters, undefined)
  }

  /**
   * Handles a SUBACK or UNSUBACK. `codes` is the number of its Reason Codes; undefined if it has none (UNSUBACK before
   * MQTT 5) or the request was not sent.
   * @throws ProtocolError 0x82 if no such request has this Packet Identifier, or the number of codes is wrong
   */
  answered(waitsFor: 'suback' | 'unsuback', messageId: number, codes?: number): void {
    if (this.#outgoing.stage(messageId) !== stage[waitsFor]) {
      throw new ProtocolError(`Unexpected ${waitsFor.toUpperCase()} for Packet Identifier ${messageId}`, 0x82)
    }
    const filters = this.#outgoing.sequence(messageId)
    if (codes !== undefined && codes !== filters) {
      const rule = waitsFor === 'suback' ? '[MQTT-3.8.4-6]' : '[MQTT-3.11.3-1]'
      throw new ProtocolError(
        `${waitsFor.toUpperCase()} with ${codes} Reason Codes for ${filters} Topic Filters ${rule}`,
        0x82,
      )
    }
    this.#outgoing.settle(messageId)
  }

  /** True for a message that has been delivered: it is only acknowledged. */
  knows(message: Message): boolean {
    const { qos, messageId } = message
    if (qos === 2) return this.#incoming.has(messageId)
    return qos === 1 && this.#withheld.knows(messageId, message)
  }

  /**
   * Called within `deliver`: delays the acknowledgement of the message, and of those after it, until the returned
   * function is called. With `isRepeated` also on the next network connection, if the Session is resumed: the message is
   * not delivered again there. It tells a QoS 1 message that is sent again from another one.
   */
  withhold(isRepeated?: IsRepeated<Message>): () => void {
    return this.#withheld.withhold(isRepeated)
  }

  /**
   * Handles a received PUBLISH.
   * @throws ProtocolError 0x93 if more messages than Packet Identifiers wait for their acknowledgement
   */
  receive(message: Message): void {
    if (message.qos > 0) {
      const answer = message.qos === 2 ? pubrec : puback
      if (this.#withheld.again(answer, message.messageId, message)) return
    }
    if (message.qos === 2) {
      const known = this.knows(message)
      this.#incoming.add(message.messageId)
      if (!known) this.#out.deliver(message)
      return this.#withheld.answer(pubrec, message.messageId)
    }
    this.#out.deliver(message)
    if (message.qos === 1) this.#withheld.answer(puback, message.messageId)
  }

  /**
   * Handles an acknowledgement; `reason` is the server's explanation, passed on to `settle`.
   * @throws ProtocolError 0x82 when its Packet Identifier waits for another packet
   */
  acknowledged(type: AcknowledgeType, messageId: number, reasonCode: number, reason?: string): void {
    if (type === pubrel) return this.#onPubrel(messageId)
    const state = this.#outgoing.stage(messageId)
    if (state === stage.free) return this.#onUnknown(type, messageId)
    if (type === puback && state === stage.puback) return this.#settle(messageId, reasonCode, reason)
    // Packet Identifier not found: the PUBREL was sent again and the message was already complete (3.7.2.1).
    if (type === pubcomp && state === stage.pubcomp)
      return this.#settle(messageId, reasonCode === 0x92 ? 0 : reasonCode, reason)
    if (type === pubrec && (state === stage.pubrec || state === stage.pubcomp)) {
      return this.#onPubrec(messageId, reasonCode, reason)
    }
    throw new ProtocolError(
      `${names[type]} for Packet Identifier ${messageId}, which waits for ${packetName(state)}`,
      0x82,
    )
  }

  /** The server has the message: drops the payload and sends PUBREL. */
  #onPubrec(messageId: number, reasonCode: number, reason: string | undefined): void {
    if (reasonCode >= 0x80) return this.#settle(messageId, reasonCode, reason) // [MQTT-4.3.3-4]: no PUBREL then
    this.#outgoing.release(messageId)
    this.#out.acknowledge(pubrel, messageId, 0)
  }

  #onPubrel(messageId: number): void {
    const known = this.#incoming.delete(messageId)
    this.#withheld.released(messageId)
    this.#out.acknowledge(pubcomp, messageId, known || this.#version < 5 ? 0 : 0x92)
  }

  #onUnknown(type: AcknowledgeType, messageId: number): void {
    this.#unknown++
    if (type === pubrec) this.#out.acknowledge(pubrel, messageId, this.#version < 5 ? 0 : 0x92)
  }

  #settle(messageId: number, reasonCode: number, reason: string | undefined): void {
    this.#outgoing.settle(messageId)
    this.#out.settle(messageId, reasonCode, reason)
    this.#resendNext(1)
  }

  /** The network connection is lost. Frees the identifiers of requests, which are sent anew on the next connection. */
  disconnected(): void {
    this.#withheld.clear()
    for (let id = 1; this.#outgoing.requests > 0; id++) {
      if (this.#outgoing.stage(id) >= stage.suback) this.#outgoing.settle(id)
    }
  }

  /**
   * The server has started a new Session.
   * @returns true if a QoS 2 PUBLISH is in flight, which can no longer be finished
   */
  begin(): boolean {
    this.#incoming.clear()
    this.#withheld.forget()
    return this.hasQoS2InFlight()
  }

  /** Called after CONNACK. Sends messages in flight again, in the original order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resume(): void {
    this.#toResend = this.#outgoing.ordered()
    this.#resendNext(this.#window)
  }

  /** Sends up to `count` of the messages to resend. Those that the server would refuse are settled as refused. */
  #resendNext(count: number): void {
    let left = count
    while (left > 0) {
      const messageId = this.#toResend.shift()
      if (messageId === undefined) return
      if (this.#resend(messageId)) left--
    }
  }

  #resend(messageId: number): boolean {
    const kept = this.#outgoing.kept(messageId)
    if (kept === undefined) {
      this.#out.acknowledge(pubrel, messageId, 0)
      return true
    }
    const refusal = this.#out.republish(kept, messageId)
    if (refusal === undefined) return true
    this.#outgoing.settle(messageId)
    this.#out.settle(messageId, refusal.reasonCode, refusal.hint)
    return false
  }
}

function packetName(state: Stage): string {
  return (Object.keys(stage) as (keyof typeof stage)[]).find((name) => stage[name] === state)!.toUpperCase()
}
