// The messages of MQTT-SN 1.2: types, and the fields of each in their order (5.2.2, 5.4); names of codes (5.3).

/**
 * A field of a message. Two octets: `duration` (seconds), `topicId`, `messageId`, `topic` (a topic id or a short topic
 * name, by TopicIdType). One octet: `gatewayId`, `radius`, `protocolId`, `returnCode`, `flags`, `control` (of a forwarder).
 * Up to the end of the message: `gatewayAddress`, `clientId`, `willTopic`, `willMessage`, `topicName`, `data`, `nodeId`, and
 * `topicNameOrId` (by TopicIdType). `optionalDuration` and `optionalFlags` are absent where the message ends before them.
 */
export type SnField =
  | 'clientId'
  | 'control'
  | 'data'
  | 'duration'
  | 'flags'
  | 'gatewayAddress'
  | 'gatewayId'
  | 'messageId'
  | 'nodeId'
  | 'optionalDuration'
  | 'optionalFlags'
  | 'protocolId'
  | 'radius'
  | 'returnCode'
  | 'topic'
  | 'topicId'
  | 'topicName'
  | 'topicNameOrId'
  | 'willMessage'
  | 'willTopic'

/** Fields by type of message: [MsgType, name, fields]. The types 03, 11, 19, 1E to FD and FF are reserved. */
export const snLayouts = [
  [0x00, 'advertise', ['gatewayId', 'duration']],
  [0x01, 'searchgw', ['radius']],
  [0x02, 'gwinfo', ['gatewayId', 'gatewayAddress']],
  [0x04, 'connect', ['flags', 'protocolId', 'duration', 'clientId']],
  [0x05, 'connack', ['returnCode']],
  [0x06, 'willtopicreq', []],
  [0x07, 'willtopic', ['optionalFlags', 'willTopic']],
  [0x08, 'willmsgreq', []],
  [0x09, 'willmsg', ['willMessage']],
  [0x0a, 'register', ['topicId', 'messageId', 'topicName']],
  [0x0b, 'regack', ['topicId', 'messageId', 'returnCode']],
  [0x0c, 'publish', ['flags', 'topic', 'messageId', 'data']],
  [0x0d, 'puback', ['topicId', 'messageId', 'returnCode']],
  [0x0e, 'pubcomp', ['messageId']],
  [0x0f, 'pubrec', ['messageId']],
  [0x10, 'pubrel', ['messageId']],
  [0x12, 'subscribe', ['flags', 'messageId', 'topicNameOrId']],
  [0x13, 'suback', ['flags', 'topicId', 'messageId', 'returnCode']],
  [0x14, 'unsubscribe', ['flags', 'messageId', 'topicNameOrId']],
  [0x15, 'unsuback', ['messageId']],
  [0x16, 'pingreq', ['clientId']],
  [0x17, 'pingresp', []],
  [0x18, 'disconnect', ['optionalDuration']],
  [0x1a, 'willtopicupd', ['optionalFlags', 'willTopic']],
  [0x1b, 'willtopicresp', ['returnCode']],
  [0x1c, 'willmsgupd', ['willMessage']],
  [0x1d, 'willmsgresp', ['returnCode']],
  [0xfe, 'forwarded', ['control', 'nodeId']],
] as const satisfies readonly (readonly [number, string, readonly SnField[]])[]

/** `connect`, `publish`, ...: the discriminant of `SnMessage`. */
export type SnType = (typeof snLayouts)[number][1]

/** The names of the standard, by MsgType. */
export const snNames: Readonly<Record<number, string>> = Object.fromEntries(
  snLayouts.map(([code, type]) => [code, type.toUpperCase()]),
)

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
