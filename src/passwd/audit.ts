// What is wrong, or not as good as it could be, with the lines of a password file.
import type { LineFormat } from './formats.js'
import { foreignLine, lineFault, type PasswordLine } from './lines.js'
import { weaknessOf } from './policy.js'

export type Rule =
  | 'permissions'
  | 'other-format'
  | 'empty-line'
  | 'malformed'
  | 'plain-text'
  | 'duplicate'
  | 'weak-scheme'
  | 'low-iterations'
  | 'no-newline'

export interface Finding {
  /** undefined: about the file as a whole. */
  readonly line: number | undefined
  readonly user: string | undefined
  readonly rule: Rule
  readonly message: string
}

/** `iterations`: the least that is accepted. */
export function auditLines(
  lines: readonly PasswordLine[],
  format: LineFormat,
  iterations: number | undefined,
): Finding[] {
  const other = foreignLine(lines, format)
  if (other !== undefined)
    return [
      { line: other.number, user: undefined, rule: 'other-format', message: `it looks like ${other.what}` },
    ]
  const firstLines = new Map<string, number>()
  return lines.flatMap((line) => {
    const { number, entry, end } = line
    const about: Pick<Finding, 'line' | 'user'> = { line: number, user: entry?.user }
    const found: Finding[] = faultsOf(line, format, iterations).map((fault) => ({ ...about, ...fault }))
    if (entry !== undefined && entry.user !== '') {
      const first = firstLines.get(entry.user)
      if (first === undefined) firstLines.set(entry.user, number)
      else found.push({ ...about, rule: 'duplicate', message: `the same user as on line ${first}` })
    }
    if (end === '')
      found.push({
        ...about,
        rule: 'no-newline',
        message: 'mosquitto_passwd appends to a line without an end',
      })
    return found
  })
}

function faultsOf(
  line: PasswordLine,
  format: LineFormat,
  iterations: number | undefined,
): Pick<Finding, 'rule' | 'message'>[] {
  const { text, entry } = line
  if (text.startsWith('#') || text === format.header) return []
  if (text.trim() === '') return [{ rule: 'empty-line', message: 'mosquitto_passwd refuses a file with it' }]
  const fault = lineFault(line)
  if (fault !== undefined) return [{ rule: 'malformed', message: fault }]
  if (entry === undefined) return [{ rule: 'malformed', message: 'there is no user in this line' }]
  const stored = format.parse(entry.hash)
  if (!('fault' in stored))
    return [weaknessOf(stored, iterations)].filter((weakness) => weakness !== undefined)
  // What does not look like a hash may be a password: its text is not for a log.
  const known = format.name !== 'mosquitto' || /^\$(6|7|argon2id)\$/.test(entry.hash)
  if (known) return [{ rule: 'malformed', message: stored.fault }]
  return [{ rule: 'plain-text', message: `what follows the user is no hash that ${format.name} knows` }]
}

/** A finding where others than the owner and his group can read the file, or others than the owner write it. */
export function auditMode(mode: number): Finding[] {
  const who = (mode & 0o007) !== 0 ? 'everybody can use it' : 'its group can write it'
  if ((mode & 0o027) === 0) return []
  const text = (mode & 0o7777).toString(8).padStart(4, '0')
  return [
    {
      ...{ line: undefined, user: undefined, rule: 'permissions' },
      message: `the mode is ${text}: ${who}; chmod 0600`,
    },
  ]
}
