// Rates hashes: which ones --rehash replaces and which ones --audit reports.
import { defaultIterations, type Settings } from './derive.js'
import type { Scheme, StoredHash } from './hash.js'

const rank: Readonly<Record<Scheme, number>> = {
  sha256: 0,
  sha512: 1,
  'sha512-pbkdf2': 2,
  bcrypt: 3,
  argon2id: 4,
}

/** The cost of a hash in the unit of its scheme. */
export function costOf(stored: StoredHash): number {
  switch (stored.scheme) {
    case 'sha512-pbkdf2':
      return stored.iterations
    case 'bcrypt':
      return stored.cost
    case 'argon2id':
      return stored.passes
    case 'sha512':
    case 'sha256':
      return 1
    default:
      return stored satisfies never
  }
}

function wantedCost({ scheme, iterations }: Settings): number {
  if (scheme === 'sha512' || scheme === 'sha256') return 1
  return iterations ?? defaultIterations[scheme]
}

/** True for a hash that is cheaper to guess than a new one with `settings`. A better scheme is never downgraded. */
export function isBelow(stored: StoredHash, settings: Settings): boolean {
  if (rank[stored.scheme] !== rank[settings.scheme]) return rank[stored.scheme] < rank[settings.scheme]
  return costOf(stored) < wantedCost(settings)
}

/** Recommended minimum cost per scheme (OWASP, Password Storage Cheat Sheet, 2025). */
const recommended = {
  'sha512-pbkdf2': 210_000,
  bcrypt: 10,
  /** In KiB: the recommended pair with the least memory. */
  argon2Memory: 7168,
  /** In KiB times passes. */
  argon2Work: 7168 * 5,
}

export interface Weakness {
  readonly rule: 'weak-scheme' | 'low-iterations'
  readonly message: string
}

/** The weakness of a hash, if any. `iterations`: the minimum accepted cost; undefined: the recommendation. */
export function weaknessOf(stored: StoredHash, iterations?: number): Weakness | undefined {
  const low = (message: string): Weakness => ({ rule: 'low-iterations', message })
  switch (stored.scheme) {
    case 'sha512':
      return { rule: 'weak-scheme', message: '$6$ is one round of SHA-512' }
    case 'sha256':
      return undefined // the one scheme of its format
    case 'sha512-pbkdf2':
    case 'bcrypt': {
      const least = iterations ?? recommended[stored.scheme]
      if (costOf(stored) >= least) return undefined
      const what = stored.scheme === 'bcrypt' ? `cost ${stored.cost}` : `${stored.iterations} iterations`
      return low(`${what}, ${iterations === undefined ? 'recommended' : 'required'}: ${least} or more`)
    }
    case 'argon2id': {
      const { memory, passes } = stored
      if (iterations !== undefined && passes < iterations)
        return low(`${passes} passes, required: ${iterations} or more`)
      if (memory >= recommended.argon2Memory && memory * passes >= recommended.argon2Work) return undefined
      return low(`${memory} KiB and ${passes} passes, recommended: 7168 and 5 or equivalent`)
    }
    default:
      return stored satisfies never
  }
}

/** Estimated time to verify a hash, in microseconds. */
export function effortOf(stored: StoredHash): number {
  switch (stored.scheme) {
    case 'sha512-pbkdf2':
      return stored.iterations / 2
    case 'bcrypt':
      return 2 ** stored.cost * 60
    case 'argon2id':
      return stored.memory * stored.passes * 2
    case 'sha512':
    case 'sha256':
      return 1
    default:
      return stored satisfies never
  }
}
