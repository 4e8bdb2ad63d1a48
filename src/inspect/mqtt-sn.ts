// Names the fields of MQTT-SN 1.2 messages (5.4), one message per datagram, by the layouts of the codec.

import {
  type SnField,
  snLayouts,
  snNames,
  snQos,
  snReturnCode,
  snTopicIdType,
} from '../codec/mqtt-sn-names.js'
import { count, countAre } from '../text.js'
import type { Fields } from './fields.js'
import { type Direction, Packet, type SnFacts } from './packet.js'
import { payloadKind } from './payload.js'
import { bufferOf, faultOf, stringAt } from './utf8.js'

const [connect, willTopic, regack, publish, subscribe, suback, unsubscribe, willTopicUpdate, forwarded] = [
  ...[0x04, 0x07, 0x0b, 0x0c, 0x12, 0x13, 0x14, 0x1a, 0xfe],
] as [number, number, number, number, number, number, number, number, number]
const [predefined, shortTopic, reservedType] = [1, 2, 3]
/** QoS -1 in the Flags. */
const withoutSession = 3

const layouts: ReadonlyMap<number, readonly SnField[]> = new Map(
  snLayouts.map(([code, , fields]) => [code, fields]),
)

/** A datagram as a packet; undefined if it is too short for a message. `cut`: bytes at its end that were not captured. */
export function messageOf(bytes: Uint8Array, direction: Direction, cut = 0): Packet | undefined {
  const body = bytes[0] === 1 ? 4 : 2
  if (bytes.length < body) return undefined
  const packet = new Packet(bytes, 0, body, bytes.length, bytes.length + cut)
  if (cut > 0) packet.holes = [{ offset: bytes.length, length: cut }]
  packet.protocol = 'mqtt-sn'
  packet.type = bytes[body - 1]!
  packet.flags = 0
  packet.direction = direction
  packet.version = 1
  return packet
}

/** The value of the Length field (5.2.1). */
export function lengthField(bytes: Uint8Array): number {
  return bytes[0] === 1 ? (bytes[1]! << 8) | bytes[2]! : bytes[0]!
}

const anyText = /^[^\u0000-\u001f\u007f\ufffd]+$/

/** True if a datagram on an unknown port is MQTT-SN: only CONNECT and REGISTER are distinctive enough. */
export function looksLikeMessage(bytes: Uint8Array): boolean {
  if (bytes.length < 2 || lengthField(bytes) !== bytes.length) return false
  const body = bytes[0] === 1 ? 4 : 2
  const type = bytes[body - 1]!
  if (type === 0x04) return bytes[body + 1] === 1 && anyText.test(stringAt(bytes, body + 4, bytes.length))
  if (type === 0x0a) return bytes.length > body + 4 && anyText.test(stringAt(bytes, body + 4, bytes.length))
  return false
}

export function decodeMessage(f: Fields, packet: Packet): void {
  f.reset(packet.bytes, packet.start, packet.end, packet.length, packet.holes)
  f.version = packet.version
  packet.sn = {
    ...{ topicIdType: -1, will: false, cleanSession: false, duration: undefined },
    ...{ gatewayId: undefined, radius: undefined, clientId: undefined, node: undefined },
  }
  f.attempt(() => decodeWhole(f, packet, packet.sn!))
  packet.violations = f.violations
}

function decodeWhole(f: Fields, packet: Packet, sn: SnFacts): void {
  const whole = f.limit
  const begin = f.at
  const length = begin + decodeLength(f)
  if (length < f.at + 1 || length > whole)
    f.report(
      'sn-length',
      `the Length field says ${count(length - begin, 'byte')}, the message has ${whole - begin}`,
    )
  else f.limit = length
  const type = f.integer('message_type', 1, (value) => snNames[value] ?? 'reserved')
  if (type === forwarded && begin === 0) return decodeForwarded(f, packet, { whole, sn })
  packet.type = type
  const layout = layouts.get(type)
  if (layout === undefined) f.report('sn-type-reserved')
  else if (type === forwarded) f.report('sn-type-reserved', 'a message must be encapsulated once')
  else for (const field of layout) decodeField(field, f, packet, sn)
  const over = f.left
  f.limit = whole
  if (f.left === 0) return
  f.report(
    over > 0 && layout !== undefined ? 'sn-length' : 'sn-trailing',
    `${countAre(f.left, 'byte')} left after the message`,
    f.at,
  )
  f.rest('undecoded', 'undecoded')
}

