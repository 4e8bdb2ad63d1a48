// The names and types of all options. Only own properties are read, never those of a prototype.
import { nearest } from '../cli/nearest.js'
import { MqttxError } from '../errors.js'
import { shown } from '../text.js'
import type { TapOptions } from './tap-types.js'
import type {
  Answer,
  AnswerProperties,
  ConnectOptions,
  Payload,
  PublishOptions,
  PublishProperties,
  RequestOptions,
  RespondOptions,
  StartBrokerOptions,
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
  'list of pairs [name, value]': arePairs,
  'object or list of pairs [name, value]': (value: unknown) =>
    Array.isArray(value) ? arePairs(value) : typeof value === 'object' && value !== null,
  'string or bytes (Uint8Array)': (value: unknown) =>
    typeof value === 'string' || value instanceof Uint8Array,
  'Uint8Array or Buffer': (value: unknown) => value instanceof Uint8Array,
  'string or URL': (value: unknown) => typeof value === 'string' || value instanceof URL,
  'string or list of strings': areStrings,
  'string or list of strings that is not empty': (value: unknown) =>
    areStrings(value) && !(Array.isArray(value) && value.length === 0),
  AbortSignal: (value: unknown) => value instanceof AbortSignal,
  /** Checked with its range elsewhere. */
  number: () => true,
}
type Kind = keyof typeof kinds

function areStrings(value: unknown): boolean {
  return [value].flat().every((text) => typeof text === 'string')
}

function arePairs(value: unknown): boolean {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string')
  return Array.isArray(value) && value.every(isPair)
}

/** The types of the options of an object, by name. */
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

/** Without the properties that the request/response exchange sets. */
export const answerPropertyNames: Names<AnswerProperties> = {
  payloadFormatIndicator: 'boolean',
  messageExpiryInterval: 'number',
  contentType: 'string',
  userProperties: 'object or list of pairs [name, value]',
}

export const propertyNames: Names<PublishProperties> = {
  ...answerPropertyNames,
  responseTopic: 'string',
  correlationData: 'Uint8Array or Buffer',
}

export const willPropertyNames: Names<WillProperties> = { ...propertyNames, willDelayInterval: 'number' }

export const startBrokerNames: Names<StartBrokerOptions> = {
  host: 'string',
  port: 'number',
  wsPort: 'number',
  authenticate: 'function',
  authorize: 'function',
  allowAnonymous: 'boolean',
  maxQos: 'number',
  retain: 'boolean',
  maxPacketSize: 'number',
  receiveMaximum: 'number',
  maxKeepAlive: 'number',
  topicAliasMaximum: 'number',
  onLog: 'function',
}

export const tapNames: Names<TapOptions> = {
  to: 'string or URL',
  listen: 'number',
  host: 'string',
  wsPort: 'number',
  tls: 'object',
  faults: 'string or list of strings',
  seed: 'number',
  onLog: 'function',
}

const inUrl = 'pass it in the URL'

/** Hints for option names of other clients, mainly MQTT.js. */
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
    'use tls: { cafile } to trust a CA, tls: { insecure: true } to accept a certificate for another host',
  reconnectPeriod: 'the delay between attempts increases automatically; reconnects limits the attempts',
  resubscribe: 'the client always resubscribes after a reconnect',
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
 * @param prefix printed before names in errors, as in `tls.`
 * @throws MqttxError for an unknown name or a value of the wrong type
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
    hint: meant ?? `known options: ${names.join(', ')}`,
  })
}

/** @throws MqttxError unless `value` is a `kind` */
export function ofKind(name: string, value: unknown, kind: Kind): void {
  if (kinds[kind](value)) return
  throw new MqttxError(`${name} is ${described(value)}`, {
    hint: `must be ${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`,
  })
}

/** A payload as bytes. @throws MqttxError unless it is a string or bytes */
export function payloadBytes(name: string, payload: Payload): Uint8Array {
  ofKind(name, payload, bytes)
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

/** A value for an error text. */
export function described(value: unknown): string {
  if (typeof value === 'string') return `'${shown(value)}'`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
