// What the options of the library may be: every error names the option, and its hint says what to do.
import { transportOptions } from '../cli/options/transport.js'
import { longestTimer } from '../cli/values.js'
import { ExitCode, MqttxError } from '../errors.js'
import { described } from './names.js'
import type { ConnectOptions, Payload, QoS, TlsOptions } from './types.js'

/** @throws MqttxError where `value` is not a whole number within the limits */
export function whole(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw bad(name, value, `a whole number from ${least} to ${most}`)
}

/** @throws MqttxError where `value` is no time that can be waited for, in seconds, with a fraction if need be */
export function seconds(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0.001 && value <= longestTimer) return value
  throw bad(name, value, `seconds, from 0.001 to ${longestTimer}`)
}

/** @throws MqttxError where `value` is not a whole number of at least 0, or Infinity */
export function count(name: string, value: number): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 0)) return value
  throw bad(name, value, 'a whole number of at least 0, or Infinity')
}

/** @throws MqttxError where `value` is not one of `choices` */
export function oneOf<T extends number>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value
  throw bad(name, value, `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`)
}

/** @throws MqttxError where `value` is no Quality of Service */
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
 * What the server would not be told of, or could make nothing of, with the other options as they are.
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
    throw new MqttxError(`${what} needs clientId`, { hint: 'the server knows a Session by it' })
  }
  if (protocolVersion < 5 && password !== undefined && username === undefined) {
    throw new MqttxError('password needs username before MQTT 5', { hint: 'give a username as well' })
  }
}

/** @throws MqttxError where a detail of TLS has no effect without another */
export function checkIdentity({ cert, key, keyPassphrase, keyPassphraseFile }: TlsOptions): void {
  const hint = 'give both: the certificate and its key, in PEM form'
  if (cert !== undefined && key === undefined) throw new MqttxError('tls.cert needs tls.key', { hint })
  if (cert === undefined && key !== undefined) throw new MqttxError('tls.key needs tls.cert', { hint })
  if (keyPassphrase === undefined && keyPassphraseFile === undefined) return
  const name = keyPassphrase === undefined ? 'tls.keyPassphraseFile' : 'tls.keyPassphrase'
  if (key === undefined)
    throw new MqttxError(`${name} needs tls.key`, { hint: 'the key is a PEM text or file' })
  if (keyPassphrase === undefined || keyPassphraseFile === undefined) return
  throw new MqttxError('tls.keyPassphrase and tls.keyPassphraseFile are both there', {
    hint: 'give one of them',
  })
}

/**
 * For a connection that is not encrypted; `cafile` and `capath` make it one that is, as on the command line.
 * @throws MqttxError where `options` has a detail of TLS
 */
export function checkClearText(options: TlsOptions): void {
  const details = ['cert', 'alpn', 'insecure'] as const
  const idle = details.find((name) => options[name] !== undefined && options[name] !== false)
  if (idle === undefined) return
  const hint =
    'this connection is not encrypted: mqtts:// or wss:// in the URL, or tls.ca or tls.cafile, turn TLS on'
  throw new MqttxError(`tls.${idle} needs TLS`, { hint })
}

/** @throws MqttxError where a header is none, belongs to the upgrade, or there is no WebSocket to open */
export function checkHeaders(headers: NonNullable<ConnectOptions['headers']>, webSocket: boolean): void {
  if (headers.length > 0 && !webSocket)
    throw new MqttxError('headers needs WebSocket', { hint: 'use ws:// or wss:// in the URL' })
  for (const [name, value] of headers) transportOptions.wsHeaders.parse!(`${name}: ${value}`, 'headers')
}
