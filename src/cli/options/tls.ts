// TLS options: trusted CAs, client certificate, versions, PSK. None weakens a check as a side effect.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { optionsOf, type Parse } from '../option.js'
import { parseName } from '../values.js'

const { flag, option } = optionsOf('TLS')

const cafile = option({
  flags: '--cafile FILE',
  parse: parseName,
  complete: 'file',
  help: 'Use TLS, and trust the CA certificates in this file.',
  doc: `In PEM format. Without {cafile} and {capath}, TLS trusts the CAs of the operating system: SSL_CERT_FILE or
    SSL_CERT_DIR in the environment, else the file of Linux, macOS or FreeBSD, else the list that comes with Node.`,
})

const capath = option({
  flags: '--capath DIRECTORY',
  parse: parseName,
  complete: 'directory',
  help: 'Use TLS, and trust the CA certificates in this directory.',
  doc: 'Only files named by their subject hash are used, as `openssl rehash` creates them.',
})

const tlsUseOsCerts = flag({
  flags: '--tls-use-os-certs',
  help: 'Use TLS, and trust the CAs of the operating system.',
  doc: 'May be combined with {cafile} and {capath}. Port 8883 and mqtts:// in {url} imply it if no CA is given.',
})

const noTls = flag({ flags: '--no-tls', help: 'Do not use TLS, regardless of the port and other options.' })

const cert = option({
  flags: '--cert FILE',
  parse: parseName,
  complete: 'file',
  help: 'Client certificate, for servers that ask for one; needs --key.',
  doc: 'In PEM format, followed by intermediate certificates. It does not turn TLS on.',
})

const key = option({
  flags: '--key FILE',
  parse: parseName,
  complete: 'file',
  help: 'The private key of --cert.',
  doc: 'In PEM format. If it is encrypted, mqttx prompts for the passphrase; or see {keyPassphraseFile}.',
})

const keyPassphraseFile = option({
  flags: '--key-passphrase-file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Read the passphrase of --key from the first line of this file.',
})

const parseKeyForm: Parse<'pem'> = (text) => {
  const form = text.toLowerCase()
  if (form === 'pem') return form
  if (form === 'engine') throw noEngine('')
  throw new UsageError("Problem setting key form, it must be one of 'pem' or 'engine'.")
}

const keyform = option({
  flags: '--keyform FORM',
  parse: parseKeyForm,
  late: 3,
  missing: 'no keyform specified',
  choices: ['pem'],
  shownDefault: 'pem',
  help: 'Format of --key: pem.',
  doc: '`engine` is refused, as Node has no OpenSSL engines.',
})

const ciphers = option({
  flags: '--ciphers LIST',
  parse: parseName,
  missing: 'no ciphers specified',
  help: "Ciphers to offer, in OpenSSL's format.",
  doc: 'A list as printed by `openssl ciphers`. Names that begin with TLS_ are for TLS 1.3; without any, the default TLS 1.3 ciphers are offered.',
})

const parseTlsVersion: Parse<'tlsv1.2' | 'tlsv1.3'> = (text) => {
  const version = text.toLowerCase()
  if (version === 'tlsv1.2' || version === 'tlsv1.3') return version
  throw new UsageError('Problem setting TLS options, check the options are valid.', {
    hint: `--tls-version: '${shown(text)}' is not tlsv1.2 or tlsv1.3`,
  })
}

const tlsVersion = option({
  flags: '--tls-version VERSION',
  parse: parseTlsVersion,
  late: 6,
  choices: ['tlsv1.2', 'tlsv1.3'],
  shownDefault: 'tlsv1.2',
  help: 'Minimum TLS version: tlsv1.2 or tlsv1.3.',
})

/** At most 254 bytes: the length field has one byte (RFC 7301, 3.1). */
const parseAlpn: Parse<string> = (text, name) => {
  if (Buffer.byteLength(text) <= 254) return parseName(text, name)
  throw new UsageError('Problem setting TLS options, check the options are valid.', {
    hint: `${name}: the limit for a protocol name is 254 bytes`,
  })
}

const tlsAlpn = option({
  flags: '--tls-alpn PROTOCOL',
  parse: parseAlpn,
  late: 5,
  help: 'Protocol to offer with ALPN.',
  doc: 'For servers with several protocols on one port: AWS IoT accepts `mqtt` on port 443.',
})

const tlsKeylog = option({
  flags: '--tls-keylog FILE',
  parse: parseName,
  complete: 'file',
  help: 'Append the TLS secrets to this file, for Wireshark.',
  doc: 'This file decrypts a capture of the connection, passwords included.',
})

