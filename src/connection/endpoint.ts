// Makes an Endpoint of the command-line options, and reads the files that they name.
import type { Host } from '../host.js'
import { say } from '../io/say.js'
import { plainPort, tlsPort } from '../ports.js'
import type { Endpoint, TcpAddress, TlsSettings, WebSocketSettings } from '../transport/endpoint.js'
import type { EndpointArgs, Passphrases, TlsArgs } from './endpoint-args.js'

/** @throws MqttxError if a file cannot be read or is invalid */
export async function endpoint(
  args: EndpointArgs,
  { noDelay, host, passphrases }: { noDelay: boolean; host: Host; passphrases: Passphrases },
): Promise<Endpoint> {
  const { unix, proxy, srv } = args
  const address = unix === undefined ? tcpAddress(args) : { path: unix }
  const way = { noDelay, webSocket: webSocket(args), proxy }
  if (!wantsTls(args, 'port' in address ? address.port : undefined)) {
    if (!args.quiet && !args.noTls) warnOfClearText(args, host)
    return { address, ...way, service: srv ? '_mqtt._tcp' : undefined }
  }
  const tls = await tlsOf(args, { host, passphrases })
  return { address, ...way, tls, service: srv ? '_secure-mqtt._tcp' : undefined }
}

/** @throws MqttxError if a file cannot be read or is invalid */
export async function tlsOf(
  args: EndpointArgs,
  { host, passphrases }: { host: Host; passphrases: Passphrases },
): Promise<TlsSettings> {
  const { tlsSettings } = await import('./tls-settings.js')
  const checkHost = args.unix === undefined || args.servername !== undefined
  return tlsSettings(args, { checkHost, host, passphrases })
}

function tcpAddress(args: EndpointArgs): TcpAddress {
  const port = args.port ?? (asksForTls(args) ? tlsPort : plainPort)
  return { host: args.host ?? 'localhost', port, localAddress: args.bind }
}

/** --cert, --key and the like do not turn TLS on by themselves. */
function asksForTls({ ca, cafile, capath, psk, tlsUseOsCerts, transport, noTls }: EndpointArgs): boolean {
  if (noTls) return false
  if (transport === 'tls' || transport === 'wss') return true
  if (ca !== undefined) return true
  return cafile !== undefined || capath !== undefined || psk !== undefined || tlsUseOsCerts
}

function wantsTls(args: EndpointArgs, port: number | undefined): boolean {
  return asksForTls(args) || (port === tlsPort && !args.noTls)
}

/** As in mosquitto, TLS details have no effect without TLS; the user may think that the connection is encrypted. */
function warnOfClearText(args: TlsArgs, host: Host): void {
  const details = ['cert', 'ciphers', 'insecure', 'tlsVersion', 'tlsAlpn', 'tlsKeylog', 'servername'] as const
  if (!details.some((key) => args[key] !== undefined && args[key] !== false)) return
  say(
    host.stderr,
    'Warning: this connection is not encrypted: turn TLS on with mqtts:// in -L, --cafile or --tls-use-os-certs',
  )
}

function webSocket({ ws, transport, wsPath, wsHeaders }: EndpointArgs): WebSocketSettings | undefined {
  if (!ws && transport !== 'ws' && transport !== 'wss') return undefined
  return { path: wsPath, headers: wsHeaders }
}
