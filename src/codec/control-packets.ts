// The Control Packets: names, types, senders, flags, and allowed Reason Codes (MQTT 5.0, 2.1 and 2.4).

/** By Control Packet type (MQTT 5.0, 2.1.2). */
export const packetNames = [
  'RESERVED',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
] as const

export const connect = 1
export const connack = 2
export const publish = 3
export const puback = 4
export const pubrec = 5
export const pubrel = 6
export const pubcomp = 7
export const subscribe = 8
export const suback = 9
export const unsubscribe = 10
export const unsuback = 11
export const pingreq = 12
export const pingresp = 13
export const disconnect = 14
export const auth = 15

const refusals = [0x80, 0x83, 0x87, 0x97, 0x99]

/** The Reason Codes that each Control Packet may have (MQTT 5.0, 2.4). */
const allowedCodes: Readonly<Record<number, ReadonlySet<number>>> = {
  [connack]: new Set([
    ...[0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97],
    ...[0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f],
  ]),
  [puback]: new Set([0, 0x10, 0x90, 0x91, ...refusals]),
  [pubrec]: new Set([0, 0x10, 0x90, 0x91, ...refusals]),
  [pubrel]: new Set([0, 0x92]),
  [pubcomp]: new Set([0, 0x92]),
  [suback]: new Set([0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]),
  [unsuback]: new Set([0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]),
  [disconnect]: new Set([
    ...[0, 4, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95],
    ...[0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2],
  ]),
  [auth]: new Set([0, 0x18, 0x19]),
}

export function isAllowedCode(type: number, code: number): boolean {
  return allowedCodes[type]?.has(code) ?? true
}

/** The sender of a Control Packet (MQTT 5.0, 2.1.2), if only one side may send it. */
const senders: Readonly<Record<number, 'c2s' | 's2c'>> = {
  [connect]: 'c2s',
  [connack]: 's2c',
  [subscribe]: 'c2s',
  [suback]: 's2c',
  [unsubscribe]: 'c2s',
  [unsuback]: 's2c',
  [pingreq]: 'c2s',
  [pingresp]: 's2c',
}

/** The only direction of packets of this type; undefined if both are allowed. */
export function onlyDirection(type: number, version: number): 'c2s' | 's2c' | undefined {
  return type === disconnect && version < 5 ? 'c2s' : senders[type]
}

/** The flags that the Fixed Header must have (MQTT 5.0, 2.1.3). */
export function fixedFlags(type: number): number {
  return type === pubrel || type === subscribe || type === unsubscribe ? 2 : 0
}

/** Reason Codes that only a client sends: Disconnect with Will Message, Re-authenticate. */
const clientCodes: Readonly<Record<number, number>> = { [disconnect]: 4, [auth]: 0x19 }

/**
 * True for a code that a server may send in this packet. Before MQTT 5, a Return Code of SUBACK (3.9.3), and any code of
 * CONNACK, where all but 0 refuse.
 */
export function isServerCode(type: number, code: number, version: number): boolean {
  if (version === 5) return isAllowedCode(type, code) && clientCodes[type] !== code
  return type !== suback || code <= 2 || code === 0x80
}

/** What a client may say in DISCONNECT (MQTT 5.0, 3.14.2.1). */
const clientEndings = new Set([0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99])

/** True for a Reason Code that a client of MQTT 5 may send in this packet. */
export function isClientCode(type: number, code: number): boolean {
  if (type === disconnect) return clientEndings.has(code)
  return isAllowedCode(type, code) && !(type === auth && code === 0)
}
