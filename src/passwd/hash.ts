// Password hashes: parsing and formatting of mosquitto's `$6$`, `$7$` and `$argon2id$`, and cost limits.

/** `$6$`: one round of SHA-512 over password and salt. */
export interface Sha512 {
  readonly scheme: 'sha512'
  readonly salt: Uint8Array
}

/** `$7$`: PBKDF2 with HMAC-SHA-512. */
export interface Pbkdf2 {
  readonly scheme: 'sha512-pbkdf2'
  readonly iterations: number
  readonly salt: Uint8Array
}

export interface Argon2id {
  readonly scheme: 'argon2id'
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
  /** In bytes. */
  readonly length: number
  readonly salt: Uint8Array
}

export interface Bcrypt {
  readonly scheme: 'bcrypt'
  /** log2 of the number of rounds. */
  readonly cost: number
  readonly salt: Uint8Array
}

/** One round of SHA-256 over salt and password: RabbitMQ's, and the one of EMQX's import files. */
export interface Sha256 {
  readonly scheme: 'sha256'
  readonly salt: Uint8Array
}

/** The parameters of a hash without the hash itself. */
export type Recipe = Sha512 | Pbkdf2 | Argon2id | Bcrypt | Sha256
export type Scheme = Recipe['scheme']

/** A decoded hash of a password file. */
export type StoredHash = Recipe & { readonly hash: Uint8Array }

/** Why a hash cannot be used, and a hint if there is one. */
export interface HashFault {
  readonly fault: string
  /** The hash is valid but takes too long to verify. */
  readonly expensive?: true
  readonly hint?: string
}

/** mosquitto up to 2.0 accepts only 12 bytes of salt; 2.1 accepts 12 and 64. */
const saltBytes = [12, 64]

const hashBytes = 64

/** The limit of the 32-bit counters of mosquitto and node:crypto. */
export const maxIterations = 2 ** 31 - 1

/** 4 GiB, more than `excess` allows. */
const maxMemory = 4 * 1024 * 1024

/** Cost limits of a verification, a few seconds each: every login attempt starts one. */
const ceilings = {
  iterations: 10_000_000,
  bcrypt: 16,
  /** In KiB. */
  argon2Memory: 1024 * 1024,
  /** In KiB times passes. */
  argon2Work: 4 * 1024 * 1024,
}

/** Why a hash is too expensive to compute; undefined if it is not. */
export function excess(recipe: Recipe): string | undefined {
  switch (recipe.scheme) {
    case 'sha512-pbkdf2':
      if (recipe.iterations <= ceilings.iterations) return undefined
      return `too expensive: ${recipe.iterations} iterations, maximum ${ceilings.iterations}`
    case 'bcrypt':
      if (recipe.cost <= ceilings.bcrypt) return undefined
      return `too expensive: cost ${recipe.cost}, maximum ${ceilings.bcrypt}`
    case 'argon2id': {
      const { memory, passes } = recipe
      const most = Math.floor(ceilings.argon2Work / memory)
      if (memory > ceilings.argon2Memory)
        return `too expensive: ${memory} KiB, maximum ${ceilings.argon2Memory}`
      if (passes <= most) return undefined
      return `too expensive: ${passes} passes, maximum with ${memory} KiB ${most}`
    }
    case 'sha512':
    case 'sha256':
      return undefined
    default:
      return recipe satisfies never
  }
}

/** The hash, or a fault if it is too expensive. */
export function affordable(stored: StoredHash): StoredHash | HashFault {
  const fault = excess(stored)
  if (fault === undefined) return stored
  return { fault, expensive: true, hint: "set the user's password again" }
}

