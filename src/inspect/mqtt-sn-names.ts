// Message types and codes of MQTT-SN 1.2 (5.2.2 and 5.3.10). Types 03, 11, 19, 1E to FD and FF are reserved.

export const snNames: Readonly<Record<number, string>> = {
  0: 'ADVERTISE',
  1: 'SEARCHGW',
  2: 'GWINFO',
  4: 'CONNECT',
  5: 'CONNACK',
  6: 'WILLTOPICREQ',
  7: 'WILLTOPIC',
  8: 'WILLMSGREQ',
  9: 'WILLMSG',
  10: 'REGISTER',
  11: 'REGACK',
  12: 'PUBLISH',
  13: 'PUBACK',
  14: 'PUBCOMP',
  15: 'PUBREC',
  16: 'PUBREL',
  18: 'SUBSCRIBE',
  19: 'SUBACK',
  20: 'UNSUBSCRIBE',
  21: 'UNSUBACK',
  22: 'PINGREQ',
  23: 'PINGRESP',
  24: 'DISCONNECT',
  26: 'WILLTOPICUPD',
  27: 'WILLTOPICRESP',
  28: 'WILLMSGUPD',
  29: 'WILLMSGRESP',
  254: 'FORWARDED',
}

const forwarded = 0xfe

/** True if the message was encapsulated by a forwarder (5.4.20). */
export function isForwarded(bytes: Uint8Array, start: number): boolean {
  return bytes[start + (bytes[start] === 1 ? 3 : 1)] === forwarded
}

const returnCodes = [
  'Accepted',
  'Rejected: congestion',
  'Rejected: invalid topic ID',
  'Rejected: not supported',
]
export const snReturnCode = (code: number): string => returnCodes[code] ?? 'reserved'

const topicIdTypes = ['normal', 'predefined', 'short topic name', 'reserved']
export const snTopicIdType = (type: number): string => topicIdTypes[type]!

const qos = ['at most once', 'at least once', 'exactly once', 'QoS -1']
export const snQos = (value: number): string => qos[value]!
