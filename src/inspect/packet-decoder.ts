// Decoders for the Control Packets, in the order of the standard (MQTT 5.0, chapter 3). They record fields, and set the
// values in the packet that checks and views use.

import { countAre } from '../text.js'
import { contentHash } from './content-hash.js'
import type { Fields } from './fields.js'
import * as names from './names.js'
import type { ConnectFacts, Packet } from './packet.js'
import { decodePayload } from './payload.js'
import { propertyId, willProperties } from './properties.js'
import { decodeProperties } from './property-fields.js'
import { checkFilter, checkTopic } from './topics.js'

/** Decodes `packet` into fields and sets its values and violations. Accepts any bytes. */
export function decodePacket(f: Fields, packet: Packet): void {
  f.reset(packet.bytes, packet.start, packet.end, packet.length, packet.holes)
  f.version = packet.version
  f.attempt(() => {
    decodeFixedHeader(f, packet)
    decoders[packet.type]!(f, packet)
    if (f.left > 0) {
      f.report('trailing-bytes', `${countAre(f.left, 'byte')} left after the last field`, f.at)
      f.rest('trailing_bytes', 'undecoded')
    }
  })
  packet.violations = f.violations
}

type Decode = (f: Fields, packet: Packet) => void

/** MQTT 5.0, 2.1. */
function decodeFixedHeader(f: Fields, packet: Packet): void {
  const type = f.bits('packet_type', 4, names.packetName)
  if (type === 0) f.report('type-reserved-0')
  if (type === names.auth && f.version < 5) f.report('type-15-before-v5')
  if (type === names.publish) decodePublishFlags(f)
  else {
    const flags = f.bits('flags', 4)
    if (type !== 0 && flags !== names.fixedFlags(type)) checkFlags(f, type, flags)
  }
  const length = f.variable('remaining_length')
  if (packet.length !== f.at + length) f.limit = Math.min(f.limit, f.at + length)
}

function decodePublishFlags(f: Fields): void {
  const dup = f.flag('dup')
  const qos = f.bits('qos', 2, names.qosName)
  if (qos === 3) f.report('qos-3')
  if (dup && qos === 0) f.report('dup-qos0')
  f.flag('retain')
}

const flagRules = {
  [names.pubrel]: 'flags-pubrel',
  [names.subscribe]: 'flags-subscribe',
  [names.unsubscribe]: 'flags-unsubscribe',
  [names.disconnect]: 'flags-disconnect',
  [names.auth]: 'flags-auth',
} as const

/** MQTT 3.1 allows DUP in PUBREL, SUBSCRIBE and UNSUBSCRIBE, and does not use the flags of other packets. */
function checkFlags(f: Fields, type: number, flags: number): void {
  if (f.version === 3 && (names.fixedFlags(type) === 0 || (flags & 7) === 2)) return
  f.report(flagRules[type as keyof typeof flagRules] ?? 'flags-reserved')
}

const bridge = 0x80 // set in the protocol level by bridges (MQTT 3.1 and 3.1.1)

/** MQTT 5.0, 3.1. */
function decodeConnect(f: Fields, packet: Packet): void {
  const name = f.text('protocol_name')
  if (name !== 'MQTT' && name !== 'MQIsdp') f.report('protocol-name')
  const level = f.integer('protocol_version', 1, (value) => {
    const known = names.versionNames[value & ~bridge] ?? 'unknown'
    return `MQTT ${known}${value & bridge ? ', a bridge' : ''}`
  })
  const version = level & ~bridge
  if (!(version in names.versionNames)) f.report('protocol-level')
  else if ((name === 'MQIsdp') !== (version === 3)) f.report('protocol-name')
  const flags = decodeConnectFlags(f)
  f.secret = flags.password ? 'password' : f.version === 5 ? 'authentication_data' : ''
  const keepAlive = f.integer('keep_alive', 2, (value) => (value === 0 ? 'off' : 'seconds'))
  if (f.version === 5) packet.properties = decodeProperties(f, names.connect)
  // No spread: each spread object would get its own hidden class.
  const connect: ConnectFacts = {
    clientId: '',
    keepAlive,
    level,
    cleanStart: flags.cleanStart,
    willTopic: undefined,
    willQos: flags.willQos,
    willHash: 0,
    willProperties: undefined,
  }
  if (packet.isWhole) packet.connect = connect
  decodeConnectPayload(f, packet, connect, flags)
}

interface ConnectFlags {
  userName: boolean
  password: boolean
  will: boolean
  willQos: number
  cleanStart: boolean
}

/** MQTT 5.0, 3.1.2.3. */
function decodeConnectFlags(f: Fields): ConnectFlags {
  const group = f.begin('connect_flags')
  const userName = f.flag('user_name_flag')
  const password = f.flag('password_flag')
  if (password && !userName) f.report('password-without-user')
  const willRetain = f.flag('will_retain')
  const willQos = f.bits('will_qos', 2, names.qosName)
  if (willQos === 3) f.report('will-qos-3')
  const will = f.flag('will_flag')
  if (!will && (willRetain || willQos > 0)) f.report('will-bits-without-will')
  const cleanStart = f.flag(f.version === 5 ? 'clean_start' : 'clean_session')
  if (f.flag('reserved') && f.version > 3) f.report('connect-reserved-flag')
  f.end(group)
  return { userName, password, will, willQos, cleanStart }
}

