// What is wrong with a server's certificate: the cause in words with names and dates, and the alert for the server.
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import { shown } from '../text.js'

/** `alert`: its number in RFC 8446, 6.2. */
export interface Fault {
  readonly alert: number
  readonly cause: string
  readonly hint?: string | undefined
}

/** For keys and signatures below OpenSSL's security level 2. */
export const weakHint =
  'it needs RSA keys of 2048 bits or more and no SHA-1; --ciphers DEFAULT:@SECLEVEL=0 accepts weaker ones'

const badCertificate = 42
const revoked = 44
const expired = 45
const unknownCa = 48

/** `wanted` is not among the names of the certificate. */
export function nameFault(certificate: PeerCertificate, wanted: string): Fault {
  if (isIP(wanted) !== 0 && !certificate.subjectaltname?.includes('IP Address:')) {
    const { CN } = certificate.subject ?? {}
    if (CN !== undefined && String(CN) === wanted) {
      return {
        alert: badCertificate,
        cause: `The server's certificate has the address ${wanted} only as its common name (CN)`,
        hint: `an address counts only in subjectAltName: make the certificate with IP:${wanted} there`,
      }
    }
  }
  const names = namesOf(certificate)
  const list = names.length === 0 ? 'no name at all' : shown(names.join(', '))
  return {
    alert: badCertificate,
    cause: `The server's certificate is for ${list}, not for ${wanted}`,
    hint: 'give a name that it has with -h or --servername; --insecure skips this check and no other',
  }
}

function namesOf({ subjectaltname, subject }: PeerCertificate): string[] {
  const names = [...(subjectaltname ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name]) => name!,
  )
  if (names.length > 0) return names
  return subject?.CN === undefined ? [] : [String(subject.CN)]
}

/** `code` is OpenSSL's verdict on the chain of certificates. */
export function chainFault(code: string, certificate: DetailedPeerCertificate, trusted: string): Fault {
  const last = chainOf(certificate).at(-1) ?? certificate
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        alert: unknownCa,
        cause: `The server's certificate (${title(certificate.subject)}) is self-signed and not trusted`,
        hint: 'if it is the right server, give this certificate with --cafile',
      }
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        alert: unknownCa,
        cause: `The CA of the server's certificate (${title(last.issuer)}) is not in ${trusted}`,
        hint: "give the file of the server's CA with --cafile",
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
    case 'UNSPECIFIED': // Node has no names for the codes of weak keys and signatures
      return { alert: badCertificate, cause: weakness(certificate), hint: weakHint }
    default: {
      const reason = code.toLowerCase().replaceAll('_', ' ')
      return { alert: badCertificate, cause: `The server's certificate is not acceptable: ${reason}` }
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

/** The sentence for the first certificate of the chain that is past its time, or before it. */
function dated(certificate: DetailedPeerCertificate, fault: 'expired' | 'early'): string {
  const wrong = chainOf(certificate).find(({ valid_from, valid_to }) => {
    return fault === 'expired' ? Date.parse(valid_to) < Date.now() : Date.parse(valid_from) > Date.now()
  })
  const { subject, valid_from, valid_to } = wrong ?? certificate
  const whose = wrong === certificate ? "The server's certificate" : `The CA certificate ${title(subject)}`
  if (fault === 'expired') return `${whose} expired on ${day(valid_to)}`
  return `${whose} is not valid before ${day(valid_from)}`
}

/** From the server's own upwards; the last is its own issuer, or the one whose issuer is missing. */
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