const insecure = flag({
  flags: '--insecure',
  help: 'Accept a certificate for another host name.',
  doc: 'It must still be valid and signed by a trusted CA: this option skips only the check of the name.',
})

/** A host name without a port (RFC 6066, 3), or an address, which is checked but not sent. */
const parseServername: Parse<string> = (text, name) => {
  if (/^[\w.-]{1,253}$|^(?=.*:.*:)[\da-f.:]+$/i.test(text)) return text
  throw new UsageError(`${name}: '${shown(text)}' is not a server name`, {
    hint: 'use a host name as in the certificate, without a port',
  })
}

const servername = option({
  flags: '--servername NAME',
  parse: parseServername,
  help: 'Server name for SNI and for the check of the certificate.',
  doc: `Replaces {host} there, for a server reached by an address, a tunnel or a unix socket. It does not change where the
    connection goes. With WebSocket it is also the Host header.`,
})

/** The key is a secret: errors must not show it. */
const parsePsk: Parse<string> = (text) => {
  if (/^[\da-f]+$/i.test(text)) return text.length % 2 === 0 ? text : `0${text}`
  throw new UsageError('Problem setting TLS-PSK options.', { hint: 'give --psk in hex digits, without 0x' })
}

const psk = option({
  flags: '--psk KEY',
  parse: parsePsk,
  late: 1,
  help: 'Use TLS with a pre-shared key, in hex, without certificates.',
  doc: 'TLS 1.2 only, as Node supports it only there. Cannot be combined with {cafile} and {capath}.',
})

const pskIdentity = option({
  flags: '--psk-identity NAME',
  parse: parseName,
  missing: 'no identity specified',
  help: 'Identity of --psk at the server.',
})

function noEngine(name: string): UsageError {
  return new UsageError(`Problem setting TLS engine, is ${shown(name)} a valid engine?`, {
    hint: 'Node has no OpenSSL engines: give the key in a file, with --key',
  })
}

const parseEngine: Parse<never> = (text) => {
  throw noEngine(text)
}

const tlsEngine = option({
  flags: '--tls-engine ENGINE',
  parse: parseEngine,
  late: 2,
  missing: 'no engine_id specified',
  unlisted: true,
  help: 'Refused: Node has no OpenSSL engines.',
})

const parseKpassSha1: Parse<string> = (text) => {
  if (/^[\da-f]{40}$/i.test(text)) return text
  throw new UsageError('Problem setting TLS engine key pass sha, is it a 40 character hex string?')
}

const tlsEngineKpassSha1 = option({
  flags: '--tls-engine-kpass-sha1 HASH',
  parse: parseKpassSha1,
  late: 4,
  missing: 'no kpass sha1 specified',
  unlisted: true,
  help: 'Refused, like --tls-engine.',
})

export const tlsOptions = {
  cafile,
  capath,
  tlsUseOsCerts,
  noTls,
  cert,
  key,
  keyPassphraseFile,
  keyform,
  ciphers,
  tlsVersion,
  tlsAlpn,
  tlsKeylog,
  servername,
  insecure,
  psk,
  pskIdentity,
  tlsEngine,
  tlsEngineKpassSha1,
}

/** `late` options are still unparsed: only their presence counts, and the text of the version. */
interface TlsArgs {
  cafile?: string
  capath?: string
  cert?: string
  key?: string
  keyform?: unknown
  psk?: unknown
  pskIdentity?: string
  tlsVersion?: string
  tlsEngine?: unknown
  tlsEngineKpassSha1?: unknown
}

/** Checks combinations in mosquitto's order. Values are parsed after all combinations: see `late`. */
export function checkTls(args: TlsArgs): void {
  const { cafile, capath, cert, key, keyform, psk, pskIdentity, tlsEngine, tlsEngineKpassSha1 } = args
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('Both certfile and keyfile must be provided if one of them is set.')
  }
  if (keyform !== undefined && key === undefined) {
    throw new UsageError('If keyform is set, keyfile must be also specified.')
  }
  if (tlsEngineKpassSha1 !== undefined && (keyform === undefined || tlsEngine === undefined)) {
    throw new UsageError(
      'when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.',
    )
  }
  if (psk !== undefined && (cafile !== undefined || capath !== undefined)) {
    throw new UsageError('Only one of --psk or --cafile/--capath may be used at once.')
  }
  if (psk !== undefined && pskIdentity === undefined) {
    throw new UsageError('--psk-identity required if --psk used.')
  }
  if (psk === undefined || args.tlsVersion?.toLowerCase() !== 'tlsv1.3') return
  throw new UsageError('Problem setting TLS options, check the options are valid.', {
    hint: '--psk needs TLS 1.2: omit --tls-version',
  })
}
