// Reads and checks the properties of a packet (MQTT 5.0, 2.2.2).
import { type PropertyCarrier, type PropertyRow, properties, propertyTitle } from './properties.js'
import type { Reader } from './reader.js'
import { addUserProperty, noUserProperties, type UserProperties } from './user-properties.js'

/** The properties of a packet under mqtt-packet's names: `{ sessionExpiryInterval: 60 }`. */
export type PropertyValues = Record<string, unknown>

/** `title` is the name of the property in error texts. */
type TitledRow = PropertyRow & { readonly title: string }

let rowsById: ReadonlyMap<number, TitledRow> | undefined

function rowOf(id: number): TitledRow | undefined {
  rowsById ??= new Map(properties.map((row) => [row.id, { ...row, title: propertyTitle(row) }]))
  return rowsById.get(id)
}

/** The sender of a packet: some properties are allowed in one direction only. */
export type Sender = 'client' | 'server'

/**
 * Reads the Property Length, at which `reader` must be, and the properties after it. Returns undefined if the
 * length is 0. Harmless violations are passed to `reader.remark`.
 * @throws ProtocolError 0x81 for a malformed property or one that `carrier` must not contain (2.2.2.2), 0x82
 * for a duplicate or a value out of range
 */
export function readProperties(
  reader: Reader,
  carrier: PropertyCarrier,
  sender: Sender = 'server',
): PropertyValues | undefined {
  const length = reader.variable('Property Length')
  const packetEnd = reader.end
  if (length > reader.left) throw reader.malformed('Property Length is longer than the packet')
  if (length === 0) return undefined
  const values: PropertyValues = {}
  reader.end = reader.at + length
  while (reader.left > 0) readProperty(reader, { carrier, sender }, values)
  reader.end = packetEnd
  return values
}

function readProperty(
  reader: Reader,
  { carrier, sender }: { carrier: PropertyCarrier; sender: Sender },
  values: PropertyValues,
): void {
  const id = reader.variable('property')
  const row = rowOf(id)
  if (row === undefined) throw reader.malformed(`unknown property ${id} (MQTT 5.0, 2.2.2.2)`)
  const isFromWrongSide = sender === 'server' && row.fromClient?.includes(carrier) === true
  if (!row.packets.includes(carrier) || isFromWrongSide) {
    throw reader.malformed(`${row.title} is not allowed in it (MQTT 5.0, 2.2.2.2)`)
  }
  if (row.key === 'userProperties') return readUserProperty(reader, values)
  const value = readValue(reader, row)
  // Only the Subscription Identifier may be repeated, and only in a PUBLISH from the server (3.3.2.3.8).
  const earlier = values[row.key]
  if (earlier === undefined) values[row.key] = value
  else if (row.key !== 'subscriptionIdentifier' || sender === 'client')
    throw reader.error(`duplicate ${row.title} (MQTT 5.0, 2.2.2.2)`)
  else if (Array.isArray(earlier)) earlier.push(value)
  else values[row.key] = [earlier, value]
}

function readValue(reader: Reader, row: TitledRow): unknown {
  const { title } = row
  switch (row.type) {
    case 'byte':
      return readByte(reader, row)
    case 'two byte integer':
      return checkedInteger(reader, row, reader.twoBytes(title))
    case 'four byte integer':
      return checkedInteger(reader, row, reader.fourBytes(title))
    case 'variable byte integer':
      return checkedInteger(reader, row, reader.variable(title))
    case 'binary data':
      return reader.binary(title)
    default: // 'utf-8 string': the only pair is the User Property, which readProperty has handled.
      return readText(reader, row)
  }
}

/**
 * All properties of type byte are 0 or 1. They become booleans, except Maximum QoS. An invalid Payload Format
 * Indicator is remarked and returned as a number.
 */
function readByte(reader: Reader, row: TitledRow): boolean | number {
  const { title } = row
  const value = reader.byte(title)
  if (value > 1) {
    const text = `${title} is ${value}, not 0 or 1`
    if (row.key !== 'payloadFormatIndicator') throw reader.error(text)
    reader.remark(`${text} (MQTT 5.0, 3.3.2.3.2)`)
    return value
  }
  return row.key === 'maximumQoS' ? value : value === 1
}

/** Returns `value`. @throws ProtocolError 0x82 if it is 0 and must not be */
function checkedInteger(reader: Reader, row: TitledRow, value: number): number {
  if (value === 0 && row.positive === true) throw reader.error(`${row.title} is 0 (MQTT 5.0, 2.2.2.2)`)
  return value
}

function readText(reader: Reader, { key, title }: TitledRow): string {
  const text = reader.text(title)
  if (key === 'assignedClientIdentifier' && text === '')
    throw reader.error(`${title} is empty (MQTT 5.0, 3.2.2.3.7)`)
  if (key === 'responseTopic' && /[+#]/.test(text))
    reader.remark(`${title} contains a wildcard [MQTT-3.3.2-14]`)
  return text
}

function readUserProperty(reader: Reader, values: PropertyValues): void {
  const name = reader.text('User Property')
  const value = reader.text('User Property')
  const pairs = (values.userProperties ??= noUserProperties()) as UserProperties
  addUserProperty(pairs, name, value)
}
