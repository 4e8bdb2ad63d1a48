// Prepares a PublishTemplate with properties for a version of MQTT.
import { encodeProperties } from './property-writer.js'
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
