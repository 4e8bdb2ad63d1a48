// Prepares a PublishTemplate with properties for a version of MQTT.
import { generate } from './mqtt-packet.js'
import {
  aliasedTemplate,
  type ProtocolVersion,
  type PublishProperties,
  type PublishTemplate,
  publishTemplate,
  type QoS,
} from './publish.js'
import { pairsOf } from './user-properties.js'
import { afterInteger, variableByteInteger } from './variable-byte-integer.js'

export interface PublishSettings {
  readonly qos: QoS
  readonly retain: boolean
  readonly version: ProtocolVersion
  /** Ignored before MQTT 5. */
  readonly properties?: PublishProperties | undefined
}

const none = Buffer.alloc(0)
const noProperties = Buffer.from([0])

/** Encodes the fields that all PUBLISH packets of one kind share. */
export function preparePublish(
  topic: string,
  { qos, retain, version, properties }: PublishSettings,
): PublishTemplate {
  const encoded = version < 5 ? none : properties === undefined ? noProperties : encodeProperties(properties)
  const template = publishTemplate(topic, { qos, retain, properties: encoded })
  if (version < 5 || properties?.topicAlias === undefined) return template
  const { topicAlias, ...others } = properties
  const plain = publishTemplate(topic, { qos, retain, properties: encodeProperties(others) })
  return aliasedTemplate(template, topicAlias, plain)
}

/** Property Length and properties (MQTT 5.0, 3.3.2.3), with User Properties in the given order. */
function encodeProperties(properties: PublishProperties): Buffer {
  const { userProperties } = properties
  if (userProperties === undefined) return encoded(properties)
  // One by one, as mqtt-packet groups the values of a name.
  const rows = Object.entries(properties).flatMap(([key, value]) =>
    key === 'userProperties' ? pairsOf(userProperties).map(pairBytes) : [block({ [key]: value })],
  )
  const body = Buffer.concat(rows)
  return Buffer.concat([variableByteInteger(body.length), body])
}

/** Property Length and properties as encoded by mqtt-packet. */
function encoded(properties: PublishProperties): Buffer {
  const topic = 'a'
  const packet = generate(
    { cmd: 'publish', topic, payload: '', qos: 0, retain: false, dup: false, properties },
    5,
  )
  return Buffer.from(packet.subarray(afterInteger(packet, 1) + 2 + topic.length))
}

function block(properties: PublishProperties): Buffer {
  const bytes = encoded(properties)
  return bytes.subarray(afterInteger(bytes, 0))
}

const userProperty = 0x26

function pairBytes([name, value]: readonly [name: string, value: string]): Buffer {
  const texts = [name, value].map((text) => Buffer.from(text))
  const sized = texts.flatMap((text) => [Buffer.from([text.length >> 8, text.length & 0xff]), text])
  return Buffer.concat([Buffer.from([userProperty]), ...sized])
}
