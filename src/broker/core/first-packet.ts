// Checks that the first bytes of a connection begin a CONNECT of a supported version. For another version it returns an
// answer that clients of that version understand.
import { packetNames } from '../../codec/control-packets.js'
import { afterInteger, incomplete, integerAt, tooLong } from '../../codec/variable-byte-integer.js'

/** The verdict on the first bytes of a connection. */
export type FirstPacket =
  | { kind: 'more' }
  | { kind: 'connect'; version: 3 | 4 | 5 }
  /** `answer` is the CONNACK to send before closing, if the client would understand one. */
  | { kind: 'refused'; why: string; answer?: Uint8Array }

/** CONNACK of MQTT 3.1.1 with Return Code 1: unacceptable protocol version [MQTT-3.1.2-2]. */
const unacceptableVersion = Uint8Array.of(0x20, 2, 0, 0x01)

/** CONNACK of MQTT 5.0 with Reason Code 0x84: unsupported protocol version (3.2.2.2), no properties. */
const unsupportedVersion = Uint8Array.of(0x20, 3, 0, 0x84, 0)

/** The largest Remaining Length of a CONNECT that is taken: five fields of 65,535 bytes, and half as much of properties. */
export const largestConnect = 10 + 8 * (2 + 65_535)

/** The largest packets before CONNACK, by Control Packet type. */
export const sizesBeforeConnack = packetNames.map(() => largestConnect + 5)

/** The level byte comes 7 bytes (`MQTT`) or 9 (`MQIsdp`) into the Variable Header, which starts after 2 to 5 bytes. */
export const firstPacketBytes = 14

const more: FirstPacket = { kind: 'more' }

const notMqtt = (why: string): FirstPacket => ({ kind: 'refused', why })

/** Decides from the first bytes of a connection, as few as suffice; 14 always do. */
export function firstPacket(bytes: Uint8Array): FirstPacket {
  const type = bytes[0]
  if (type === undefined) return more
  if (type !== 0x10)
    return notMqtt(`its first byte is 0x${type.toString(16).padStart(2, '0')}, not a CONNECT`)

  const length = integerAt(bytes, 1, bytes.length)
  if (length === incomplete) return more
  if (length === tooLong) return notMqtt('the Remaining Length of its CONNECT is malformed')
  if (length > largestConnect) return notMqtt(`its CONNECT is ${length} bytes long`)
  return protocolName(bytes.subarray(afterInteger(bytes, 1)), length)
}

function protocolName(bytes: Uint8Array, length: number): FirstPacket {
  for (const [name, known] of [
    ['MQTT', [4, 5]],
    ['MQIsdp', [3]],
  ] as const) {
    const prefix = Uint8Array.of(0, name.length, ...Buffer.from(name))
    const seen = bytes.subarray(0, prefix.length)
    if (seen.some((byte, index) => byte !== prefix[index])) continue
    if (length <= prefix.length) return notMqtt('its CONNECT ends too early')
    const level = bytes[prefix.length]
    return level === undefined ? more : protocolLevel(level, known)
  }
  return notMqtt('its CONNECT does not name the protocol MQTT') // [MQTT-3.1.2-1]
}

function protocolLevel(byte: number, known: readonly (3 | 4 | 5)[]): FirstPacket {
  const level = byte & 0x7f // bridges set the highest bit
  const version = known.find((number) => number === level)
  if (version !== undefined) return { kind: 'connect', version }
  const answer = level > 5 ? unsupportedVersion : unacceptableVersion // [MQTT-3.1.2-2]
  return { kind: 'refused', why: `it asks for protocol level ${level}`, answer }
}
