// Decoders for the messages of MQTT-SN 1.2 (5.4), one message per datagram.

import { snNames, snQos, snReturnCode, snTopicIdType } from '../codec/mqtt-sn-names.js'
import { count, countAre } from '../text.js'
import type { Fields } from './fields.js'
import { type Direction, Packet } from './packet.js'
import { payloadKind } from './payload.js'
import { stringAt } from './utf8.js'

/** A datagram as a packet; undefined if it is too short for a message. */
export function messageOf(bytes: Uint8Array, direction: Direction): Packet | undefined {
  const body = bytes[0] === 1 ? 4 : 2
  if (bytes.length < body) return undefined
  const packet = new Packet(bytes, 0, body, bytes.length, bytes.length)
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

type Decode = (f: Fields, packet: Packet, flags: Flags) => void

interface Flags {
  qos: number
  topicIdType: number
}

const noFlags: Flags = { qos: 0, topicIdType: 0 }

export function decodeMessage(f: Fields, packet: Packet): void {
  f.reset(packet.bytes, packet.start, packet.end, packet.length)
  f.version = packet.version
  f.attempt(() => decodeWhole(f, packet))
  packet.violations = f.violations
}

function decodeWhole(f: Fields, packet: Packet): void {
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
  if (type === 0xfe && begin === 0) return decodeForwarded(f, packet, whole)
  packet.type = type
  const decode = decoders[type]
  if (decode === undefined) f.report('sn-type-reserved')
  else decode(f, packet, withFlags.has(type) ? decodeFlags(f, packet) : noFlags)
  const over = f.left
  f.limit = whole
  if (f.left === 0) return
  f.report(
    over > 0 && decode !== undefined ? 'sn-length' : 'sn-trailing',
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

/** Messages that begin with Flags (5.3.4). */
const withFlags = new Set([0x04, 0x07, 0x0c, 0x12, 0x13, 0x14, 0x1a])

function decodeFlags(f: Fields, packet: Packet): Flags {
  if (packet.type === 0x07 && f.left === 0) return noFlags
  const group = f.begin('flags')
  const dup = f.flag('dup')
  const qos = f.bits('qos', 2, snQos)
  const retain = f.flag('retain')
  f.flag('will')
  f.flag('clean_session')
  const topicIdType = f.bits('topic_id_type', 2, snTopicIdType)
  if (topicIdType === 3) f.report('sn-flags')
  f.end(group)
  packet.flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
  return { qos, topicIdType }
}

/** A topic id, or a short topic name of two characters. */
function decodeTopicId(f: Fields, packet: Packet, { topicIdType }: Flags): void {
  if (topicIdType === 2) {
    const field = f.begin('short_topic_name')
    f.integer('short_topic_name', 2)
    packet.topic = stringAt(f.bytes, f.origin + f.at - 2, f.origin + f.at)
    f.end(field)
    field.whole = true
    field.value = packet.topic
  } else packet.topicAlias = f.integer('topic_id', 2)
}

function decodeId(f: Fields, packet: Packet): void {
  packet.packetIdentifier = f.integer('msg_id', 2)
}

function decodeCode(f: Fields, packet: Packet): void {
  packet.reasonCode = f.integer('return_code', 1, snReturnCode)
}

/** A text without length prefix, up to the end of the message. */
function decodeText(f: Fields, name: string): string {
  const field = f.rest(name, 'text')
  const text = stringAt(f.bytes, f.origin + field.content, f.origin + field.content + field.length / 8)
  field.value = text
  return text
}

function decodeData(f: Fields, packet: Packet, name: string): void {
  packet.payload = packet.start + f.at
  const field = f.rest(name, 'payload')
  field.meaning = payloadKind(f.bytes, packet.payload, packet.payload + field.length / 8)
}

function decodeConnect(f: Fields, packet: Packet): void {
  if (f.integer('protocol_id', 1) === 2) f.last.meaning = 'MQTT-SN 2.0, a draft'
  const keepAlive = f.integer('duration', 2, () => 'seconds')
  const clientId = decodeText(f, 'client_id')
  const connect = { clientId, keepAlive, level: 1, cleanStart: true }
  const will = { willTopic: undefined, willQos: 0, willHash: 0, willProperties: undefined }
  packet.connect = { ...connect, ...will }
}

function decodeSubscription(f: Fields, packet: Packet, flags: Flags): void {
  decodeId(f, packet)
  if (flags.topicIdType === 0) packet.topic = decodeText(f, 'topic_name')
  else decodeTopicId(f, packet, flags)
}

/** Forwarder encapsulation (5.5): Ctrl and Wireless Node Id, followed by the message of the node. */
function decodeForwarded(f: Fields, packet: Packet, whole: number): void {
  f.bits('reserved', 6)
  f.bits('radius', 2)
  f.rest('wireless_node_id', 'binary')
  f.limit = whole
  if (f.left < 2) return
  const group = f.begin('message')
  decodeWhole(f, packet)
  f.end(group)
}

const nothing: Decode = () => {}

const decoders: Readonly<Record<number, Decode>> = {
  0: (f) => {
    f.integer('gw_id', 1)
    f.integer('duration', 2, () => 'seconds')
  },
  1: (f) => void f.integer('radius', 1),
  2: (f) => {
    f.integer('gw_id', 1)
    if (f.left > 0) f.rest('gw_add', 'binary')
  },
  4: decodeConnect,
  5: decodeCode,
  6: nothing,
  7: (f, packet) => void (f.left > 0 && (packet.topic = decodeText(f, 'will_topic'))),
  8: nothing,
  9: (f, packet) => decodeData(f, packet, 'will_msg'),
  10: (f, packet) => {
    packet.topicAlias = f.integer('topic_id', 2)
    decodeId(f, packet)
    packet.topic = decodeText(f, 'topic_name')
  },
  11: decodeTopicAnswer,
  12: (f, packet, flags) => {
    if (flags.qos === 3 && flags.topicIdType === 0) f.report('sn-qos-1-session')
    decodeTopicId(f, packet, flags)
    decodeId(f, packet)
    decodeData(f, packet, 'data')
  },
  13: decodeTopicAnswer,
  14: decodeId,
  15: decodeId,
  16: decodeId,
  18: decodeSubscription,
  19: decodeTopicAnswer,
  20: decodeSubscription,
  21: decodeId,
  22: (f) => void (f.left > 0 && decodeText(f, 'client_id')),
  23: nothing,
  24: (f) => void (f.left > 0 && f.integer('duration', 2, () => 'seconds')),
  26: (f, packet) => void (packet.topic = decodeText(f, 'will_topic')),
  27: decodeCode,
  28: (f, packet) => decodeData(f, packet, 'will_msg'),
  29: decodeCode,
}

function decodeTopicAnswer(f: Fields, packet: Packet): void {
  packet.topicAlias = f.integer('topic_id', 2)
  decodeId(f, packet)
  decodeCode(f, packet)
}
