// -d for MQTT-SN: one line for each message, in the form of the lines for MQTT.
import type { SnFilter, SnMessage } from '../codec/mqtt-sn-messages.js'
import { snReturnCode } from '../codec/mqtt-sn-names.js'
import { shown } from '../text.js'

const bit = (value: boolean): number => (value ? 1 : 0)

function topicText(topic: SnFilter): string {
  switch (topic.kind) {
    case 'normal':
      return `topic id ${topic.id}`
    case 'predefined':
      return `predefined topic id ${topic.id}`
    default:
      return `'${shown(topic.name)}'`
  }
}

/** `PUBLISH (d0, q1, r0, m1, topic id 7, ... (4 bytes))` */
export function messageText(message: SnMessage): string {
  const name = message.type.toUpperCase()
  switch (message.type) {
    case 'connect':
      return `${name} (c${bit(message.cleanSession)}, w${bit(message.will)}, k${message.duration}, '${shown(message.clientId)}')`
    case 'connack':
    case 'willtopicresp':
    case 'willmsgresp':
      return `${name} (${message.returnCode} ${snReturnCode(message.returnCode)})`
    case 'willtopic':
    case 'willtopicupd':
      return `${name} (q${message.qos}, r${bit(message.retain)}, '${shown(message.willTopic)}')`
    case 'willmsg':
    case 'willmsgupd':
      return `${name} (${message.data.length} bytes)`
    case 'register':
      return `${name} (Mid: ${message.messageId}, topic id ${message.topicId}, '${shown(message.name)}')`
    case 'regack':
    case 'puback':
    case 'suback':
      return `${name} (Mid: ${message.messageId}, topic id ${message.topicId}, RC:${message.returnCode} ${snReturnCode(message.returnCode)})`
    case 'publish': {
      const { dup, qos, retain, messageId, topic, data } = message
      return `${name} (d${bit(dup)}, q${qos}, r${bit(retain)}, m${messageId}, ${topicText(topic)}, ... (${data.length} bytes))`
    }
    case 'pubcomp':
    case 'pubrec':
    case 'pubrel':
    case 'unsuback':
      return `${name} (Mid: ${message.messageId})`
    case 'subscribe':
    case 'unsubscribe': {
      const qos = message.type === 'subscribe' ? `, QoS: ${message.qos}` : ''
      return `${name} (Mid: ${message.messageId}, Topic: ${topicText(message.topic)}${qos})`
    }
    case 'pingreq':
      return message.clientId === '' ? name : `${name} ('${shown(message.clientId)}')`
    case 'disconnect':
      return message.duration === undefined ? name : `${name} (duration ${message.duration} s)`
    case 'gwinfo':
      return `${name} (gateway ${message.gatewayId})`
    default:
      return name
  }
}
