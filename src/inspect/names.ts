// Names of numeric values in the standard: Control Packets, QoS, Return Codes and Reason Codes.
import { disconnect, packetNames, suback } from '../codec/control-packets.js'
import { reasonName } from '../codec/reason-codes.js'

export {
  auth,
  connack,
  connect,
  disconnect,
  fixedFlags,
  isAllowedCode,
  onlyDirection,
  packetNames,
  pingreq,
  pingresp,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
} from '../codec/control-packets.js'

export const versionNames: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5.0' }

/** Name of a protocol version: 3, 4 or 5 for MQTT, 1 for MQTT-SN. */
export function protocolName(version: number): string {
  return version === 1 ? 'MQTT-SN 1.2' : `MQTT ${versionNames[version] ?? version}`
}

/** Returns the name of a number, '' if it has none. */
export type Names = (value: number) => string

export const packetName: Names = (type) => packetNames[type]!

const qosNames = ['at most once', 'at least once', 'exactly once', 'reserved']
export const qosName: Names = (qos) => qosNames[qos]!

const handling = [
  'send retained messages',
  'send retained messages if the subscription is new',
  'do not send retained messages',
  'reserved',
]
export const retainHandlingName: Names = (value) => handling[value]!

const returnCodes = [
  'Connection Accepted',
  'unacceptable protocol version',
  'identifier rejected',
  'server unavailable',
  'bad user name or password',
  'not authorized',
]
/** CONNACK Return Codes before MQTT 5 (MQTT 3.1.1, 3.2.2.3). */
export const returnCodeName: Names = (code) => returnCodes[code] ?? 'unknown return code'

const granted = ['Maximum QoS 0', 'Maximum QoS 1', 'Maximum QoS 2']
/** SUBACK Return Codes before MQTT 5 (MQTT 3.1.1, 3.9.3). */
export const subackName: Names = (code) =>
  code === 128 ? 'Failure' : (granted[code] ?? 'unknown return code')

/** Names of the Reason Codes by packet type; 0 has three names (MQTT 5.0, 2.4). */
export const reasonCodeNames: readonly Names[] = packetNames.map((_, type) => (code) => {
  if (code === 0 && type === suback) return 'Granted QoS 0'
  if (code === 0 && type === disconnect) return 'Normal disconnection'
  return reasonName(code)
})
