// The -L URL: mqtt[s]:// or ws[s]://, [user[:password]@]host[:port]/topic. The topic is not percent-decoded.
import { UsageError } from '../errors.js'
import { plainPort, snPort, tlsPort } from '../ports.js'
import { shown } from '../text.js'
import type { Parse } from './option.js'
import { onlyPubAndSub, parsePort, zeroPort } from './values.js'

export type Transport = 'tcp' | 'tls' | 'ws' | 'wss' | 'udp'

export interface BrokerUrl {
  transport: Transport
  host: string
  port: number
  username: string | undefined
  pw: string | undefined
  /** Everything after the first slash, unchecked; undefined: there is no slash. */
  topic: string | undefined
  /** The URL has no topic, so another option must give one. */
  topicNeeded?: true
}

/** The transport of each scheme, and its default port, as in mosquitto. */
export const schemes: Readonly<Record<string, readonly [Transport, number]>> = {
  mqtt: ['tcp', plainPort],
  mqtts: ['tls', tlsPort],
  ws: ['ws', plainPort],
  wss: ['wss', tlsPort],
}

const snSchemes: typeof schemes = { ...schemes, 'mqtt-sn': ['udp', snPort] }

/** Parses the -L of the command line; sets `topicNeeded` if the URL has no topic. */
export const parseUrl: Parse<BrokerUrl> = (text, name) => urlOf(text, name, { topic: 'needed' })

/** The same for a command that speaks MQTT-SN. */
export const parseUrlOrSn: Parse<BrokerUrl> = (text, name) => urlOf(text, name, { topic: 'needed', sn: true })

/** Parses the URL of a variable or a context, which needs no topic. */
export const parseServerUrl: Parse<BrokerUrl> = (text, name) => urlOf(text, name, { topic: 'free' })

/** The same for a command that speaks MQTT-SN. */
export const parseServerUrlOrSn: Parse<BrokerUrl> = (text, name) =>
  urlOf(text, name, { topic: 'free', sn: true })

function urlOf(text: string, name: string, needs: { topic: 'needed' | 'free'; sn?: boolean }): BrokerUrl {
  const [, scheme = '', rest = ''] = /^([a-z-]+):\/\/(.*)$/is.exec(text) ?? []
  const all = needs.sn ? snSchemes : schemes
  const known = Object.hasOwn(all, scheme.toLowerCase()) ? all[scheme.toLowerCase()] : undefined
  if (known === undefined) {
    const isSn = scheme.toLowerCase() === 'mqtt-sn'
    throw new UsageError('Unsupported URL scheme.', {
      hint: isSn
        ? onlyPubAndSub
        : needs.sn
          ? 'use mqtt://, mqtts://, ws://, wss:// or mqtt-sn://'
          : 'use mqtt://, mqtts://, ws:// or wss://',
    })
  }
  const [transport, defaultPort] = known
  const slash = rest.indexOf('/')
  if (rest === '' && needs.topic === 'needed') throw topicMissing()
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const topic = slash < 0 ? undefined : rest.slice(slash + 1)
  const at = authority.lastIndexOf('@')
  return {
    transport,
    ...withoutSecret(at < 0 && topic?.includes('@') === true, () =>
      hostAndPort(authority.slice(at + 1), defaultPort, name),
    ),
    ...credentials(at < 0 ? undefined : authority.slice(0, at)),
    topic,
    ...(topic === undefined && needs.topic === 'needed' && { topicNeeded: true }),
  }
}

/** mosquitto's error for a URL without a topic. */
export function topicMissing(): UsageError {
  return invalid('topic missing', 'write it after the host, as in mqtt://HOST/TOPIC, or give it with -t')
}

/** If `suspected`, replaces the error: a password with an unescaped slash looks like a bad port and must not be shown. */
function withoutSecret<T>(suspected: boolean, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw suspected ? invalid('the part before the topic is not HOST:PORT', slashHint) : error
  }
}

const slashHint = 'write a slash in the user name or password as %2F'

function hostAndPort(text: string, defaultPort: number, name: string): { host: string; port: number } {
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::([^:]*))?$/s.exec(text)
  if (parts === null) {
    throw invalid(
      `'${shown(text)}' is not HOST:PORT`,
      'put an IPv6 address in brackets: mqtt://[::1]:1883/TOPIC',
    )
  }
  const [, address, hostName, port] = parts
  const host = address === undefined ? (hostName ?? '') : unbracketed(address)
  if (host === '') throw invalid('host missing', 'as in mqtt://localhost/TOPIC')
  if (port === undefined) return { host, port: defaultPort }
  const number = parsePort(port, name)
  if (number === 0) throw zeroPort()
  return { host, port: number }
}

/**
 * The address in the brackets of a URL. The percent sign before its zone is written %25 (RFC 6874, 2); a plain % is
 * accepted too (RFC 6874, 3).
 */
export function unbracketed(address: string): string {
  return address.replace(/%25/, '%')
}

function credentials(text: string | undefined): { username: string | undefined; pw: string | undefined } {
  if (text === undefined) return { username: undefined, pw: undefined }
  const colon = text.indexOf(':')
  if (colon < 0) return { username: decoded(text), pw: undefined }
  return { username: decoded(text.slice(0, colon)), pw: decoded(text.slice(colon + 1)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    const error = invalid(
      'a % in the user name or password is not followed by two hex digits',
      'write % as %25',
    )
    throw new UsageError(error.message, { hint: error.hint, cause })
  }
}

function invalid(reason: string, hint: string): UsageError {
  return new UsageError(`Invalid URL for -L argument specified - ${reason}.`, { hint })
}
