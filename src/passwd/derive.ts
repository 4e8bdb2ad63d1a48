// Computes and verifies password hashes without blocking the main thread.
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { MqttxError } from '../errors.js'
import { type Argon2id, excess, type Recipe, type Scheme, type StoredHash } from './hash.js'
import { slots } from './slots.js'
import { threads } from './threads.js'

const pbkdf2Async = promisify(pbkdf2)

/** Settings of a new hash; `iterations` is the cost in the unit of the scheme. */
export interface Settings {
  readonly scheme: Scheme
  readonly iterations?: number | undefined
}

/** mosquitto_passwd's defaults; for bcrypt EMQX's. */
export const defaultIterations = { 'sha512-pbkdf2': 1000, argon2id: 1, bcrypt: 10 } as const

/**
 * 12 bytes for `$6$` and `$7$`: mosquitto 2.0 reads no other length, 2.1 reads 12 and 64.
 */
const saltBytes = { sha512: 12, 'sha512-pbkdf2': 12, argon2id: 64, bcrypt: 16, sha256: 4 } as const

/** EMQX hashes the salt as text: 32 hexadecimal digits. */
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

/** Why these settings are refused: verification would take too long. Undefined if accepted. */
export function settingsFault(settings: Settings): string | undefined {
  return excess(newRecipe(settings, new Uint8Array()))
}

/** Hashes a password with a new salt. */
export async function hashPassword(
  settings: Settings,
  password: Uint8Array,
  salt: Uint8Array = randomBytes(saltBytes[settings.scheme]),
): Promise<StoredHash> {
  const recipe = newRecipe(settings, salt)
  const fault = passwordFault(recipe, password) ?? excess(recipe)
  if (fault !== undefined) throw new MqttxError('Unable to hash password.', { hint: fault })
  return { ...recipe, hash: await derive(recipe, password) }
}

/** Why the scheme cannot hash this password. */
function passwordFault({ scheme }: Recipe, password: Uint8Array): string | undefined {
  const library = scheme === 'bcrypt' || (scheme === 'argon2id' && nodeArgon2() === undefined)
  if (password.length === 0 && library) return `${scheme} cannot hash an empty password here`
  if (scheme !== 'bcrypt') return undefined
  if (password.length > 72) return 'bcrypt ignores everything after the first 72 bytes of a password'
  return password.includes(0) ? 'bcrypt ignores everything after a NUL' : undefined
}

/** True if `password` matches. Constant time; does not block the process. */
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
      return slots.run(() => pbkdf2Async(password, recipe.salt, recipe.iterations, 64, 'sha512'))
    case 'argon2id':
      return slots.run(() => argon2id(recipe, password))
    case 'bcrypt':
      return slots.run(() => threads.derive(recipe, password))
    default:
      return recipe satisfies never
  }
}

interface Argon2Parameters {
  readonly message: Uint8Array
  readonly nonce: Uint8Array
  readonly parallelism: number
  readonly tagLength: number
  /** In KiB. */
  readonly memory: number
  readonly passes: number
}

type NodeArgon2 = (
  algorithm: 'argon2id',
  parameters: Argon2Parameters,
  callback: (error: Error | null, hash: Buffer) => void,
) => void

/** node:crypto's argon2: Node 24.7 and later, if its OpenSSL has it. */
function nodeArgon2(): NodeArgon2 | undefined {
  // Not a static import: the Node that builds the bundle may lack this export.
  return (process.getBuiltinModule('node:crypto') as { argon2?: NodeArgon2 }).argon2
}

async function argon2id(recipe: Argon2id, password: Uint8Array): Promise<Uint8Array> {
  const compute = nodeArgon2()
  if (compute === undefined) return threads.derive(recipe, password)
  const { salt: nonce, memory, passes, lanes: parallelism, length: tagLength } = recipe
  return new Promise((resolve, reject) => {
    compute(
      'argon2id',
      { message: password, nonce, parallelism, tagLength, memory, passes },
      (error, hash) => {
        if (error === null || error === undefined) resolve(hash)
        else reject(new MqttxError('Unable to hash password.', { hint: error.message, cause: error }))
      },
    )
  })
}
