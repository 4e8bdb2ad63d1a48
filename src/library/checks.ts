// Validates the options of the library. Every error names the option.
import { transportOptions } from '../cli/options/transport.js'
import { longestTimer } from '../cli/values.js'
import { ExitCode, MqttxError } from '../errors.js'
import { described } from './names.js'
import type { ConnectOptions, Payload, QoS, TlsOptions } from './types.js'

/** @throws MqttxError unless `value` is an integer from `least` to `most` */
export function whole(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw bad(name, value, `must be an integer from ${least} to ${most}`)
}

/** @throws MqttxError unless `value` is a timer duration in seconds, fractions allowed */
export function seconds(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0.001 && value <= longestTimer) return value
  throw bad(name, value, `must be from 0.001 to ${longestTimer} seconds`)
}

/** @throws MqttxError unless `value` is an integer of at least 0, or Infinity */
export function count(name: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 0)) return value
  throw bad(name, value, 'must be an integer of at least 0, or Infinity')
}

/** @throws MqttxError unless `value` is one of `choices` */
export function oneOf<T extends number>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value
  throw bad(name, value, `must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`)
}

/** @throws MqttxError unless `value` is 0, 1 or 2 */
export function checkedQos(name: string, value: QoS): QoS {
  return oneOf(name, value, [0, 1, 2])
}

function bad(name: string, value: unknown, hint: string): MqttxError {
  return new MqttxError(`${name} is ${described(value)}`, { hint })
}

export function needsMqtt5(what: string): MqttxError {
  const hint = 'connect with protocolVersion: 5'
  return new MqttxError(`${what} needs MQTT 5`, { exitCode: ExitCode.notSupported, hint })
}

/**
 * Checks options that depend on each other or on the version of MQTT.
 * @throws MqttxError
 */
export function checkSession(
  { protocolVersion = 4, clientId = '', cleanStart = true, sessionExpiry, will }: ConnectOptions,
  { username, password }: { readonly username: string | undefined; readonly password: Payload | undefined },
): void {
  if (protocolVersion < 5 && sessionExpiry !== undefined) throw needsMqtt5('sessionExpiry')
  if (protocolVersion < 5 && will?.properties !== undefined) throw needsMqtt5('will.properties')
  if (clientId === '' && (!cleanStart || sessionExpiry === 0xffffffff)) {
    const what = cleanStart ? 'sessionExpiry: 4294967295' : 'cleanStart: false'
    throw new MqttxError(`${what} needs clientId`, { hint: 'the server identifies the Session by it' })
  }
  if (protocolVersion < 5 && password !== undefined && username === undefined) {
    throw new MqttxError('password needs username before MQTT 5', { hint: 'add a username' })
  }
}

/** @throws MqttxError if a TLS option needs another one that is missing */
export function checkIdentity({ cert, key, keyPassphrase, keyPassphraseFile }: TlsOptions): void {
  const hint = 'pass both the certificate and its key, in PEM format'
  if (cert !== undefined && key === undefined) throw new MqttxError('tls.cert needs tls.key', { hint })
  if (cert === undefined && key !== undefined) throw new MqttxError('tls.key needs tls.cert', { hint })
  if (keyPassphrase === undefined && keyPassphraseFile === undefined) return
  const name = keyPassphrase === undefined ? 'tls.keyPassphraseFile' : 'tls.keyPassphrase'
  if (key === undefined)
    throw new MqttxError(`${name} needs tls.key`, { hint: 'pass the key as a PEM text or file' })
  if (keyPassphrase === undefined || keyPassphraseFile === undefined) return
  throw new MqttxError('Both tls.keyPassphrase and tls.keyPassphraseFile are set', { hint: 'pass only one' })
}

/**
 * Checks the options of an unencrypted connection. `cafile` and `capath` turn TLS on, as on the command line.
 * @throws MqttxError if `options` has another TLS option
 */
export function checkClearText(options: TlsOptions): void {
  const details = ['cert', 'alpn', 'insecure'] as const
  const idle = details.find((name) => options[name] !== undefined && options[name] !== false)
  if (idle === undefined) return
  const hint =
    'this connection is not encrypted: use mqtts:// or wss:// in the URL, or set tls.ca or tls.cafile'
  throw new MqttxError(`tls.${idle} needs TLS`, { hint })
}

/** @throws MqttxError for an invalid header, one reserved for the handshake, or a connection without WebSocket */
export function checkHeaders(headers: NonNullable<ConnectOptions['headers']>, webSocket: boolean): void {
  if (headers.length > 0 && !webSocket)
    throw new MqttxError('headers needs WebSocket', { hint: 'use ws:// or wss:// in the URL' })
  for (const [name, value] of headers) transportOptions.wsHeaders.parse!(`${name}: ${value}`, 'headers')
}
