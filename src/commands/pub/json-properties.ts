// "properties" of a line of JSON: the properties of a PUBLISH, each of its type, under mqtt-packet's names or under the
// names that mosquitto_sub prints.
import { topicNameFault } from '../../cli/topic.js'
import { type PropertyRow, properties as rows } from '../../codec/properties.js'
import type { PublishProperties } from '../../codec/publish.js'
import {
  addUserProperty,
  noUserProperties,
  pairsOf,
  type UserProperties,
} from '../../codec/user-properties.js'
import { bad, base64, isObject, shape, utf8Fault } from './json-values.js'

const known = new Map(rows.filter(({ packets }) => packets.includes('publish')).map((row) => [row.key, row]))

const base64Name = 'correlation-data-base64'

/** mqtt-packet's names by the names of mosquitto_sub, and by one of our %j. */
const keys = new Map([
  ...[...known.values()].map((row) => [row.name.replaceAll('_', '-'), row.key] as const),
  ['user-properties', 'userProperties'],
  [base64Name, 'correlationData'],
])

/** They belong to the connection that brought the message [MQTT-3.3.4-6]; `sub --json` prints them all the same. */
const notForwarded = new Set(['topicAlias', 'subscriptionIdentifier'])

/** @throws MqttxError for a property that a PUBLISH cannot have, and for a value that is not of its type */
export function readProperties(given: Record<string, unknown>): PublishProperties {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const key = keys.get(name) ?? name
    if (notForwarded.has(key)) continue
    const row = known.get(key)
    if (row === undefined) {
      const hint = `known are ${[...known.keys()].filter((name) => !notForwarded.has(name)).join(', ')}`
      throw bad(`there is no property ${shape(name)}`, hint)
    }
    read[key] = name === base64Name ? base64Bytes({ base64: value }, name) : readValue(row, value)
  }
  if (typeof read.responseTopic === 'string' && /[+#]/.test(read.responseTopic)) {
    throw bad("\"responseTopic\" has '+' or '#' [MQTT-3.3.2-14]")
  }
  if (typeof read.responseTopic === 'string') {
    const fault = topicNameFault(read.responseTopic)
    if (fault !== undefined) throw bad(`"responseTopic" cannot be published to: ${fault}`)
  }
  return read
}

function readValue(row: PropertyRow, value: unknown): unknown {
  const name = `"${row.key}"`
  switch (row.type) {
    case 'utf-8 string':
      return readString(value, name)
    case 'utf-8 string pair':
      return readPairs(value, name)
    case 'binary data':
      return readBytes(value, name)
    default:
      return row.flag === true ? readFlag(value, name) : readNumber(value, name)
  }
}

function readString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw bad(`${name} is ${shape(value)}, not a string`)
  const fault = utf8Fault(value)
  if (fault !== undefined) throw bad(`${name} ${fault}`)
  return value
}

/** Names with a string, or with a list where a name stands more than once; or mosquitto_sub's list of objects. */
function readPairs(value: unknown, name: string): UserProperties {
  if (Array.isArray(value)) return joined(value.map((pair: unknown) => readPairs(pair, name)))
  if (!isObject(value)) throw bad(`${name} is ${shape(value)}, not an object`)
  const pairs = noUserProperties()
  for (const [key, texts] of Object.entries(value)) {
    readString(key, `a name in ${name}`)
    const place = `${name}.${shape(key)}`
    for (const text of [texts].flat()) addUserProperty(pairs, key, readString(text, place))
  }
  return pairs
}

function joined(pairs: UserProperties[]): UserProperties {
  const all = noUserProperties()
  for (const [name, value] of pairs.flatMap(pairsOf)) addUserProperty(all, name, value)
  return all
}

/** `{"base64":"..."}` as it is printed, or text, which is easier to write. */
function readBytes(value: unknown, name: string): Buffer {
  const bytes = typeof value === 'string' ? textBytes(value, name) : base64Bytes(value, name)
  if (bytes.length > 65_535) throw bad(`${name} is longer than 65535 bytes`)
  return bytes
}

function textBytes(text: string, name: string): Buffer {
  if (!text.isWellFormed()) throw bad(`${name} has half of a surrogate pair`)
  return Buffer.from(text)
}

function base64Bytes(value: unknown, name: string): Buffer {
  if (isObject(value) && typeof value.base64 === 'string') return base64(value.base64, name)
  throw bad(`${name} is ${shape(value)}, not {"base64":"..."} or a string`)
}

/** mqtt-packet has flags as booleans. */
function readFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  if (value === 0 || value === 1) return value === 1
  throw bad(`${name} is ${shape(value)}, not true or false`)
}

/** The one number that is left is the Message Expiry Interval, which has four bytes. */
function readNumber(value: unknown, name: string): number {
  const whole = typeof value === 'number' && Number.isInteger(value)
  if (whole && value >= 0 && value <= 0xffffffff) return value
  throw bad(`${name} is ${shape(value)}, not a whole number from 0 to 4294967295`)
}
