// Names of Reason Codes (MQTT 5.0, 2.4), and mosquitto's texts for the Return Codes of MQTT 3.1.1 (3.2.2.3).

const names: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'Granted QoS 1',
  2: 'Granted QoS 2',
  4: 'Disconnect with Will Message',
  16: 'No matching subscribers',
  17: 'No subscription existed',
  24: 'Continue authentication',
  25: 'Re-authenticate',
  128: 'Unspecified error',
  129: 'Malformed Packet',
  130: 'Protocol Error',
  131: 'Implementation specific error',
  132: 'Unsupported Protocol Version',
  133: 'Client Identifier not valid',
  134: 'Bad User Name or Password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep Alive timeout',
  142: 'Session taken over',
  143: 'Topic Filter invalid',
  144: 'Topic Name invalid',
  145: 'Packet Identifier in use',
  146: 'Packet Identifier not found',
  147: 'Receive Maximum exceeded',
  148: 'Topic Alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared Subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription identifiers not supported',
  162: 'Wildcard Subscriptions not supported',
}

const returnCodes: Readonly<Record<number, string>> = {
  1: 'unacceptable protocol version',
  2: 'identifier rejected',
  3: 'broker unavailable',
  4: 'bad user name or password',
  5: 'not authorised',
}

/** The name of an MQTT 5 Reason Code, or `Unknown reason`. */
export function reasonName(code: number): string {
  return names[code] ?? 'Unknown reason'
}

/** Number and name: `0x87 Not authorized`. */
export function reasonText(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')} ${reasonName(code)}`
}

/** Mosquitto's text for a CONNACK that refuses; `version` 3, 4 or 5. */
export function refusalText(code: number, version: number): string {
  if (version < 5) return `Connection Refused: ${returnCodes[code] ?? 'unknown reason'}.`
  const advice = code === 132 ? '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.' : ''
  return reasonName(code) + advice
}
