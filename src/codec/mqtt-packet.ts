// Encodes all Control Packets but PUBLISH and its acknowledgements. The only user of mqtt-packet.
import mqtt, { type Packet } from 'mqtt-packet'

// Its cache of 65,536 encoded numbers takes 20 ms to fill and has no effect here. The switch is missing from its types.
const { writeToStream } = mqtt as unknown as { writeToStream: { cacheNumbers: boolean } }
writeToStream.cacheNumbers = false

/** @throws Error of mqtt-packet if `packet` is invalid */
export function generate(packet: Packet, version: number): Buffer {
  if (packet.cmd === 'connect' && version === 5 && packet.username === undefined) {
    const { password, ...rest } = packet
    if (password !== undefined)
      return withPassword(mqtt.generate(rest, { protocolVersion: version }), password)
  }
  return mqtt.generate(packet, { protocolVersion: version })
}

/**
 * Adds a Password to a CONNECT without a User Name. MQTT 5.0 allows it (3.1.2.9), mqtt-packet does not.
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
