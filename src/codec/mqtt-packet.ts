// The one door to mqtt-packet: every Control Packet but PUBLISH and its acknowledgements, whole packets at a time.
import mqtt, { type Packet, type Parser } from 'mqtt-packet'
import { ProtocolError } from '../errors.js'

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

const readers = new Map<number, PacketReader>()

/**
 * Reads one whole packet.
 * @throws ProtocolError 0x81 with mqtt-packet's reason where the bytes are not one packet
 */
export function readPacket(bytes: Buffer, version: number): Packet {
  const reader = readers.get(version) ?? new PacketReader(version)
  readers.delete(version) // one that has failed may be in the middle of something
  const packet = reader.read(bytes)
  readers.set(version, reader)
  return packet
}

/** mqtt-packet parses streams; it is given exactly one packet at a time, so that connections can share a parser. */
class PacketReader {
  readonly #parser: Parser
  #packet: Packet | undefined
  #error: Error | undefined

  constructor(version: number) {
    this.#parser = mqtt.parser({ protocolVersion: version })
    this.#parser.on('packet', (packet: Packet) => {
      this.#packet = packet
    })
    this.#parser.on('error', (error: unknown) => {
      this.#error = error instanceof Error ? error : new Error(String(error))
    })
  }

  read(bytes: Buffer): Packet {
    this.#packet = undefined
    this.#error = undefined
    try {
      this.#parser.parse(bytes)
    } catch (error) {
      this.#error = error as Error
    }
    if (this.#packet === undefined || this.#error !== undefined) {
      const reason = this.#error?.message ?? 'packet is shorter than its fields'
      throw new ProtocolError(`Malformed packet: ${reason}`, 0x81, { cause: this.#error })
    }
    return this.#packet
  }
}
