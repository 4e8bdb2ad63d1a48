// TLS around a connected stream. Node's verdict on the server's certificate is carried out here, because Node would
// close without telling the server why: the alert that every other client sends goes out first.
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { MqttxError } from '../errors.js'
import { chainFault, type Fault, nameFault } from './certificate.js'
import { during } from './during.js'
import { type Address, type TcpAddress, type TlsSettings, withoutZone } from './endpoint.js'
import { handshakeFailure, tlsError } from './tls-failures.js'

export interface TlsTarget {
  readonly settings: TlsSettings
  readonly address: Address
  /** What the user asked for, where the DNS has put `address` in its place. */
  readonly asked?: TcpAddress | undefined
}

/** @throws ConnectionError when the handshake breaks off; MqttxError when the server is not to be trusted */
export function secure(stream: Duplex, target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  return during(signal, stream, handshake(stream, target))
}

function handshake(stream: Duplex, { settings, address, asked }: TlsTarget): Promise<TLSSocket> {
  const { context, alpn, psk, keyLog } = settings
  const name = settings.servername ?? certifiedName(address, asked)
  return new Promise((resolve, reject) => {
    let wrongName: Error | undefined
    const socket = connect({
      socket: stream,
      secureContext: context,
      host: name,
      servername: isIP(name) === 0 ? name : '', // RFC 6066, 3: no literal addresses
      rejectUnauthorized: false, // `verdict` rejects
      checkServerIdentity: (_host, certificate) => {
        wrongName = nameError(settings, name, certificate)
        return wrongName
      },
      ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
      ...(psk !== undefined && { pskCallback: () => ({ identity: psk.identity, psk: psk.key }) }),
    })
    if (keyLog !== undefined) socket.on('keylog', keyLog)
    const failed = (error: Error) => reject(handshakeFailure(error, settings, address))
    socket.once('error', failed)
    socket.once('secureConnect', () => {
      socket.off('error', failed)
      const fault = verdict(socket, { settings, name, wrongName })
      if (fault === undefined) return resolve(socket)
      // In the clear and before our own last message of the handshake: a server takes it for the client's refusal.
      stream.write(Buffer.of(0x15, 3, 3, 0, 2, 2, fault.alert))
      socket.on('error', () => {}).destroy()
      reject(tlsError(MqttxError, fault))
    })
  })
}

/**
 * The name that the certificate must have. Of what the DNS puts in its place only a name below counts: records that
 * anybody may have forged must not decide whose certificate is good.
 */
function certifiedName(address: Address, asked: TcpAddress | undefined): string {
  if ('path' in address) return 'localhost'
  const host = withoutZone(address.host)
  if (asked === undefined || host.endsWith(`.${asked.host}`)) return host
  return asked.host
}

function nameError(
  { checkHost }: TlsSettings,
  name: string,
  certificate: PeerCertificate,
): Error | undefined {
  return checkHost ? checkServerIdentity(name, withWholeWildcards(certificate)) : undefined
}

/**
 * RFC 9525, 6.3: a wildcard is the whole left-most label. Node also takes `f*.example.org`; with another character in
 * place of its wildcard such a name matches no host.
 */
function withWholeWildcards(certificate: PeerCertificate): PeerCertificate {
  const { subject, subjectaltname } = certificate
  const partial = /(?<![:"])\*|\*(?!\.)/g
  const withoutPartial = (names: string) => names.replace(partial, '?')
  return {
    ...certificate,
    subject: {
      ...subject,
      ...(typeof subject?.CN === 'string' && { CN: withoutPartial(`:${subject.CN}`).slice(1) }),
    },
    ...(subjectaltname !== undefined && { subjectaltname: withoutPartial(subjectaltname) }),
  }
}

/** Why we do not talk to this server; undefined if we do. */
function verdict(
  socket: TLSSocket,
  found: { settings: TlsSettings; name: string; wrongName: Error | undefined },
): Fault | undefined {
  if (socket.authorized) return undefined
  const certificate = socket.getPeerCertificate(true)
  if (found.wrongName !== undefined) return nameFault(certificate, found.name)
  return chainFault(String(socket.authorizationError), certificate, found.settings.trusted)
}
