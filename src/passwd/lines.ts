// The lines of a password file, and edits that leave all other lines as they are, byte for byte.
import { MqttxError } from '../errors.js'
import { type Fields, type LineFormat, trimmed } from './formats.js'
import type { StoredHash } from './hash.js'

/** Line numbers start at 1. */
export interface PasswordLine {
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** What ends it: LF, CR LF, or nothing. */
  readonly end: string
  /** undefined for a comment, a header, and a line without a user. */
  readonly entry: Fields | undefined
}

/** In bytes and in characters: a user name, `:`, and a plain password, each as long as MQTT allows. */
export const longestLine = 2 * 65_535 + 1

/** The lines of `text`, which begins with line `first` of its file. */
export function passwordLines(text: string, format: LineFormat, first = 1): PasswordLine[] {
  const pieces = text.split(/(\r?\n)/) // text, end, text, end, ..., text
  const lines: PasswordLine[] = []
  for (let at = 0; at < pieces.length; at += 2) {
    const line = pieces[at] ?? ''
    const end = pieces[at + 1] ?? ''
    if (line === '' && end === '') continue // after the last line feed
    lines.push({ number: first + lines.length, text: line, end, entry: format.split(line) })
  }
  return lines
}

/** True for a line that says nothing: a comment, or blanks. */
export function isSilent({ text }: PasswordLine): boolean {
  return text.startsWith('#') || trimmed(text) === ''
}

/** The first character of a name's ends that looks like nothing, and yet is part of the name: `U+FEFF`. */
export function invisibleEnd(user: string): string | undefined {
  const [found] = /^[\p{Cf}\p{Zs}\p{Zl}\p{Zp}]|[\p{Cf}\p{Zs}\p{Zl}\p{Zp}]$/u.exec(user) ?? []
  return found && `U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Why nothing should be changed in a file with this line. */
export function lineFault({ text, entry }: PasswordLine): string | undefined {
  if (text.length > longestLine) return tooLong
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return 'the line has a control character'
  if (entry === undefined) return undefined
  if (entry.user === '') return 'there is no user name'
  return entry.hash === '' ? 'there is nothing after the user name' : undefined
}

export const tooLong = `the line is too long: more than ${longestLine} characters`

export function corrupt(file: string, line: number, fault: string, hint?: string): MqttxError {
  const advice = hint ?? 'nothing was changed; mqttx passwd --audit reports every line'
  return new MqttxError([`Corrupt password file at line ${line}.`, `${file}:${line}: ${fault}`], {
    hint: advice,
  })
}

/** What becomes of the lines of a file. Each line is given once, in order. */
export interface Edit {
  /** The new text of a line, with its end; '' removes it. */
  line(line: PasswordLine): string
  /** What follows the last line. */
  rest(): string
}

/** The first line of each user is replaced, the user's other lines are removed: brokers refuse a file with both. */
export function putUsers(users: ReadonlyMap<string, StoredHash>, format: LineFormat): Edit {
  const written = new Set<string>()
  let lastEnd: string | undefined
  return {
    line(line) {
      lastEnd = line.end
      const user = line.entry?.user
      const stored = user === undefined ? undefined : users.get(user)
      if (user === undefined || stored === undefined) return line.text + line.end
      if (written.has(user)) return ''
      written.add(user)
      return format.join(user, stored, line.entry) + line.end
    },
    rest() {
      const added = [...users].filter(([user]) => !written.has(user))
      if (added.length === 0) return ''
      const header = format.header !== undefined && lastEnd === undefined ? `${format.header}\n` : ''
      const lines = added.map(([user, stored]) => `${format.join(user, stored)}\n`)
      return (lastEnd === '' ? '\n' : '') + header + lines.join('') // two users never share a line
    },
  }
}

/** All lines of the user are removed. */
export function removeUser(user: string): Edit {
  return {
    line: ({ entry, text, end }) => (entry?.user === user ? '' : text + end),
    rest: () => '',
  }
}
