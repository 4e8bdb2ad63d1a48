// The lines of a password file, whatever they hold, and changes to them that leave the other lines as they stand.
import { MqttxError } from '../errors.js'
import type { Fields, LineFormat } from './formats.js'
import type { StoredHash } from './hash.js'

/** Line numbers start at 1. */
export interface PasswordLine {
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** What ends it: a line feed, one with a carriage return before it, or nothing. */
  readonly end: string
  /** undefined for a comment, a header, and a line without a user. */
  readonly entry: Fields | undefined
}

/** A user name, `:`, and a password that has not been hashed yet, each as long as the protocol lets it be. */
export const longestLine = 2 * 65_535 + 1

export function passwordLines(text: string, format: LineFormat): PasswordLine[] {
  const pieces = text.split(/(\r?\n)/) // text, end, text, end, ..., text
  const lines: PasswordLine[] = []
  for (let at = 0; at < pieces.length; at += 2) {
    const line = pieces[at] ?? ''
    const end = pieces[at + 1] ?? ''
    if (line === '' && end === '') continue // behind the last line feed
    lines.push({ number: lines.length + 1, text: line, end, entry: format.split(line) })
  }
  return lines
}

export function textOf(lines: readonly PasswordLine[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

/** Why nothing should be changed in a file with this line. */
export function lineFault({ text, entry }: PasswordLine): string | undefined {
  if (text.length > longestLine) return `the line is too long: more than ${longestLine} characters`
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return 'the line has a control character'
  if (entry === undefined) return undefined
  if (entry.user === '') return 'there is no user name'
  return entry.hash === '' ? `there is nothing behind the user name` : undefined
}

/** What a file looks like that was given by mistake. */
const foreign: readonly (readonly [form: RegExp, what: string])[] = [
  [/^\s*[[{]/, 'JSON'],
  [/^-----BEGIN /, 'a key or certificate'],
  [/^(?:[^:]*:){6,}[^:]*$/, 'passwd(5) or shadow(5)'],
  [/^user_id,/, 'an import file of EMQX'],
  [/^[^:]*:\$2[abxy]\$\d\d\$/, 'bcrypt'],
  [/^[^:]*:\$(?:6|7|argon2id)\$/, 'a password file of mosquitto'],
]

/** The line that shows that a file is in another format, and which; looks at the first line that says something. */
export function foreignLine(
  lines: readonly PasswordLine[],
  format: LineFormat,
): { number: number; what: string } | undefined {
  const line = lines.find(({ text }) => text.trim() !== '' && !text.startsWith('#'))
  if (line === undefined || line.text === format.header) return undefined
  if (line.entry !== undefined && !('fault' in format.parse(line.entry.hash))) return undefined
  const [, what] = foreign.find(([form]) => form.test(line.text)) ?? []
  const own = format.name === 'mosquitto' ? 'a password file of mosquitto' : format.name
  return what === undefined || what === own ? undefined : { number: line.number, what }
}

/** @throws MqttxError that names the line, in the words of the reference */
export function refuseCorrupt(lines: readonly PasswordLine[], format: LineFormat, file: string): void {
  const other = foreignLine(lines, format)
  if (other !== undefined) {
    const hint = 'see --format in mqttx passwd --help'
    throw corrupt(file, other.number, `it looks like ${other.what}, which is another format`, hint)
  }
  for (const line of lines) {
    const fault = lineFault(line)
    if (fault !== undefined) throw corrupt(file, line.number, fault)
  }
}

export function corrupt(file: string, line: number, fault: string, hint?: string): MqttxError {
  const advice = hint ?? 'nothing was changed; mqttx passwd --audit tells of every line'
  return new MqttxError(`Corrupt password file at line ${line}.\n${file}:${line}: ${fault}`, { hint: advice })
}

/** The first line of each user is replaced, and his other lines go: brokers refuse a file that has two. */
export function withUsers(
  lines: readonly PasswordLine[],
  users: ReadonlyMap<string, StoredHash>,
  format: LineFormat,
): PasswordLine[] {
  const written = new Set<string>()
  const kept = lines.flatMap((line) => {
    const user = line.entry?.user
    const stored = user === undefined ? undefined : users.get(user)
    if (user === undefined || stored === undefined) return [line]
    if (written.has(user)) return []
    written.add(user)
    return [{ ...line, text: format.join(user, stored, line.entry) }]
  })
  const added = [...users].filter(([user]) => !written.has(user))
  return appended(
    kept,
    added.map(([user, stored]) => format.join(user, stored)),
    format,
  )
}

/** A last line without an end gets one, else two users would stand on one line. */
function appended(lines: PasswordLine[], texts: readonly string[], format: LineFormat): PasswordLine[] {
  if (texts.length === 0) return lines
  const ended = lines.map((line) => (line.end === '' ? { ...line, end: '\n' } : line))
  const header = format.header !== undefined && lines.length === 0 ? [format.header] : []
  for (const text of [...header, ...texts])
    ended.push({ number: ended.length + 1, text, end: '\n', entry: format.split(text) })
  return ended
}

export function withoutUser(lines: readonly PasswordLine[], user: string): PasswordLine[] {
  return lines.filter(({ entry }) => entry?.user !== user)
}