function decodeLength(f: Fields): number {
  if (f.bytes[f.origin + f.at] !== 1) return f.integer('length', 1)
  f.integer('length_prefix', 1)
  const length = f.integer('length', 2)
  if (length < 256) f.report('sn-length', 'three-byte Length field for a length that fits in one byte')
  return length
}

/** Forwarder encapsulation (5.5): Ctrl and Wireless Node Id, followed by the message of the node. */
function decodeForwarded(f: Fields, packet: Packet, { whole, sn }: { whole: number; sn: SnFacts }): void {
  f.bits('reserved', 6)
  sn.radius = f.bits('radius', 2)
  const node = f.rest('wireless_node_id', 'binary')
  const start = f.origin + node.content
  sn.node = bufferOf(f.bytes).toString('hex', start, start + node.length / 8)
  f.limit = whole
  if (f.left < 2) return
  const group = f.begin('message')
  decodeWhole(f, packet, sn)
  f.end(group)
}

function decodeField(field: SnField, f: Fields, packet: Packet, sn: SnFacts): void {
  const { type } = packet
  switch (field) {
    case 'optionalFlags':
      if (f.left > 0) decodeFlags(f, packet, sn)
      return
    case 'flags':
      return decodeFlags(f, packet, sn)
    case 'optionalDuration':
      if (f.left > 0) sn.duration = f.integer('duration', 2, () => 'seconds')
      return
    case 'duration':
      sn.duration = f.integer('duration', 2, () => 'seconds')
      return
    case 'gatewayId':
      sn.gatewayId = f.integer('gw_id', 1)
      return
    case 'gatewayAddress':
      if (f.left > 0) f.rest('gw_add', 'binary')
      return
    case 'radius':
      sn.radius = f.integer('radius', 1)
      return
    case 'protocolId':
      return decodeProtocolId(f)
    case 'clientId':
      return decodeClientId(f, packet, sn)
    case 'returnCode':
      packet.reasonCode = f.integer('return_code', 1, snReturnCode)
      if (packet.reasonCode > 3) f.report('sn-return-code')
      if (type === regack && packet.reasonCode === 0 && packet.topicAlias === 0)
        f.report('sn-topic-id-reserved')
      return
    case 'messageId':
      packet.packetIdentifier = f.integer('msg_id', 2)
      return checkMessageId(f, packet)
    case 'topicId':
      packet.topicAlias = f.integer('topic_id', 2)
      if (sn.topicIdType <= 0 && type !== suback) checkTopicId(f, packet)
      return
    case 'topic':
      return decodeTopic(f, packet, sn)
    case 'topicNameOrId':
      if (sn.topicIdType !== 0) return decodeTopic(f, packet, sn)
      packet.topic = decodeText(f, 'topic_name')
      if (packet.topic === '') f.report('sn-topic-name')
      return
    case 'topicName':
      packet.topic = decodeText(f, 'topic_name')
      if (packet.topic === '') f.report('sn-topic-name')
      else if (/[+#]/.test(packet.topic))
        f.report('sn-topic-name', 'only Topic Names without wildcards are registered')
      return
    case 'willTopic':
      if (f.left === 0) return
      packet.topic = decodeText(f, 'will_topic')
      if (/[+#]/.test(packet.topic)) f.report('sn-topic-name', 'a will topic must not have wildcards')
      return
    case 'willMessage':
      return decodeData(f, packet, 'will_msg')
    case 'data':
      return decodeData(f, packet, 'data')
    case 'control':
    case 'nodeId':
      return // decodeForwarded
    default:
      field satisfies never
  }
}

/** Bits of the Flags that have a meaning, by message type (5.4); in others they are not used. */
const usedFlags: Readonly<Record<number, number>> = {
  ...{ [connect]: 0x0c, [willTopic]: 0x70, [publish]: 0xf3, [subscribe]: 0xe3 },
  ...{ [suback]: 0x60, [unsubscribe]: 0x03, [willTopicUpdate]: 0x70 },
}

function decodeFlags(f: Fields, packet: Packet, sn: SnFacts): void {
  const { type } = packet
  const group = f.begin('flags')
  const dup = f.flag('dup')
  const qos = f.bits('qos', 2, snQos)
  if (qos === withoutSession) f.last.value = -1
  const retain = f.flag('retain')
  sn.will = f.flag('will')
  sn.cleanSession = f.flag('clean_session')
  sn.topicIdType = f.bits('topic_id_type', 2, snTopicIdType)
  const hasTopicId = type === publish || type === subscribe || type === unsubscribe
  if (sn.topicIdType === reservedType && hasTopicId) f.report('sn-flags')
  f.end(group)
  packet.flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
  const flags = f.bytes[f.origin + f.at - 1]!
  if ((flags & ~(usedFlags[type] ?? 0xff)) !== 0) f.report('sn-flags-unused')
  if (type === publish && dup && (qos === 0 || qos === withoutSession)) f.report('sn-dup-qos0')
  if (
    qos === withoutSession &&
    (type === subscribe || type === suback || type === willTopic || type === willTopicUpdate)
  )
    f.report('sn-qos')
  if (type === publish && qos === withoutSession && sn.topicIdType === 0) f.report('sn-qos-1-session')
}

function decodeProtocolId(f: Fields): void {
  const id = f.integer('protocol_id', 1)
  if (id === 2) f.last.meaning = 'MQTT-SN 2.0, a draft'
  if (id !== 1) f.report('sn-protocol-id')
}

function decodeClientId(f: Fields, packet: Packet, sn: SnFacts): void {
  if (packet.type !== connect) {
    if (f.left > 0) sn.clientId = decodeText(f, 'client_id')
    return
  }
  const clientId = decodeText(f, 'client_id')
  if (clientId.length < 1 || clientId.length > 23) f.report('sn-client-id')
  const keepAlive = sn.duration ?? 0
  const connectFacts = { clientId, keepAlive, level: 1, cleanStart: sn.cleanSession }
  const will = { willTopic: undefined, willQos: 0, willHash: 0, willProperties: undefined }
  packet.connect = { ...connectFacts, ...will }
}

/** MsgId is 0 in a PUBLISH that is not acknowledged, and in no other message (5.4). */
function checkMessageId(f: Fields, { type, qos, packetIdentifier }: Packet): void {
  const isUnacknowledged = type === publish && (qos === 0 || qos === withoutSession)
  if (isUnacknowledged && packetIdentifier !== 0) f.report('sn-msg-id', 'MsgId must be 0 at QoS 0 and -1')
  if (!isUnacknowledged && packetIdentifier === 0) f.report('sn-msg-id')
}

/** The topic ids 0x0000 and 0xFFFF are reserved (5.3.11); a client sends 0 in REGISTER, a gateway in a refusal. */
function checkTopicId(f: Fields, { type, topicAlias }: Packet): void {
  if (topicAlias === 0xffff || (topicAlias === 0 && type === publish)) f.report('sn-topic-id-reserved')
}

/** A topic id, or a short topic name of two characters. */
function decodeTopic(f: Fields, packet: Packet, { topicIdType }: SnFacts): void {
  if (topicIdType !== shortTopic) {
    packet.topicAlias = f.integer('topic_id', 2)
    if (topicIdType <= predefined) checkTopicId(f, packet)
    return
  }
  const field = f.begin('short_topic_name')
  f.integer('short_topic_name', 2)
  packet.topic = stringAt(f.bytes, f.origin + f.at - 2, f.origin + f.at)
  f.end(field)
  field.whole = true
  field.value = packet.topic
}

/** A text without length prefix, up to the end of the message. */
function decodeText(f: Fields, name: string): string {
  const field = f.rest(name, 'text')
  const [start, end] = [f.origin + field.content, f.origin + field.content + field.length / 8]
  const text = stringAt(f.bytes, start, end)
  field.value = text
  if (faultOf(f.bytes, start, end, text) === 'utf8-ill-formed') f.report('sn-utf8')
  return text
}

function decodeData(f: Fields, packet: Packet, name: string): void {
  packet.payload = packet.start + f.at
  const field = f.rest(name, 'payload')
  field.meaning = payloadKind(f.bytes, packet.payload, packet.payload + field.length / 8)
}