const portable = /^[0-9A-Za-z]{1,23}$/

/** MQTT 5.0, 3.1.3. */
function decodeConnectPayload(f: Fields, packet: Packet, connect: ConnectFacts, flags: ConnectFlags): void {
  const before = f.violations.length
  connect.clientId = f.text('client_identifier')
  packet.connect = connect
  if (connect.clientId === '') {
    if (!flags.cleanStart) f.report('empty-clientid-session')
  } else if (!portable.test(connect.clientId)) f.report('clientid-portable')
  if (flags.will) {
    if (f.version === 5) connect.willProperties = decodeProperties(f, willProperties)
    connect.willTopic = f.text('will_topic')
    checkTopic(f, connect.willTopic, 'will-topic')
    const { content } = f.binary('will_payload')
    connect.willHash = contentHash(f.bytes, f.origin + content, f.origin + f.at)
  }
  if (flags.userName) f.text('user_name', 'user-name-utf8')
  if (flags.password) f.binary('password')
  if (f.left > 0 && f.violations.length === before) {
    f.report('connect-payload-flags', undefined, f.at)
    f.rest('undecoded', 'undecoded')
  }
}

/** MQTT 5.0, 3.2. */
function decodeConnack(f: Fields, packet: Packet): void {
  if (f.version === 5) f.secret = 'authentication_data'
  const group = f.begin('connect_acknowledge_flags')
  if (f.bits('reserved', 7) !== 0 && f.version > 3) f.report('connack-flags')
  packet.sessionPresent = f.flag('session_present')
  f.end(group)
  if (f.version === 5) decodeReasonCode(f, packet)
  else {
    packet.reasonCode = f.integer('return_code', 1, names.returnCodeName)
    if (packet.reasonCode > 5) f.report('connack-code')
  }
  if (packet.sessionPresent && packet.reasonCode !== 0 && f.version > 3) f.report('session-present-error')
  if (f.version === 5) packet.properties = decodeProperties(f, names.connack)
  else checkNothingLeft(f)
}

/** MQTT 5.0, 3.3. */
function decodePublish(f: Fields, packet: Packet): void {
  packet.topic = f.text('topic_name')
  const topicField = f.last.start >> 3
  if (packet.qos === 1 || packet.qos === 2) decodePacketIdentifier(f, packet)
  if (f.version === 5) {
    packet.properties = decodeProperties(f, names.publish)
    const alias = packet.property(propertyId.topicAlias)
    if (typeof alias === 'number') packet.topicAlias = alias
  }
  if (packet.topic !== '' || packet.topicAlias === 0) checkTopic(f, packet.topic, undefined, topicField)
  packet.payload = packet.start + f.at
  decodePayload(f, packet)
}

/** PUBACK, PUBREC, PUBREL, PUBCOMP (MQTT 5.0, 3.4 to 3.7). */
function decodeAcknowledgement(f: Fields, packet: Packet): void {
  decodePacketIdentifier(f, packet)
  if (f.version < 5) return checkNothingLeft(f)
  if (f.left > 0) decodeReasonCode(f, packet)
  if (f.left > 0) packet.properties = decodeProperties(f, packet.type)
}

/** MQTT 5.0, 3.8. */
function decodeSubscribe(f: Fields, packet: Packet): void {
  decodePacketIdentifier(f, packet)
  if (f.version === 5) packet.properties = decodeProperties(f, names.subscribe)
  packet.subscriptions = []
  if (f.left === 0) f.report('subscribe-empty', undefined, f.at)
  while (f.left > 0) {
    const offset = f.at
    const index = f.count
    const group = f.begin('subscription')
    group.repeated = true
    const filter = f.text('topic_filter')
    checkFilter(f, filter)
    const options = decodeSubscriptionOptions(f)
    if (options & 4 && filter.startsWith('$share/')) f.report('share-nolocal')
    f.end(group)
    f.fold(index)
    packet.subscriptions.push({ filter, options, offset })
  }
}

/** MQTT 5.0, 3.8.3.1; before 5.0 the lowest two bits are the requested QoS. */
function decodeSubscriptionOptions(f: Fields): number {
  const byte = f.peek('subscription_options')
  const group = f.begin('subscription_options')
  if (f.version < 5) {
    if (f.bits('reserved', 6) !== 0) f.report('subscribe-options')
  } else {
    if (f.bits('reserved', 2) !== 0) f.report('subscribe-options')
    if (f.bits('retain_handling', 2, names.retainHandlingName) === 3) f.report('subscribe-options')
    f.flag('retain_as_published')
    f.flag('no_local')
  }
  if (f.bits('maximum_qos', 2, names.qosName) === 3) f.report('subscribe-options')
  f.end(group)
  return byte
}

