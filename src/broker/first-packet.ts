// The first packet of a connection, looked at before aedes sees it: aedes closes without a word on what it does not
// speak, and MQTT wants an answer that the client understands.

/** What the first bytes of a connection tell. */
export type FirstPacket =
  | { kind: 'more' }
  | { kind: 'connect'; version: 3 | 4 }
  /** `answer` is the CONNACK to send before closing, if the client would understand one. */
  | { kind: 'refused'; why: string; answer?: Uint8Array }

/** CONNACK of MQTT 3.1.1 with Return Code 1: unacceptable protocol version [MQTT-3.1.2-2]. */
const unacceptableVersion = Uint8Array.of(0x20, 2, 0, 0x01)

/** CONNACK of MQTT 5.0 with Reason Code 0x84: unsupported protocol version (3.2.2.2), no properties. */
const unsupportedVersion = Uint8Array.of(0x20, 3, 0, 0x84, 0)

/** The largest CONNECT that can be meant: five fields with all of their 65,535 bytes. */
const largestConnect = 10 + 5 * (2 + 65_535)

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

  let length = 0
  let at = 1
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) return more
    length += (byte & 0x7f) << shift
    if (byte < 0x80) break
    if (shift === 21) return notMqtt('the Remaining Length of its CONNECT is malformed')
  }
  if (length > largestConnect) return notMqtt(`its CONNECT is ${length} bytes long`)
  return protocolName(bytes.subarray(at), length)
}

function protocolName(bytes: Uint8Array, length: number): FirstPacket {
  for (const [name, known] of [
    ['MQTT', [4]],
    ['MQIsdp', [3]],
  ] as const) {
    const prefix = Uint8Array.of(0, name.length, ...Buffer.from(name))
    const seen = bytes.subarray(0, prefix.length)
    if (seen.some((byte, index) => byte !== prefix[index])) continue
    if (length <= prefix.length) return notMqtt('its CONNECT ends too early')
    const level = bytes[prefix.length]
    return level === undefined ? more : protocolLevel(level, known[0])
  }
  return notMqtt('its CONNECT does not name the protocol MQTT') // [MQTT-3.1.2-1]
}

function protocolLevel(byte: number, expected: 3 | 4): FirstPacket {
  const level = byte & 0x7f // bridges set the highest bit
  if (level === expected) return { kind: 'connect', version: expected }
  if (level === 5 && expected === 4) {
    const why = 'it speaks MQTT 5, this broker 3.1.1 and 3.1 (for mqttx and mosquitto clients: -V mqttv311)'
    return { kind: 'refused', why, answer: unsupportedVersion }
  }
  return { kind: 'refused', why: `it asks for protocol level ${level}`, answer: unacceptableVersion }
}
