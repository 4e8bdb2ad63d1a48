// Encodes all Control Packets but PUBLISH and acknowledgements without properties (MQTT 3.1.1 and MQTT 5.0, 3).
import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import { fixedFlags, packetNames } from './control-packets.js'
import { encodeProperties, sized, twoBytes } from './property-writer.js'
import { variableByteInteger } from './variable-byte-integer.js'

/** All packets but PUBLISH, under mqtt-packet's names. */
export type ControlPacket = Exclude<Packet, IPublishPacket>

type Parts = readonly Uint8Array[]

const none: Parts = []

/**
 * Reason Codes, Subscription Options and properties that `version` does not have are left out.
 * @throws RangeError if a number or a string does not fit its field
 */
export function encodePacket(packet: ControlPacket, version: number): Buffer {
  const type = (packetNames as readonly string[]).indexOf(packet.cmd.toUpperCase())
  const body = Buffer.concat(bodyOf(packet, version))
  return Buffer.concat([Buffer.of((type << 4) | fixedFlags(type)), variableByteInteger(body.length), body])
}

function bodyOf(packet: ControlPacket, version: number): Parts {
  const properties = (values: object | undefined): Parts =>
    version === 5 ? [encodeProperties(values)] : none
  switch (packet.cmd) {
    case 'connect':
      return connectBody(packet, version)
    case 'connack': {
      const { sessionPresent, reasonCode, returnCode } = packet
      const code = version === 5 ? reasonCode : returnCode
      return [Uint8Array.of(Number(sessionPresent), code ?? 0), ...properties(packet.properties)]
    }
    case 'subscribe': {
      const filters = packet.subscriptions.flatMap((filter) => [...sized(filter.topic), optionsOf(filter)])
      return [twoBytes(packet.messageId!), ...properties(packet.properties), ...filters]
    }
    case 'unsubscribe': {
      const filters = packet.unsubscriptions.flatMap((filter) => sized(filter))
      return [twoBytes(packet.messageId!), ...properties(packet.properties), ...filters]
    }
    case 'suback':
    case 'unsuback': {
      const { messageId, granted } = packet
      const codes = packet.cmd === 'suback' || version === 5 ? [Uint8Array.from(granted as number[])] : none
      return [twoBytes(messageId!), ...properties(packet.properties), ...codes]
    }
    case 'pingreq':
    case 'pingresp':
      return none
    case 'disconnect':
    case 'auth':
      if (version < 5) return none
      return [Uint8Array.of(packet.reasonCode ?? 0), ...properties(packet.properties)]
    default: {
      // PUBACK, PUBREC, PUBREL, PUBCOMP: without a Reason Code it is 0 (MQTT 5.0, 3.4.2.1).
      const { messageId, reasonCode = 0 } = packet
      const isShort = version < 5 || (reasonCode === 0 && packet.properties === undefined)
      const reason = isShort ? none : [Uint8Array.of(reasonCode), ...properties(packet.properties)]
      return [twoBytes(messageId!), ...reason]
    }
  }
}

/** Connect Flags (MQTT 5.0, 3.1.2.3). */
const flagOf = { clean: 0x02, will: 0x04, willQos: 0x08, willRetain: 0x20, password: 0x40, username: 0x80 }

function connectBody(packet: IConnectPacket, version: number): Parts {
  const { protocolId = 'MQTT', clean = true, keepalive = 0, clientId, will, username, password } = packet
  const properties = (values: object | undefined): Parts =>
    version === 5 ? [encodeProperties(values)] : none
  const flags =
    (clean ? flagOf.clean : 0) |
    (will === undefined ? 0 : flagOf.will | ((will.qos ?? 0) * flagOf.willQos)) |
    (will?.retain === true ? flagOf.willRetain : 0) |
    (password === undefined ? 0 : flagOf.password) |
    (username === undefined ? 0 : flagOf.username)
  return [
    ...sized(protocolId),
    Uint8Array.of(version, flags),
    twoBytes(keepalive),
    ...properties(packet.properties),
    ...sized(clientId),
    ...(will === undefined
      ? none
      : [...properties(will.properties), ...sized(will.topic), ...sized(will.payload)]),
    ...(username === undefined ? none : sized(username)),
    ...(password === undefined ? none : sized(password)),
  ]
}

/** Subscription Options (MQTT 5.0, 3.8.3.1); before MQTT 5 the QoS, as the others are absent. */
function optionsOf({ qos, nl, rap, rh = 0 }: ISubscribePacket['subscriptions'][number]): Uint8Array {
  return Uint8Array.of(qos | (nl === true ? 4 : 0) | (rap === true ? 8 : 0) | (rh << 4))
}
