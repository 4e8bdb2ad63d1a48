// Decodes and checks packets from the server. PUBLISH and short acknowledgements have a fast path.
import type { IPubackPacket, Packet } from 'mqtt-packet'
import { type AcknowledgeType, isShortAcknowledge } from './acknowledge.js'
import { connack, isServerCode, packetNames, puback, pubcomp, publish } from './control-packets.js'
import { Framer } from './framing.js'
import { readProperties } from './property-reader.js'
import { decodePublish, type ProtocolVersion, type Publish, type PublishProperties } from './publish.js'
import { Reader } from './reader.js'
import { readServerPacket, sizesAfterConnack, sizesBeforeConnack } from './server-packets.js'

export interface PacketHandler {
  publish(publish: Publish): void
  /** PUBACK, PUBREC, PUBREL or PUBCOMP; `properties` of MQTT 5 explain the Reason Code. */
  acknowledge(
    type: AcknowledgeType,
    messageId: number,
    reasonCode: number,
    properties?: IPubackPacket['properties'],
  ): void
  packet(packet: Packet): void
  /** A harmless protocol violation. Reported once per kind and connection. */
  remark?(text: string): void
}

/** Calls a handler for each packet, until `stop()` is called. */
export class Decoder {
  readonly #framer: Framer
  readonly #handler: PacketHandler
  readonly #version: ProtocolVersion
  #remarks: Set<string> | undefined
  #stopped = false

  constructor(handler: PacketHandler, version: ProtocolVersion, maxPacketSize?: number) {
    this.#handler = handler
    this.#version = version
    this.#framer = new Framer(maxPacketSize)
    this.#framer.sizes = sizesBeforeConnack
  }

  /** Ignores all packets after the current one. */
  stop(): void {
    this.#stopped = true
  }

  /** @throws ProtocolError at the first invalid packet; the rest of the chunk is ignored */
  push(chunk: Buffer): void {
    const framer = this.#framer
    framer.push(chunk)
    while (!this.#stopped && framer.next()) {
      const { header, bytes, start, end } = framer
      if (framer.padded) this.#padded()
      if (header >> 4 === publish) this.#handler.publish(this.#publish(header, bytes, start, end))
      else if (isShortAcknowledge(header, end - start, this.#version)) this.#short(header, bytes, start, end)
      else this.#other(header, bytes, start, end)
    }
  }

  #publish(header: number, bytes: Buffer, start: number, end: number): Publish {
    return decodePublish(header, bytes, start, end, this.#version === 5 ? this.#propertiesOf : undefined)
  }

  readonly #propertiesOf = (bytes: Buffer, start: number, end: number): PublishProperties | undefined => {
    const reader = new Reader(bytes, { start, end, packet: 'PUBLISH', remark: this.#remark })
    return readProperties(reader, 'publish')
  }

  /** Packet Identifier and optional Reason Code (MQTT 5). Invalid ones take the slow path, which makes the error. */
  #short(header: number, bytes: Buffer, start: number, end: number): void {
    const messageId = (bytes[start]! << 8) | bytes[start + 1]!
    const reasonCode = end - start === 3 ? bytes[start + 2]! : 0
    const type = (header >> 4) as AcknowledgeType
    if (messageId === 0 || (reasonCode !== 0 && !isServerCode(type, reasonCode, this.#version)))
      return this.#other(header, bytes, start, end)
    this.#handler.acknowledge(type, messageId, reasonCode)
  }

  #other(header: number, bytes: Buffer, start: number, end: number): void {
    const options = { version: this.#version, remark: this.#remark }
    const packet = readServerPacket(header, { bytes, start, end }, options)
    const type = header >> 4
    if (type === connack) this.#framer.sizes = sizesAfterConnack
    if (type < puback || type > pubcomp) return this.#handler.packet(packet)
    const { messageId, reasonCode = 0, properties } = packet as IPubackPacket
    this.#handler.acknowledge(type as AcknowledgeType, messageId!, reasonCode, properties)
  }

  #padded(): void {
    this.#framer.padded = false
    const name = packetNames[this.#framer.header >> 4]
    this.#remark(`${name}: Remaining Length is longer than necessary [MQTT-1.5.5-1]`)
  }

  readonly #remark = (text: string): void => {
    const remarks = (this.#remarks ??= new Set())
    const kind = text.replace(/\d+/g, '0')
    if (remarks.has(kind)) return
    remarks.add(kind)
    this.#handler.remark?.(text)
  }
}