/** Parses the part after the first `:` of a line. */
export function parseHash(text: string): StoredHash | HashFault {
  const [before, scheme, ...fields] = text.split('$')
  if (before !== '' || scheme === undefined)
    return { fault: 'not a hash', hint: 'hash the passwords with mqttx passwd -U FILE' }
  switch (scheme) {
    case '6': {
      if (fields.length !== 2) return { fault: 'a $6$ hash must have the form $6$SALT$HASH' }
      const salted = saltAndHash(fields[0], fields[1])
      return 'fault' in salted ? salted : { scheme: 'sha512', ...salted }
    }
    case '7': {
      if (fields.length !== 3) return { fault: 'a $7$ hash must have the form $7$ITERATIONS$SALT$HASH' }
      const iterations = wholeNumber(fields[0], maxIterations)
      if (iterations === undefined) return { fault: `invalid number of iterations '${fields[0]}'` }
      const salted = saltAndHash(fields[1], fields[2])
      return 'fault' in salted ? salted : affordable({ scheme: 'sha512-pbkdf2', iterations, ...salted })
    }
    case 'argon2id':
      return parseArgon2id(fields)
    default:
      return { fault: `unknown hash scheme '$${scheme}$'`, hint: 'mosquitto has $6$, $7$ and $argon2id$' }
  }
}

function parseArgon2id([version, costs = '', saltText = '', hashText = '', ...more]: string[]):
  | StoredHash
  | HashFault {
  const [, m, t, p] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(costs) ?? []
  if (m === undefined || hashText === '' || more.length > 0)
    return { fault: 'an argon2id hash must have the form $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH' }
  if (version !== 'v=19') return { fault: `unsupported argon2id version '${version}': only v=19` }
  const lanes = wholeNumber(p, 255)
  const passes = wholeNumber(t, maxIterations)
  const memory = wholeNumber(m, maxMemory)
  if (lanes === undefined || passes === undefined || memory === undefined || memory < 8 * lanes)
    return { fault: `argon2id parameters '${costs}' out of range` }
  const salt = decodeBase64(saltText, 'unpadded')
  if (salt === undefined || salt.length < 8) return { fault: 'the salt is not 8 or more bytes in base64' }
  const hash = decodeBase64(hashText, 'unpadded')
  if (hash === undefined || hash.length < 12) return { fault: 'the hash is not 12 or more bytes in base64' }
  return affordable({ scheme: 'argon2id', memory, passes, lanes, length: hash.length, salt, hash })
}

/** Formats the part after the `:` of a mosquitto file. */
export function formatHash(stored: StoredHash): string {
  switch (stored.scheme) {
    case 'sha512':
      return `$6$${base64(stored.salt)}$${base64(stored.hash)}`
    case 'sha512-pbkdf2':
      return `$7$${stored.iterations}$${base64(stored.salt)}$${base64(stored.hash)}`
    case 'argon2id': {
      const { memory, passes, lanes } = stored
      const costs = `m=${memory},t=${passes},p=${lanes}`
      return `$argon2id$v=19$${costs}$${unpadded(base64(stored.salt))}$${unpadded(base64(stored.hash))}`
    }
    default:
      throw new Error(`mosquitto has no ${stored.scheme}`)
  }
}

export function wholeNumber(text = '', max: number): number | undefined {
  const value = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= max ? value : undefined
}

function saltAndHash(saltText = '', hashText = ''): { salt: Buffer; hash: Buffer } | HashFault {
  const salt = decodeBase64(saltText)
  if (salt === undefined) return { fault: 'the salt is not base64' }
  if (!saltBytes.includes(salt.length)) return { fault: `the salt has ${salt.length} bytes, not 12 or 64` }
  const hash = decodeBase64(hashText)
  if (hash === undefined) return { fault: 'the hash is not base64' }
  if (hash.length !== hashBytes) return { fault: `the hash has ${hash.length} bytes, not 64` }
  return { salt, hash }
}

/** Strict base64 decoding: Node's decoder skips invalid characters. Returns undefined if invalid. */
export function decodeBase64(text: string, padding: 'padded' | 'unpadded' = 'padded'): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  const again = padding === 'padded' ? base64(bytes) : unpadded(base64(bytes))
  return bytes.length > 0 && again === text ? bytes : undefined
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

export function unpadded(text: string): string {
  return text.replace(/=+$/, '')
}
