// The properties of MQTT 5.0 by identifier, with Control Packet types as numbers; derived from codec/properties.ts.
import { type PropertyRow, type PropertyType, properties as rows } from '../codec/properties.js'
import { packetNames } from './names.js'

export interface Property {
  readonly identifier: number
  readonly name: string
  readonly type: PropertyType
  /** Control Packet types; 0 is the Will Properties of CONNECT. */
  readonly packets: readonly number[]
  /** Smallest and largest value, for the rule `property-range`. */
  readonly least: number
  readonly most: number
  /** Type name in the standard. */
  readonly kind: string
}

export const willProperties = 0

const kinds: Readonly<Record<PropertyType, string>> = {
  byte: 'Byte',
  'two byte integer': 'Two Byte Integer',
  'four byte integer': 'Four Byte Integer',
  'variable byte integer': 'Variable Byte Integer',
  'utf-8 string': 'UTF-8 Encoded String',
  'binary data': 'Binary Data',
  'utf-8 string pair': 'UTF-8 String Pair',
}

/** Property identifiers by name. */
export const propertyId = {
  payloadFormat: 1,
  messageExpiry: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  subscriptionIdentifier: 11,
  sessionExpiry: 17,
  assignedClientIdentifier: 18,
  serverKeepAlive: 19,
  authenticationMethod: 21,
  authenticationData: 22,
  requestProblemInformation: 23,
  willDelay: 24,
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

/** Properties whose values have their own rules. */
const ruled: readonly number[] = [propertyId.payloadFormat, propertyId.topicAlias]

function propertyOf({ id, name, type, packets, flag, positive }: PropertyRow): Property {
  const isRuled = ruled.includes(id)
  return {
    ...{ identifier: id, name, type, kind: kinds[type] },
    packets: packets.map((packet) => {
      return packet === 'will'
        ? willProperties
        : packetNames.findIndex((known) => known.toLowerCase() === packet)
    }),
    least: positive === true && !isRuled ? 1 : 0,
    most: flag === true && !isRuled ? 1 : Number.POSITIVE_INFINITY,
  }
}

/** By identifier. */
export const properties: ReadonlyMap<number, Property> = new Map(rows.map((row) => [row.id, propertyOf(row)]))

/** A property value: a number, a text, a pair, or for binary data its hash (content.ts). */
export type PropertyValue = number | string | readonly [string, string]
export type PropertyBag = Map<number, PropertyValue[]>
