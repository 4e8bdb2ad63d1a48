// Seeded random numbers: the same seed gives the same bytes and choices on every machine.

/** A generator of numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Incompressible bytes, so that compression or deduplication does not affect a result. */
export function randomBytes(size: number, seed: number): Buffer {
  const next = randomNumbers(seed)
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index < size; index++) bytes[index] = next() * 256
  return bytes
}

/** A number in [0, 1) that depends only on the arguments, not on earlier calls. */
export function randomAt(seed: number, a: number, b: number): number {
  let mixed = (seed ^ Math.imul(a + 1, 0x9e3779b1)) >>> 0
  mixed = scrambled(mixed ^ Math.imul(Math.floor(b / 2 ** 32) + 1, 0x85ebca6b))
  return scrambled(mixed ^ Math.imul((b >>> 0) + 1, 0xc2b2ae35)) / 2 ** 32
}

/** The finalizer of MurmurHash3: every bit of the result depends on every bit of the number. */
function scrambled(number: number): number {
  let mixed = number
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
