// The table of MQTT 5.0 properties (2.2.2.2): identifier, name, type, and the packets that may contain each.
import type { Packet } from 'mqtt-packet'

export type PropertyType =
  | 'byte'
  | 'two byte integer'
  | 'four byte integer'
  | 'variable byte integer'
  | 'utf-8 string'
  | 'binary data'
  | 'utf-8 string pair'

/** Where a property may be: a Control Packet, by mqtt-packet's name, or the Will Properties of CONNECT. */
export type PropertyCarrier = Packet['cmd'] | 'will'

export interface PropertyRow {
  /** Property Identifier. */
  readonly id: number
  /** The standard's name in lower snake case. */
  readonly name: string
  /** mqtt-packet's name. */
  readonly key: string
  readonly type: PropertyType
  readonly packets: readonly PropertyCarrier[]
  /** The byte must be 0 or 1. */
  readonly flag?: true
  /** 0 is a Protocol Error. */
  readonly positive?: true
  /** Those of `packets` in which a server must not send it. */
  readonly fromClient?: readonly PropertyCarrier[]
}

/** The answers to another packet. */
const answers = ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'] as const
const messages = ['publish', 'will'] as const

/** In the order of the table of 2.2.2.2. */
export const properties: readonly PropertyRow[] = [
  {
    id: 0x01,
    name: 'payload_format_indicator',
    key: 'payloadFormatIndicator',
    type: 'byte',
    packets: messages,
    flag: true,
  },
  {
    id: 0x02,
    name: 'message_expiry_interval',
    key: 'messageExpiryInterval',
    type: 'four byte integer',
    packets: messages,
  },
  { id: 0x03, name: 'content_type', key: 'contentType', type: 'utf-8 string', packets: messages },
  { id: 0x08, name: 'response_topic', key: 'responseTopic', type: 'utf-8 string', packets: messages },
  { id: 0x09, name: 'correlation_data', key: 'correlationData', type: 'binary data', packets: messages },
  {
    id: 0x0b,
    name: 'subscription_identifier',
    key: 'subscriptionIdentifier',
    type: 'variable byte integer',
    packets: ['publish', 'subscribe'],
    positive: true,
  },
  {
    id: 0x11,
    name: 'session_expiry_interval',
    key: 'sessionExpiryInterval',
    type: 'four byte integer',
    packets: ['connect', 'connack', 'disconnect'],
    fromClient: ['disconnect'], // [MQTT-3.14.2-2]
  },
  {
    id: 0x12,
    name: 'assigned_client_identifier',
    key: 'assignedClientIdentifier',
    type: 'utf-8 string',
    packets: ['connack'],
  },
  {
    id: 0x13,
    name: 'server_keep_alive',
    key: 'serverKeepAlive',
    type: 'two byte integer',
    packets: ['connack'],
  },
  {
    id: 0x15,
    name: 'authentication_method',
    key: 'authenticationMethod',
    type: 'utf-8 string',
    packets: ['connect', 'connack', 'auth'],
  },
  {
    id: 0x16,
    name: 'authentication_data',
    key: 'authenticationData',
    type: 'binary data',
    packets: ['connect', 'connack', 'auth'],
  },
  {
    id: 0x17,
    name: 'request_problem_information',
    key: 'requestProblemInformation',
    type: 'byte',
    packets: ['connect'],
    flag: true,
  },
  {
    id: 0x18,
    name: 'will_delay_interval',
    key: 'willDelayInterval',
    type: 'four byte integer',
    packets: ['will'],
  },
  {
    id: 0x19,
    name: 'request_response_information',
    key: 'requestResponseInformation',
    type: 'byte',
    packets: ['connect'],
    flag: true,
  },
  {
    id: 0x1a,
    name: 'response_information',
    key: 'responseInformation',
    type: 'utf-8 string',
    packets: ['connack'],
  },
  {
    id: 0x1c,
    name: 'server_reference',
    key: 'serverReference',
    type: 'utf-8 string',
    packets: ['connack', 'disconnect'],
  },
  {
    id: 0x1f,
    name: 'reason_string',
    key: 'reasonString',
    type: 'utf-8 string',
    packets: [...answers, 'disconnect', 'auth'],
  },
  {
    id: 0x21,
    name: 'receive_maximum',
    key: 'receiveMaximum',
    type: 'two byte integer',
    packets: ['connect', 'connack'],
    positive: true,
  },
  {
    id: 0x22,
    name: 'topic_alias_maximum',
    key: 'topicAliasMaximum',
    type: 'two byte integer',
    packets: ['connect', 'connack'],
  },
  {
    id: 0x23,
    name: 'topic_alias',
    key: 'topicAlias',
    type: 'two byte integer',
    packets: ['publish'],
    positive: true,
  },
  { id: 0x24, name: 'maximum_qos', key: 'maximumQoS', type: 'byte', packets: ['connack'], flag: true },
  {
    id: 0x25,
    name: 'retain_available',
    key: 'retainAvailable',
    type: 'byte',
    packets: ['connack'],
    flag: true,
  },
  {
    id: 0x26,
    name: 'user_property',
    key: 'userProperties',
    type: 'utf-8 string pair',
    packets: ['connect', 'publish', 'will', 'subscribe', 'unsubscribe', ...answers, 'disconnect', 'auth'],
  },
  {
    id: 0x27,
    name: 'maximum_packet_size',
    key: 'maximumPacketSize',
    type: 'four byte integer',
    packets: ['connect', 'connack'],
    positive: true,
  },
  {
    id: 0x28,
    name: 'wildcard_subscription_available',
    key: 'wildcardSubscriptionAvailable',
    type: 'byte',
    packets: ['connack'],
    flag: true,
  },
  {
    id: 0x29,
    name: 'subscription_identifier_available',
    key: 'subscriptionIdentifiersAvailable',
    type: 'byte',
    packets: ['connack'],
    flag: true,
  },
  {
    id: 0x2a,
    name: 'shared_subscription_available',
    key: 'sharedSubscriptionAvailable',
    type: 'byte',
    packets: ['connack'],
    flag: true,
  },
]

/** The standard's name, for example `Reason String`. */
export function propertyTitle({ name }: PropertyRow): string {
  return name
    .split('_')
    .map((word) => (word === 'qos' ? 'QoS' : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join(' ')
}
