// Rewrites hints of the connection core: command-line options become options of the library.
import { MqttxError } from '../errors.js'

const names: readonly (readonly [RegExp, string])[] = [
  [/with -h or --servername/, 'in the URL'],
  [/--insecure/g, 'tls.insecure'],
  [/--cafile/g, 'tls.cafile'],
  [/--capath/g, 'tls.capath'],
  [/--cert\b/g, 'tls.cert'],
  [/--key-passphrase-file/g, 'tls.keyPassphraseFile'],
  [/--key\b/g, 'tls.key'],
  [/this --ws-path/g, 'this path'],
  [/use -i and -c/, 'use clientId and cleanStart: false'],
  [/choose a port with -p, or -p 0 for a free one/, 'pass another port; without one a free port is used'],
  [/choose another with -p$/, 'pass another port'],
  [/--bind/g, 'host'],
  [/: -u and -P$/, ': username and password'],
]

const commandLine = /(^|[\s'`(])--?[a-zA-Z]/

/** Rewrites the hints of `error` in place. Drops a hint that still names a command-line option. */
export function inLibraryTerms<T>(error: T): T {
  if (!(error instanceof MqttxError)) return error
  const hints = error.hints
    .map((hint) => names.reduce((text, [option, name]) => text.replace(option, name), hint))
    .filter((hint) => !commandLine.test(hint))
  return Object.assign(error, { hints, hint: hints.length === 0 ? undefined : hints.join('; ') })
}
