// CONNECT (MQTT 5.0, 3.1; MQTT 3.1.1, 3.1), read and checked.
import { type PropertyValues, readProperties } from '../../codec/property-reader.js'
import type { QoS } from '../../codec/publish.js'
import type { Reader } from '../../codec/reader.js'
import { afterInteger } from '../../codec/variable-byte-integer.js'
import { ProtocolError } from '../../errors.js'
import { strictReader } from './client-packets.js'
import { noProperties, passedOn } from './message.js'
import { isServerTopic, nameFault } from './topics.js'
import type { Will } from './wills.js'

/** The Session Expiry Interval of a session that never expires (MQTT 5.0, 3.1.2.11.2). */
export const forever = 0xffffffff

/** A CONNECT; absent fields have the standard's defaults. */
export interface ConnectRequest {
  readonly version: 3 | 4 | 5
  /** The highest bit of the protocol level is set: mosquitto's bridges do so. */
  readonly bridge: boolean
  /** Clean Start, or Clean Session. */
  readonly clean: boolean
  /** Seconds; 0: none. */
  readonly keepAlive: number
  /** '': the server assigns one. */
  readonly clientId: string
  readonly user: string | undefined
  readonly password: Buffer | undefined
  readonly will: Will | undefined
  /** Seconds; `forever`: for ever. */
  readonly sessionExpiry: number
  readonly receiveMaximum: number
  /** Maximum Packet Size in bytes; Infinity if the client sets no limit. */
  readonly maxPacketSize: number
  readonly topicAliasMaximum: number
  /** Reason Strings and User Properties may be sent with every packet. */
  readonly problemInformation: boolean
  readonly authenticationMethod: string | undefined
}

const reserved = 0x01
const cleanFlag = 0x02
const willFlag = 0x04
const willRetainFlag = 0x20
const passwordFlag = 0x40
const userFlag = 0x80

/**
 * Reads the CONNECT whose body is `bytes` from `start` to `end`. `firstPacket` has seen its Protocol Name and level.
 * @throws ProtocolError with the Reason Code for CONNACK (MQTT 5.0, 3.2.2.2)
 */
export function readConnect(bytes: Buffer, start: number, end: number): ConnectRequest {
  const reader = strictReader({ bytes, start, end }, 'CONNECT')
  reader.text('Protocol Name')
  const level = reader.byte('Protocol Version')
  const version = (level & 0x7f) as 3 | 4 | 5
  const flags = reader.byte('Connect Flags')
  checkFlags(reader, flags, version)
  const keepAlive = reader.twoBytes('Keep Alive')
  const properties = version === 5 ? (readProperties(reader, 'connect', 'client') ?? {}) : {}
  const clientId = reader.text('Client Identifier')
  const will = flags & willFlag ? readWill(reader, flags, version) : undefined
  const user = flags & userFlag ? reader.text('User Name') : undefined
  const password = flags & passwordFlag ? Buffer.from(reader.binary('Password')) : undefined
  if (reader.left > 0) throw reader.malformed(`${reader.left} bytes follow its last field`)
  const clean = (flags & cleanFlag) !== 0
  const authenticationMethod = textOf(properties, 'authenticationMethod')
  if (authenticationMethod === undefined && 'authenticationData' in properties)
    throw reader.error('it has Authentication Data and no Authentication Method (MQTT 5.0, 3.1.2.11.10)')
  return {
    ...{
      version,
      bridge: level > 0x7f,
      clean,
      keepAlive,
      clientId,
      user,
      password,
      will,
      authenticationMethod,
    },
    sessionExpiry: version === 5 ? numberOf(properties, 'sessionExpiryInterval', 0) : clean ? 0 : forever,
    receiveMaximum: numberOf(properties, 'receiveMaximum', 65_535),
    maxPacketSize: numberOf(properties, 'maximumPacketSize', Number.POSITIVE_INFINITY),
    topicAliasMaximum: numberOf(properties, 'topicAliasMaximum', 0),
    problemInformation: properties.requestProblemInformation !== false,
  }
}

function checkFlags(reader: Reader, flags: number, version: number): void {
  if (flags & reserved) throw reader.malformed('its reserved flag is set [MQTT-3.1.2-3]')
  if ((flags & willFlag) === 0 && (flags & 0x38) !== 0)
    throw reader.malformed(
      'it has a Will QoS or Will Retain and no Will Flag [MQTT-3.1.2-11] [MQTT-3.1.2-13]',
    )
  if ((flags & 0x18) === 0x18) throw reader.malformed('its Will QoS is 3 [MQTT-3.1.2-12]')
  if (version < 5 && (flags & passwordFlag) !== 0 && (flags & userFlag) === 0)
    throw reader.malformed('it has a Password and no User Name (MQTT 3.1.1) [MQTT-3.1.2-22]')
}

function readWill(reader: Reader, flags: number, version: number): Will {
  const from = reader.at
  const values = version === 5 ? readProperties(reader, 'will', 'client') : undefined
  const block = values === undefined ? undefined : reader.range(from)
  const topic = reader.text('Will Topic')
  const payload = Buffer.from(reader.binary('Will Payload'))
  const fault = nameFault(topic)
  if (fault !== undefined) throw new ProtocolError(`invalid Will Topic '${topic}': ${fault}`, 0x90)
  if (isServerTopic(topic))
    throw new ProtocolError('its Will Topic is in $SYS, where only the broker publishes', 0x87)
  return {
    ...{ topic, payload, qos: ((flags >> 3) & 3) as QoS, retain: (flags & willRetainFlag) !== 0 },
    properties:
      block === undefined ? noProperties : passedOn(Buffer.from(block.subarray(afterInteger(block, 0)))),
    delay: numberOf(values ?? {}, 'willDelayInterval', 0),
  }
}

function numberOf(properties: PropertyValues, key: string, absent: number): number {
  const value = properties[key]
  return typeof value === 'number' ? value : absent
}

function textOf(properties: PropertyValues, key: string): string | undefined {
  const value = properties[key]
  return typeof value === 'string' ? value : undefined
}
