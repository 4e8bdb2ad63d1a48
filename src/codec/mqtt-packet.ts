// The one door to mqtt-packet, which writes every Control Packet but PUBLISH and its acknowledgements.
import mqtt, { type Packet } from 'mqtt-packet'

// Its table of 65,536 ready-made numbers takes 20 ms to fill and makes nothing faster here. The switch is documented by
// the library, and missing from its types.
const { writeToStream } = mqtt as unknown as { writeToStream: { cacheNumbers: boolean } }
writeToStream.cacheNumbers = false

/** @throws Error where `packet` breaks a rule of MQTT; its message is mqtt-packet's */
export function generate(packet: Packet, version: number): Buffer {
  if (packet.cmd === 'connect' && version === 5 && packet.username === undefined) {
    const { password, ...rest } = packet
    if (password !== undefined)
      return withPassword(mqtt.generate(rest, { protocolVersion: version }), password)
  }
  return mqtt.generate(packet, { protocolVersion: version })
}

/**
 * Adds the Password to a CONNECT of MQTT 5.0 that has no User Name (3.1.2.9): mqtt-packet refuses the pair, which
 * only older versions forbid.
 */
function withPassword(connect: Buffer, password: Buffer): Buffer {
  let start = 1
  while (connect[start]! >= 128) start++ // Remaining Length
  start++
  const body = Buffer.concat([connect.subarray(start), Buffer.alloc(2), password])
  body[flagsOffset]! |= passwordFlag
  body.writeUInt16BE(password.length, connect.length - start)
  const length: number[] = []
  for (let rest = body.length; length.length === 0 || rest > 0; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
  }
  return Buffer.concat([Buffer.from([connect[0]!, ...length]), body])
}

const flagsOffset = 7 // after the Protocol Name 'MQTT' and the Protocol Version
const passwordFlag = 0x40
