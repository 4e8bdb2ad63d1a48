// What clients have published lately, found again by topic and content. Two tables of numbers of a fixed size, of which
// the older is emptied when the newer is full: no object a message, and no more memory after millions of them.
import type { PropertyBag } from '../properties.js'

const slots = 8192
const most = slots / 4

/** What is said of a publication in `flags`; the lowest two bits are its QoS. */
export const publication = {
  qos: 3,
  /** The same content was published again as another message: which one is delivered cannot be told. */
  repeated: 4,
  /** Sent again with DUP. */
  resent: 8,
  /** Sent again with DUP at QoS 2 before its PUBREL: must be delivered onward once [MQTT-4.3.3-10]. */
  resentInExchange: 16,
  /** Its connection was not seen from the beginning on without holes. */
  unsure: 32,
  /** Came back to its publisher, which had asked for No Local. */
  echoed: 64,
} as const

/** A table of publications: column by column, found by open addressing. */
export class Generation {
  readonly print = new Int32Array(slots)
  readonly topic = new Int32Array(slots)
  readonly sequence = new Int32Array(slots)
  /** A bit for each subscriber that it was delivered to. */
  readonly received = new Int32Array(slots)
  readonly flags = new Uint8Array(slots)
  readonly identifier = new Uint16Array(slots)
  readonly connection = new Float64Array(slots)
  readonly number = new Float64Array(slots)
  readonly properties: (PropertyBag | undefined)[] = new Array(slots).fill(undefined)
  count = 0

  /** The place of a publication, or the free one where it would be. */
  place(print: number, topic: number): number {
    let at = (print ^ Math.imul(topic, 0x9e3779b1)) & (slots - 1)
    while (this.print[at] !== 0 && (this.print[at] !== print || this.topic[at] !== topic)) {
      at = (at + 1) & (slots - 1)
    }
    return at
  }

  clear(): void {
    this.print.fill(0)
    this.properties.fill(undefined)
    this.count = 0
  }
}

export class Publications {
  #new = new Generation()
  #old = new Generation()
  /** What `find` or `add` came to. */
  table = this.#new
  at = 0

  /** True where this content was published; `table` and `at` tell where it is. */
  find(print: number, topic: number): boolean {
    return this.#isIn(this.#new, print, topic) || this.#isIn(this.#old, print, topic)
  }

  #isIn(table: Generation, print: number, topic: number): boolean {
    const at = table.place(print, topic)
    if (table.print[at] === 0) return false
    this.table = table
    this.at = at
    return true
  }

  /** A place for what `find` did not find, with its key filled in and everything else empty. */
  add(print: number, topic: number): void {
    if (this.#new.count >= most) {
      ;[this.#new, this.#old] = [this.#old, this.#new]
      this.#new.clear()
    }
    const table = this.#new
    const at = table.place(print, topic)
    table.count++
    table.print[at] = print
    table.topic[at] = topic
    table.received[at] = 0
    this.table = table
    this.at = at
  }

  /** A subscriber has gone; its bit will stand for another. */
  forget(bit: number): void {
    for (const { received } of [this.#new, this.#old]) {
      for (let i = 0; i < slots; i++) received[i]! &= ~bit
    }
  }
}
