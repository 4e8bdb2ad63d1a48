// Bytes on their way to a client, in pieces: small ones together, large ones apart, so that progress shows.
import type { Duplex } from 'node:stream'

/** Small enough that even over a slow connection progress shows before the client is called stalled. */
const pieceSize = 64 * 1024

export class Outbox {
  readonly #stream: Duplex
  readonly #taken: (bytes: number) => void
  #chunks: Uint8Array[] = []
  #writing = false

  /** `taken` is called when the system has taken so many more bytes. */
  constructor(stream: Duplex, taken: (bytes: number) => void) {
    this.#stream = stream
    this.#taken = taken
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.#pump()
  }

  /** What has not been written yet, which is then no longer ours. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#chunks)
    this.#chunks = []
    return rest
  }

  /** Writes one piece; the next when it is gone. */
  #pump(): void {
    if (this.#writing || this.#chunks.length === 0 || this.#stream.destroyed) return
    const piece = this.#nextPiece()
    this.#writing = true
    this.#stream.write(piece, (error) => {
      this.#writing = false
      if (error) return // 'close' follows
      this.#taken(piece.length)
      this.#pump()
    })
  }

  #nextPiece(): Uint8Array {
    const [first] = this.#chunks
    if (first!.length > pieceSize) {
      this.#chunks[0] = first!.subarray(pieceSize)
      return first!.subarray(0, pieceSize)
    }
    let count = 0
    let size = 0
    for (const { length } of this.#chunks) {
      if (size + length > pieceSize) break
      size += length
      count++
    }
    const parts = this.#chunks.splice(0, count)
    return count === 1 ? first! : Buffer.concat(parts, size)
  }
}
