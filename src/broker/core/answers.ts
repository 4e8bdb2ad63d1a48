// The packets that a server sends, except PUBLISH: CONNACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT, and acknowledgements with a
// Reason String.
import type { IConnackPacket } from 'mqtt-packet'
import { type puback, pubrec } from '../../codec/acknowledge.js'
import { type ControlPacket, encodePacket } from '../../codec/encoder.js'

/** Whom a packet is for. */
export interface Receiver {
  readonly version: number
  /** Its Maximum Packet Size in bytes. */
  readonly maxPacketSize: number
}

type ConnackProperties = NonNullable<IConnackPacket['properties']>

/** Return Codes of CONNACK before MQTT 5 (MQTT 3.1.1, 3.2.2.3) for Reason Codes; for others the connection just closes. */
const returnCodes: Readonly<Record<number, number>> = {
  0: 0,
  132: 1, // Unsupported Protocol Version
  133: 2, // Client Identifier not valid
  134: 5, // Bad User Name or Password: the reference says 5, not 4
  135: 5, // Not authorized
  136: 3, // Server unavailable
  137: 3, // Server busy
  151: 3, // Quota exceeded
}

export function connack(
  reasonCode: number,
  options: { sessionPresent: boolean; properties: ConnackProperties; reason?: string | undefined },
  receiver: Receiver,
): Buffer | undefined {
  const { sessionPresent, properties, reason } = options
  if (receiver.version < 5) {
    const returnCode = returnCodes[reasonCode]
    const present = sessionPresent && receiver.version > 3 // reserved in MQTT 3.1
    return returnCode === undefined
      ? undefined
      : encodePacket({ cmd: 'connack', sessionPresent: present, returnCode }, 4)
  }
  const withReason = reason === undefined ? properties : { ...properties, reasonString: bounded(reason) }
  return smallest(receiver, { cmd: 'connack', sessionPresent, reasonCode, properties: withReason })
}

export function suback(
  messageId: number,
  granted: number[],
  receiver: Receiver,
  reason?: string,
): Buffer | undefined {
  const codes = receiver.version < 5 ? granted.map((code) => (code > 2 ? 0x80 : code)) : granted
  return smallest(receiver, { cmd: 'suback', messageId, granted: codes, ...explained(receiver, reason) })
}

export function unsuback(messageId: number, granted: number[], receiver: Receiver): Buffer | undefined {
  return smallest(receiver, { cmd: 'unsuback', messageId, granted })
}

/** PUBACK or PUBREC of MQTT 5 with a Reason String; undefined: the client takes only one without properties. */
export function refusal(
  type: typeof puback | typeof pubrec,
  messageId: number,
  { reasonCode, reason }: { reasonCode: number; reason: string },
  receiver: Receiver,
): Buffer | undefined {
  const cmd = type === pubrec ? 'pubrec' : 'puback'
  return smallest(receiver, { cmd, messageId, reasonCode, ...explained(receiver, reason) })
}

/** Of MQTT 5. */
export function disconnect(reasonCode: number, reason: string, receiver: Receiver): Buffer | undefined {
  return smallest(receiver, { cmd: 'disconnect', reasonCode, ...explained(receiver, reason) })
}

export const pingresp = Uint8Array.of(0xd0, 0)

/** A reason may quote what the client sent: characters. */
const longestReason = 1000

const bounded = (reason: string): string => reason.slice(0, longestReason).replace(/[\ud800-\udbff]$/, '')

function explained({ version }: Receiver, reason: string | undefined): object {
  return version < 5 || reason === undefined ? {} : { properties: { reasonString: bounded(reason) } }
}

/**
 * The packet; without its Reason String if the receiver does not take one of that size [MQTT-3.2.2-19], or undefined if
 * it takes none at all.
 */
function smallest({ version, maxPacketSize }: Receiver, packet: ControlPacket): Buffer | undefined {
  const whole = encodePacket(packet, version)
  if (whole.length <= maxPacketSize) return whole
  const { reasonString: _, ...properties } = (packet as IConnackPacket).properties ?? {}
  const shorter = encodePacket({ ...packet, properties } as ControlPacket, version)
  return shorter.length <= maxPacketSize ? shorter : undefined
}
