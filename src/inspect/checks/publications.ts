// Recent publications, looked up by topic and content hash. Two tables of fixed size: when the newer is full, the older is
// cleared and takes its place. Typed arrays avoid an object for each message.
import type { PropertyBag } from '../properties.js'

const slots = 8192
const most = slots / 4

/** Bits of `flags`; the lowest two bits are the QoS. */
export const publication = {
  qos: 3,
  /** The same content was published again as another message: deliveries are ambiguous. */
  repeated: 4,
  /** Resent with DUP. */
  resent: 8,
  /** Resent with DUP at QoS 2 before PUBREL: must be delivered onward once [MQTT-4.3.3-10]. */
  resentInExchange: 16,
  /** Its connection was not captured completely from the start. */
  unsure: 32,
  /** Delivered to its publisher in spite of No Local. */
  echoed: 64,
} as const

/** A hash table of publications with open addressing, stored by column. */
export class Generation {
  readonly hash = new Int32Array(slots)
  readonly topic = new Int32Array(slots)
  readonly sequence = new Int32Array(slots)
  /** One bit for each subscriber that received the publication. */
  readonly received = new Int32Array(slots)
  readonly flags = new Uint8Array(slots)
  readonly identifier = new Uint16Array(slots)
  readonly connection = new Float64Array(slots)
  readonly number = new Float64Array(slots)
  readonly properties: (PropertyBag | undefined)[] = new Array(slots).fill(undefined)
  count = 0

  /** The slot of a publication, or the free slot for it. */
  slot(hash: number, topic: number): number {
    let at = (hash ^ Math.imul(topic, 0x9e3779b1)) & (slots - 1)
    while (this.hash[at] !== 0 && (this.hash[at] !== hash || this.topic[at] !== topic)) {
      at = (at + 1) & (slots - 1)
    }
    return at
  }

  clear(): void {
    this.hash.fill(0)
    this.properties.fill(undefined)
    this.count = 0
  }
}

export class Publications {
  #new = new Generation()
  #old = new Generation()
  /** Result of the last successful `find`, or of `add`. */
  table = this.#new
  at = 0

  /** True if this content was published; `table` and `at` are then its position. */
  find(hash: number, topic: number): boolean {
    return this.#isIn(this.#new, hash, topic) || this.#isIn(this.#old, hash, topic)
  }

  #isIn(table: Generation, hash: number, topic: number): boolean {
    const at = table.slot(hash, topic)
    if (table.hash[at] === 0) return false
    this.table = table
    this.at = at
    return true
  }

  /** Adds a publication that `find` did not find. Sets its key and clears `received`; the caller sets the other columns. */
  add(hash: number, topic: number): void {
    if (this.#new.count >= most) {
      ;[this.#new, this.#old] = [this.#old, this.#new]
      this.#new.clear()
    }
    const table = this.#new
    const at = table.slot(hash, topic)
    table.count++
    table.hash[at] = hash
    table.topic[at] = topic
    table.received[at] = 0
    this.table = table
    this.at = at
  }

  /** Clears the bit of a subscriber that has disconnected; another will use it. */
  forget(bit: number): void {
    for (const { received } of [this.#new, this.#old]) {
      for (let i = 0; i < slots; i++) received[i]! &= ~bit
    }
  }
}
