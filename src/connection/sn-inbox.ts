// Received datagrams in batches: after each, what was received is printed, and then acknowledged. While standard output is
// behind, messages and their registrations wait; what answers the client does not, so that it knows that the gateway is there.

/** Bytes of datagrams that wait; those beyond are dropped, as a full socket buffer does. */
const mostHeld = 16 * 1024 * 1024

/** REGISTER, PUBLISH and PUBREL, which are taken in their order (MsgType, 5.2.2). */
const waiting = new Set([0x0a, 0x0c, 0x10])

export interface InboxHandler {
  take(datagram: Buffer): void
  /** All datagrams of a batch were taken; the next batch waits for the promise. */
  batchEnd(): Promise<void> | undefined
  /** The promise has resolved, or there was none. */
  printed(): void
}

export class SnInbox {
  readonly #handler: InboxHandler
  #hasBatch = false
  #isHolding = false
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(handler: InboxHandler) {
    this.#handler = handler
  }

  push(datagram: Buffer): void {
    const type = datagram[0] === 1 ? datagram[3] : datagram[1]
    if (this.#isHolding && !waiting.has(type!)) return this.#handler.take(datagram)
    if (this.#isHolding) {
      if (this.#heldBytes + datagram.length > mostHeld) return
      this.#held.push(datagram)
      this.#heldBytes += datagram.length
      return
    }
    this.#handler.take(datagram)
    this.#endBatchSoon()
  }

  /** The connection is lost: what waits was sent on it. */
  clear(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  #endBatchSoon(): void {
    if (this.#hasBatch) return
    this.#hasBatch = true
    // What the system has already is read before this.
    setImmediate(() => this.#endBatch())
  }

  #endBatch(): void {
    this.#hasBatch = false
    const printed = this.#handler.batchEnd()
    if (printed === undefined) return this.#handler.printed()
    this.#isHolding = true
    // A failure is reported by the output; nothing is acknowledged after it.
    printed.then(
      () => this.#resume(),
      () => {},
    )
  }

  #resume(): void {
    this.#isHolding = false
    this.#handler.printed()
    if (this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const datagram of held) this.#handler.take(datagram)
    this.#endBatchSoon()
  }
}
