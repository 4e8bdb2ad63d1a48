// A PUBLISH with the properties that the user gave, prepared for the version of MQTT in force.
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

export interface PublishSettings {
  readonly qos: QoS
  readonly retain: boolean
  readonly version: ProtocolVersion
  /** Of MQTT 5; not looked at before. */
  readonly properties?: PublishProperties | undefined
}

const none = Buffer.alloc(0)
const noProperties = Buffer.from([0])

/** Everything that the PUBLISH packets of one kind share, encoded once. */
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

/** Property Length and properties (MQTT 5.0, 3.3.2.3), User Properties in the order in which they were given. */
function encodeProperties(properties: PublishProperties): Buffer {
  const { userProperties } = properties
  if (userProperties === undefined) return encoded(properties)
  // One pair after the other: mqtt-packet writes the values of a name together.
  const rows = Object.entries(properties).flatMap(([key, value]) =>
    key === 'userProperties' ? pairsOf(userProperties).map(pairBytes) : [block({ [key]: value })],
  )
  const body = Buffer.concat(rows)
  return Buffer.concat([variableByteInteger(body.length), body])
}

/** Property Length and properties as mqtt-packet puts them between the topic and the payload. */
function encoded(properties: PublishProperties): Buffer {
  const topic = 'a'
  const packet = generate(
    { cmd: 'publish', topic, payload: '', qos: 0, retain: false, dup: false, properties },
    5,
  )
  return Buffer.from(packet.subarray(behindInteger(packet, 1) + 2 + topic.length))
}

function block(properties: PublishProperties): Buffer {
  const bytes = encoded(properties)
  return bytes.subarray(behindInteger(bytes, 0))
}

/** Where the Variable Byte Integer at `start` ends. */
function behindInteger(bytes: Buffer, start: number): number {
  let at = start
  while (bytes[at]! >= 128) at++
  return at + 1
}

const userProperty = 0x26

function pairBytes([name, value]: readonly [name: string, value: string]): Buffer {
  const texts = [name, value].map((text) => Buffer.from(text))
  const sized = texts.flatMap((text) => [Buffer.from([text.length >> 8, text.length & 0xff]), text])
  return Buffer.concat([Buffer.from([userProperty]), ...sized])
}

/** MQTT 5.0, 1.5.5. */
function variableByteInteger(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>>= 7)
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest)
  return Buffer.from(bytes)
}
