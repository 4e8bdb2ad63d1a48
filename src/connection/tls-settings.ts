// Makes TlsSettings of the options: reads and checks CA certificates, the client certificate and its key.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { MqttxError, UsageError } from '../errors.js'
import type { Host } from '../host.js'
import { strerror } from '../io/system-error.js'
import { can, runtime } from '../runtime.js'
import type { TlsSettings } from '../transport/endpoint.js'
import { createContext, setupError } from '../transport/tls-context.js'
import type { Passphrases, TlsArgs } from './endpoint-args.js'
import { readNamed, readSecret } from './files.js'
import { normalPem } from './pem.js'
import { type Trust, trust } from './trust.js'

/** @throws MqttxError with mosquitto's texts and status 1 */
export async function tlsSettings(
  args: TlsArgs,
  { checkHost, host, passphrases }: { checkHost: boolean; host: Host; passphrases: Passphrases },
): Promise<TlsSettings> {
  const { psk, pskIdentity, ciphers, tlsVersion } = args
  if (psk !== undefined && !can.psk) throw missing('--psk')
  if (args.tlsKeylog !== undefined && !can.keyLog) throw missing('--tls-keylog')
  const trusted: Trust = psk === undefined ? trust(args, host.env) : { certificates: [], name: '--psk' }
  const own = await identity(args, host, passphrases)
  const context = createContext({
    trusted: trusted.certificates,
    ...own,
    ciphers,
    version: tlsVersion,
    psk: psk !== undefined,
  })
  return {
    context,
    checkHost: checkHost && !args.insecure && psk === undefined,
    servername: args.servername,
    alpn: args.tlsAlpn,
    psk: psk === undefined ? undefined : { identity: pskIdentity ?? '', key: Buffer.from(psk, 'hex') },
    keyLog: keyLog(args.tlsKeylog),
    trusted: trusted.name,
    hasCertificate: own.cert !== undefined,
  }
}

/** For an option that this runtime does not have. */
function missing(option: string): UsageError {
  return new UsageError(`${option} does not work in this executable: ${runtime} lacks it.`, {
    hint: 'install mqttx with npm, or use the executable that `npm run pkg -- node` builds',
  })
}

/** The client certificate and its key, if the options name them. */
async function identity(
  { cert, key, keyPassphrase, keyPassphraseFile }: TlsArgs,
  host: Host,
  passphrases: Passphrases,
): Promise<{ cert?: Buffer; key?: Buffer; passphrase?: string }> {
  if (cert === undefined || key === undefined) return {}
  const [certPem, certName] = pemOf(cert, 'cert')
  const [keyPem, keyName] = pemOf(key, 'key')
  const names = { cert: certName, key: keyName }
  const certificate = parsed(
    () => new X509Certificate(certPem),
    `${certName} does not contain a certificate in PEM format`,
  )
  if (!isEncrypted(keyPem)) {
    const privateKey = parsed(
      () => createPrivateKey(keyPem),
      `${keyName} does not contain a private key in PEM format`,
    )
    checkPair(certificate, privateKey, names)
    return { cert: certPem, key: keyPem }
  }
  const passphrase =
    keyPassphrase ?? passphrases.get(keyName) ?? (await passphraseFor(keyName, keyPassphraseFile, host))
  if (keyPassphraseFile === undefined) passphrases.set(keyName, passphrase)
  const privateKey = parsed(
    () => createPrivateKey({ key: keyPem, passphrase }),
    `Wrong passphrase for ${keyName}`,
  )
  checkPair(certificate, privateKey, names)
  return { cert: certPem, key: keyPem, passphrase }
}

/** The PEM text from a path or from the contents of a file, with a name for error texts. */
function pemOf(given: string | Uint8Array, name: 'cert' | 'key'): readonly [pem: Buffer, name: string] {
  if (typeof given !== 'string') return [normalPem(Buffer.from(given)), name]
  return [normalPem(readNamed(given, notFound(`--${name}`, given))), given]
}

function notFound(option: string, path: string): (reason: string) => MqttxError {
  const message = 'Problem setting TLS options: File not found.'
  return (reason) => new MqttxError(message, { hint: `${option} ${path}: ${reason}` })
}

function parsed<T>(parse: () => T, fault: string): T {
  try {
    return parse()
  } catch (cause) {
    throw setupError(fault, undefined, cause)
  }
}

function checkPair(certificate: X509Certificate, key: KeyObject, names: { cert: string; key: string }): void {
  if (certificate.checkPrivateKey(key)) return
  throw setupError(`The key ${names.key} does not belong to the certificate ${names.cert}`)
}

/** Encrypted as PKCS #8, or in the older format of OpenSSL (RFC 1421). */
function isEncrypted(pem: Buffer): boolean {
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(pem.toString('latin1'))
}

async function passphraseFor(
  key: string,
  file: string | undefined,
  { stdin, stderr }: Host,
): Promise<string> {
  if (file !== undefined) return readSecret(file, '--key-passphrase-file').toString()
  const { askSecret } = await import('../io/prompt.js')
  const typed = await askSecret(`Enter PEM pass phrase for ${key}: `, { input: stdin, output: stderr })
  if (typed !== undefined) return typed.toString()
  throw setupError(
    `The key ${key} is encrypted, and there is no terminal to prompt for its passphrase`,
    'put the passphrase into a file and name it with --key-passphrase-file',
  )
}

/** @throws MqttxError at once if the file cannot be written */
function keyLog(path: string | undefined): ((line: Buffer) => void) | undefined {
  if (path === undefined) return undefined
  const append = (line: Uint8Array) => {
    try {
      appendFileSync(path, line, { mode: 0o600 })
    } catch (cause) {
      throw new MqttxError(
        `--tls-keylog: cannot write '${path}': ${strerror(cause as NodeJS.ErrnoException)}.`,
        { cause },
      )
    }
  }
  append(new Uint8Array())
  return append
}
