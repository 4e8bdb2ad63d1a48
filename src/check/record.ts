// What has passed on the connections of one exchange, kept to be shown.

export type Side = 'c2s' | 's2c'

export interface RecordedBytes {
  /** Number of the connection, from 1. */
  readonly connection: number
  readonly side: Side
  readonly bytes: Buffer
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Bytes that a record keeps; of what follows only the number is kept. */
const mostBytes = 256 * 1024

export class Record {
  readonly events: RecordedBytes[] = []
  /** Bytes that were not kept. */
  left = 0
  #kept = 0

  add(connection: number, side: Side, bytes: Uint8Array): void {
    if (this.#kept + bytes.length > mostBytes) {
      this.left += bytes.length
      return
    }
    this.#kept += bytes.length
    const at = performance.timeOrigin + performance.now()
    this.events.push({ connection, side, bytes: Buffer.from(bytes), at })
  }
}
