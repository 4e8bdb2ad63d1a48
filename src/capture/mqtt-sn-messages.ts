// Splits a byte stream into MQTT-SN messages, each of which begins with its length.

/** Bytes of a header with a three-byte length, and the type (MQTT-SN 1.2, 5.2.1). */
const longHeader = 4

/** Takes the bytes of one direction and emits one message at a time. `flush` emits an incomplete last message. */
export class MqttSnMessages<Place> {
  readonly #emit: (message: Buffer, place: Place) => void
  #rest: Buffer[] = []
  #length = 0
  #wanted = 0
  #place: Place | undefined

  constructor(emit: (message: Buffer, place: Place) => void) {
    this.#emit = emit
  }

  /** `place` is that of the bytes; a message gets the place of its first byte. */
  push(bytes: Buffer, place: Place): void {
    if (this.#length === 0) this.#place = place
    this.#rest.push(bytes)
    this.#length += bytes.length
    while (this.#length > 0 && this.#length >= this.#wanted) {
      const all = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
      this.#rest = [all]
      this.#wanted = lengthOf(all)
      if (this.#length < this.#wanted) return
      this.#take(this.#wanted)
      this.#place = place
    }
  }

  /** Emits the bytes of an incomplete message. */
  flush(): void {
    if (this.#length === 0) return
    this.#rest = [Buffer.concat(this.#rest)]
    this.#take(this.#length)
  }

  #take(length: number): void {
    const [all] = this.#rest as [Buffer]
    this.#rest = length < all.length ? [all.subarray(length)] : []
    this.#length -= length
    this.#wanted = 0
    this.#emit(all.subarray(0, length), this.#place as Place)
  }
}

/** The messages in `bytes`; the last may be incomplete. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  const messages = new MqttSnMessages<undefined>((message) => found.push(message))
  messages.push(bytes, undefined)
  messages.flush()
  return found
}

/** Type of the header that a forwarder puts before a message; its length excludes the message (5.5). */
const encapsulated = 0xfe
/** Forwarder headers of one message. */
const maxForwarders = 4

/** The length of the message at the start of `bytes`; more than `bytes` has if it is incomplete. */
function lengthOf(bytes: Buffer): number {
  let end = 0
  for (let forwarders = 0; forwarders <= maxForwarders; forwarders++) {
    const long = bytes[end] === 1
    const header = long ? longHeader : 2
    if (bytes.length < end + header) return end + header
    const type = bytes[end + header - 1]
    end += Math.max(long ? bytes.readUInt16BE(end + 1) : bytes[end]!, header)
    if (type !== encapsulated) break
  }
  return end
}
