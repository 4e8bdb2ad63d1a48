// The messages in the packets of a capture, each once.
import { unknownSecond } from '../../capture/stream.js'
import { readProperties } from '../../codec/property-reader.js'
import { decodePublish, type PublishProperties } from '../../codec/publish.js'
import { Reader } from '../../codec/reader.js'
import { MqttxError } from '../../errors.js'
import { publish } from '../../inspect/names.js'
import type { Direction, Packet } from '../../inspect/packet.js'
import type { ConnectionFacts, View } from '../../inspect/views/view.js'
import type { Recorded } from './recorded.js'

/** Messages at QoS 1 and 2 by which a repetition is recognised. */
const mostKnown = 20_000

export class CapturedMessages implements View {
  /** PUBLISH packets with DUP whose message came before. */
  repeated = 0
  /** Messages that cannot be read: bytes are missing, they are malformed, or the topic of their Topic Alias is unknown. */
  incomplete = 0
  /** Messages in the other direction. */
  opposite = 0
  /** Messages of MQTT-SN. */
  ofSensors = 0
  readonly #direction: Direction
  readonly #known = new Set<string>()
  #messages: Recorded[] = []

  constructor(direction: Direction) {
    this.#direction = direction
  }

  /** The messages since the last call. */
  take(): Recorded[] {
    const messages = this.#messages
    this.#messages = []
    return messages
  }

  packet(packet: Packet, connection: ConnectionFacts): void {
    if (packet.protocol !== 'mqtt') {
      if (packet.topic !== undefined && packet.payload >= 0) this.ofSensors++
      return
    }
    if (packet.type !== publish) return
    if (packet.direction !== this.#direction) {
      this.opposite++
      return
    }
    if (this.#isRepeated(packet, connection)) {
      this.repeated++
      return
    }
    const message = messageOf(packet)
    if (message === undefined) this.incomplete++
    else this.#messages.push(message)
  }

  /**
   * True for a message that is sent again with DUP (MQTT 5.0, 4.4), on this connection or on a later one of the client. A
   * message with DUP that was not seen before counts.
   */
  #isRepeated({ qos, dup, packetIdentifier, topic }: Packet, { clientId, number }: ConnectionFacts): boolean {
    if (qos === 0) return false
    const client = clientId === undefined || clientId === '' ? number : `"${clientId.slice(0, 256)}`
    const key = `${packetIdentifier} ${client} ${topic?.slice(0, 256)}`
    const isKnown = this.#known.has(key)
    if (!isKnown && this.#known.size >= mostKnown) this.#known.delete(this.#known.values().next().value!)
    this.#known.add(key)
    return dup && isKnown
  }
}

/** Undefined if the message is not whole. */
function messageOf(packet: Packet): Recorded | undefined {
  if (!packet.isWhole) return undefined
  const { bytes, start, body, end, version } = packet
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  try {
    const propertiesOf = version === 5 ? publishProperties : undefined
    const decoded = decodePublish(bytes[start]!, buffer, body, end, propertiesOf)
    const topic = decoded.topic === '' ? packet.topic : decoded.topic
    if (topic === undefined || topic === '') return undefined
    const { qos, retain } = decoded
    // The bytes of the chunk may change.
    return {
      topic,
      qos,
      retain,
      payload: Buffer.from(decoded.payload),
      lines: 1,
      ...rest(decoded.properties, packet),
    }
  } catch (error) {
    if (error instanceof MqttxError) return undefined
    throw error
  }
}

function rest(
  given: PublishProperties | undefined,
  { second, nanos }: Packet,
): Pick<Recorded, 'properties' | 'time'> {
  const time = second === unknownSecond ? undefined : second * 1000 + nanos / 1e6
  if (given === undefined) return { properties: undefined, time }
  // Valid only on the connection that they were captured on.
  const { topicAlias: _alias, subscriptionIdentifier: _identifier, ...properties } = given
  if (properties.correlationData !== undefined)
    properties.correlationData = Buffer.from(properties.correlationData)
  return { properties: Object.keys(properties).length === 0 ? undefined : properties, time }
}

function publishProperties(bytes: Buffer, start: number, end: number): PublishProperties | undefined {
  const reader = new Reader(bytes, { start, end, packet: 'PUBLISH', remark() {} })
  return readProperties(reader, 'publish')
}
