// Checks the packets of clients, except CONNECT (connect.ts) and PUBLISH (codec/publish.ts): direction, flags,
// fields, properties, codes, length. A table, like that of codec/server-packets.ts for the other direction.
import { type AcknowledgeType, isShortAcknowledge, pubrel } from '../../codec/acknowledge.js'
import {
  auth,
  connect,
  disconnect,
  fixedFlags,
  isClientCode,
  onlyDirection,
  packetNames,
  pingreq,
  puback,
  pubcomp,
  pubrec,
  subscribe,
  unsubscribe,
} from '../../codec/control-packets.js'
import type { PropertyCarrier } from '../../codec/properties.js'
import { type PropertyValues, readProperties } from '../../codec/property-reader.js'
import type { QoS } from '../../codec/publish.js'
import { Reader } from '../../codec/reader.js'
import { ProtocolError } from '../../errors.js'

/** One Topic Filter of a SUBSCRIBE with its Subscription Options (MQTT 5.0, 3.8.3.1). */
export interface SubscriptionRequest {
  readonly text: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

/** A packet that has passed all checks but those of its Topic Filters; a field is there if its type has it. */
export interface ClientPacket {
  readonly type: number
  messageId: number
  reasonCode: number
  properties: PropertyValues
  /** Read, and checked, as they are asked for: there may be a million. */
  subscriptions: Iterable<SubscriptionRequest>
  /** Of UNSUBSCRIBE, read in the same way. */
  filters: Iterable<string>
}

type Field = 'identifier' | 'code?' | 'properties' | 'subscriptions' | 'filters'

interface Row {
  /** Fields in order; from `code?` on they may be left out together (MQTT 5.0, 3.4.2.1). */
  readonly body: readonly Field[]
  /** The statement about its Reason Codes. */
  readonly codes?: string
  /** The first version of MQTT that has it. */
  readonly since?: number
}

const acknowledgement = (codes: string): Row => ({ body: ['identifier', 'code?', 'properties'], codes })

/** By Control Packet type. CONNECT stands for a second one. */
const rows: Readonly<Record<number, Row>> = {
  [puback]: acknowledgement('[MQTT-3.4.2-1]'),
  [pubrec]: acknowledgement('[MQTT-3.5.2-1]'),
  [pubrel]: acknowledgement('[MQTT-3.6.2-1]'),
  [pubcomp]: acknowledgement('[MQTT-3.7.2-1]'),
  [subscribe]: { body: ['identifier', 'properties', 'subscriptions'] },
  [unsubscribe]: { body: ['identifier', 'properties', 'filters'] },
  [pingreq]: { body: [] },
  [disconnect]: { body: ['code?', 'properties'], codes: '[MQTT-3.14.2-1]' },
  [auth]: { body: ['code?', 'properties'], codes: '[MQTT-3.15.2-1]', since: 5 },
}

interface Body {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Reads the packet, neither CONNECT nor PUBLISH, with the first byte `header` and the body `bytes` from `start` to `end`.
 * @throws ProtocolError 0x81 for what cannot be read, 0x82 for what MQTT forbids; its message names packet and rule
 */
export function readClientPacket(header: number, body: Body, version: number): ClientPacket {
  const type = header >> 4
  const row = checkHeader(header, version)
  const packet: ClientPacket = {
    ...{ type, messageId: 0, reasonCode: 0, properties: {}, subscriptions: [], filters: [] },
  }
  const reader = strictReader(body, packetNames[type]!)
  for (const field of row.body) {
    if (field === 'identifier')
      packet.messageId = reader.identifier() // [MQTT-2.2.1-3]
    else if (field === 'code?') readCode(reader, { type, version, row }, packet)
    else if (field === 'properties') readBlock(reader, { type, version, row }, packet)
    else if (field === 'subscriptions')
      packet.subscriptions = repeated(reader, '[MQTT-3.8.3-2]', () => readSubscription(reader, version))
    else packet.filters = repeated(reader, '[MQTT-3.10.3-2]', () => reader.text('Topic Filter'))
  }
  if (reader.left > 0) throw reader.malformed(`${reader.left} bytes follow its last field`)
  return packet
}

/** A Reader that takes no byte that the standard does not allow. */
export function strictReader({ bytes, start, end }: Body, packet: string): Reader {
  return new Reader(bytes, { start, end, packet, remark: refuse })
}

/** The Remaining Length of a packet is padded: MQTT 5 forbids it. */
export function checkPadding(version: number): void {
  const text = 'Malformed packet: its Remaining Length is longer than necessary [MQTT-1.5.5-1]'
  if (version === 5) throw new ProtocolError(text, 0x81)
}

/** Faults that a client tolerates in a server's packets; a server must not accept them. */
export function refuse(text: string): never {
  throw text.includes('[MQTT-1.5.5-1]')
    ? new ProtocolError(`Malformed packet: ${text}`, 0x81)
    : new ProtocolError(text, 0x82)
}

/** The Packet Identifier of an acknowledgement without properties; 0 if it is to be read in full. */
export function shortAcknowledge(header: number, { bytes, start, end }: Body, version: number): number {
  if (!isShortAcknowledge(header, end - start, version)) return 0
  if (end - start === 3 && !isClientCode(header >> 4, bytes[start + 2]!)) return 0
  return (bytes[start]! << 8) | bytes[start + 1]!
}

export function isAcknowledge(type: number): type is AcknowledgeType {
  return type >= puback && type <= pubcomp
}

function checkHeader(header: number, version: number): Row {
  const type = header >> 4
  const name = packetNames[type]!
  if (type === 0) throw new ProtocolError('Malformed packet: Control Packet type 0 is forbidden', 0x81)
  if ((header & 15) !== fixedFlags(type)) {
    const text = `${name}: its flags are ${header & 15}, not ${fixedFlags(type)} [MQTT-2.1.3-1]`
    throw new ProtocolError(`Malformed packet: ${text}`, 0x81)
  }
  if (type === connect) throw new ProtocolError('it sent a second CONNECT [MQTT-3.1.0-2]', 0x82)
  const row = rows[type]
  if (row === undefined || onlyDirection(type, version) === 's2c' || (row.since ?? 0) > version)
    throw new ProtocolError(
      `it sent ${name}, which ${row === undefined ? 'only servers send' : 'MQTT 3.1.1 does not have'}`,
      0x82,
    )
  return row
}

interface Place {
  readonly type: number
  readonly version: number
  readonly row: Row
}

function readCode(reader: Reader, { type, version, row }: Place, packet: ClientPacket): void {
  if (version < 5 || reader.left === 0) return
  packet.reasonCode = reader.byte('Reason Code')
  if (isClientCode(type, packet.reasonCode)) return
  const code = packet.reasonCode.toString(16).padStart(2, '0')
  throw reader.error(`a client does not send the Reason Code 0x${code} ${row.codes}`)
}

function readBlock(reader: Reader, { type, version, row }: Place, packet: ClientPacket): void {
  if (version < 5) return
  if (reader.left === 0 && row.body.includes('code?')) return // left out with their length (3.4.2.2.1)
  const carrier = packetNames[type]!.toLowerCase() as PropertyCarrier
  packet.properties = readProperties(reader, carrier, 'client') ?? packet.properties
}

const reservedOptions = 0xc0

/** The results of `read` up to the end of the packet; each iteration reads them again. */
function repeated<T>(reader: Reader, statement: string, read: () => T): Iterable<T> {
  const { at, left, end } = reader
  if (left === 0) throw reader.error(`it has no Topic Filter ${statement}`)
  reader.at = end
  return {
    *[Symbol.iterator]() {
      reader.at = at
      while (reader.left > 0) yield read()
    },
  }
}

function readSubscription(reader: Reader, version: number): SubscriptionRequest {
  const text = reader.text('Topic Filter')
  const options = reader.byte('Subscription Options')
  const allowed = version < 5 ? 3 : 0xff ^ reservedOptions
  if ((options & ~allowed) !== 0)
    throw reader.malformed('reserved Subscription Options are set [MQTT-3.8.3-5]')
  const qos = options & 3
  if (qos === 3) throw reader.error('it asks for QoS 3 (MQTT 5.0, 3.8.3.1)')
  const retainHandling = (options >> 4) & 3
  if (retainHandling === 3) throw reader.error('its Retain Handling is 3 (MQTT 5.0, 3.8.3.1)')
  return {
    text,
    qos: qos as QoS,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}
