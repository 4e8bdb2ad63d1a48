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

/** Property Length and properties (MQTT 5.0, 3.3.2.3): what mqtt-packet puts between the topic and the payload. */
function encodeProperties(properties: PublishProperties): Buffer {
  const topic = 'a'
  const packet = generate(
    { cmd: 'publish', topic, payload: '', qos: 0, retain: false, dup: false, properties },
    5,
  )
  let start = 1
  while (packet[start]! >= 128) start++ // Remaining Length
  return Buffer.from(packet.subarray(start + 1 + 2 + topic.length))
}
