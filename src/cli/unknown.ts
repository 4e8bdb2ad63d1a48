// What is said about a word that is no option of a command: the nearest option, or what the word was meant for.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { suggestion } from './nearest.js'

/** Options of other clients of MQTT, and those of ours for the same. */
const foreignOptions: ReadonlyMap<string, readonly string[]> = new Map([
  ['--alpn', ['--tls-alpn']],
  ['--ca', ['--cafile']],
  ['--client-id', ['--id']],
  ['--file-read', ['--file']],
  ['--hostname', ['--host']],
  ['--mqtt-version', ['--protocol-version']],
  ['--multiline', ['--stdin-line']],
  ['--no-clean', ['--disable-clean-session']],
  ['--password', ['--pw']],
  ['--path', ['--ws-path']],
  ['--protocol', ['--url']],
  ['--session-expiry-interval', ['--session-expiry']],
  ['--stdin', ['--stdin-file']],
  ['--user', ['--username']],
  ['--user-properties', ['--user-property']],
  ['--will-message', ['--will-payload']],
])

/** An option that does not exist, or a word that belongs to none. Secrets in it are not repeated. */
export function unknownWord(command: string, names: readonly string[], word: string): UsageError {
  const hint = word.startsWith('-') ? forOption(command, names, word) : forOperand(command, names, word)
  return new UsageError(`Unknown option '${shown(withoutSecret(word))}'.`, { hint })
}

function forOption(command: string, names: readonly string[], word: string): string {
  const same = foreignOptions.get(word.replace(/=.*$/s, ''))?.find((name) => names.includes(name))
  return same === undefined ? suggestion(word, names, `mqttx ${command} --help`) : `did you mean '${same}'?`
}

function forOperand(command: string, names: readonly string[], word: string): string {
  if (names.includes('--url')) {
    if (/^(mqtts?|wss?)$/i.test(word))
      return `the protocol is the start of a URL: -L ${word.toLowerCase()}://HOST/TOPIC`
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(word)) return 'a URL is given with -L'
  }
  if (names.includes('--topic') && /[/#+]/.test(word)) return `a topic is given with -t: -t '${shown(word)}'`
  return suggestion(word, names, `mqttx ${command} --help`)
}

/** `-Psecret`, `--passwort=secret` and `mqtt://me:secret@host` are mistakes that are not to be repeated aloud. */
function withoutSecret(word: string): string {
  return word
    .replace(/^(-P|--p(?:a?ss?|w|sk|roxy)[\w-]*=).+$/s, '$1...')
    .replace(/^(.*:\/\/)[^/]*@/s, '$1...@')
}
