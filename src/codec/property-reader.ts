// Reads and checks the properties of a packet (MQTT 5.0, 2.2.2).
import { type PropertyCarrier, type PropertyRow, properties, propertyTitle } from './properties.js'
import type { Reader } from './reader.js'
import { addUserProperty, noUserProperties, type UserProperties } from './user-properties.js'

/** mqtt-packet's names and values. */
export type PropertyValues = Record<string, unknown>

const rows = new Map(properties.map((row) => [row.id, { ...row, title: propertyTitle(row) }]))

type TitledRow = PropertyRow & { readonly title: string }

/** Who has sent the packet: some properties go only one way. */
export type Sender = 'client' | 'server'

/**
 * Reads the Property Length and the properties of a packet of `carrier`.
 * @throws ProtocolError 0x81 for a malformed property or one that the packet may not have (2.2.2.2), 0x82 for a duplicate
 * or a value out of range
 */
export function readProperties(
  reader: Reader,
  carrier: PropertyCarrier,
  sender: Sender = 'server',
): PropertyValues | undefined {
  const length = reader.variable('Property Length')
  const outer = reader.end
  if (length > reader.left) throw reader.malformed('Property Length is longer than the packet')
  if (length === 0) return undefined
  const values: PropertyValues = {}
  reader.end = reader.at + length
  while (reader.left > 0) readProperty(reader, { carrier, sender }, values)
  reader.end = outer
  return values
}

function readProperty(
  reader: Reader,
  { carrier, sender }: { carrier: PropertyCarrier; sender: Sender },
  values: PropertyValues,
): void {
  const id = reader.variable('property')
  const row = rows.get(id)
  if (row === undefined) throw reader.malformed(`unknown property ${id} (MQTT 5.0, 2.2.2.2)`)
  const oneWay = sender === 'server' && row.fromClient?.includes(carrier) === true
  if (!row.packets.includes(carrier) || oneWay) {
    throw reader.malformed(`${row.title} is not allowed in it (MQTT 5.0, 2.2.2.2)`)
  }
  if (row.key === 'userProperties') return addPair(reader, values)
  const value = readValue(reader, row)
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
      return flagOf(reader, row)
    case 'two byte integer':
      return positive(reader, row, reader.twoBytes(title))
    case 'four byte integer':
      return positive(reader, row, reader.fourBytes(title))
    case 'variable byte integer':
      return positive(reader, row, reader.variable(title))
    case 'binary data':
      return reader.binary(title)
    default:
      return textOf(reader, row)
  }
}

/** All properties of type byte are 0 or 1. Another Payload Format Indicator is harmless. */
function flagOf(reader: Reader, row: TitledRow): boolean | number {
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

function positive(reader: Reader, row: TitledRow, value: number): number {
  if (value === 0 && row.positive === true) throw reader.error(`${row.title} is 0 (MQTT 5.0, 2.2.2.2)`)
  return value
}

function textOf(reader: Reader, { key, title }: TitledRow): string {
  const text = reader.text(title)
  if (key === 'assignedClientIdentifier' && text === '')
    throw reader.error(`${title} is empty (MQTT 5.0, 3.2.2.3.7)`)
  if (key === 'responseTopic' && /[+#]/.test(text))
    reader.remark(`${title} contains a wildcard [MQTT-3.3.2-14]`)
  return text
}

function addPair(reader: Reader, values: PropertyValues): void {
  const name = reader.text('User Property')
  const value = reader.text('User Property')
  const pairs = (values.userProperties ??= noUserProperties()) as UserProperties
  addUserProperty(pairs, name, value)
}
