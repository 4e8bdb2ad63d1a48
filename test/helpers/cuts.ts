// The ways in which a network or a pipe may cut bytes into chunks: none of them may matter.

const shortEnoughForPairs = 48

/**
 * Whole, byte by byte, cut once at every place and, where `bytes` are few, twice at every pair of places. Each chunk
 * has memory of its own, as what a socket brings.
 */
export function* everyCut(bytes: Uint8Array): Generator<Buffer[]> {
  yield cutAt(bytes, [])
  yield cutAt(bytes, inner(bytes.length))
  for (const first of inner(bytes.length)) yield cutAt(bytes, [first])
  if (bytes.length > shortEnoughForPairs) return
  for (const first of inner(bytes.length)) {
    for (let second = first + 1; second < bytes.length; second++) yield cutAt(bytes, [first, second])
  }
}

/** `bytes` in chunks that begin at the given places. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Buffer[] {
  return [0, ...places].map((start, index) => Buffer.from(bytes.slice(start, places[index] ?? bytes.length)))
}

function inner(length: number): number[] {
  return Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
}
