// MQTT-SN messages in one line: what --view line and --view flow show after the type.
import { isForwarded, snReturnCode } from '../../codec/mqtt-sn-names.js'
import { count, quoted } from '../../text.js'
import type { Packet } from '../packet.js'

const [connect, connack, register, publish, subscribe, suback, unsubscribe] = [
  ...[0x04, 0x05, 0x0a, 0x0c, 0x12, 0x13, 0x14],
] as [number, number, number, number, number, number, number]
const [regack, puback, disconnect, advertise, searchgw, pingreq] = [0x0b, 0x0d, 0x18, 0x00, 0x01, 0x16]
/** Of a connection, with a return code. */
const willAnswers: readonly number[] = [0x1b, 0x1d]
const predefined = 1
export const snPublish = publish

/** The flags of a PUBLISH: ` q1 dup retain`. */
export function snFlagsText({ flags }: Packet): string {
  const qos = (flags >> 1) & 3
  return ` q${qos === 3 ? -1 : qos}${flags & 8 ? ' dup' : ''}${flags & 1 ? ' retain' : ''}`
}

/** The details of a message. */
export function snText(packet: Packet): string {
  const text = detailText(packet)
  return isForwarded(packet.bytes, packet.start) ? `${text} (forwarded)` : text
}

function detailText(packet: Packet): string {
  const { type, sn, topic, payload, start, length } = packet
  const name = topic === undefined ? '' : ` ${quoted(topic)}`
  switch (type) {
    case connect: {
      const clean = sn?.cleanSession === true ? ' clean session' : ''
      const will = sn?.will === true ? ' will' : ''
      return ` ${quoted(packet.connect?.clientId ?? '')} keep alive ${sn?.duration ?? 0} s${clean}${will}`
    }
    case register:
      return `${name}${idText(packet)}`
    case publish: {
      const size = payload < 0 ? '' : ` ${count(length - (payload - start), 'byte')}`
      return `${topicText(packet)}${size}`
    }
    case subscribe:
      return ` q${packet.qos}${topicText(packet)}`
    case unsubscribe:
      return topicText(packet)
    case regack:
    case puback:
      return `${idText(packet)}${codeText(packet)}`
    case suback:
      return packet.reasonCode === 0 ? ` q${packet.qos}${idText(packet)}` : codeText(packet)
    case connack:
      return ` ${codeOf(packet)}`
    case disconnect:
      return sn?.duration === undefined ? '' : ` sleep ${sn.duration} s`
    case advertise:
      return ` gateway ${sn?.gatewayId} every ${sn?.duration} s`
    case searchgw:
      return ` radius ${sn?.radius}`
    case pingreq:
      return sn?.clientId === undefined ? '' : ` ${quoted(sn.clientId)}`
    default:
      if (willAnswers.includes(type)) return codeText(packet)
      return sn?.gatewayId === undefined ? name : ` gateway ${sn.gatewayId}`
  }
}

/** The topic, or the topic id if its name is not known. */
function topicText(packet: Packet): string {
  if (packet.topic !== undefined) return ` ${quoted(packet.topic)}`
  return packet.sn?.topicIdType === predefined ? ` predefined id ${packet.topicAlias}` : idText(packet)
}

function idText({ topicAlias }: Packet): string {
  return topicAlias > 0 ? ` id ${topicAlias}` : ''
}

function codeText(packet: Packet): string {
  return packet.reasonCode === 0 ? '' : ` ${codeOf(packet)}`
}

function codeOf({ reasonCode }: Packet): string {
  return `0x${reasonCode.toString(16).padStart(2, '0')} ${snReturnCode(reasonCode)}`
}
