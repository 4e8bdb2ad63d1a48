// The limit on an incomplete WebSocket message. Other streams have none.
import type { Duplex } from 'node:stream'

const limits = new WeakMap<Duplex, (bytes: number) => void>()

/** `limitFrames` on `stream` will call `set` with the new limit. */
export function hasFrameLimit(stream: Duplex, set: (bytes: number) => void): void {
  limits.set(stream, set)
}

/** Sets the limit in bytes; Infinity: the size of the largest packet. */
export function limitFrames(stream: Duplex, bytes: number): void {
  limits.get(stream)?.(bytes)
}
