// Where a server is and by which way: what the options of a connection mean once they are put together.
import type { SecureContext } from 'node:tls'

/** A TCP port of a host, or the path of a unix socket. */
export type Address = TcpAddress | { readonly path: string }

export interface TcpAddress {
  readonly host: string
  readonly port: number
  readonly localAddress?: string | undefined
}

export interface Endpoint {
  readonly address: Address
  /** TCP_NODELAY on the socket. */
  readonly noDelay: boolean
  /** The service whose servers the DNS lists for the host (RFC 2782): `_mqtt._tcp`. */
  readonly service?: string | undefined
  readonly proxy?: ProxyServer | undefined
  readonly tls?: TlsSettings | undefined
  readonly webSocket?: WebSocketSettings | undefined
}

/** A SOCKS5 or HTTP proxy, which also looks up the name of the target. */
export interface ProxyServer {
  readonly scheme: 'socks5h' | 'http'
  readonly host: string
  readonly port: number
  readonly login?: { readonly user: string; readonly password: string } | undefined
}

export interface TlsSettings {
  readonly context: SecureContext
  /** The certificate must be for the host; its chain is checked in any case. */
  readonly checkHost: boolean
  /** The name to send and to check, where it is not that of the address. */
  readonly servername?: string | undefined
  /** The one protocol that is offered (RFC 7301). */
  readonly alpn?: string | undefined
  /** Instead of certificates. */
  readonly psk?: { readonly identity: string; readonly key: Buffer } | undefined
  /** Told the secrets of each connection as lines of an NSS key log. */
  readonly keyLog?: ((line: Buffer) => void) | undefined
  /** Whom the user has told us to trust, for error texts: `--cafile ca.crt`. */
  readonly trusted: string
  /** We have a certificate of our own, for a server that asks. */
  readonly hasCertificate: boolean
}

export interface WebSocketSettings {
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** A host for another machine, to which the zone of an IPv6 address says nothing (RFC 6874, 4). */
export function withoutZone(host: string): string {
  return host.replace(/%.*$/s, '')
}

/** How the address is shown to people: `127.0.0.1:1883`, `[::1]:1883`, `/run/mqtt.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) return address.path
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
