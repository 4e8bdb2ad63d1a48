// The names and types of options. Only own properties are read: what a prototype has is nobody's option.
import { nearest } from '../cli/nearest.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'
import type {
  Answer,
  AnswerProperties,
  ConnectOptions,
  Payload,
  PublishOptions,
  PublishProperties,
  RequestOptions,
  RespondOptions,
  SubscribeOptions,
  TlsOptions,
  Will,
  WillProperties,
} from './types.js'

const kinds = {
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  function: (value: unknown) => typeof value === 'function',
  object: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'list of pairs [name, value]': (value: unknown) =>
    Array.isArray(value) &&
    value.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string'),
    ),
  'string or bytes (Uint8Array)': (value: unknown) =>
    typeof value === 'string' || value instanceof Uint8Array,
  'Uint8Array or Buffer': (value: unknown) => value instanceof Uint8Array,
  'string or URL': (value: unknown) => typeof value === 'string' || value instanceof URL,
  'string or list of strings': (value: unknown) =>
    typeof value === 'string' ||
    (Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string')),
  AbortSignal: (value: unknown) => value instanceof AbortSignal,
  /** Has a check of its range, which is one of its type as well. */
  number: () => true,
}
type Kind = keyof typeof kinds

/** The options of one object, each with its type. */
export type Names<T> = { readonly [Name in keyof Required<T>]: Kind }

const bytes = 'string or bytes (Uint8Array)'

export const connectNames: Names<ConnectOptions> = {
  protocolVersion: 'number',
  clientId: 'string',
  cleanStart: 'boolean',
  sessionExpiry: 'number',
  keepAlive: 'number',
  username: 'string',
  password: bytes,
  will: 'object',
  tls: 'object',
  headers: 'list of pairs [name, value]',
  connectTimeout: 'number',
  retries: 'number',
  reconnects: 'number',
  maxInFlight: 'number',
  signal: 'AbortSignal',
  onConnect: 'function',
  onRetry: 'function',
  onDrop: 'function',
}

export const tlsNames: Names<TlsOptions> = {
  cafile: 'string',
  capath: 'string',
  ca: bytes,
  cert: bytes,
  key: bytes,
  keyPassphrase: 'string',
  keyPassphraseFile: 'string',
  alpn: 'string',
  insecure: 'boolean',
}

export const willNames: Names<Will> = {
  topic: 'string',
  payload: bytes,
  qos: 'number',
  retain: 'boolean',
  properties: 'object',
}

export const publishNames: Names<PublishOptions> = {
  qos: 'number',
  retain: 'boolean',
  properties: 'object',
  signal: 'AbortSignal',
}

export const subscribeNames: Names<SubscribeOptions> = {
  qos: 'number',
  noLocal: 'boolean',
  retainAsPublished: 'boolean',
  retainHandling: 'number',
  signal: 'AbortSignal',
}

export const requestNames: Names<RequestOptions> = {
  qos: 'number',
  timeout: 'number',
  properties: 'object',
  signal: 'AbortSignal',
}

export const respondNames: Names<RespondOptions> = {
  ...subscribeNames,
  concurrency: 'number',
  onError: 'function',
}

export const answerNames: Names<Exclude<Answer, Payload | undefined>> = {
  payload: bytes,
  qos: 'number',
  properties: 'object',
}

/** Without what the exchange itself sets. */
export const answerPropertyNames: Names<AnswerProperties> = {
  payloadFormatIndicator: 'boolean',
  messageExpiryInterval: 'number',
  contentType: 'string',
  userProperties: 'object',
}

export const propertyNames: Names<PublishProperties> = {
  ...answerPropertyNames,
  responseTopic: 'string',
  correlationData: 'Uint8Array or Buffer',
}

export const willPropertyNames: Names<WillProperties> = { ...propertyNames, willDelayInterval: 'number' }

const inUrl = 'it is part of the URL'

/** What options of other clients, MQTT.js above all, are called here. */
const foreign: Readonly<Record<string, string>> = {
  clean: 'use cleanStart',
  cleanSession: 'use cleanStart',
  user: 'use username',
  pass: 'use password',
  ca: 'use tls: { ca } for a PEM text, tls: { cafile } for the path of a file',
  cert: 'use tls: { cert }',
  key: 'use tls: { key }',
  passphrase: 'use tls: { keyPassphrase }',
  abortSignal: 'use signal',
  rejectUnauthorized:
    'use tls: { cafile } to trust a CA, tls: { insecure: true } to take a certificate for another host',
  reconnectPeriod: 'the pauses between attempts grow by themselves; reconnects limits the attempts',
  resubscribe: 'subscriptions always live on when the connection is made again',
  host: inUrl,
  hostname: inUrl,
  port: inUrl,
  path: inUrl,
  protocol: inUrl,
  protocolId: 'use protocolVersion: 3, 4 or 5',
  wsOptions: 'use headers',
  nl: 'use noLocal',
  rap: 'use retainAsPublished',
  rh: 'use retainHandling',
  message: 'use payload',
}

/**
 * The own properties of `options`, in an object without a prototype.
 * @param prefix what error texts have before the name, as in `tls.`
 * @throws MqttxError where a name is unknown or a value is not of its type
 */
export function own<T extends object>(options: T | undefined, names: Names<T>, prefix = ''): T {
  const result: Record<string, unknown> = Object.create(null)
  if (options === undefined) return result as T
  ofKind(prefix.replace(/\.$/, '') || 'options', options, 'object')
  for (const name of Object.keys(options)) {
    const value = options[name as keyof T]
    if (!Object.hasOwn(names, name)) throw unknown(prefix, name, Object.keys(names))
    if (value === undefined) continue
    ofKind(`${prefix}${name}`, value, names[name as keyof T])
    result[name] = value
  }
  return result as T
}

function unknown(prefix: string, name: string, names: readonly string[]): MqttxError {
  const found = nearest(name, names)
  const meant = Object.hasOwn(foreign, name) ? foreign[name] : found && `use ${prefix}${found}`
  return new MqttxError(`Unknown option ${prefix}${shown(name)}`, {
    hint: meant ?? `known are ${names.join(', ')}`,
  })
}

/** @throws MqttxError where `value` is not a `kind` */
export function ofKind(name: string, value: unknown, kind: Kind): void {
  if (kinds[kind](value)) return
  throw new MqttxError(`${name} is ${described(value)}`, {
    hint: `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind} is needed`,
  })
}

/** A payload as bytes. @throws MqttxError where it is neither a string nor bytes */
export function payloadBytes(name: string, payload: Payload): Uint8Array {
  ofKind(name, payload, bytes)
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

/** A value as an error text shows it. */
export function described(value: unknown): string {
  if (typeof value === 'string') return `'${shown(value)}'`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
