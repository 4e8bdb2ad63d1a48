// Parses "properties" of a line of JSON: the properties of a PUBLISH, under mqtt-packet's names or mosquitto_sub's.
import { topicNameFault } from '../cli/topic.js'
import { type PropertyRow, properties as rows } from '../codec/properties.js'
import type { PublishProperties } from '../codec/publish.js'
import { addUserProperty, noUserProperties, pairsOf, type UserProperties } from '../codec/user-properties.js'
import { bad, base64, isObject, shape, utf8Fault } from './values.js'

const known = new Map(rows.filter(({ packets }) => packets.includes('publish')).map((row) => [row.key, row]))

const base64Name = 'correlation-data-base64'

/** mqtt-packet's names by mosquitto_sub's names, plus one of our %j. */
const keys = new Map([
  ...[...known.values()].map((row) => [row.name.replaceAll('_', '-'), row.key] as const),
  ['user-properties', 'userProperties'],
  [base64Name, 'correlationData'],
])

/** Valid only on the connection that delivered the message [MQTT-3.3.4-6]; `sub --json` prints them. */
const notForwarded = new Set(['topicAlias', 'subscriptionIdentifier'])

/** @throws MqttxError for a property that PUBLISH does not have, or a value of the wrong type */
export function readProperties(given: Record<string, unknown>): PublishProperties {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const key = keys.get(name) ?? name
    if (notForwarded.has(key)) continue
    const row = known.get(key)
    if (row === undefined) {
      const hint = `known properties: ${[...known.keys()].filter((name) => !notForwarded.has(name)).join(', ')}`
      throw bad(`unknown property ${shape(name)}`, hint)
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

/** An object of strings, or of lists for repeated names; or mosquitto_sub's list of objects. */
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

/** `{"base64":"..."}`, the printed form; or text. */
function readBytes(value: unknown, name: string): Buffer {
  const bytes = typeof value === 'string' ? textBytes(value, name) : base64Bytes(value, name)
  if (bytes.length > 65_535) throw bad(`${name} is longer than 65535 bytes`)
  return bytes
}

function textBytes(text: string, name: string): Buffer {
  if (!text.isWellFormed()) throw bad(`${name} has a lone surrogate`)
  return Buffer.from(text)
}

function base64Bytes(value: unknown, name: string): Buffer {
  if (isObject(value) && typeof value.base64 === 'string') return base64(value.base64, name)
  throw bad(`${name} is ${shape(value)}, not {"base64":"..."} or a string`)
}

/** Flags are booleans in mqtt-packet. */
function readFlag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  if (value === 0 || value === 1) return value === 1
  throw bad(`${name} is ${shape(value)}, not true or false`)
}

/** Only the Message Expiry Interval comes here: a Four Byte Integer. */
function readNumber(value: unknown, name: string): number {
  const whole = typeof value === 'number' && Number.isInteger(value)
  if (whole && value >= 0 && value <= 0xffffffff) return value
  throw bad(`${name} is ${shape(value)}, not a whole number from 0 to 4294967295`)
}
