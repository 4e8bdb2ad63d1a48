// The trusted CA certificates: from a file, a directory as for OpenSSL, or the operating system.
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { MqttxError } from '../errors.js'
import { strerror } from '../io/system-error.js'
import { setupError } from '../transport/tls-context.js'
import { readNamed } from './files.js'
import { normalPem, pemBlocks } from './pem.js'

type Environment = Readonly<Record<string, string | undefined>>

export interface Trust {
  /** PEM texts with one or more certificates each. */
  readonly certificates: readonly string[]
  /** For error texts: `--cafile ca.crt`. */
  readonly name: string
}

interface TrustArgs {
  /** The contents of a file. */
  readonly ca?: Uint8Array | undefined
  readonly cafile?: string | undefined
  readonly capath?: string | undefined
  readonly tlsUseOsCerts: boolean
}

/**
 * All that the options name, by default those of the operating system.
 * @throws MqttxError
 */
export function trust({ ca, cafile, capath, tlsUseOsCerts }: TrustArgs, env: Environment): Trust {
  const all: Trust[] = []
  if (ca !== undefined) all.push(fromText(Buffer.from(ca).toString('latin1'), 'ca', 'ca'))
  if (cafile !== undefined) all.push(fromFile(cafile))
  if (capath !== undefined) all.push(fromDirectory(capath))
  if (tlsUseOsCerts || all.length === 0) all.push(fromSystem(env))
  return {
    certificates: all.flatMap(({ certificates }) => certificates),
    name: all.map(({ name }) => name).join(' or '),
  }
}

function fromFile(path: string): Trust {
  const name = `--cafile ${path}`
  return fromText(readNamed(path, notFound(name)).toString('latin1'), path, name)
}

/** `source` and `name` are for error texts. */
function fromText(text: string, source: string, name: string): Trust {
  if (!holdsCertificate(text)) {
    throw setupError(
      `${source} does not contain a certificate in PEM format`,
      `${name} must be the certificate of a CA`,
    )
  }
  const certificates = pemBlocks(text)
  for (const pem of certificates) {
    if (!pem.startsWith('-----BEGIN CERTIFICATE-----')) continue
    try {
      new X509Certificate(pem) // Node silently skips an invalid one
    } catch (cause) {
      throw setupError(`${source} contains an invalid certificate`, undefined, cause)
    }
  }
  return { certificates: certificates.length === 0 ? [text] : certificates, name }
}

const certificateStart = /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/

function holdsCertificate(text: string): boolean {
  return certificateStart.test(text)
}

function notFound(name: string): (reason: string) => MqttxError {
  const message = 'Problem setting TLS options: File not found.'
  return (reason) => new MqttxError(message, { hint: `${name}: ${reason}` })
}

/** OpenSSL finds a CA by a file name that is the hash of its subject: other files are ignored. */
function fromDirectory(path: string): Trust {
  const name = `--capath ${path}`
  const hashed = entries(path, name).filter((entry) => /^[0-9a-f]{8}\.\d+$/.test(entry))
  const texts = hashed.map((entry) =>
    normalPem(readNamed(join(path, entry), notFound(name))).toString('latin1'),
  )
  const certificates = texts.filter(holdsCertificate)
  if (certificates.length > 0) return { certificates, name }
  throw setupError(
    `${path} does not contain a CA certificate under the hash of its subject`,
    `run: openssl rehash ${path}`,
  )
}

function entries(path: string, name: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    throw notFound(name)(strerror(cause as NodeJS.ErrnoException))
  }
}

/** CA stores: Debian, Fedora, SUSE, Alpine and macOS, FreeBSD. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
]

/** SSL_CERT_FILE and SSL_CERT_DIR override the store, as for OpenSSL. */
function fromSystem({ SSL_CERT_FILE: file, SSL_CERT_DIR: directory }: Environment): Trust {
  if (file) {
    const name = `SSL_CERT_FILE=${file}`
    const text = normalPem(readNamed(file, notFound(name))).toString('latin1')
    if (!holdsCertificate(text))
      throw setupError(`${file} does not contain a certificate in PEM format`, name)
    return { certificates: [text], name }
  }
  if (directory) return { ...fromDirectory(directory), name: `SSL_CERT_DIR=${directory}` }
  const found = systemFiles.find((path) => existsSync(path))
  if (found === undefined)
    return { certificates: rootCertificates, name: 'the certificates that come with Node' }
  const text = readNamed(found, notFound(found)).toString('latin1')
  return { certificates: [text], name: `the operating system's store (${found})` }
}
