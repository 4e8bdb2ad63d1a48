// Bytes from the server become packets: PUBLISH and acknowledgements by us, everything else by mqtt-packet.
import type { IPubackPacket, Packet } from 'mqtt-packet'
import { ProtocolError } from '../errors.js'
import { type AcknowledgeType, isShortAcknowledge } from './acknowledge.js'
import { Framer } from './framing.js'
import { readPacket } from './mqtt-packet.js'
import { decodePublish, type ProtocolVersion, type Publish, type PublishProperties } from './publish.js'

export interface PacketHandler {
  publish(publish: Publish): void
  /** PUBACK, PUBREC, PUBREL or PUBCOMP; `properties` are those of MQTT 5 that say more than the Reason Code. */
  acknowledge(
    type: AcknowledgeType,
    messageId: number,
    reasonCode: number,
    properties?: IPubackPacket['properties'],
  ): void
  packet(packet: Packet): void
}

const acknowledgeTypes: Readonly<Record<string, AcknowledgeType>> = {
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
}

/**
 * The least bytes that follow the Fixed Header, by Control Packet type: CONNACK, the acknowledgements, SUBACK,
 * UNSUBACK. mqtt-packet takes shorter ones, with fields that are missing.
 */
const shortest: Readonly<Record<number, number>> = { 2: 2, 4: 2, 5: 2, 6: 2, 7: 2, 9: 3, 11: 2 }
const shortest5: Readonly<Record<number, number>> = { ...shortest, 2: 3, 9: 4, 11: 4 }

/** Feeds a handler from chunks, until the chunk ends or the handler calls `stop()`. */
export class Decoder {
  readonly #framer: Framer
  readonly #handler: PacketHandler
  readonly #version: ProtocolVersion
  #stopped = false

  constructor(handler: PacketHandler, version: ProtocolVersion, maxPacketSize?: number) {
    this.#handler = handler
    this.#version = version
    this.#framer = new Framer(maxPacketSize)
  }

  /** No packet after the one at hand reaches the handler. */
  stop(): void {
    this.#stopped = true
  }

  /** @throws ProtocolError at the first packet that cannot be read; nothing after it is looked at */
  push(chunk: Buffer): void {
    const framer = this.#framer
    framer.push(chunk)
    while (!this.#stopped && framer.next()) {
      const { header, bytes, start, end } = framer
      if (header >> 4 === 3) this.#handler.publish(this.#publish(header, bytes, start, end))
      else if (isShortAcknowledge(header, end - start, this.#version)) this.#short(header, bytes, start, end)
      else this.#other(header)
    }
  }

  #publish(header: number, bytes: Buffer, start: number, end: number): Publish {
    return decodePublish(header, bytes, start, end, this.#version === 5 ? this.#propertiesOf : undefined)
  }

  readonly #propertiesOf = (): PublishProperties | undefined => {
    const packet = this.#read()
    return packet.cmd === 'publish' ? packet.properties : undefined
  }

  #short(header: number, bytes: Buffer, start: number, end: number): void {
    const messageId = (bytes[start]! << 8) | bytes[start + 1]!
    const reasonCode = end - start === 3 ? bytes[start + 2]! : 0
    this.#handler.acknowledge((header >> 4) as AcknowledgeType, messageId, reasonCode)
  }

  #other(header: number): void {
    if (header >> 4 === 0)
      throw new ProtocolError('Malformed packet: Control Packet type 0 is forbidden', 0x81)
    const kind = header >> 4
    const least = (this.#version === 5 ? shortest5 : shortest)[kind] ?? 0
    if (this.#framer.end - this.#framer.start < least) throw tooShort(kind, least)
    const packet = this.#read()
    const type = acknowledgeTypes[packet.cmd]
    if (type === undefined) return this.#handler.packet(packet)
    const acknowledge = packet as IPubackPacket
    this.#handler.acknowledge(type, packet.messageId!, acknowledge.reasonCode ?? 0, acknowledge.properties)
  }

  /** The packet at hand by mqtt-packet. */
  #read(): Packet {
    return readPacket(this.#framer.bytes.subarray(this.#framer.origin, this.#framer.end), this.#version)
  }
}

function tooShort(kind: number, least: number): ProtocolError {
  // A server of MQTT 3.1.1 refuses the version like this (MQTT 3.1.1, 3.1.2.2).
  const hint = kind === 2 ? 'does the server speak MQTT 5? Try -V mqttv311' : undefined
  return new ProtocolError(
    `Malformed packet: Control Packet type ${kind} has less than ${least} bytes`,
    0x81,
    { hint },
  )
}
