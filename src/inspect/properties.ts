// The properties of MQTT 5.0 (2.2.2.2), one row each: identifier, name, type, the packets that may have it, and its range.
import * as packet from './names.js'

export type PropertyType = 'byte' | 'u16' | 'u32' | 'variable' | 'string' | 'binary' | 'pair'

export interface Property {
  readonly identifier: number
  readonly name: string
  readonly type: PropertyType
  /** Control Packet types; 0 stands for the Will Properties of CONNECT. */
  readonly packets: readonly number[]
  readonly least: number
  readonly most: number
  /** The type in the standard's words. */
  readonly kind: string
}

export const willProperties = 0

const { connect, connack, publish, puback, pubrec, pubrel, pubcomp } = packet
const { subscribe, suback, unsubscribe, unsuback, disconnect, auth } = packet
const message = [publish, willProperties]
const answers = [connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth]
const everywhere = [connect, ...message, subscribe, unsubscribe, ...answers]

const kinds: Readonly<Record<PropertyType, string>> = {
  byte: 'Byte',
  u16: 'Two Byte Integer',
  u32: 'Four Byte Integer',
  variable: 'Variable Byte Integer',
  string: 'UTF-8 Encoded String',
  binary: 'Binary Data',
  pair: 'UTF-8 String Pair',
}

type Row = [
  identifier: number,
  name: string,
  type: PropertyType,
  packets: readonly number[],
  ...range: number[],
]

const rows: readonly Row[] = [
  [1, 'payload_format_indicator', 'byte', message],
  [2, 'message_expiry_interval', 'u32', message],
  [3, 'content_type', 'string', message],
  [8, 'response_topic', 'string', message],
  [9, 'correlation_data', 'binary', message],
  [11, 'subscription_identifier', 'variable', [publish, subscribe], 1],
  [17, 'session_expiry_interval', 'u32', [connect, connack, disconnect]],
  [18, 'assigned_client_identifier', 'string', [connack]],
  [19, 'server_keep_alive', 'u16', [connack]],
  [21, 'authentication_method', 'string', [connect, connack, auth]],
  [22, 'authentication_data', 'binary', [connect, connack, auth]],
  [23, 'request_problem_information', 'byte', [connect], 0, 1],
  [24, 'will_delay_interval', 'u32', [willProperties]],
  [25, 'request_response_information', 'byte', [connect], 0, 1],
  [26, 'response_information', 'string', [connack]],
  [28, 'server_reference', 'string', [connack, disconnect]],
  [31, 'reason_string', 'string', answers],
  [33, 'receive_maximum', 'u16', [connect, connack], 1],
  [34, 'topic_alias_maximum', 'u16', [connect, connack]],
  [35, 'topic_alias', 'u16', [publish]],
  [36, 'maximum_qos', 'byte', [connack], 0, 1],
  [37, 'retain_available', 'byte', [connack], 0, 1],
  [38, 'user_property', 'pair', everywhere],
  [39, 'maximum_packet_size', 'u32', [connect, connack], 1],
  [40, 'wildcard_subscription_available', 'byte', [connack], 0, 1],
  [41, 'subscription_identifiers_available', 'byte', [connack], 0, 1],
  [42, 'shared_subscription_available', 'byte', [connack], 0, 1],
]

/** By identifier. */
export const properties: ReadonlyMap<number, Property> = new Map(
  rows.map(([identifier, name, type, packets, least = 0, most = Number.POSITIVE_INFINITY]) => [
    identifier,
    { identifier, name, type, packets, least, most, kind: kinds[type] },
  ]),
)

/** Identifiers that code asks for by name. */
export const propertyId = {
  payloadFormat: 1,
  responseTopic: 8,
  subscriptionIdentifier: 11,
  sessionExpiry: 17,
  assignedClientIdentifier: 18,
  serverKeepAlive: 19,
  authenticationMethod: 21,
  authenticationData: 22,
  requestProblemInformation: 23,
  requestResponseInformation: 25,
  responseInformation: 26,
  reasonString: 31,
  receiveMaximum: 33,
  topicAliasMaximum: 34,
  topicAlias: 35,
  maximumQos: 36,
  retainAvailable: 37,
  userProperty: 38,
  maximumPacketSize: 39,
  wildcardAvailable: 40,
  subscriptionIdentifiersAvailable: 41,
  sharedAvailable: 42,
} as const

/** What a packet says in its properties: a number, a text, a pair; a list of them where it said it more than once. */
export type PropertyValue = number | string | readonly [string, string]
export type PropertyBag = Map<number, PropertyValue[]>
