// The lines of a password file, and edits that keep all other lines byte for byte.
import { MqttxError } from '../errors.js'
import { type Fields, type LineFormat, trimmed } from './formats.js'
import type { StoredHash } from './hash.js'

/** Line numbers start at 1. */
export interface PasswordLine {
  readonly number: number
  /** Without its line ending. */
  readonly text: string
  /** The line ending: LF, CR LF, or ''. */
  readonly end: string
  /** undefined for a comment, a header, or a line without a user. */
  readonly entry: Fields | undefined
}

/** Longest line, in bytes and characters: a user name, `:`, and a password, each of MQTT's maximum length. */
export const longestLine = 2 * 65_535 + 1

/** Splits `text` into lines. `first`: the number of its first line. */
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

/** True for a comment or a blank line. */
export function isSilent({ text }: PasswordLine): boolean {
  return text.startsWith('#') || trimmed(text) === ''
}

/** An invisible character at the start or end of a name, as `U+FEFF`; undefined if there is none. */
export function invisibleEnd(user: string): string | undefined {
  const [found] = /^[\p{Cf}\p{Zs}\p{Zl}\p{Zp}]|[\p{Cf}\p{Zs}\p{Zl}\p{Zp}]$/u.exec(user) ?? []
  return found && `U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Why a file with this line must not be changed; undefined if the line is valid. */
export function lineFault({ text, entry }: PasswordLine): string | undefined {
  if (text.length > longestLine) return tooLong
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return 'the line has a control character'
  if (entry === undefined) return undefined
  if (entry.user === '') return 'missing user name'
  return entry.hash === '' ? 'missing hash after the user name' : undefined
}

export const tooLong = `the line is too long: more than ${longestLine} characters`

export function corrupt(file: string, line: number, fault: string, hint?: string): MqttxError {
  const advice = hint ?? 'nothing was changed; use mqttx passwd --audit to check every line'
  return new MqttxError([`Corrupt password file at line ${line}.`, `${file}:${line}: ${fault}`], {
    hint: advice,
  })
}

/** An edit of a file. `line` is called once for each line, in order. */
export interface Edit {
  /** The new text of a line with its line ending; '' removes it. */
  line(line: PasswordLine): string
  /** Text to append after the last line. */
  rest(): string
}

/** Replaces the first line of each user and removes later duplicates, which brokers refuse. Appends new users. */
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
      return (lastEnd === '' ? '\n' : '') + header + lines.join('') // ends an unterminated last line first
    },
  }
}

/** Removes all lines of the user. */
export function removeUser(user: string): Edit {
  return {
    line: ({ entry, text, end }) => (entry?.user === user ? '' : text + end),
    rest: () => '',
  }
}
