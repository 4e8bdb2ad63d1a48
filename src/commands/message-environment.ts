// The environment variables that describe a message to the command of --exec.
import type { PublishProperties, QoS } from '../codec/publish.js'
import { inOrder } from '../codec/user-properties.js'

export interface DescribedMessage {
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  readonly properties: PublishProperties
}

/** The names are in `messageVariables` of cli/environment.ts, without the prefix. */
export function environmentOf(
  { topic, qos, retain, dup, properties }: DescribedMessage,
  responseTopic = properties.responseTopic,
): Record<string, string> {
  const { correlationData, contentType, userProperties, payloadFormatIndicator } = properties
  const { messageExpiryInterval } = properties
  return {
    MQTTX_REQUEST: '1',
    MQTTX_TOPIC: topic,
    MQTTX_QOS: String(qos),
    MQTTX_RETAIN: retain ? '1' : '0',
    MQTTX_DUP: dup ? '1' : '0',
    ...(responseTopic !== undefined && { MQTTX_RESPONSE_TOPIC: responseTopic }),
    ...(correlationData !== undefined && { MQTTX_CORRELATION_DATA: correlationData.toString('base64') }),
    ...(contentType !== undefined && { MQTTX_CONTENT_TYPE: contentType }),
    ...(payloadFormatIndicator !== undefined && {
      MQTTX_PAYLOAD_FORMAT_INDICATOR: payloadFormatIndicator ? '1' : '0',
    }),
    ...(messageExpiryInterval !== undefined && {
      MQTTX_MESSAGE_EXPIRY_INTERVAL: String(messageExpiryInterval),
    }),
    ...(userProperties !== undefined && { MQTTX_USER_PROPERTIES: JSON.stringify(inOrder(userProperties)) }),
  }
}
