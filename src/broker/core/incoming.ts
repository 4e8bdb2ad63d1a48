// Handles the packets of a client after CONNACK: checks, routes and acknowledges PUBLISH, and dispatches the others.
import { puback, pubcomp, pubrec, pubrel } from '../../codec/acknowledge.js'
import * as types from '../../codec/control-packets.js'
import { readProperties } from '../../codec/property-reader.js'
import { decodePublish, type Publish, type PublishProperties } from '../../codec/publish.js'
import { ProtocolError } from '../../errors.js'
import * as answers from './answers.js'
import type { ClientConnection } from './client.js'
import {
  type ClientPacket,
  isAcknowledge,
  readClientPacket,
  shortAcknowledge,
  strictReader,
} from './client-packets.js'
import { messageOf } from './message.js'
import { receiveSubscribe, receiveUnsubscribe } from './subscribing.js'
import { isServerTopic, nameFault } from './topics.js'

/** A packet as a Framer has found it. */
interface Found {
  readonly header: number
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

const notAuthorized = 0x87
const noMatchingSubscribers = 0x10

function propertiesOf(bytes: Buffer, start: number, end: number): PublishProperties | undefined {
  return readProperties(strictReader({ bytes, start, end }, 'PUBLISH'), 'publish', 'client')
}

/** @throws ProtocolError with the Reason Code for DISCONNECT */
export function receivePublish(
  connection: ClientConnection,
  { header, bytes, start, end }: Found,
  now: number,
): void {
  const { broker, version } = connection
  const publish = decodePublish(header, bytes, start, end, version === 5 ? propertiesOf : undefined)
  const { qos, messageId } = publish
  const { counters, router } = broker
  counters.publishReceived++
  counters.publishBytesReceived += publish.payloadEnd - publish.payloadStart
  checkAllowed(connection, publish)
  const topic = topicOf(connection, publish)
  const session = connection.session!
  const { unreleased } = session
  if (qos === 2 && unreleased.has(messageId)) return connection.acknowledge(pubrec, messageId, 0) // [MQTT-4.3.3-10]
  if (qos > 0 && version === 5 && unreleased.size >= broker.settings.receiveMaximum) {
    const text = `it sent more than ${broker.settings.receiveMaximum} messages of QoS 1 and 2 without waiting`
    throw new ProtocolError(`${text} [MQTT-3.3.4-7]`, 0x93)
  }
  if (!mayPublish(connection, topic)) return denied(connection, publish, topic)
  const reached = router.publish(messageOf(publish, topic, now), session, now, connection)
  if (qos === 0 || !connection.open) return
  const reasonCode = reached === 0 ? noMatchingSubscribers : 0
  if (qos === 2) unreleased.add(messageId)
  connection.acknowledge(qos === 1 ? puback : pubrec, messageId, reasonCode)
}

/** Refuses what the settings of the server do not allow. */
function checkAllowed({ broker }: ClientConnection, { qos, retain, properties }: Publish): void {
  const { settings } = broker
  if (qos > settings.maxQos)
    throw new ProtocolError(
      `it published with QoS ${qos}, allowed is ${settings.maxQos} [MQTT-3.2.2-11]`,
      0x9b,
    )
  if (retain && !settings.retain)
    throw new ProtocolError('it published a retained message, which is not allowed [MQTT-3.2.2-14]', 0x9a)
  if (properties?.subscriptionIdentifier !== undefined)
    throw new ProtocolError('PUBLISH with a Subscription Identifier from a client [MQTT-3.3.4-6]', 0x82)
}

function topicOf({ aliases, broker: { topicNames } }: ClientConnection, publish: Publish): string {
  const { bytes, topicStart, topicEnd } = publish
  const alias = publish.properties?.topicAlias
  const known = alias === undefined ? topicNames.get(bytes, topicStart, topicEnd) : undefined
  if (known !== undefined) return known
  const named = topicEnd > topicStart ? publish.topic : ''
  const topic = alias === undefined ? named : aliases.resolve(alias, named)
  if (named === '') return topic
  const fault = nameFault(named)
  if (fault !== undefined) throw new ProtocolError(`it published to an invalid Topic Name: ${fault}`, 0x90)
  topicNames.add(bytes, topicStart, topicEnd, named)
  return topic
}

function mayPublish({ broker, session }: ClientConnection, topic: string): boolean {
  if (topic.startsWith('$') && isServerTopic(topic)) return false
  return broker.authorize?.(session!, 'publish', topic) !== false
}

/**
 * Before MQTT 5 a server can refuse a message only by closing (MQTT 3.1.1, 3.3.5.2). A message that access control denies is
 * acknowledged nevertheless, as mosquitto does; a message to $SYS ends the connection.
 */
function denied(connection: ClientConnection, { qos, messageId }: Publish, topic: string): void {
  if (connection.version < 5 && isServerTopic(topic))
    throw new ProtocolError('it published to $SYS, where only the broker does', notAuthorized)
  connection.broker.events.denied(connection, topic)
  if (qos === 0) return
  const type = qos === 1 ? puback : pubrec
  const { problemInformation } = connection.request!
  if (connection.version < 5 || !problemInformation) {
    if (qos === 2 && connection.version < 5) connection.session!.unreleased.add(messageId)
    return connection.acknowledge(type, messageId, notAuthorized)
  }
  const reason = 'not allowed to publish to this topic'
  const packet = answers.refusal(type, messageId, { reasonCode: notAuthorized, reason }, connection)
  if (packet === undefined) connection.acknowledge(type, messageId, notAuthorized)
  else connection.send(packet)
}

/** @throws ProtocolError with the Reason Code for DISCONNECT */
export function receivePacket(connection: ClientConnection, found: Found, now: number): void {
  const { header, bytes, start, end } = found
  const acknowledge = header >> 4
  const short = shortAcknowledge(header, found, connection.version)
  if (short > 0 && isAcknowledge(acknowledge)) {
    if (acknowledge === pubrel) return receivePubrel(connection, short)
    return connection.acknowledged(acknowledge, short, end - start === 3 ? bytes[start + 2]! : 0, now)
  }
  const packet = readClientPacket(header, found, connection.version)
  const { type, messageId, reasonCode } = packet
  switch (type) {
    case types.subscribe:
      return connection.inSteps(receiveSubscribe(connection, packet))
    case types.unsubscribe:
      return connection.inSteps(receiveUnsubscribe(connection, packet))
    case types.pingreq:
      return connection.send(answers.pingresp)
    case types.disconnect:
      return receiveDisconnect(connection, packet)
    case pubrel:
      return receivePubrel(connection, messageId)
    default:
      if (isAcknowledge(type)) return connection.acknowledged(type, messageId, reasonCode, now)
      throw new ProtocolError('it sent AUTH, and uses no Authentication Method (MQTT 5.0, 4.12)', 0x82)
  }
}

function receivePubrel(connection: ClientConnection, messageId: number): void {
  const known = connection.session!.unreleased.delete(messageId)
  connection.acknowledge(pubcomp, messageId, known ? 0 : 0x92)
}

function receiveDisconnect(connection: ClientConnection, { reasonCode, properties }: ClientPacket): void {
  const { broker, session } = connection
  const seconds = properties.sessionExpiryInterval
  if (typeof seconds === 'number') {
    if (connection.request!.sessionExpiry === 0 && seconds > 0)
      throw new ProtocolError(
        'DISCONNECT sets a Session Expiry Interval that CONNECT had as 0 (3.14.2.2.2)',
        0x82,
      )
    broker.sessions.setExpiry(session!, seconds)
  }
  connection.disconnected(reasonCode)
}
