// Decodes and checks packets from a server, except PUBLISH (publish.ts): flags, size, fields, properties, codes. The
// Session checks the order of packets.
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
/** Bytes of a packet with a few codes and properties. */
const most = 512 * kibibyte

interface Row {
  /** Fields in order; `code?` and the fields after it may be left out together (MQTT 5.0, 3.4.2.1). */
  readonly body: readonly ('flags' | 'identifier' | 'code' | 'code?' | 'properties' | 'codes')[]
  /** The conformance statement about its codes. */
  readonly codes?: string
  /** The largest accepted packet in bytes. */
  readonly most: number
}

const acknowledgement: Row = { body: ['identifier', 'code?', 'properties'], codes: '[MQTT-3.4.2-1]', most }

/** The packets that a server may send, except PUBLISH, by Control Packet type. */
const rows: Readonly<Record<number, Row>> = {
  [connack]: { body: ['flags', 'code', 'properties'], codes: '[MQTT-3.2.2-8]', most },
  [puback]: acknowledgement,
  [pubrec]: { ...acknowledgement, codes: '[MQTT-3.5.2-1]' },
  [pubrel]: { ...acknowledgement, codes: '[MQTT-3.6.2-1]' },
  [pubcomp]: { ...acknowledgement, codes: '[MQTT-3.7.2-1]' },
  // One code for each Topic Filter.
  [suback]: { body: ['identifier', 'properties', 'codes'], codes: '[MQTT-3.9.3-2]', most: 2 * most },
  [unsuback]: { body: ['identifier', 'properties', 'codes'], codes: '[MQTT-3.11.3-2]', most: 2 * most },
  [pingresp]: { body: [], most },
  [disconnect]: { body: ['code?', 'properties'], codes: '[MQTT-3.14.2-1]', most },
  [auth]: { body: ['code?', 'properties'], codes: '[MQTT-3.15.2-1]', most },
}

/** The largest packets before CONNACK in bytes, by Control Packet type. */
export const sizesBeforeConnack: readonly number[] = packetNames.map(() => most)

/** The largest packets after CONNACK; PUBLISH is limited by the Maximum Packet Size. */
export const sizesAfterConnack: readonly number[] = packetNames.map((_, type) =>
  type === publish ? Number.POSITIVE_INFINITY : (rows[type]?.most ?? most),
)

/** @throws ProtocolError for a type that no server sends, or for invalid flags [MQTT-2.1.3-1] */
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
    throw new ProtocolError(`${name} from an MQTT 3.1.1 server`, 0x82)
}

/**
 * Decodes the packet, not a PUBLISH, whose body is `bytes` from `start` to `end`. `remark` reports harmless violations.
 * @throws ProtocolError 0x81 or 0x82 with the names of packet, field and rule
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
  if (reader.left > 0) reader.remark(`${reader.left} bytes after the last field [MQTT-4.13.1-1]`)
  return packet as unknown as Packet
}

/** Connect Acknowledge Flags (3.2.2.1). */
function readFlags(reader: Reader, packet: Record<string, unknown>): void {
  const flags = reader.byte('Connect Acknowledge Flags')
  if (flags > 1) throw reader.malformed(`its Connect Acknowledge Flags are ${flags} [MQTT-3.2.2-1]`)
  packet.sessionPresent = flags === 1
}

interface PacketKind {
  readonly type: number
  readonly version: number
  readonly row: Row
}

function readCode(reader: Reader, kind: PacketKind, packet: Record<string, unknown>): void {
  const code = reader.byte('Reason Code')
  if (kind.type === connack && kind.version === 5 && reader.left === 0) throw withoutProperties()
  checkCode(reader, code, kind)
  packet[kind.version < 5 ? 'returnCode' : 'reasonCode'] = code
}

function readCodes(reader: Reader, kind: PacketKind): number[] {
  if (kind.type === unsuback && kind.version < 5) return []
  const codes = [...reader.rest()]
  reader.at = reader.end
  for (const code of codes) checkCode(reader, code, kind)
  return codes
}

function checkCode(reader: Reader, code: number, { type, version, row }: PacketKind): void {
  if (isServerCode(type, code, version)) return
  throw reader.error(`invalid Reason Code 0x${code.toString(16).padStart(2, '0')} ${row.codes}`)
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

/** A server of MQTT 3.1.1 refuses the version with a CONNACK of MQTT 3.1.1 (3.1.2.2). */
function withoutProperties(): ProtocolError {
  return new ProtocolError(
    'Malformed packet: CONNACK: it ends before its Property Length [MQTT-2.2.2-1]',
    0x81,
    { hint: 'does the server speak MQTT 5? Try -V mqttv311' },
  )
}
