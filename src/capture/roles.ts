// Decides by the bytes of one end whether it is the client or the server: for connections without a captured SYN and with
// unknown ports.
import { preambleOf } from './preamble.js'

/** Which end sends a segment that begins with `bytes`; undefined if either may. */
export function senderOf(bytes: Buffer): 'client' | 'server' | undefined {
  const first = bytes[0]
  if (first === undefined || bytes.length < 2) return undefined
  if (bytes[0] === 0x16 && bytes[1] === 3)
    return bytes[5] === 1 ? 'client' : bytes[5] === 2 ? 'server' : undefined
  if (preambleOf(bytes, 'c2s', false) !== 'none' && bytes.length >= 12) return 'client'
  if (first === 0x47) return bytes.toString('latin1', 0, 4) === 'GET ' ? 'client' : undefined
  if (first === 0x48) return bytes.toString('latin1', 0, 7) === 'HTTP/1.' ? 'server' : undefined
  if (isConnect(bytes)) return 'client'
  if (isMaskedFrame(bytes)) return 'client'
  return senderOfPacket(bytes)
}

/** Whether this is a CONNECT with one of the two Protocol Names (MQTT 5.0, 3.1.2.1; MQTT 3.1). */
export function isConnect(bytes: Buffer): boolean {
  if (bytes[0] !== 0x10) return false
  const head = bytes.toString('latin1', 0, 14)
  return /^\x10[\x80-\xff]{0,3}[\x00-\x7f](\x00\x04MQTT|\x00\x06MQIsdp)/.test(head)
}

/** RFC 6455, 5.2: FIN, binary, and a mask, which only clients use. */
function isMaskedFrame(bytes: Buffer): boolean {
  return bytes[0] === 0x82 && bytes.length >= 6 && (bytes[1]! & 0x80) !== 0 && maskedLengthFits(bytes)
}

function maskedLengthFits(bytes: Buffer): boolean {
  const short = bytes[1]! & 0x7f
  if (short < 126) return bytes.length === 6 + short
  return short === 126 && bytes.length >= 8 && bytes.readUInt16BE(2) >= 126
}

/** A whole packet of a type that only one end may send (MQTT 5.0, 2.1.2), with its required flags. */
function senderOfPacket(bytes: Buffer): 'client' | 'server' | undefined {
  if (bytes[1]! > 0x7f || bytes.length !== bytes[1]! + 2) return undefined
  switch (bytes[0]) {
    case 0x82: // SUBSCRIBE
    case 0xa2: // UNSUBSCRIBE
      return bytes.length >= 7 ? 'client' : undefined
    case 0xc0: // PINGREQ
      return bytes.length === 2 ? 'client' : undefined
    case 0x20: // CONNACK
      return bytes.length >= 4 && bytes[2]! <= 1 ? 'server' : undefined
    case 0x90: // SUBACK
      return bytes.length >= 5 ? 'server' : undefined
    case 0xb0: // UNSUBACK
      return bytes.length >= 4 ? 'server' : undefined
    case 0xd0: // PINGRESP
      return bytes.length === 2 ? 'server' : undefined
    default:
      return undefined
  }
}

/** The same for a datagram of MQTT-SN (1.2, 5.2), by types that only clients or only gateways send. */
export function senderOfDatagram(bytes: Buffer): 'client' | 'server' | undefined {
  const type = bytes[0] === 1 ? bytes[3] : bytes[1]
  if (type === undefined) return undefined
  if (clientTypes.has(type)) return 'client'
  return serverTypes.has(type) ? 'server' : undefined
}

/** SEARCHGW, CONNECT, WILLTOPIC, WILLMSG, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, WILLTOPICUPD, WILLMSGUPD. */
const clientTypes = new Set([0x01, 0x04, 0x07, 0x09, 0x12, 0x14, 0x16, 0x1a, 0x1c])
/** ADVERTISE, CONNACK, WILLTOPICREQ, WILLMSGREQ, SUBACK, UNSUBACK, PINGRESP, WILLTOPICRESP, WILLMSGRESP. */
const serverTypes = new Set([0x00, 0x05, 0x06, 0x08, 0x13, 0x15, 0x17, 0x1b, 0x1d])

/** Whether the length field equals the length of the datagram, and the type exists in MQTT-SN 1.2 (5.2.1, 5.2.2). */
export function looksLikeMqttSn(bytes: Buffer): boolean {
  const long = bytes[0] === 1
  const length = long && bytes.length >= 4 ? bytes.readUInt16BE(1) : bytes[0]
  const type = bytes[long ? 3 : 1]
  if (type === undefined) return false
  if (type === 0xfe) return length !== undefined && length >= 3 && length < bytes.length // encapsulated: the length excludes the message
  return length === bytes.length && type <= 0x1d && type !== 0x03 && type !== 0x11 && type !== 0x19
}
