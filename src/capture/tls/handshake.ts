// Splits TLS records into handshake messages (RFC 8446, 4). A record may hold several, and a message several records.

/** Bytes of a message that is read. RFC 8446 allows 16 MiB; a ClientHello or ServerHello has up to about 2 KiB. */
const maxKept = 16 * 1024

export interface HandshakeMessage {
  readonly type: number
  /** Without the header; empty if the message is too large. */
  readonly body: Buffer
}

export class HandshakeReader {
  #bytes: Buffer = Buffer.alloc(0)
  /** Bytes of a large message that are skipped. */
  #skip = 0

  /** Bytes of an incomplete message. */
  get waiting(): number {
    return this.#bytes.length
  }

  reset(): void {
    this.#bytes = Buffer.alloc(0)
    this.#skip = 0
  }

  *push(fragment: Uint8Array): Generator<HandshakeMessage> {
    const skipped = Math.min(this.#skip, fragment.length)
    this.#skip -= skipped
    this.#bytes = Buffer.concat([this.#bytes, fragment.subarray(skipped)])
    while (this.#bytes.length >= 4) {
      const type = this.#bytes[0]!
      const length = this.#bytes.readUIntBE(1, 3)
      const end = 4 + length
      if (length > maxKept) {
        this.#skip = Math.max(0, end - this.#bytes.length)
        this.#bytes = this.#bytes.subarray(Math.min(end, this.#bytes.length))
        yield { type, body: Buffer.alloc(0) }
        continue
      }
      if (this.#bytes.length < end) return
      const body = this.#bytes.subarray(4, end)
      this.#bytes = this.#bytes.subarray(end)
      yield { type, body }
    }
  }
}
