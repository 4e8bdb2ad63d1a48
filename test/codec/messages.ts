// Random PUBLISH packets for mqtt-packet, and their encoding.
import fc from 'fast-check'
import mqtt, { type IPublishPacket, type Packet } from 'mqtt-packet'
import { Batch } from '../../src/codec/batch.js'
import { encodePublish, type PublishTemplate, publishTemplate } from '../../src/codec/publish.js'

export type Version = 4 | 5
export const versions: readonly Version[] = [4, 5]

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))

const properties: fc.Arbitrary<NonNullable<IPublishPacket['properties']>> = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.integer({ min: 0, max: 0xffffffff }),
    responseTopic: name,
    correlationData: bytes,
    userProperties: fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })), {
      minKeys: 1, // mqtt-packet cannot encode an empty object
      maxKeys: 3,
    }),
    subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
    contentType: text,
  },
  { requiredKeys: [] },
)

/** Any valid PUBLISH of this version, without a Topic Alias. */
export function publishes(version: Version): fc.Arbitrary<IPublishPacket> {
  const common = fc.record({
    topic: name.filter((text) => !/[+#\0]/.test(text)),
    payload: bytes,
    retain: fc.boolean(),
    properties: version === 5 ? fc.option(properties, { nil: undefined }) : fc.constant(undefined),
  })
  const delivery = fc.oneof(
    fc.constant({ qos: 0 as const, dup: false }),
    fc.record({
      qos: fc.constantFrom(1 as const, 2 as const),
      dup: fc.boolean(),
      messageId: fc.integer({ min: 1, max: 65_535 }),
    }),
  )
  return fc.tuple(common, delivery).map(([{ properties: some, ...fields }, how]) => ({
    cmd: 'publish',
    ...fields,
    ...how,
    ...(some !== undefined && { properties: some }),
  }))
}

export function generate(packet: Packet, version: number): Buffer {
  return mqtt.generate(packet, { protocolVersion: version })
}

/** The packets that mqtt-packet decodes. */
export function parse(wire: Uint8Array, version: number): Packet[] {
  const packets: Packet[] = []
  const parser = mqtt.parser({ protocolVersion: version })
  parser.on('packet', (packet: Packet) => packets.push(packet))
  parser.on('error', (error: Error) => {
    throw error
  })
  parser.parse(Buffer.from(wire))
  return packets
}

/** A Batch whose writes are kept without a copy, as in a socket that has not written them yet. */
export function keepingBatch(writable: () => boolean = () => true): { batch: Batch; kept: Uint8Array[] } {
  const kept: Uint8Array[] = []
  const batch = new Batch((written) => {
    kept.push(written)
    return writable()
  })
  return { batch, kept }
}

/** The template of a packet, with properties encoded by mqtt-packet. */
export function templateOf({ topic, qos, retain, properties: some }: IPublishPacket, version: Version) {
  return publishTemplate(topic, { qos, retain, properties: propertyBytes(some, version) })
}

function propertyBytes(some: IPublishPacket['properties'], version: Version): Buffer {
  if (version < 5) return Buffer.alloc(0)
  const bare = { cmd: 'publish', topic: 't', payload: '', qos: 0, retain: false, dup: false } as const
  const wire = generate(some === undefined ? bare : { ...bare, properties: some }, 5)
  const remainingLength = wire.findIndex((byte, index) => index > 0 && byte < 128)
  return wire.subarray(remainingLength + 1 + 3) // after the Topic Name 't'
}

/** Our encoding of a packet. */
export function encoded(packet: IPublishPacket, version: Version, template?: PublishTemplate): Buffer {
  const { batch, kept } = keepingBatch()
  const payload = Buffer.from(packet.payload as Buffer)
  const of = template ?? templateOf(packet, version)
  encodePublish(batch, of, packet.messageId ?? 0, packet.dup, payload, 0, payload.length)
  batch.flush()
  return Buffer.concat(kept)
}
