// The limit on an incomplete WebSocket message. Other streams have none.
import type { Duplex } from 'node:stream'

/** A registered symbol: several bundles have a copy of this file. */
const key = Symbol.for('mqttx.frameLimit')

type Limited = Duplex & { [key]?: (bytes: number) => void }

/** `limitFrames` on `stream` will call `set` with the new limit. */
export function hasFrameLimit(stream: Duplex, set: (bytes: number) => void): void {
  Object.assign(stream, { [key]: set })
}

/** Sets the limit in bytes; Infinity: the size of the largest packet. */
export function limitFrames(stream: Limited, bytes: number): void {
  stream[key]?.(bytes)
}
