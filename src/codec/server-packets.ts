// The one checker of what a server sends, but for PUBLISH (publish.ts): flags, size, fields, properties, codes. What
// passes here holds nothing that the standard forbids in the packet alone; the rest is the Session's.
import type { Packet } from 'mqtt-packet'
import { ProtocolError } from '../errors.js'
import {
  auth,
  connack,
  disconnect,
  fixedFlags,
  isServerCode,
  onlyDirection,
  packetNames,
  pingresp,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  unsuback,
} from './control-packets.js'
import type { PropertyCarrier } from './properties.js'
import { type PropertyValues, readProperties } from './property-reader.js'
import { Reader } from './reader.js'

const kibibyte = 1024
/** Bytes of a packet that carries a few codes and what the server says about them. */
const most = 512 * kibibyte

interface Row {
  /** Fields in order; from `code?` on they may be left out together (MQTT 5.0, 3.4.2.1). */
  readonly body: readonly ('flags' | 'identifier' | 'code' | 'code?' | 'properties' | 'codes')[]
  /** The statement about its codes. */
  readonly codes?: string
  /** The largest packet that is taken, in bytes. */
  readonly most: number
}

const acknowledgement: Row = { body: ['identifier', 'code?', 'properties'], codes: '[MQTT-3.4.2-1]', most }

/** By Control Packet type: what a server may send beside PUBLISH. */
const rows: Readonly<Record<number, Row>> = {
  [connack]: { body: ['flags', 'code', 'properties'], codes: '[MQTT-3.2.2-8]', most },
  [puback]: acknowledgement,
  [pubrec]: { ...acknowledgement, codes: '[MQTT-3.5.2-1]' },
  [pubrel]: { ...acknowledgement, codes: '[MQTT-3.6.2-1]' },
  [pubcomp]: { ...acknowledgement, codes: '[MQTT-3.7.2-1]' },
  // A byte for each Topic Filter.
  [suback]: { body: ['identifier', 'properties', 'codes'], codes: '[MQTT-3.9.3-2]', most: 2 * most },
  [unsuback]: { body: ['identifier', 'properties', 'codes'], codes: '[MQTT-3.11.3-2]', most: 2 * most },
  [pingresp]: { body: [], most },
  [disconnect]: { body: ['code?', 'properties'], codes: '[MQTT-3.14.2-1]', most },
  [auth]: { body: ['code?', 'properties'], codes: '[MQTT-3.15.2-1]', most },
}

/** Before CONNACK no packet may be larger, PUBLISH neither: by Control Packet type, in bytes. */
export const sizesBeforeConnack: readonly number[] = packetNames.map(() => most)

/** From CONNACK on: a PUBLISH may have what the Maximum Packet Size allows. */
export const sizesAfterConnack: readonly number[] = packetNames.map((_, type) =>
  type === publish ? Number.POSITIVE_INFINITY : (rows[type]?.most ?? most),
)

/** @throws ProtocolError for a type that no server sends, or flags that it may not have [MQTT-2.1.3-1] */
function checkHeader(header: number, version: number): void {
  const type = header >> 4
  if (type === 0) throw new ProtocolError('Malformed packet: Control Packet type 0 is forbidden', 0x81)
  const name = packetNames[type]!
  if ((header & 15) !== fixedFlags(type)) {
    const rule = type === pubrel ? '[MQTT-3.6.1-1]' : '[MQTT-2.1.3-1]'
    throw new ProtocolError(
      `Malformed packet: ${name}: its flags are ${header & 15}, not ${fixedFlags(type)} ${rule}`,
      0x81,
    )
  }
  if (onlyDirection(type, 5) === 'c2s') throw new ProtocolError(`${name} from the server`, 0x82)
  if (version < 5 && (type === disconnect || type === auth))
    throw new ProtocolError(`${name} from a MQTT 3.1.1 server`, 0x82)
}

/**
 * Reads the packet, no PUBLISH, whose body is `bytes` from `start` to `end`. `remark` gets what breaks a rule of the
 * standard, and is harmless and common enough that the connection goes on.
 * @throws ProtocolError 0x81 or 0x82 that names packet, field and rule
 */
export function readServerPacket(
  header: number,
  body: { bytes: Buffer; start: number; end: number },
  { version, remark }: { version: number; remark: (text: string) => void },
): Packet {
  checkHeader(header, version)
  const type = header >> 4
  const row = rows[type]!
  const name = packetNames[type]!
  const reader = new Reader(body.bytes, { start: body.start, end: body.end, packet: name, remark })
  const cmd = name.toLowerCase() as PropertyCarrier
  const packet: Record<string, unknown> = { cmd }
  for (const field of row.body) {
    if (field === 'code?' && reader.left === 0) packet.reasonCode = 0
    else if (field === 'code?' && version < 5) break
    else if (field === 'flags') readFlags(reader, packet)
    else if (field === 'identifier') packet.messageId = reader.identifier()
    else if (field === 'codes') packet.granted = readCodes(reader, { type, version, row })
    else if (field === 'properties') addProperties(reader, { cmd, version, row }, packet)
    else readCode(reader, { type, version, row }, packet)
  }
  if (reader.left > 0) reader.remark(`${reader.left} bytes follow its last field [MQTT-4.13.1-1]`)
  return packet as unknown as Packet
}

/** Connect Acknowledge Flags (3.2.2.1). */
function readFlags(reader: Reader, packet: Record<string, unknown>): void {
  const flags = reader.byte('Connect Acknowledge Flags')
  if (flags > 1) throw reader.malformed(`its Connect Acknowledge Flags are ${flags} [MQTT-3.2.2-1]`)
  packet.sessionPresent = flags === 1
}

interface Place {
  readonly type: number
  readonly version: number
  readonly row: Row
}

function readCode(reader: Reader, place: Place, packet: Record<string, unknown>): void {
  const code = reader.byte('Reason Code')
  if (place.type === connack && place.version === 5 && reader.left === 0) throw withoutProperties()
  checkCode(reader, code, place)
  packet[place.version < 5 ? 'returnCode' : 'reasonCode'] = code
}

function readCodes(reader: Reader, place: Place): number[] {
  if (place.type === unsuback && place.version < 5) return []
  const codes = [...reader.rest()]
  reader.at = reader.end
  for (const code of codes) checkCode(reader, code, place)
  return codes
}

function checkCode(reader: Reader, code: number, { type, version, row }: Place): void {
  if (isServerCode(type, code, version)) return
  throw reader.error(`it does not have the Reason Code 0x${code.toString(16).padStart(2, '0')} ${row.codes}`)
}

function addProperties(
  reader: Reader,
  { cmd, version, row }: { cmd: PropertyCarrier; version: number; row: Row },
  packet: Record<string, unknown>,
): void {
  if (version < 5) return
  if (reader.left === 0 && row.body.includes('code?')) return // left out with their length (3.4.2.2.1)
  const properties: PropertyValues | undefined = readProperties(reader, cmd)
  if (properties !== undefined) packet.properties = properties
}

/** A server of MQTT 3.1.1 refuses the version with the CONNACK of its own (MQTT 3.1.1, 3.1.2.2). */
function withoutProperties(): ProtocolError {
  return new ProtocolError(
    'Malformed packet: CONNACK: it ends before its Property Length [MQTT-2.2.2-1]',
    0x81,
    {
      hint: 'does the server speak MQTT 5? Try -V mqttv311',
    },
  )
}
