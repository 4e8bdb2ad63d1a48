// Builds CONNECT and DISCONNECT, and checks CONNACK (MQTT 3.1.1, 3.1 and 3.2; MQTT 5.0, 3.1 and 3.2).
import type { IConnackPacket, IConnectPacket, IDisconnectPacket } from 'mqtt-packet'
import { refusalText } from '../codec/reason-codes.js'
import { ConnectRefused, ProtocolError } from '../errors.js'
import { serverReason } from './failures.js'
import type { ConnectOptions, PropertySets } from './options.js'

/** A CONNACK that accepts the connection. */
export interface Accepted {
  readonly sessionPresent: boolean
  readonly properties: NonNullable<IConnackPacket['properties']>
}

/** `authenticationData` is the first message of an authentication exchange. */
export function connectPacket(
  options: ConnectOptions,
  cleanStart: boolean,
  authenticationData?: Buffer,
): IConnectPacket {
  const { version, username, password, will } = options
  return {
    cmd: 'connect',
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    protocolVersion: version,
    clean: cleanStart,
    clientId: options.clientId,
    keepalive: options.keepAlive,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will !== undefined && {
      will: { ...will, ...(version === 5 && { properties: options.properties.will ?? {} }) },
    }),
    ...(version === 5 && { properties: connectProperties(options, authenticationData) }),
  }
}

/** In mosquitto's order: properties of -D, Session Expiry Interval, and always the Receive Maximum. */
function connectProperties(
  { properties: { connect = {} }, sessionExpiry, receiveMaximum }: ConnectOptions,
  authenticationData: Buffer | undefined,
): NonNullable<IConnectPacket['properties']> {
  return {
    ...connect,
    ...(authenticationData !== undefined && { authenticationData }),
    ...(sessionExpiry > 0 && { sessionExpiryInterval: sessionExpiry }),
    ...(!('receiveMaximum' in connect) && { receiveMaximum }),
  }
}

/** Reason Code and properties are sent from MQTT 5 on. */
export function disconnectPacket(
  reasonCode: number,
  { disconnect: properties }: PropertySets,
): IDisconnectPacket {
  return { cmd: 'disconnect', reasonCode, ...(properties && { properties }) }
}

const hints: Readonly<Record<number, string>> = {
  1: 'the server does not support this version of MQTT: try another -V',
  2: 'the server does not accept this Client Identifier: try another -i',
  3: 'the server is not ready: try again later, or --retry',
  4: 'check -u and -P',
  5: 'check -u and -P: the server requires a login, or this user may not connect',
  132: 'try -V mqttv311',
  133: 'the server does not accept this Client Identifier: try another -i',
  134: 'check -u and -P',
  135: 'check -u and -P: the server requires a login, or this user may not connect',
  140: 'the server does not support this authentication-method',
  149: 'CONNECT is larger than the server accepts: is the will too long?',
  154: 'the server does not support --will-retain',
  155: 'the server does not support this --will-qos',
}

/** Reason Code or Return Code. */
export function connackCode(connack: IConnackPacket, version: number): number {
  return (version === 5 ? connack.reasonCode : connack.returnCode) ?? 0
}

/**
 * @throws ConnectRefused when the server refuses; ProtocolError 0x82 for an invalid CONNACK
 */
export function acceptConnack(
  connack: IConnackPacket,
  options: ConnectOptions,
  cleanStart: boolean,
): Accepted {
  const code = connackCode(connack, options.version)
  const properties = connack.properties ?? {}
  if (code !== 0) {
    const unknown = code < 128 ? `CONNACK ${code} does not exist: is it a server of MQTT?` : undefined
    throw new ConnectRefused(
      refusalText(code, options.version),
      code,
      serverReason(properties) ?? hints[code] ?? unknown,
    )
  }
  if (connack.sessionPresent && cleanStart) {
    throw new ProtocolError('CONNACK with Session Present after a clean start [MQTT-3.2.2-2]', 0x82)
  }
  if (properties.assignedClientIdentifier !== undefined && options.clientId !== '') {
    throw new ProtocolError(
      'CONNACK assigns a Client Identifier although CONNECT has one [MQTT-3.2.2-16]',
      0x82,
    )
  }
  const { authenticationMethod: method } = properties
  if (method !== undefined && method !== options.properties.connect?.authenticationMethod) {
    throw new ProtocolError(
      'CONNACK: Authentication Method differs from that of CONNECT [MQTT-4.12.0-5]',
      0x82,
    )
  }
  return { sessionPresent: connack.sessionPresent, properties }
}
