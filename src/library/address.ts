// Parses the URL of a server: address, transport and login. A part without effect is an error.
import { schemes } from '../cli/url.js'
import type { endpoint } from '../connection/endpoint.js'
import { MqttxError } from '../errors.js'

type Address = Pick<Parameters<typeof endpoint>[0], 'host' | 'port' | 'unix' | 'transport' | 'wsPath'>

/** Default ports of RFC 6455 (3). The URL class drops them even if written; the command line has other defaults. */
const webPorts: Readonly<Record<string, number>> = { ws: 80, wss: 443 }

/** `mqtt://[fe80::1%25eth0]` (RFC 6874). */
const withZone = /^([a-z]+:\/\/(?:[^/?#]*@)?\[[^\]%/?#]*)(%[^\]/?#]*)(\].*)$/is

/** Parses a URL; the zone of an IPv6 address, which URL cannot hold, is returned separately. @throws MqttxError */
export function parsed(url: string | URL): { url: URL; zone: string } {
  const [, before = '', zone = '', after = ''] = withZone.exec(String(url)) ?? []
  try {
    return { url: new URL(zone === '' ? url : before + after), zone }
  } catch (cause) {
    throw new MqttxError(`Invalid URL: '${url}'`, { cause, hint: 'for example mqtt://localhost:1883' })
  }
}

/** @throws MqttxError for an unknown scheme, or a URL part that the scheme does not have */
export function addressOf({ url, zone }: { url: URL; zone: string }): Address {
  const { protocol, hostname, port, pathname } = url
  refuse(url, 'hash', ['fragment', 'write # as %23'])
  if (protocol === 'unix:') {
    refuse(url, 'search', ['query', 'only ws:// and wss:// have one'])
    refuse(url, 'host', ['host', 'use three slashes before the path: unix:///run/mqtt.sock'])
    return { unix: decoded(pathname), wsPath: '' }
  }
  const scheme = protocol.slice(0, -1)
  const known = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (known === undefined) {
    const hint = 'use mqtt://, mqtts://, ws://, wss:// or unix://'
    throw new MqttxError(`Unsupported URL scheme '${protocol}//'`, { hint })
  }
  const [transport, usualPort] = known
  const defaultPort = webPorts[scheme] ?? usualPort
  const webSocket = transport === 'ws' || transport === 'wss'
  if (!webSocket && pathname !== '/') refuse(url, 'pathname', ['path', 'only ws:// and wss:// have one'])
  if (!webSocket) refuse(url, 'search', ['query', 'only ws:// and wss:// have one'])
  const host =
    hostname.replace(/^\[(.*)\]$/, (_, address) => address + zone.replace('%25', '%')) || 'localhost'
  const wsPath = `${pathname || '/'}${url.search}`
  return { host, port: port === '' ? defaultPort : Number(port), transport, wsPath }
}

function refuse(
  url: URL,
  part: 'hash' | 'search' | 'host' | 'pathname',
  [name, hint]: readonly [name: string, hint: string],
): void {
  if (url[part] !== '') throw new MqttxError(`Unexpected ${name} '${url[part]}' in the URL`, { hint })
}

/** The user name and password of the URL, if any. */
export function loginOf({ username, password }: URL): {
  readonly username: string | undefined
  readonly password: string | undefined
} {
  return { username: decoded(username) || undefined, password: decoded(password) || undefined }
}

/** Percent-decodes `text`. Errors do not show it, as it may be a secret. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    const hint = 'write % as %25; pass bytes that are not UTF-8 as options'
    throw new MqttxError('Percent-encoding in the URL is not UTF-8', { cause, hint })
  }
}
