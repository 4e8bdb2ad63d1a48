// The error for an unknown option or a stray argument, with a hint: the nearest option, or what the argument was meant for.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { suggestion } from './nearest.js'

/** Options of other MQTT clients, and the options here that do the same. */
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

/** An unknown option, or an argument that belongs to no option. Secrets in it are not repeated. */
export function unknownArgument(command: string, names: readonly string[], arg: string): UsageError {
  const hint = arg.startsWith('-') ? hintForOption(command, names, arg) : hintForOperand(command, names, arg)
  return new UsageError(`Unknown option '${shown(withoutSecret(arg))}'.`, { hint })
}

/** An argument after `--`, for a command that takes no operands. Secrets in it are not repeated. */
export function unexpectedOperand(command: string, arg: string): UsageError {
  return new UsageError(`Unexpected argument '${shown(withoutSecret(arg))}' after '--'.`, {
    hint: `'--' ends the options, and mqttx ${command} takes no other arguments: leave it out`,
  })
}

function hintForOption(command: string, names: readonly string[], arg: string): string {
  const same = foreignOptions.get(arg.replace(/=.*$/s, ''))?.find((name) => names.includes(name))
  return same === undefined ? suggestion(arg, names, `mqttx ${command} --help`) : `did you mean '${same}'?`
}

function hintForOperand(command: string, names: readonly string[], arg: string): string {
  if (names.includes('--url')) {
    if (/^(mqtts?|wss?)$/i.test(arg))
      return `the protocol is part of a URL: -L ${arg.toLowerCase()}://HOST/TOPIC`
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(arg)) return 'give a URL with -L'
  }
  if (names.includes('--topic') && /[/#+]/.test(arg)) return `give a topic with -t: -t '${shown(arg)}'`
  return suggestion(arg, names, `mqttx ${command} --help`)
}

/** Hides the secret in `-Psecret`, `--passwort=secret` and `mqtt://me:secret@host`. */
function withoutSecret(arg: string): string {
  return arg
    .replace(/^(-P|--p(?:a?ss?|w|sk|roxy)[\w-]*=).+$/s, '$1...')
    .replace(/^(.*:\/\/)[^/]*@/s, '$1...@')
}
