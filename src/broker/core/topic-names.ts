// A cache of valid Topic Names by their bytes: comparing bytes costs less than decoding and checking a name again.

const places = 256
const longest = 128 // bytes

interface Entry {
  readonly bytes: Uint8Array
  readonly topic: string
  /** Another topic with the same place was added since the last use. */
  contested: boolean
}

export class TopicNames {
  readonly #entries: (Entry | undefined)[] = new Array(places).fill(undefined)

  /** The Topic Name in `bytes` from `start` to `end`, if it is known. */
  get(bytes: Uint8Array, start: number, end: number): string | undefined {
    const entry = this.#entries[placeOf(bytes, start, end)]
    if (entry === undefined || entry.bytes.length !== end - start) return undefined
    const known = entry.bytes
    for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return undefined
    entry.contested = false
    return entry.topic
  }

  /** Replaces the topic in its place only if that one was not used since the previous attempt. */
  add(bytes: Uint8Array, start: number, end: number, topic: string): void {
    if (end - start > longest) return
    const place = placeOf(bytes, start, end)
    const entry = this.#entries[place]
    if (entry !== undefined && !entry.contested) {
      entry.contested = true
      return
    }
    this.#entries[place] = {
      bytes: Uint8Array.prototype.slice.call(bytes, start, end),
      topic,
      contested: false,
    }
  }
}

/** Hashes the length and the last 8 bytes, where topics differ most. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = Math.max(start, end - 8); i < end; i++) hash = (hash * 31 + bytes[i]!) | 0
  return hash & (places - 1)
}
