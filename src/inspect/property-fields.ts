// Decodes properties (MQTT 5.0, 2.2.2): the Property Length, and each property as one field with its identifier.

import { quoted } from '../text.js'
import { contentHash } from './content-hash.js'
import type { Field, Fields } from './fields.js'
import { publish } from './names.js'
import type { Packet } from './packet.js'
import {
  type Property,
  type PropertyBag,
  type PropertyValue,
  properties,
  propertyId,
  willProperties,
} from './properties.js'
import { checkTopic } from './topics.js'

export function decodeProperties(f: Fields, type: Packet['type']): PropertyBag | undefined {
  const group = f.begin(type === willProperties ? 'will_properties' : 'properties')
  if (f.left === 0) f.report('property-length', undefined, f.at)
  const length = f.variable(type === willProperties ? 'will_property_length' : 'property_length')
  const outer = f.limit
  if (f.at + length > outer) {
    f.report('field-overrun', `the Property Length ${length} runs past the end of the packet`)
  }
  const bag: PropertyBag | undefined = length === 0 ? undefined : new Map()
  f.limit = Math.min(outer, f.at + length)
  while (f.left > 0) decodeProperty(f, type, bag!)
  f.limit = outer
  f.end(group)
  if (bag?.has(propertyId.authenticationData) && !bag.has(propertyId.authenticationMethod)) {
    f.report('auth-data-without-method')
  }
  return bag
}

function decodeProperty(f: Fields, type: number, bag: PropertyBag): void {
  const property = properties.get(f.peek('property'))
  const index = f.count
  const group = f.begin(property?.name ?? 'unknown_property')
  const offset = f.at
  const identifier = f.variable('identifier')
  if (property === undefined) {
    f.report('property-unknown', `no property has the identifier ${identifier}`)
    if (f.left > 0) f.rest('undecoded', 'undecoded')
    return f.end(group)
  }
  f.last.meaning = property.kind
  if (!property.packets.includes(type))
    f.report('property-not-allowed', `${property.name} is not allowed in this packet`)
  group.whole = true
  group.meaning = `property ${identifier}`
  const value = readValue(f, property, group)
  f.end(group)
  note(f, { property, value, type, offset }, bag)
  f.fold(index, property.identifier === propertyId.authenticationData ? property.name : '')
}

function readValue(f: Fields, property: Property, group: Field): PropertyValue {
  let value: PropertyValue
  switch (property.type) {
    case 'byte':
      value = f.integer(property.name, 1)
      break
    case 'two byte integer':
      value = f.integer(property.name, 2)
      break
    case 'four byte integer':
      value = f.integer(property.name, 4)
      break
    case 'variable byte integer':
      value = f.variable(property.name)
      break
    case 'utf-8 string':
      value = f.text(
        property.name,
        property.name === 'content_type' ? 'content-type-utf8' : 'utf8-ill-formed',
      )
      break
    case 'binary data':
      group.content = f.binary(property.name).content
      value = contentHash(f.bytes, f.origin + group.content, f.origin + f.at)
      break
    case 'utf-8 string pair':
      value = [f.text('name', 'utf8-pair'), f.text('value', 'utf8-pair')]
      group.repeated = true
      group.meaning = `${quoted(value[0])} = ${quoted(value[1])}`
      break
    default:
      property.type satisfies never
      value = 0
  }
  if (property.identifier === propertyId.subscriptionIdentifier) group.repeated = true
  if (property.type !== 'binary data' && typeof value !== 'object') group.value = value
  return value
}

interface Found {
  readonly property: Property
  readonly value: PropertyValue
  readonly type: number
  readonly offset: number
}

/** Stores the value in `bag` and checks it. */
function note(f: Fields, { property, value, type, offset }: Found, bag: PropertyBag): void {
  const { identifier, name } = property
  const earlier = bag.get(identifier)
  if (earlier === undefined) bag.set(identifier, [value])
  else {
    earlier.push(value)
    const many = identifier === propertyId.subscriptionIdentifier && type === publish
    if (identifier !== propertyId.userProperty && !many) {
      f.report('property-twice', `${name} must not occur more than once`, offset)
    }
  }
  if (identifier === propertyId.topicAlias && value === 0) f.report('alias-zero', undefined, offset)
  if (identifier === propertyId.payloadFormat && Number(value) > 1)
    f.report('payload-format', undefined, offset)
  if (identifier === propertyId.responseTopic) checkTopic(f, String(value), 'response-topic', offset)
  if (typeof value === 'number' && (value < property.least || value > property.most)) {
    f.report('property-range', `${name} must not be ${value}`, offset)
  }
}
