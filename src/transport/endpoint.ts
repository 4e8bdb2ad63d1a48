// The address of a server, and the proxy, TLS and WebSocket settings to reach it.
import type { SecureContext } from 'node:tls'
import type { StepObserver } from './steps.js'

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
  /** Keep the socket writable after the server has ended its side. */
  readonly halfOpen?: boolean | undefined
  /** Look up servers in SRV records of this service (RFC 2782): `_mqtt._tcp`. */
  readonly service?: string | undefined
  readonly proxy?: ProxyServer | undefined
  readonly tls?: TlsSettings | undefined
  readonly webSocket?: WebSocketSettings | undefined
  /** Observes the steps of each attempt to connect. */
  readonly steps?: StepObserver | undefined
}

/** A SOCKS5 or HTTP proxy, which also resolves the name of the target. */
export interface ProxyServer {
  readonly scheme: 'socks5h' | 'http'
  readonly host: string
  readonly port: number
  readonly login?: { readonly user: string; readonly password: string } | undefined
}

export interface TlsSettings {
  readonly context: SecureContext
  /** Check that the certificate is for the host. The chain is always verified. */
  readonly checkHost: boolean
  /** The name for SNI and for the check, if not the host of the address. */
  readonly servername?: string | undefined
  /** The ALPN protocol to offer (RFC 7301). */
  readonly alpn?: string | undefined
  /** Instead of certificates. */
  readonly psk?: { readonly identity: string; readonly key: Buffer } | undefined
  /** Receives the secrets of each connection as lines of an NSS key log. */
  readonly keyLog?: ((line: Buffer) => void) | undefined
  /** The source of the trusted CAs, for error texts: `--cafile ca.crt`. */
  readonly trusted: string
  /** There is a client certificate. */
  readonly hasCertificate: boolean
}

export interface WebSocketSettings {
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Removes the zone of an IPv6 address, which has a meaning on this machine only (RFC 6874, 4). */
export function withoutZone(host: string): string {
  return host.replace(/%.*$/s, '')
}

/** An end of a connection for a trace: as `addressText`, but `unix:/run/mqtt.sock`. */
export function endText(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : addressText(address)
}

/** The address as text: `127.0.0.1:1883`, `[::1]:1883`, `/run/mqtt.sock`. */
export function addressText(address: Address): string {
  if ('path' in address) return address.path
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}
