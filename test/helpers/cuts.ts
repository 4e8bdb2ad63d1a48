// Cuts bytes into chunks in all ways that a network or a pipe may.

const shortEnoughForPairs = 48

/**
 * Whole, byte by byte, cut once at every position and, if `bytes` are few, twice at every pair of positions. Each chunk
 * has its own memory, like chunks of a socket.
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
