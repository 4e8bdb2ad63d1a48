// Passes each packet from the server to the handshake, the Session or the event callbacks.
import type { IDisconnectPacket, ISubackPacket, IUnsubackPacket, Packet } from 'mqtt-packet'
import type { AcknowledgeType } from '../codec/acknowledge.js'
import type { PacketHandler } from '../codec/decoder.js'
import type { Publish } from '../codec/publish.js'
import { ProtocolError } from '../errors.js'
import type { Session } from '../session/session.js'
import type { Answer, ConnectionEvents } from './events.js'
import { beforeConnack, type ReasonProperties, serverReason } from './failures.js'
import type { SessionSteps } from './session-steps.js'
import type { Connected, Connecting, ConnectionState } from './state.js'
import type { Trace } from './trace.js'

export interface ReceiverOptions {
  readonly state: ConnectionState
  readonly session: Session<unknown, Publish>
  readonly events: ConnectionEvents
  readonly trace: Trace | undefined
  readonly steps: SessionSteps | undefined
  /** Protocol version: 3, 4 or 5. */
  readonly version: number
  /** Called for a packet between CONNECT and CONNACK. */
  handshake(connecting: Connecting, packet: Packet): void
  /** Called for a DISCONNECT from the server. */
  disconnect(packet: IDisconnectPacket): void
}

export class Receiver implements PacketHandler {
  readonly #options: ReceiverOptions
  /** False: new messages are ignored; QoS 2 messages that were delivered before are still acknowledged. */
  delivering = true

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  publish(publish: Publish): void {
    const { negotiated } = this.#connected('PUBLISH')
    const { session, trace } = this.#options
    if (!this.delivering && !session.knows(publish)) return
    negotiated.resolve(publish) // Topic Alias
    trace?.receivedPublish(publish)
    session.receive(publish)
  }

  acknowledge(
    type: AcknowledgeType,
    messageId: number,
    reasonCode: number,
    properties?: ReasonProperties,
  ): void {
    this.#connected('An acknowledgement')
    this.#options.trace?.receivedAcknowledge(type, messageId, reasonCode)
    this.#options.session.acknowledged(type, messageId, reasonCode, serverReason(properties))
  }

  /** @throws ProtocolError 0x82 for a packet that the server must not send now */
  packet(packet: Packet): void {
    const { connecting } = this.#options.state
    if (connecting !== undefined) return this.#options.handshake(connecting, packet)
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

  /**
   * @param received the packet, for the error text
   * @throws ProtocolError 0x82 before CONNACK [MQTT-3.2.0-1]
   */
  #connected(received: string): Connected {
    const { connected } = this.#options.state
    if (connected === undefined) throw beforeConnack(received)
    return connected
  }

  #suback(packet: ISubackPacket): void {
    const { session, events, trace, steps } = this.#options
    trace?.received('SUBACK')
    const codes = packet.granted as number[]
    session.answered('suback', packet.messageId!, codes.length)
    steps?.suback(packet.messageId!, codes)
    events.suback?.(codes, answerOf(packet))
  }

  #unsuback(packet: IUnsubackPacket): void {
    const { session, events, trace, version } = this.#options
    trace?.received('UNSUBACK')
    const codes = packet.granted as number[]
    const codeCount = version < 5 ? undefined : codes.length // before MQTT 5, UNSUBACK has no Reason Codes
    session.answered('unsuback', packet.messageId!, codeCount)
    events.unsuback?.(codes, answerOf(packet))
  }
}

function answerOf({ messageId = 0, properties }: ISubackPacket | IUnsubackPacket): Answer {
  return { messageId, reason: serverReason(properties) }
}