/** MQTT 5.0, 3.9. */
function decodeSuback(f: Fields, packet: Packet): void {
  decodePacketIdentifier(f, packet)
  if (f.version === 5) packet.properties = decodeProperties(f, names.suback)
  decodeCodes(f, packet, (code) => f.version < 5 && code > 2 && code !== 128)
}

/** MQTT 5.0, 3.10. */
function decodeUnsubscribe(f: Fields, packet: Packet): void {
  decodePacketIdentifier(f, packet)
  if (f.version === 5) packet.properties = decodeProperties(f, names.unsubscribe)
  packet.subscriptions = []
  if (f.left === 0) f.report('unsubscribe-empty', undefined, f.at)
  while (f.left > 0) {
    const offset = f.at
    const filter = f.text('topic_filter')
    f.last.repeated = true
    checkFilter(f, filter)
    f.fold(f.count - 1)
    packet.subscriptions.push({ filter, options: 0, offset })
  }
}

/** MQTT 5.0, 3.11. */
function decodeUnsuback(f: Fields, packet: Packet): void {
  decodePacketIdentifier(f, packet)
  if (f.version < 5) return checkNothingLeft(f)
  packet.properties = decodeProperties(f, names.unsuback)
  decodeCodes(f, packet, () => false)
}

/** PINGREQ and PINGRESP (MQTT 5.0, 3.12 and 3.13). */
function decodeEmpty(f: Fields): void {
  checkNothingLeft(f)
}

/** MQTT 5.0, 3.14. */
function decodeDisconnect(f: Fields, packet: Packet): void {
  if (f.version < 5) return checkNothingLeft(f)
  if (f.left > 0) decodeReasonCode(f, packet)
  if (f.left > 0) packet.properties = decodeProperties(f, names.disconnect)
  if (packet.direction === 's2c' && packet.property(propertyId.sessionExpiry) !== undefined) {
    f.report('disconnect-expiry', 'a server must not send Session Expiry Interval')
  }
}

/** MQTT 5.0, 3.15. */
function decodeAuth(f: Fields, packet: Packet): void {
  f.secret = 'authentication_data'
  if (f.left > 0) decodeReasonCode(f, packet)
  const { reasonCode, direction } = packet
  if ((reasonCode === 0x19 && direction === 's2c') || (reasonCode === 0 && direction === 'c2s')) {
    f.report('auth-code')
  }
  if (f.left > 0) packet.properties = decodeProperties(f, names.auth)
}

function decodePacketIdentifier(f: Fields, packet: Packet): void {
  packet.packetIdentifier = f.integer('packet_identifier', 2)
  if (packet.packetIdentifier === 0) f.report('packet-id-zero')
}

const codeRules = {
  [names.connack]: 'connack-code',
  [names.disconnect]: 'disconnect-code',
  [names.auth]: 'auth-code',
} as const

function decodeReasonCode(f: Fields, packet: Packet): void {
  packet.reasonCode = f.integer('reason_code', 1, names.reasonCodeNames[packet.type])
  if (names.isAllowedCode(packet.type, packet.reasonCode)) return
  f.report(codeRules[packet.type as keyof typeof codeRules] ?? 'pub-reason-code')
}

/** The codes of SUBACK and UNSUBACK, one per Topic Filter. */
function decodeCodes(f: Fields, packet: Packet, wrongBefore5: (code: number) => boolean): void {
  const codes: number[] = []
  packet.codes = codes
  const meaning = f.version < 5 ? names.subackName : names.reasonCodeNames[packet.type]
  if (f.left === 0)
    f.report(packet.type === names.suback ? 'suback-count' : 'unsuback-codes', undefined, f.at)
  while (f.left > 0) {
    const code = f.integer(f.version < 5 ? 'return_code' : 'reason_code', 1, meaning)
    f.last.repeated = true
    codes.push(code)
    if (wrongBefore5(code) || (f.version === 5 && !names.isAllowedCode(packet.type, code))) {
      f.report(packet.type === names.suback ? 'suback-code' : 'unsuback-codes')
    }
    f.fold(f.count - 1)
  }
}

function checkNothingLeft(f: Fields): void {
  if (f.left === 0) return
  f.report('wrong-length', `${countAre(f.left, 'byte')} left after the last field`, f.at)
  f.rest('undecoded', 'undecoded')
}

/** Type 0 has no fields. */
function decodeReserved(f: Fields): void {
  if (f.left > 0) f.rest('undecoded', 'undecoded')
}

const decoders: readonly Decode[] = [
  ...[decodeReserved, decodeConnect, decodeConnack, decodePublish],
  ...[decodeAcknowledgement, decodeAcknowledgement, decodeAcknowledgement, decodeAcknowledgement],
  ...[decodeSubscribe, decodeSuback, decodeUnsubscribe, decodeUnsuback],
  ...[decodeEmpty, decodeEmpty, decodeDisconnect, decodeAuth],
]
