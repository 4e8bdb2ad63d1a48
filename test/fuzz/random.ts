// Pseudo-random numbers by seed (mulberry32): the same seed gives the same exchange on every machine.

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
}

export function random(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (values) => values[below(values.length)]!,
  }
}

/** A copy in which one bit, or one byte, is another. */
export function changedByte({ below, chance }: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = below(copy.length)
  copy[at] = chance(0.5) ? copy[at]! ^ (1 << below(8)) : below(256)
  return copy
}
