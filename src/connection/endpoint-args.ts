// The arguments that describe an endpoint.
import type { ProxyServer } from '../transport/endpoint.js'

/** The command-line options of the groups Connection and TLS. */
export interface EndpointArgs extends TlsArgs {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly unix?: string | undefined
  /** The scheme of -L. */
  readonly transport?: 'tcp' | 'tls' | 'ws' | 'wss' | 'udp' | undefined
  readonly bind?: string | undefined
  readonly srv: boolean
  readonly proxy?: ProxyServer | undefined
  readonly ws: boolean
  readonly wsPath: string
  readonly wsHeaders: readonly (readonly [name: string, value: string])[]
}

export interface TlsArgs {
  readonly cafile?: string | undefined
  readonly capath?: string | undefined
  readonly tlsUseOsCerts: boolean
  readonly noTls: boolean
  /** CA certificates in PEM format. */
  readonly ca?: Uint8Array | undefined
  /** A path, or the contents of the file; also for `key`. */
  readonly cert?: string | Uint8Array | undefined
  readonly key?: string | Uint8Array | undefined
  readonly keyPassphrase?: string | undefined
  readonly keyPassphraseFile?: string | undefined
  readonly ciphers?: string | undefined
  readonly tlsVersion?: 'tlsv1.2' | 'tlsv1.3' | undefined
  readonly tlsAlpn?: string | undefined
  readonly tlsKeylog?: string | undefined
  readonly servername?: string | undefined
  readonly insecure: boolean
  readonly psk?: string | undefined
  readonly pskIdentity?: string | undefined
  readonly quiet: boolean
}

/** Passphrases that the user has typed, by the path of the key, so as not to prompt again on a reconnect. */
export type Passphrases = Map<string, string>
