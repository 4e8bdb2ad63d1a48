// Finds problems and weak hashes in the lines of a password file.
import { verifyHash } from './derive.js'
import { type LineFormat, trimmed } from './formats.js'
import type { StoredHash } from './hash.js'
import { invisibleEnd, lineFault, type PasswordLine } from './lines.js'
import { weaknessOf } from './policy.js'
import { SeenUsers } from './seen-users.js'

export type Rule =
  | 'permissions'
  | 'other-format'
  | 'empty-line'
  | 'malformed'
  | 'plain-text'
  | 'duplicate'
  | 'invisible'
  | 'too-expensive'
  | 'weak-scheme'
  | 'low-iterations'
  | 'empty-password'
  | 'password-is-user'
  | 'no-newline'

export interface Finding {
  /** undefined: concerns the whole file. */
  readonly line: number | undefined
  readonly user: string | undefined
  readonly rule: Rule
  readonly message: string
}

type Fault = Pick<Finding, 'rule' | 'message'>

export interface AuditOptions {
  readonly format: LineFormat
  /** The minimum accepted cost; undefined: today's recommendation. */
  readonly iterations?: number | undefined
  /** Tests for an empty password and for the user name. */
  readonly guess: boolean
}

/** Audits the lines of a file, passed in order. */
export class Audit {
  readonly #options: AuditOptions
  readonly #seen = new SeenUsers()

  constructor(options: AuditOptions) {
    this.#options = options
  }

  /** The number of distinct users. */
  get users(): number {
    return this.#seen.size
  }

  async line(line: PasswordLine): Promise<Finding[]> {
    const { number, entry, end } = line
    const faults = this.#faultsOf(line)
    const named = entry !== undefined && entry.user !== ''
    const first = named ? this.#seen.earlier(entry.user, number) : undefined
    if (first !== undefined) faults.push({ rule: 'duplicate', message: `same user as on line ${first}` })
    if (end === '')
      faults.push({
        rule: 'no-newline',
        message: 'no line feed at the end: mosquitto_passwd would append to this line',
      })
    const guessed = this.#options.guess && named ? await guess(entry.user, this.#hashOf(line)) : []
    return [...faults, ...guessed].map((fault) => ({ line: number, user: entry?.user, ...fault }))
  }

  #hashOf({ entry }: PasswordLine): StoredHash | undefined {
    const stored = entry === undefined ? undefined : this.#options.format.parse(entry.hash)
    return stored === undefined || 'fault' in stored ? undefined : stored
  }

  #faultsOf(line: PasswordLine): Fault[] {
    const { format, iterations } = this.#options
    const { text, entry, number } = line
    if (text.startsWith('#') || text === format.header) return []
    if (trimmed(text) === '')
      return [{ rule: 'empty-line', message: 'mosquitto_passwd refuses a file with empty lines' }]
    const fault = lineFault(line)
    if (fault !== undefined) return [{ rule: 'malformed', message: fault }]
    if (entry === undefined) return [{ rule: 'malformed', message: 'no user in this line' }]
    const faults: Fault[] = []
    const character = invisibleEnd(entry.user)
    if (character !== undefined) {
      const mark = character === 'U+FEFF' && number === 1 ? ', the byte order mark of the file,' : ''
      faults.push({ rule: 'invisible', message: `${character}${mark} is part of the name` })
    }
    const stored = format.parse(entry.hash)
    if (!('fault' in stored)) {
      const weakness = weaknessOf(stored, iterations)
      return weakness === undefined ? faults : [...faults, weakness]
    }
    // Text that is not a hash may be a password: do not print it.
    if (stored.expensive) return [...faults, { rule: 'too-expensive', message: stored.fault }]
    const known = format.name !== 'mosquitto' || /^\$(6|7|argon2id)\$/.test(entry.hash)
    if (known) return [...faults, { rule: 'malformed', message: stored.fault }]
    const message = `not a hash in the format ${format.name}`
    return [...faults, { rule: 'plain-text', message }]
  }
}

/** Tests for an empty password and for the user name as password. */
async function guess(user: string, stored: StoredHash | undefined): Promise<Fault[]> {
  if (stored === undefined) return []
  if (await verifyHash(stored, new Uint8Array()))
    return [{ rule: 'empty-password', message: 'the password is empty' }]
  if (await verifyHash(stored, Buffer.from(user)))
    return [{ rule: 'password-is-user', message: 'the password is the user name' }]
  return []
}

/** A finding if others can read the file, or if its group or others can write it. */
export function auditMode(mode: number): Finding[] {
  const access = (mode & 0o007) !== 0 ? 'accessible to all users' : 'writable by its group'
  if ((mode & 0o027) === 0) return []
  const text = (mode & 0o7777).toString(8).padStart(4, '0')
  return [
    {
      ...{ line: undefined, user: undefined, rule: 'permissions' },
      message: `mode ${text}: ${access}; use chmod 0600`,
    },
  ]
}
