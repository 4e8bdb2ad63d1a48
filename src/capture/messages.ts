// Messages of MQTT-SN in bytes that no network divides into datagrams: each begins with its length.

/** With a length of three bytes and the type (MQTT-SN 1.2, 5.2.1). */
const longHeader = 4

/** Bytes of one direction in, a message at a time out. What is after the last whole message is passed on by `flush`. */
export class Messages<Place> {
  readonly #emit: (message: Buffer, place: Place) => void
  #rest: Buffer[] = []
  #length = 0
  #wanted = 0
  #place: Place | undefined

  constructor(emit: (message: Buffer, place: Place) => void) {
    this.#emit = emit
  }

  /** `place` is where the bytes are; a message has that of its first byte. */
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

  /** Passes on what there is of a message that is not whole. */
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

/** The messages in `bytes`; the last may not be whole. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  const messages = new Messages<undefined>((message) => found.push(message))
  messages.push(bytes, undefined)
  messages.flush()
  return found
}

/** The type of what a forwarder puts before a message; its length does not count the message (5.5). */
const encapsulated = 0xfe
/** So many forwarders may have handed a message on. */
const maxForwarders = 4

/** How many bytes the message at the start of `bytes` has; more than there are where it goes on. */
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
