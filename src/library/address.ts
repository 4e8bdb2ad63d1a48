// The URL of a server: where it is and by which way, and the login in it. Nothing in it is left aside in silence.
import { schemes } from '../cli/url.js'
import type { endpoint } from '../connection/endpoint.js'
import { MqttxError } from '../errors.js'

type Address = Pick<Parameters<typeof endpoint>[0], 'host' | 'port' | 'unix' | 'transport' | 'wsPath'>

/** Where the command line has another: these (RFC 6455, 3) are left out by URL even where they are written. */
const webPorts: Readonly<Record<string, number>> = { ws: 80, wss: 443 }

/** `mqtt://[fe80::1%25eth0]` (RFC 6874). */
const withZone = /^([a-z]+:\/\/(?:[^/?#]*@)?\[[^\]%/?#]*)(%[^\]/?#]*)(\].*)$/is

/** The zone of an IPv6 address, which a URL object cannot hold, is given apart. @throws MqttxError */
export function parsed(url: string | URL): { url: URL; zone: string } {
  const [, before = '', zone = '', after = ''] = withZone.exec(String(url)) ?? []
  try {
    return { url: new URL(zone === '' ? url : before + after), zone }
  } catch (cause) {
    throw new MqttxError(`'${url}' is no URL`, { cause, hint: 'as in mqtt://localhost:1883' })
  }
}

/** @throws MqttxError where the scheme is not known, or does not have a part that the URL has */
export function addressOf({ url, zone }: { url: URL; zone: string }): Address {
  const { protocol, hostname, port, pathname } = url
  refuse(url, 'hash', ['fragment', 'no server is told of one: write # as %23'])
  if (protocol === 'unix:') {
    refuse(url, 'search', ['query', 'only ws:// and wss:// have one'])
    refuse(url, 'host', ['host', 'the path of a socket comes after three slashes: unix:///run/mqtt.sock'])
    return { unix: decoded(pathname), wsPath: '' }
  }
  const scheme = protocol.slice(0, -1)
  const known = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (known === undefined) {
    const hint = 'use mqtt://, mqtts://, ws://, wss:// or unix://'
    throw new MqttxError(`'${protocol}//' is no address of a MQTT server`, { hint })
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
  if (url[part] !== '') throw new MqttxError(`The URL has the ${name} '${url[part]}'`, { hint })
}

/** The login of the URL; undefined where it has none. */
export function loginOf({ username, password }: URL): {
  readonly username: string | undefined
  readonly password: string | undefined
} {
  return { username: decoded(username) || undefined, password: decoded(password) || undefined }
}

/** The text may be a secret: no error shows it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    const hint = 'write % as %25, and other bytes than those of UTF-8 into options'
    throw new MqttxError('The URL has %XX that are not UTF-8', { cause, hint })
  }
}
