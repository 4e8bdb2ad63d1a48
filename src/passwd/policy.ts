// What is strong enough: which hashes the next login should replace, and which an audit tells of.
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

/** True for a hash that costs less to guess than what `settings` makes today. A better scheme is never taken back. */
export function isBelow(stored: StoredHash, settings: Settings): boolean {
  if (rank[stored.scheme] !== rank[settings.scheme]) return rank[stored.scheme] < rank[settings.scheme]
  return costOf(stored) < wantedCost(settings)
}

/** The least of the recommended pairs of memory and passes for argon2id (OWASP): 7 MiB five times. */
const leastArgon2 = 7168 * 5

export interface Weakness {
  readonly rule: 'weak-scheme' | 'low-iterations'
  readonly message: string
}

/** `iterations` is the least that is accepted, where the default is not it. */
export function weaknessOf(stored: StoredHash, iterations?: number): Weakness | undefined {
  const low = (message: string): Weakness => ({ rule: 'low-iterations', message })
  switch (stored.scheme) {
    case 'sha512':
      return { rule: 'weak-scheme', message: '$6$ is one round of SHA-512' }
    case 'sha256':
      return undefined // the one scheme of its format
    case 'sha512-pbkdf2':
    case 'bcrypt': {
      const least = iterations ?? defaultIterations[stored.scheme]
      const what = stored.scheme === 'bcrypt' ? 'a cost of' : 'iterations:'
      return costOf(stored) < least ? low(`${what} ${costOf(stored)}, at least ${least} wanted`) : undefined
    }
    case 'argon2id': {
      const { memory, passes } = stored
      if (passes < (iterations ?? 1)) return low(`passes: ${passes}, at least ${iterations} wanted`)
      return memory * passes < leastArgon2 ? low(`${memory} KiB times ${passes} is little work`) : undefined
    }
    default:
      return stored satisfies never
  }
}
