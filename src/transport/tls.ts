// TLS over a connected stream. A certificate is rejected here and not by Node, which would close without sending an
// alert.
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { MqttxError } from '../errors.js'
import { certificateText, chainFault, type Fault, nameFault } from './certificate.js'
import { during } from './during.js'
import { type Address, type TcpAddress, type TlsSettings, withoutZone } from './endpoint.js'
import { handshakeFailure, tlsError } from './tls-failures.js'

export interface TlsTarget {
  readonly settings: TlsSettings
  readonly address: Address
  /** The address that the user gave, if SRV records have replaced it. */
  readonly asked?: TcpAddress | undefined
}

/** @throws ConnectionError when the handshake is interrupted; MqttxError when the server is not trusted */
export function secure(stream: Duplex, target: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  return during(signal, stream, handshake(stream, target))
}

/** The version, the cipher, and the server's certificate if there is one, as one line of text. */
export function secured(socket: TLSSocket): string {
  const certificate = socket.getPeerCertificate()
  const parts = [socket.getProtocol() ?? '', socket.getCipher().name]
  if (certificate?.valid_to !== undefined) parts.push(certificateText(certificate, Date.now()))
  return parts.join(', ')
}

/** When the server's certificate expires, in milliseconds since 1970; undefined if there is none. */
export function certificateEnd(socket: TLSSocket): number | undefined {
  const { valid_to } = socket.getPeerCertificate()
  return valid_to === undefined ? undefined : Date.parse(valid_to)
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
      rejectUnauthorized: false, // checked below
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
      const fault = verificationFault(socket, { settings, name, wrongName })
      if (fault === undefined) return resolve(socket)
      // Unencrypted, before our Finished: the server takes it for an alert of the handshake.
      stream.write(Buffer.of(0x15, 3, 3, 0, 2, 2, fault.alert))
      socket.on('error', () => {}).destroy()
      reject(tlsError(MqttxError, fault))
    })
  })
}

/**
 * The name that the certificate must have: that of the user. The name from an SRV record, which may be forged, is used
 * only if it is below the user's.
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
 * RFC 9525, 6.3: a wildcard is the whole left-most label. Node also accepts `f*.example.org`; replacing the wildcard
 * keeps such a name from matching.
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

/** The verification error; undefined if the server is trusted. */
function verificationFault(
  socket: TLSSocket,
  found: { settings: TlsSettings; name: string; wrongName: Error | undefined },
): Fault | undefined {
  if (socket.authorized) return undefined
  const certificate = socket.getPeerCertificate(true)
  if (found.wrongName !== undefined) return nameFault(certificate, found.name)
  return chainFault(String(socket.authorizationError), certificate, found.settings.trusted)
}
