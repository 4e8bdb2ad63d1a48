// Handles CONNECT (MQTT 5.0, 3.1.4): refuses it, or finds the client's session and answers with CONNACK.
import type { IConnackPacket } from 'mqtt-packet'
import { ProtocolError } from '../../errors.js'
import * as answers from './answers.js'
import type { ClientConnection, Core } from './client.js'
import { type ConnectRequest, readConnect } from './connect.js'

/** Reason Codes of CONNACK (MQTT 5.0, 3.2.2.2). */
const identifierInvalid = 0x85
const notAuthorized = 0x87
const badAuthenticationMethod = 0x8c
const quotaExceeded = 0x97
const retainNotSupported = 0x9a
const qosNotSupported = 0x9b

/**
 * Reads a CONNECT and refuses it for faults that do not depend on the login.
 * @throws ProtocolError with the Reason Code for CONNACK
 */
export function receiveConnect(
  connection: ClientConnection,
  { bytes, start, end }: { bytes: Buffer; start: number; end: number },
): ConnectRequest {
  const { broker } = connection
  const request = readConnect(bytes, start, end)
  connection.maxPacketSize = request.maxPacketSize // also limits a refusal [MQTT-3.2.2-19]
  const { version, clientId, clean, keepAlive, will, authenticationMethod } = request
  const { maxQos, retain, maxKeepAlive } = broker.settings
  if (authenticationMethod !== undefined)
    throw new ProtocolError(
      `there is no Authentication Method '${authenticationMethod}'`,
      badAuthenticationMethod,
    )
  if (clientId === '' && (version === 3 || (version === 4 && !clean))) {
    const message = 'a client without an identifier needs MQTT 3.1.1 and a clean session' // [MQTT-3.1.3-8]
    throw new ProtocolError(message, identifierInvalid)
  }
  if (version < 5 && maxKeepAlive > 0 && (keepAlive === 0 || keepAlive > maxKeepAlive)) {
    const message = `its Keep Alive is ${keepAlive} s, ${maxKeepAlive} s are allowed` // as mosquitto does
    throw new ProtocolError(message, identifierInvalid)
  }
  if (will !== undefined && will.qos > maxQos)
    throw new ProtocolError(
      `its Will QoS is ${will.qos}, allowed is ${maxQos} [MQTT-3.2.2-12]`,
      qosNotSupported,
    )
  if (will?.retain === true && !retain)
    throw new ProtocolError(
      'its will is to be retained, which is not allowed [MQTT-3.2.2-13]',
      retainNotSupported,
    )
  return request
}

/** Gives the client its session and answers with CONNACK, or refuses it. */
export function accept(connection: ClientConnection, now: number): void {
  const { broker } = connection
  const request = connection.request!
  const { clientId, user, will, clean, sessionExpiry } = request
  const identity = { clientId, user }
  if (will !== undefined && broker.authorize?.(identity, 'publish', will.topic) === false)
    return connection.reject(notAuthorized, `it may not publish its will to '${will.topic}'`)
  const { sessions, limits } = broker
  const id = clientId || newIdentifier(broker)
  if (sessionExpiry > 0 && !sessions.canKeep(id))
    return connection.reject(quotaExceeded, `there are ${limits.sessions} sessions`)

  const { session, present } = sessions.take(id, clean, now)
  session.user = user
  sessions.setExpiry(session, sessionExpiry)
  sessions.attach(session, connection)
  const keepAlive = keepAliveOf(request, broker)
  connection.keepAlive = keepAlive
  connection.begin(session, request)
  broker.counters.connections++
  const properties = granted(request, id, keepAlive, broker)
  connection.send(answers.connack(0, { sessionPresent: present, properties }, connection))
  broker.events.accepted(connection)
  session.resume(now)
  connection.moved(now)
}

/** A Client Identifier that no session has [MQTT-3.2.2-16]: a client may have chosen the next one itself. */
function newIdentifier(broker: Core): string {
  for (;;) {
    const id = broker.assignIdentifier()
    if (broker.sessions.get(id) === undefined) return id
  }
}

function keepAliveOf({ keepAlive }: ConnectRequest, { settings: { maxKeepAlive } }: Core): number {
  return maxKeepAlive > 0 && (keepAlive === 0 || keepAlive > maxKeepAlive) ? maxKeepAlive : keepAlive
}

/** The properties of CONNACK: only those that differ from the standard's defaults (MQTT 5.0, 3.2.2.3). */
function granted(
  request: ConnectRequest,
  clientId: string,
  keepAlive: number,
  { settings }: Core,
): NonNullable<IConnackPacket['properties']> {
  const { maxQos, retain, maxPacketSize, receiveMaximum, topicAliasMaximum } = settings
  return {
    ...(receiveMaximum < 65_535 && { receiveMaximum }),
    ...(maxQos < 2 && { maximumQoS: maxQos }),
    ...(!retain && { retainAvailable: false }),
    ...(maxPacketSize !== undefined && { maximumPacketSize: maxPacketSize }),
    ...(request.clientId === '' && { assignedClientIdentifier: clientId }), // [MQTT-3.2.2-16]
    ...(topicAliasMaximum > 0 && { topicAliasMaximum }),
    ...(keepAlive !== request.keepAlive && { serverKeepAlive: keepAlive }), // [MQTT-3.2.2-21]
  }
}
