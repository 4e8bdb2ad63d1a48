// Converts a URL and options into the settings of a Connection.
import { topicName } from '../cli/topic.js'

import { endpoint, tlsOf } from '../connection/endpoint.js'
import { type ConnectOptions as CoreOptions, defaultWindow } from '../connection/options.js'
import { MqttxError } from '../errors.js'
import { processHost } from '../host.js'
import { addressOf, loginOf, parsed } from './address.js'
import {
  checkClearText,
  checkedQos,
  checkHeaders,
  checkIdentity,
  checkSession,
  count,
  oneOf,
  whole,
} from './checks.js'
import { connectNames, ofKind, own, tlsNames, willNames, willPropertyNames } from './names.js'
import { checkedProperties } from './properties.js'
import type { ConnectOptions, Payload, TlsOptions, Will } from './types.js'

/** @throws MqttxError for an invalid URL or option, an option without effect, or an unreadable file */
export async function settings(address: string | URL, given: ConnectOptions): Promise<CoreOptions> {
  ofKind('url', address, 'string or URL')
  const options = own(given, connectNames)
  const place = parsed(address)
  const version = oneOf('protocolVersion', options.protocolVersion ?? 4, [3, 4, 5])
  const { cleanStart = true, headers = [] } = options
  const tls = own(options.tls, tlsNames, 'tls.')
  const will = options.will && own(options.will, willNames, 'will.')
  const server = addressOf(place)
  const login = loginOf(place.url)
  const username = options.username ?? login.username
  const password = options.password ?? login.password
  checkHeaders(headers, server.transport === 'ws' || server.transport === 'wss')
  checkIdentity(tls)
  checkSession(options, { username, password })
  const core = {
    version,
    clientId: options.clientId ?? (version === 3 ? `mqttx-${process.pid.toString(36)}` : ''),
    cleanStart,
    keepAlive: whole('keepAlive', options.keepAlive ?? 60, [0, 65_535]),
    username,
    password: bytesOf(password),
    will: will && willOf(will),
    properties: willProperties(will),
    sessionExpiry: whole('sessionExpiry', options.sessionExpiry ?? 0, [0, 0xffffffff]),
    receiveMaximum: 1000,
    maxInFlight: whole('maxInFlight', options.maxInFlight ?? defaultWindow, [1, 65_535]),
    connectTimeoutMs: 1000 * whole('connectTimeout', options.connectTimeout ?? 30, [1, 2_000_000]),
    retries: count('retries', options.retries ?? 0),
    reconnects: count('reconnects', options.reconnects ?? Number.POSITIVE_INFINITY),
  }
  const args = {
    ...nothing,
    ...server,
    ...tls,
    ...materialOf(tls),
    ...{ tlsAlpn: tls.alpn, insecure: tls.insecure ?? false, tlsUseOsCerts: false, noTls: false },
    ...{ ws: false, wsHeaders: headers, srv: false, quiet: true },
  }
  const io = { noDelay: true, host: processHost(), passphrases: new Map<string, string>() }
  const made = await endpoint(args, io)
  if (made.tls === undefined) checkClearText(tls)
  const renew = async () => ({ password: core.password, tls: await tlsOf(args, io) })
  return { endpoint: made, ...core, renew: made.tls?.hasCertificate ? renew : undefined }
}

/** Command-line options that the library lacks, set to undefined so that a prototype cannot supply them. */
const nothing = {
  ...{ unix: undefined, bind: undefined, proxy: undefined, ciphers: undefined, tlsVersion: undefined },
  ...{ tlsKeylog: undefined, servername: undefined, psk: undefined, pskIdentity: undefined },
  ...{ ca: undefined, cafile: undefined, capath: undefined, cert: undefined, key: undefined },
  ...{ keyPassphrase: undefined, keyPassphraseFile: undefined },
}

const checkTopic = topicName('will')
const longestBinary = 65_535 // Binary Data (MQTT 5.0, 1.5.6)

function willOf({ topic, payload = '', qos = 0, retain = false }: Will): CoreOptions['will'] {
  const bytes = bytesOf(payload)
  ofKind('will.topic', topic, 'string')
  if (bytes.length > longestBinary) {
    const hint = `${bytes.length} bytes; the limit is ${longestBinary}`
    throw new MqttxError('will.payload is too large', { hint })
  }
  return { topic: checkTopic(topic, 'will.topic'), payload: bytes, qos: checkedQos('will.qos', qos), retain }
}

function willProperties(will: Will | undefined): CoreOptions['properties'] {
  const sets = Object.create(null)
  if (will?.properties === undefined) return sets
  return Object.assign(sets, {
    will: checkedProperties(will.properties, willPropertyNames, 'will.properties.'),
  })
}

/** Converts PEM texts to bytes; a remaining string is a path. */
function materialOf({ ca, cert, key }: TlsOptions) {
  const isText = (given: Payload) => typeof given !== 'string' || given.includes('-----BEGIN ')
  const material = (given: Payload | undefined) =>
    given !== undefined && isText(given) ? bytesOf(given) : given
  return { ca: bytesOf(ca), cert: material(cert), key: material(key) }
}

function bytesOf(payload: Payload): Buffer
function bytesOf(payload: Payload | undefined): Buffer | undefined
function bytesOf(payload: Payload | undefined): Buffer | undefined {
  return payload === undefined ? undefined : Buffer.from(payload as Uint8Array)
}
