// What the server sends once it has accepted the connection: to the Session, and to the owner's callbacks.
import type { IDisconnectPacket, ISubackPacket, IUnsubackPacket, Packet } from 'mqtt-packet'
import type { AcknowledgeType } from '../codec/acknowledge.js'
import type { PacketHandler } from '../codec/decoder.js'
import type { Publish } from '../codec/publish.js'
import { ProtocolError } from '../errors.js'
import type { Session } from '../session/session.js'
import type { Answer, ConnectionEvents } from './events.js'
import { beforeConnack, told } from './failures.js'
import type { Handshake } from './handshake.js'
import type { Terms } from './terms.js'
import type { Trace } from './trace.js'

export interface ReceiverOptions {
  readonly session: Session<unknown, Publish>
  readonly events: ConnectionEvents
  readonly trace: Trace | undefined
  readonly version: number
  /** A packet of the handshake has come. */
  handshake(handshake: Handshake, packet: Packet): void
  disconnect(packet: IDisconnectPacket): void
}

export class Receiver implements PacketHandler {
  readonly #options: ReceiverOptions
  /** From CONNECT to CONNACK: packets are part of it, and nothing else may come. */
  handshake: Handshake | undefined
  /** In force from CONNACK on. */
  terms: Terms | undefined
  /** False: no further message is handed on or acknowledged. */
  delivering = true
  /** What the server said beside the last acknowledgement. */
  reason: string | undefined

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  publish(publish: Publish): void {
    this.#checkAccepted('PUBLISH')
    const { session, trace } = this.#options
    if (!this.delivering && !session.knows(publish)) return
    this.terms!.resolve(publish)
    trace?.receivedPublish(publish)
    session.receive(publish)
  }

  acknowledge(
    type: AcknowledgeType,
    messageId: number,
    reasonCode: number,
    properties?: Parameters<typeof told>[0],
  ): void {
    this.#checkAccepted('An acknowledgement')
    this.reason = told(properties)
    this.#options.trace?.receivedAcknowledge(type, messageId, reasonCode)
    this.#options.session.acknowledged(type, messageId, reasonCode)
  }

  packet(packet: Packet): void {
    if (this.handshake !== undefined) return this.#options.handshake(this.handshake, packet)
    switch (packet.cmd) {
      case 'suback':
        return this.#suback(packet)
      case 'unsuback':
        return this.#unsuback(packet)
      case 'pingresp':
        return this.#options.trace?.received('PINGRESP')
      case 'disconnect':
        return this.#options.disconnect(packet)
      default:
        throw new ProtocolError(`${packet.cmd.toUpperCase()} from the server`, 0x82)
    }
  }

  /** @throws ProtocolError 0x82 before CONNACK: the sender has not proved to be the server [MQTT-3.2.0-1] */
  #checkAccepted(what: string): void {
    if (this.handshake !== undefined) throw beforeConnack(what)
  }

  #suback(packet: ISubackPacket): void {
    const { session, events, trace } = this.#options
    trace?.received('SUBACK')
    const granted = packet.granted as number[]
    session.answered('suback', packet.messageId!, granted.length)
    events.suback?.(granted, answerOf(packet))
  }

  #unsuback(packet: IUnsubackPacket): void {
    const { session, events, trace } = this.#options
    trace?.received('UNSUBACK')
    const codes = packet.granted as number[]
    session.answered('unsuback', packet.messageId!, this.#options.version < 5 ? undefined : codes.length)
    events.unsuback?.(codes, answerOf(packet))
  }
}

function answerOf({ messageId = 0, properties }: ISubackPacket | IUnsubackPacket): Answer {
  return { messageId, reason: told(properties) }
}
