// The users of a password file of mosquitto's, for those who only want to know whether a password is right.
import { MqttxError } from '../errors.js'
import { verifyHash } from './derive.js'
import { formats } from './formats.js'
import type { StoredHash } from './hash.js'
import { passwordLines } from './lines.js'

/** A user of a file that was accepted. */
export interface PasswordEntry {
  readonly user: string
  readonly line: number
  readonly hash: StoredHash
}

export type PasswordEntries = ReadonlyMap<string, PasswordEntry>

/** The users of a file. One line that cannot be used refuses all of it: a user should not vanish in silence. */
export function parsePasswords(text: string, file: string): PasswordEntries {
  const format = formats.mosquitto
  const entries = new Map<string, PasswordEntry>()
  for (const { number, entry } of passwordLines(text, format)) {
    if (entry === undefined) continue
    const where = `${file}:${number}`
    if (entry.user === '') throw new MqttxError(`${where}: no user name before ':'`)
    const earlier = entries.get(entry.user)
    if (earlier !== undefined) {
      const hint = 'keep one of the two lines'
      throw new MqttxError(`${where}: duplicate user '${entry.user}', first on line ${earlier.line}`, {
        hint,
      })
    }
    const hash = format.parse(entry.hash)
    if ('fault' in hash) {
      throw new MqttxError(`${where}: cannot use the hash of '${entry.user}': ${hash.fault}`, {
        hint: hash.hint,
      })
    }
    entries.set(entry.user, { user: entry.user, line: number, hash })
  }
  return entries
}

const decoyOfNobody: StoredHash = {
  scheme: 'sha512-pbkdf2',
  iterations: 1000,
  salt: Buffer.alloc(64),
  hash: Buffer.alloc(64),
}

/** Checked in place of a user that does not exist, so that the time of the answer does not tell who does. */
function decoy(entries: PasswordEntries): StoredHash {
  for (const { hash } of entries.values()) return hash
  return decoyOfNobody
}

export async function verifyUser(
  entries: PasswordEntries,
  user: string,
  password: Uint8Array,
): Promise<boolean> {
  const entry = entries.get(user)
  const right = await verifyHash(entry?.hash ?? decoy(entries), password)
  return right && entry !== undefined
}
