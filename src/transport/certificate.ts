// Describes what is wrong with a server's certificate, and gives the TLS alert to send.
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import { shown } from '../text.js'

/** `alert`: the AlertDescription (RFC 8446, 6). */
export interface Fault {
  readonly alert: number
  readonly cause: string
  readonly hint?: string | undefined
}

/** For keys and signatures below OpenSSL's security level 2. */
export const weakHint =
  'RSA keys need 2048 bits or more, and SHA-1 is not accepted; --ciphers DEFAULT:@SECLEVEL=0 accepts weaker ones'

const badCertificate = 42
const revoked = 44
const expired = 45
const unknownCa = 48

/** The certificate is not for the host name `wanted`. */
export function nameFault(certificate: PeerCertificate, wanted: string): Fault {
  if (isIP(wanted) !== 0 && !certificate.subjectaltname?.includes('IP Address:')) {
    const { CN } = certificate.subject ?? {}
    if (CN !== undefined && String(CN) === wanted) {
      return {
        alert: badCertificate,
        cause: `The server's certificate has the address ${wanted} only as its common name (CN)`,
        hint: `an address is valid only in subjectAltName: issue the certificate with IP:${wanted}`,
      }
    }
  }
  const names = namesOf(certificate)
  const list = names.length === 0 ? 'no name' : shown(names.join(', '))
  return {
    alert: badCertificate,
    cause: `The server's certificate is for ${list}, not for ${wanted}`,
    hint: 'use one of its names with -h or --servername; --insecure skips this check only',
  }
}

function namesOf({ subjectaltname, subject }: PeerCertificate): string[] {
  const names = [...(subjectaltname ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name]) => name!,
  )
  if (names.length > 0) return names
  return subject?.CN === undefined ? [] : [String(subject.CN)]
}

/** `code` is OpenSSL's verification error for the chain of certificates. */
export function chainFault(code: string, certificate: DetailedPeerCertificate, trusted: string): Fault {
  const last = chainOf(certificate).at(-1) ?? certificate
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        alert: unknownCa,
        cause: `The server's certificate (${title(certificate.subject)}) is self-signed and not trusted`,
        hint: 'if you trust this server, use its certificate as --cafile',
      }
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        alert: unknownCa,
        cause: `The CA of the server's certificate (${title(last.issuer)}) is not in ${trusted}`,
        hint: "use the certificate of the server's CA as --cafile",
      }
    case 'CERT_HAS_EXPIRED':
      return { alert: expired, cause: dated(certificate, 'expired') }
    case 'CERT_NOT_YET_VALID':
      return {
        alert: badCertificate,
        cause: dated(certificate, 'early'),
        hint: 'is the clock of this machine right?',
      }
    case 'CERT_REVOKED':
      return { alert: revoked, cause: "The server's certificate was revoked" }
    case 'UNSPECIFIED': // what Node reports for weak keys and signatures
      return { alert: badCertificate, cause: weakness(certificate), hint: weakHint }
    default: {
      const reason = code.toLowerCase().replaceAll('_', ' ')
      return { alert: badCertificate, cause: `The server's certificate is invalid: ${reason}` }
    }
  }
}

function weakness(certificate: DetailedPeerCertificate): string {
  const small = chainOf(certificate).find(({ modulus, bits = 0 }) => modulus !== undefined && bits < 2048)
  if (small === undefined) return "A key or signature in the chain of the server's certificate is too weak"
  const whose =
    small === certificate ? "The server's certificate" : `The CA certificate ${title(small.subject)}`
  return `${whose} has an RSA key of ${small.bits} bits, which is too weak`
}

/** Names the first certificate of the chain that has expired, or is not valid yet. */
function dated(certificate: DetailedPeerCertificate, fault: 'expired' | 'early'): string {
  const wrong = chainOf(certificate).find(({ valid_from, valid_to }) => {
    return fault === 'expired' ? Date.parse(valid_to) < Date.now() : Date.parse(valid_from) > Date.now()
  })
  const { subject, valid_from, valid_to } = wrong ?? certificate
  const whose = wrong === certificate ? "The server's certificate" : `The CA certificate ${title(subject)}`
  if (fault === 'expired') return `${whose} expired on ${day(valid_to)}`
  return `${whose} is not valid before ${day(valid_from)}`
}

/** From the server's certificate to the root, or to the last one whose issuer is known. */
function chainOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain = [certificate]
  for (let next = certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (chain.includes(next)) break
    chain.push(next)
  }
  return chain
}

const day = (text: string): string => new Date(text).toISOString().slice(0, 10)

function title(subject: PeerCertificate['subject'] | undefined): string {
  return shown(String(subject?.CN ?? subject?.OU ?? subject?.O ?? 'without a name'))
}
