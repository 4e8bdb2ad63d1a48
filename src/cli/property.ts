// Parses -D: packet, property and value. The error texts are mosquitto's.
import { textToBytes } from '../byte-text.js'
import { type PropertyCarrier, type PropertyRow, properties } from '../codec/properties.js'
import { addUserProperty, noUserProperties, type UserProperties } from '../codec/user-properties.js'
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { topicName } from './topic.js'
import { largestString, stringFault } from './values.js'

/** The packets whose properties the command line can set. */
export const propertyPackets = [
  'connect',
  'publish',
  'subscribe',
  'unsubscribe',
  'disconnect',
  'will',
] as const
export type PropertyPacket = (typeof propertyPackets)[number]

export type PropertyValue = number | boolean | string | Buffer | UserProperties

/** Properties by packet, then by mqtt-packet's names, in the order given. */
export type PropertySets = Partial<Record<PropertyPacket, Record<string, PropertyValue>>>

/** A parsed -D. */
export interface GivenProperty {
  readonly packet: PropertyPacket
  readonly row: PropertyRow
  readonly value: PropertyValue
}

/** Packets that mosquitto recognises, but whose properties cannot be set on the command line. */
const receivedOnly: readonly string[] = [
  'auth',
  'connack',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'suback',
  'unsuback',
]

const typeNumbers: Readonly<Record<PropertyRow['type'], number>> = {
  byte: 1,
  'two byte integer': 2,
  'four byte integer': 3,
  'variable byte integer': 4,
  'binary data': 5,
  'utf-8 string': 6,
  'utf-8 string pair': 7,
}

const largest: Readonly<Record<string, number>> = {
  byte: 255,
  'two byte integer': 65_535,
  'four byte integer': 4_294_967_295,
  'variable byte integer': 268_435_455,
}

/** True if a -D with these arguments needs another: it takes three, for a User Property four. */
export function needsAnotherArgument(args: readonly string[]): boolean {
  return args.length < (args[1]?.toLowerCase() === 'user-property' ? 4 : 3)
}

/**
 * Parses the arguments of -D: COMMAND NAME VALUE, for a User Property COMMAND NAME KEY VALUE.
 * @throws UsageError
 */
export function parseProperty([command = '', name = '', ...values]: readonly string[]): GivenProperty {
  const packet = command.toLowerCase()
  if (!isPropertyPacket(packet) && !receivedOnly.includes(packet)) {
    throw new UsageError(`Invalid command ${shown(command)} given in --property argument.`, {
      hint: `use ${propertyPackets.join(', ')}`,
    })
  }
  const row = rowOf(name)
  if (row === undefined) {
    const hint = `use ${properties
      .filter((known) => isFor(known, packet))
      .map(propertyName)
      .join(', ')}`
    throw new UsageError(`Invalid property name ${shown(name)} given in --property argument.`, { hint })
  }
  if (!isFor(row, packet)) throw refused(row, packet, 'allowed')
  if (!isPropertyPacket(packet) || isFromServerOnly(row, packet)) throw refused(row, packet, 'supported')
  return { packet, row, value: readValue(row, values) }
}

/** The property of a long option such as --content-type. @throws UsageError */
export function property(packet: PropertyPacket, name: string, ...values: readonly string[]): GivenProperty {
  return parseProperty([packet, name, ...values])
}

/**
 * Adds a property to those of its packet.
 * @throws UsageError if it is already there and is allowed only once
 */
export function addProperty(sets: PropertySets, { packet, row, value }: GivenProperty): void {
  sets[packet] ??= {}
  const set = sets[packet]
  if (row.type === 'utf-8 string pair') {
    const pairs = (set[row.key] ??= noUserProperties()) as UserProperties
    for (const [name, text] of Object.entries(value as Record<string, string>)) {
      addUserProperty(pairs, name, text)
    }
    return
  }
  if (Object.hasOwn(set, row.key)) throw duplicate(row, packet)
  set[row.key] = value
}

function isPropertyPacket(packet: string): packet is PropertyPacket {
  return (propertyPackets as readonly string[]).includes(packet)
}

function rowOf(name: string): PropertyRow | undefined {
  return properties.find((row) => propertyName(row) === name.toLowerCase())
}

/** The name of a property on the command line: `content-type`. */
export function propertyName(row: PropertyRow): string {
  return row.name.replaceAll('_', '-')
}

function isFor(row: PropertyRow, packet: string): boolean {
  return row.packets.includes(packet as PropertyCarrier)
}

/** True for a Subscription Identifier in a PUBLISH, which only the server may send [MQTT-3.3.4-6]. */
export function isFromServerOnly(row: PropertyRow, packet: string): boolean {
  return packet === 'publish' && row.name === 'subscription_identifier'
}

function refused(row: PropertyRow, packet: string, what: 'allowed' | 'supported'): UsageError {
  return new UsageError(`${propertyName(row)} property not ${what} for ${packet} in --property argument.`)
}

function duplicate(row: PropertyRow, packet: string): UsageError {
  const hint = `${propertyName(row)} may be given once for ${packet}`
  const reason = 'Duplicate property in property list'
  if (packet === 'connect') return new UsageError(`Unable to connect (${reason}).`, { hint, prefix: '' })
  return new UsageError(`${reason}.`, { hint })
}

function readValue(row: PropertyRow, [first = '', second = '']: readonly string[]): PropertyValue {
  switch (row.type) {
    case 'utf-8 string':
      return textOf(row, first)
    case 'utf-8 string pair':
      return { [textOf(row, first)]: textOf(row, second) }
    case 'binary data': {
      const bytes = textToBytes(first)
      if (bytes.length > largestString) throw tooLong(row)
      return bytes
    }
    default:
      return numberOf(row, first)
  }
}

const responseTopic = topicName('response') // [MQTT-3.3.2-14]

function textOf(row: PropertyRow, text: string): string {
  if (Buffer.byteLength(text) > largestString) throw tooLong(row)
  const fault = stringFault(text)
  if (fault === undefined) return row.key === 'responseTopic' ? responseTopic(text, propertyName(row)) : text
  throw new UsageError(`adding property ${propertyName(row)} ${typeNumbers[row.type]}`, {
    prefix: 'Error ',
    hint: fault,
  })
}

function numberOf(row: PropertyRow, text: string): number | boolean {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  const limit = row.flag === true ? 1 : largest[row.type]!
  const least = row.positive === true ? 1 : 0
  if (!(number >= least && number <= limit)) {
    throw new UsageError(`Property value (${shown(text)}) out of range for property ${propertyName(row)}.`, {
      hint: `a whole number from ${least} to ${limit}`,
    })
  }
  // mqtt-packet has flags as booleans.
  return row.flag === true ? number === 1 : number
}

function tooLong(row: PropertyRow): UsageError {
  return new UsageError(`Property value too long for property ${propertyName(row)}.`, {
    hint: `the limit is ${largestString} bytes`,
  })
}
