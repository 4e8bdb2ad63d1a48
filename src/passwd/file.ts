// Loads a mosquitto password file and verifies passwords, for the broker.
import { MqttxError } from '../errors.js'
import { verifyHash } from './derive.js'
import { formats } from './formats.js'
import type { StoredHash } from './hash.js'
import { passwordLines } from './lines.js'
import { effortOf } from './policy.js'

/** A user of a loaded file. */
export interface PasswordEntry {
  readonly user: string
  readonly line: number
  readonly hash: StoredHash
}

export type PasswordEntries = ReadonlyMap<string, PasswordEntry>

/** The users of a file. @throws MqttxError at the first invalid line, so that no user is silently missing */
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

const decoys = new WeakMap<PasswordEntries, StoredHash>()

/** The hash that takes longest to verify. */
function costliest(entries: PasswordEntries): StoredHash {
  const known = decoys.get(entries)
  if (known !== undefined) return known
  let found = decoyOfNobody
  for (const { hash } of entries.values())
    if (found === decoyOfNobody || effortOf(hash) > effortOf(found)) found = hash
  decoys.set(entries, found)
  return found
}

/**
 * True if `password` is the user's. A refusal always takes as long as the costliest hash, so that timing does not reveal
 * which users exist.
 */
export async function verifyUser(
  entries: PasswordEntries,
  user: string,
  password: Uint8Array,
): Promise<boolean> {
  const stored = entries.get(user)?.hash
  if (stored !== undefined && (await verifyHash(stored, password))) return true
  const decoy = costliest(entries)
  if (stored === undefined || effortOf(stored) < effortOf(decoy) / 2) await verifyHash(decoy, password)
  return false
}
