// How many bytes of a WebSocket message that is not complete yet are kept; a stream of another kind has no such limit.
import type { Duplex } from 'node:stream'

const limits = new WeakMap<Duplex, (bytes: number) => void>()

/** `set` is called with the new limit when `limitFrames` is. */
export function hasFrameLimit(stream: Duplex, set: (bytes: number) => void): void {
  limits.set(stream, set)
}

/** From now on up to `bytes` of an unfinished message are kept; Infinity: as many as the largest packet has. */
export function limitFrames(stream: Duplex, bytes: number): void {
  limits.get(stream)?.(bytes)
}
