// A request that --serve has received, and the PUBLISH that answers it. The payload is copied: the chunk is reused.
import { topicNameFault } from '../../cli/topic.js'
import type {
  ProtocolVersion,
  Publish,
  PublishProperties,
  PublishTemplate,
  QoS,
} from '../../codec/publish.js'
import { preparePublish } from '../../codec/publish-properties.js'
import {
  addUserProperty,
  noUserProperties,
  pairsOf,
  type UserProperties,
} from '../../codec/user-properties.js'
import type { Ran } from '../../io/command.js'
import type { DescribedMessage } from '../message-environment.js'

export interface ServedRequest extends DescribedMessage {
  readonly payload: Buffer
  readonly responseTopic: string
}

export interface Reply {
  readonly payload: Buffer
  readonly properties: PublishProperties
}

/** Reads a request. `fault`: why it cannot be answered. `fallback`: the Response Topic for a request without one. */
export function servedRequest(
  publish: Publish,
  fallback: string | undefined,
): ServedRequest | { readonly fault: string } {
  const properties = publish.properties ?? {}
  const responseTopic = properties.responseTopic ?? fallback
  if (responseTopic === undefined) return { fault: 'has no Response Topic' }
  const fault = topicNameFault(responseTopic)
  if (fault !== undefined) return { fault: `has a Response Topic that cannot be published to: ${fault}` }
  const { topic, qos, retain, dup } = publish
  return { topic, qos, retain, dup, responseTopic, properties, payload: Buffer.from(publish.payload) }
}

/** --echo: the same payload, Payload Format Indicator and Content Type. */
export function echoOf({ payload, properties }: ServedRequest): Reply {
  const { payloadFormatIndicator, contentType } = properties
  return {
    payload,
    properties: {
      ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
      ...(contentType !== undefined && { contentType }),
    },
  }
}

/** The answer from a finished command. A failure is an empty payload before MQTT 5, a User Property from then on. */
export function replyOf({ output, status, failure }: Ran, version: ProtocolVersion): Reply {
  if (failure === undefined) return { payload: output, properties: {} }
  if (version < 5) return { payload: Buffer.alloc(0), properties: {} }
  return { payload: output, properties: { userProperties: { 'exit-status': String(status) } } }
}

/** `given`: properties of the command line; those of the answer override them. */
export function answerTemplate(
  { responseTopic, properties: { correlationData } }: ServedRequest,
  reply: Reply,
  { qos, version, given }: { qos: QoS; version: ProtocolVersion; given: PublishProperties | undefined },
): PublishTemplate {
  const userProperties = replaced(given?.userProperties, reply.properties.userProperties)
  const properties = {
    ...given,
    ...reply.properties,
    ...(Object.keys(userProperties).length > 0 && { userProperties }),
    ...(correlationData !== undefined && { correlationData }),
  }
  return preparePublish(responseTopic, { qos, retain: false, version, properties })
}

/** `given` overridden by `newer`, name by name. */
function replaced(given: UserProperties = {}, newer: UserProperties = {}): UserProperties {
  const all = noUserProperties()
  const kept = pairsOf(given).filter(([name]) => !Object.hasOwn(newer, name))
  for (const [name, value] of [...kept, ...pairsOf(newer)]) addUserProperty(all, name, value)
  return all
}
