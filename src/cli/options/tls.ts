// TLS: whether, whom to trust, who we are. None of these weakens a check as a side effect.
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { flag, option, type Parse } from '../option.js'
import { parseName } from '../values.js'

const cafile = option({
  flags: '--cafile FILE',
  group: 'TLS',
  parse: parseName,
  complete: 'file',
  help: 'Use TLS, and trust the CA certificates of this file.',
  doc: `In PEM form. Without {cafile} and {capath}, TLS trusts the CAs of the operating system: the file of
    SSL_CERT_FILE or the directory of SSL_CERT_DIR if the environment has them, else the file where Linux, macOS or
    FreeBSD keeps them, and where there is none, the list that comes with Node.`,
})

const capath = option({
  flags: '--capath DIRECTORY',
  group: 'TLS',
  parse: parseName,
  complete: 'directory',
  help: 'Use TLS, and trust the CA certificates of this directory.',
  doc: 'Only files that are named by the hash of their subject count, as `openssl rehash` makes them.',
})

const tlsUseOsCerts = flag({
  flags: '--tls-use-os-certs',
  group: 'TLS',
  help: 'Use TLS, and trust the CAs of the operating system.',
  doc: 'Also beside {cafile} and {capath}. Port 8883 and mqtts:// in {url} mean the same where no CA is given.',
})

const noTls = flag({
  flags: '--no-tls',
  group: 'TLS',
  help: 'Do not use TLS, whatever the port and other options say.',
})

const cert = option({
  flags: '--cert FILE',
  group: 'TLS',
  parse: parseName,
  complete: 'file',
  help: 'Our certificate, for servers that ask for one; needs --key.',
  doc: 'In PEM form, intermediate certificates behind it. It does not turn TLS on.',
})

const key = option({
  flags: '--key FILE',
  group: 'TLS',
  parse: parseName,
  complete: 'file',
  help: 'The private key of --cert.',
  doc: 'In PEM form. For an encrypted one the passphrase is asked for on the terminal, or see {keyPassphraseFile}.',
})

const keyPassphraseFile = option({
  flags: '--key-passphrase-file FILE',
  group: 'TLS',
  parse: parseName,
  complete: 'file',
  help: 'Passphrase of --key: the first line of this file.',
})

const parseKeyForm: Parse<'pem'> = (text) => {
  const form = text.toLowerCase()
  if (form === 'pem') return form
  if (form === 'engine') throw noEngine('')
  throw new UsageError("Problem setting key form, it must be one of 'pem' or 'engine'.")
}

const keyform = option({
  flags: '--keyform FORM',
  group: 'TLS',
  parse: parseKeyForm,
  late: 3,
  missing: 'no keyform specified',
  choices: ['pem'],
  shownDefault: 'pem',
  help: 'Form of --key: pem.',
  doc: 'A key in an OpenSSL engine (`engine`) is refused: Node has no engines.',
})

const ciphers = option({
  flags: '--ciphers LIST',
  group: 'TLS',
  parse: parseName,
  missing: 'no ciphers specified',
  help: "Ciphers to offer, in OpenSSL's form.",
  doc: 'A list like those that `openssl ciphers` prints. Names that begin with TLS_ are those of TLS 1.3; a list without one leaves these as they are.',
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
  group: 'TLS',
  parse: parseTlsVersion,
  late: 6,
  choices: ['tlsv1.2', 'tlsv1.3'],
  shownDefault: 'tlsv1.2',
  help: 'Oldest version to speak: tlsv1.2 or tlsv1.3.',
})

/** Its length has one byte (RFC 7301, 3.1). */
const parseAlpn: Parse<string> = (text, name) => {
  if (Buffer.byteLength(text) <= 254) return parseName(text, name)
  throw new UsageError('Problem setting TLS options, check the options are valid.', {
    hint: `${name}: the name of a protocol has at most 254 bytes`,
  })
}

const tlsAlpn = option({
  flags: '--tls-alpn PROTOCOL',
  group: 'TLS',
  parse: parseAlpn,
  late: 5,
  help: 'Protocol to offer with ALPN.',
  doc: 'For servers that serve several on one port: AWS IoT takes `mqtt` on port 443.',
})

const tlsKeylog = option({
  flags: '--tls-keylog FILE',
  group: 'TLS',
  parse: parseName,
  complete: 'file',
  help: 'Append the secrets of the connection, for Wireshark.',
  doc: 'Whoever has this file and a capture can read all that was said, passwords included.',
})

const insecure = flag({
  flags: '--insecure',
  group: 'TLS',
  help: 'Accept a certificate that is for another host name.',
  doc: 'It must be valid and from a trusted CA all the same: this switch skips the check of the name and no other.',
})

/** RFC 6066, 3: a name without a port; an address is only checked, and not sent. */
const parseServername: Parse<string> = (text, name) => {
  if (/^[\w.-]{1,253}$|^(?=.*:.*:)[\da-f.:]+$/i.test(text)) return text
  throw new UsageError(`${name}: '${shown(text)}' is not the name of a server`, {
    hint: 'a host name as it stands in the certificate, without a port',
  })
}

const servername = option({
  flags: '--servername NAME',
  group: 'TLS',
  parse: parseServername,
  help: 'Name of the server to send (SNI) and to find in its certificate.',
  doc: `Instead of {host}, for a server that is reached by an address, through a tunnel or by a unix socket. It does not
    change where the connection goes. Over WebSocket, it is the Host of the request too.`,
})

/** The text is a secret: no error may show it. */
const parsePsk: Parse<string> = (text) => {
  if (/^[\da-f]+$/i.test(text)) return text.length % 2 === 0 ? text : `0${text}`
  throw new UsageError('Problem setting TLS-PSK options.', {
    hint: '--psk is the key in hex digits, without 0x',
  })
}

const psk = option({
  flags: '--psk KEY',
  group: 'TLS',
  parse: parsePsk,
  late: 1,
  help: 'Use TLS with a pre-shared key, in hex, and no certificates.',
  doc: 'In TLS 1.2, the only version in which Node has it. Cannot be combined with {cafile} and {capath}.',
})

const pskIdentity = option({
  flags: '--psk-identity NAME',
  group: 'TLS',
  parse: parseName,
  missing: 'no identity specified',
  help: 'The name that the server has for --psk.',
})

function noEngine(name: string): UsageError {
  return new UsageError(`Problem setting TLS engine, is ${shown(name)} a valid engine?`, {
    hint: 'Node has no OpenSSL engines: give the key as a file, with --key',
  })
}

const parseEngine: Parse<never> = (text) => {
  throw noEngine(text)
}

const tlsEngine = option({
  flags: '--tls-engine ENGINE',
  group: 'TLS',
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
  group: 'TLS',
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

/** Of late options only whether they are given, and the text of the version. */
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

/** Combinations, in the reference's order. The values come after all combinations: see `late`. */
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
    hint: '--psk is for TLS 1.2: leave --tls-version out',
  })
}
