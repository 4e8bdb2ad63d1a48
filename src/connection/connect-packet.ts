// CONNECT and DISCONNECT from options, and what a CONNACK says about it (MQTT 3.1.1, 3.1 and 3.2; MQTT 5.0, 3.1 and 3.2).
import type { IConnackPacket, IConnectPacket, IDisconnectPacket } from 'mqtt-packet'
import { refusalText } from '../codec/reason-codes.js'
import { ConnectRefused, ProtocolError } from '../errors.js'
import { serverReason } from './failures.js'
import type { ConnectOptions, PropertySets } from './options.js'

/** What a CONNACK that accepts has brought. */
export interface Accepted {
  readonly sessionPresent: boolean
  readonly properties: NonNullable<IConnackPacket['properties']>
}

/** `authenticationData` opens the exchange of a method that needs one. */
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

/** In the reference's order: those of -D, the Session Expiry Interval, the Receive Maximum, which is always there. */
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

/** `reasonCode` and properties go out from MQTT 5 on. */
export function disconnectPacket(
  reasonCode: number,
  { disconnect: properties }: PropertySets,
): IDisconnectPacket {
  return { cmd: 'disconnect', reasonCode, ...(properties && { properties }) }
}

const hints: Readonly<Record<number, string>> = {
  1: 'the server does not speak this version of MQTT: try another -V',
  2: 'the server does not like this Client Identifier: try another -i',
  3: 'the server is not ready: try again later, or --retry',
  4: 'check -u and -P',
  5: 'check -u and -P: the server wants a login, or this one may not connect',
  132: 'try -V mqttv311',
  133: 'the server does not like this Client Identifier: try another -i',
  134: 'check -u and -P',
  135: 'check -u and -P: the server wants a login, or this one may not connect',
  140: 'the server does not know this authentication-method',
  149: 'the CONNECT is larger than the server takes: is the will too long?',
  154: 'the will asks for --will-retain, which the server does not have',
  155: 'the will asks for a --will-qos which the server does not have',
}

/** Reason Code or Return Code. */
export function connackCode(connack: IConnackPacket, version: number): number {
  return (version === 5 ? connack.reasonCode : connack.returnCode) ?? 0
}

/**
 * @throws ConnectRefused when the server says no; ProtocolError 0x82 when the CONNACK breaks a rule
 */
export function acceptConnack(
  connack: IConnackPacket,
  options: ConnectOptions,
  cleanStart: boolean,
): Accepted {
  const code = connackCode(connack, options.version)
  const properties = connack.properties ?? {}
  if (code !== 0) {
    throw new ConnectRefused(refusalText(code, options.version), code, serverReason(properties) ?? hints[code])
  }
  if (connack.sessionPresent && cleanStart) {
    throw new ProtocolError('CONNACK with Session Present after a clean start [MQTT-3.2.2-2]', 0x82)
  }
  if (properties.assignedClientIdentifier !== undefined && options.clientId !== '') {
    throw new ProtocolError(
      'CONNACK assigns a Client Identifier although there was one [MQTT-3.2.2-16]',
      0x82,
    )
  }
  const { authenticationMethod: method } = properties
  if (method !== undefined && method !== options.properties.connect?.authenticationMethod) {
    throw new ProtocolError('CONNACK: Authentication Method is not that of CONNECT [MQTT-4.12.0-5]', 0x82)
  }
  return { sessionPresent: connack.sessionPresent, properties }
}
