// Describes what is wrong with a server's certificate, and gives the TLS alert to send.
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import { shown } from '../text.js'

export interface Fault {
  /** AlertDescription (RFC 8446, 6). */
  readonly alert: number
  /** A sentence without a full stop. */
  readonly cause: string
  /** What the user can do about it. */
  readonly hint?: string | undefined
}

/** The hint for keys and signatures below OpenSSL's security level 2. */
export const weakHint =
  'RSA keys need 2048 bits or more, and SHA-1 is not accepted; --ciphers DEFAULT:@SECLEVEL=0 accepts weaker ones'

const badCertificate = 42
const revoked = 44
const expired = 45
const unknownCa = 48

/** Describes a certificate that is not valid for `wanted`, a host name or an IP address. */
export function nameFault(certificate: PeerCertificate, wanted: string): Fault {
  const { subject, subjectaltname } = certificate
  const isAddressInCn = isIP(wanted) !== 0 && subject?.CN !== undefined && String(subject.CN) === wanted
  if (isAddressInCn && !subjectaltname?.includes('IP Address:')) {
    return {
      alert: badCertificate,
      cause: `The server's certificate has the address ${wanted} only as its common name (CN)`,
      hint: `an address is valid only in subjectAltName: issue the certificate with IP:${wanted}`,
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

/** The host names and addresses of subjectAltName; if there are none, the common name. */
function namesOf({ subjectaltname, subject }: PeerCertificate): string[] {
  const names = [...(subjectaltname ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name]) => name!,
  )
  if (names.length > 0) return names
  return subject?.CN === undefined ? [] : [String(subject.CN)]
}

/**
 * Describes a certificate whose chain was rejected.
 * @param code OpenSSL's verification error as Node names it: `CERT_HAS_EXPIRED`
 * @param certificate the server's, with its issuers
 * @param trusted the source of the trusted CAs, as in `TlsSettings`
 */
export function chainFault(code: string, certificate: DetailedPeerCertificate, trusted: string): Fault {
  const topmost = chainOf(certificate).at(-1) ?? certificate
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        alert: unknownCa,
        cause: `The server's certificate (${nameOf(certificate.subject)}) is self-signed and not trusted`,
        hint: 'if you trust this server, use its certificate as --cafile',
      }
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        alert: unknownCa,
        cause: `The CA of the server's certificate (${nameOf(topmost.issuer)}) is not in ${trusted}`,
        hint: "use the certificate of the server's CA as --cafile",
      }
    case 'CERT_HAS_EXPIRED':
      return { alert: expired, cause: validityCause(certificate, 'expired') }
    case 'CERT_NOT_YET_VALID':
      return {
        alert: badCertificate,
        cause: validityCause(certificate, 'notYetValid'),
        hint: 'is the clock of this machine right?',
      }
    case 'CERT_REVOKED':
      return { alert: revoked, cause: "The server's certificate was revoked" }
    case 'UNSPECIFIED': // what Node reports for weak keys and signatures
      return { alert: badCertificate, cause: weaknessCause(certificate), hint: weakHint }
    default: {
      const reason = code.toLowerCase().replaceAll('_', ' ')
      return { alert: badCertificate, cause: `The server's certificate is invalid: ${reason}` }
    }
  }
}

/** Names the first certificate of the chain with a short RSA key, if that is the reason. */
function weaknessCause(certificate: DetailedPeerCertificate): string {
  const small = chainOf(certificate).find(({ modulus, bits = 0 }) => modulus !== undefined && bits < 2048)
  if (small === undefined) return "A key or signature in the chain of the server's certificate is too weak"
  const whose =
    small === certificate ? "The server's certificate" : `The CA certificate ${nameOf(small.subject)}`
  return `${whose} has an RSA key of ${small.bits} bits, which is too weak`
}

/** Names the first certificate of the chain that has expired, or is not valid yet. */
function validityCause(certificate: DetailedPeerCertificate, fault: 'expired' | 'notYetValid'): string {
  const wrong = chainOf(certificate).find(({ valid_from, valid_to }) => {
    return fault === 'expired' ? Date.parse(valid_to) < Date.now() : Date.parse(valid_from) > Date.now()
  })
  const { subject, valid_from, valid_to } = wrong ?? certificate
  const whose = wrong === certificate ? "The server's certificate" : `The CA certificate ${nameOf(subject)}`
  if (fault === 'expired') return `${whose} expired on ${day(valid_to)}`
  return `${whose} is not valid before ${day(valid_from)}`
}

/** Subject, issuer and days left at `now`, in milliseconds since 1970. */
export function certificateText({ subject, issuer, valid_to }: PeerCertificate, now: number): string {
  const days = Math.floor((Date.parse(valid_to) - now) / 86_400_000)
  return `certificate '${nameOf(subject)}' issued by '${nameOf(issuer)}', valid for ${days} days`
}

/** From the server's certificate to the root, or to the last certificate whose issuer is known. */
function chainOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain = [certificate]
  for (let next = certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (chain.includes(next)) break // a root is its own issuer
    chain.push(next)
  }
  return chain
}

/** The date as YYYY-MM-DD, in UTC. */
const day = (text: string): string => new Date(text).toISOString().slice(0, 10)

/** The common name, organizational unit or organization of a certificate's subject or issuer. */
function nameOf(subject: PeerCertificate['subject'] | undefined): string {
  return shown(String(subject?.CN ?? subject?.OU ?? subject?.O ?? 'without a name'))
}
