// Encodes any Control Packet of mqtt-packet's types, PUBLISH included.
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { Batch } from '../codec/batch.js'
import { encodePacket } from '../codec/encoder.js'
import { encodeProperties } from '../codec/property-writer.js'
import { encodePublish, type ProtocolVersion, publishTemplate } from '../codec/publish.js'

/** @throws RangeError, ProtocolError if a value does not fit its field */
export function encode(packet: Packet, version: ProtocolVersion): Buffer {
  return packet.cmd === 'publish' ? publishBytes(packet, version) : encodePacket(packet, version)
}

function publishBytes(packet: IPublishPacket, version: ProtocolVersion): Buffer {
  const { topic, qos, retain, dup, messageId = 0 } = packet
  const properties = version === 5 ? encodeProperties(packet.properties) : Buffer.alloc(0)
  const payload = Buffer.from(packet.payload)
  const parts: Buffer[] = []
  const batch = new Batch((bytes) => parts.push(Buffer.from(bytes)) > 0)
  const template = publishTemplate(topic, { qos, retain, properties })
  encodePublish(batch, template, messageId, dup, payload, 0, payload.length)
  batch.flush()
  return Buffer.concat(parts)
}
