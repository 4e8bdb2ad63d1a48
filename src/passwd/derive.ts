// From a password to its hash, without ever holding up the process that waits for it.
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { MqttxError } from '../errors.js'
import type { Recipe, Scheme, StoredHash } from './hash.js'
import { threads } from './threads.js'

const pbkdf2Async = promisify(pbkdf2)

/** What a new hash is made with; `iterations` is the cost in the unit of its scheme. */
export interface Settings {
  readonly scheme: Scheme
  readonly iterations?: number | undefined
}

/** mosquitto_passwd's own default, and for bcrypt that of EMQX. */
export const defaultIterations = { 'sha512-pbkdf2': 1000, argon2id: 1, bcrypt: 10 } as const

/**
 * 12 bytes for `$6$` and `$7$`: mosquitto 2.0 reads no other length, 2.1 reads them too, and two users do not get the
 * same 96 random bits.
 */
const saltBytes = { sha512: 12, 'sha512-pbkdf2': 12, argon2id: 64, bcrypt: 16, sha256: 4 } as const

/** EMQX hashes the salt as it is written in its file: 32 digits. */
export function hexSalt(): Uint8Array {
  return Buffer.from(randomBytes(16).toString('hex'))
}

function newRecipe({ scheme, iterations }: Settings, salt: Uint8Array): Recipe {
  switch (scheme) {
    case 'sha512':
    case 'sha256':
      return { scheme, salt }
    case 'sha512-pbkdf2':
      return { scheme, iterations: iterations ?? defaultIterations[scheme], salt }
    case 'argon2id': {
      const passes = iterations ?? defaultIterations[scheme]
      return { scheme, memory: 47_104, passes, lanes: 1, length: 64, salt }
    }
    case 'bcrypt':
      return { scheme, cost: iterations ?? defaultIterations[scheme], salt }
    default:
      return scheme satisfies never
  }
}

/** Hashes a password with a new salt. */
export async function hashPassword(
  settings: Settings,
  password: Uint8Array,
  salt: Uint8Array = randomBytes(saltBytes[settings.scheme]),
): Promise<StoredHash> {
  const recipe = newRecipe(settings, salt)
  const fault = passwordFault(recipe, password)
  if (fault !== undefined) throw new MqttxError('Unable to hash password.', { hint: fault })
  return { ...recipe, hash: await derive(recipe, password) }
}

/** Why a scheme cannot take a password. */
function passwordFault({ scheme }: Recipe, password: Uint8Array): string | undefined {
  if (password.length === 0 && (scheme === 'argon2id' || scheme === 'bcrypt'))
    return `${scheme} takes no empty password`
  if (scheme !== 'bcrypt') return undefined
  if (password.length > 72) return 'bcrypt ignores what follows the first 72 bytes of a password'
  return password.includes(0) ? 'bcrypt ignores what follows a NUL' : undefined
}

/** True if `password` is the one that was hashed. Takes as long for a wrong one; does not block the process. */
export async function verifyHash(stored: StoredHash, password: Uint8Array): Promise<boolean> {
  if (passwordFault(stored, password) !== undefined) return false
  return timingSafeEqual(await derive(stored, password), stored.hash)
}

async function derive(recipe: Recipe, password: Uint8Array): Promise<Uint8Array> {
  switch (recipe.scheme) {
    case 'sha512':
      return createHash('sha512').update(password).update(recipe.salt).digest()
    case 'sha256':
      return createHash('sha256').update(recipe.salt).update(password).digest()
    case 'sha512-pbkdf2':
      return await pbkdf2Async(password, recipe.salt, recipe.iterations, 64, 'sha512')
    case 'argon2id':
    case 'bcrypt':
      return await threads.derive(recipe, password)
    default:
      return recipe satisfies never
  }
}
