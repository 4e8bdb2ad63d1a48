// Received datagrams in batches: after each, what was received is printed, and then acknowledged. While standard output is
// behind, datagrams wait.

/** Bytes of datagrams that wait; those beyond are dropped, as a full socket buffer does. */
const mostHeld = 16 * 1024 * 1024

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
    if (this.#isHolding) {
      if (this.#heldBytes + datagram.length > mostHeld) return
      this.#held.push(datagram)
      this.#heldBytes += datagram.length
      return
    }
    this.#handler.take(datagram)
    this.#endBatchSoon()
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
