// Encodes all Control Packets but PUBLISH and its acknowledgements. The only user of mqtt-packet.
import mqtt, { type Packet } from 'mqtt-packet'
import { afterInteger, variableByteInteger } from './variable-byte-integer.js'

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
  const start = afterInteger(connect, 1) // Remaining Length
  const body = Buffer.concat([connect.subarray(start), Buffer.alloc(2), password])
  body[flagsOffset]! |= passwordFlag
  body.writeUInt16BE(password.length, connect.length - start)
  return Buffer.concat([connect.subarray(0, 1), variableByteInteger(body.length), body])
}

const flagsOffset = 7 // after the Protocol Name 'MQTT' and the Protocol Version
const passwordFlag = 0x40
