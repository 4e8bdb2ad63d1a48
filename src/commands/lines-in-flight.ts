// Maps the Packet Identifier of each message in flight to its input line.

const identifiers = 65_536

export class LinesInFlight {
  /** 0: Packet Identifier not in use. */
  readonly #lines = new Float64Array(identifiers)

  /** Records that `line` (from 1) was sent with `messageId`. */
  sent(messageId: number, line: number): void {
    this.#lines[messageId] = line
  }

  /** Removes an acknowledged message. Returns its line. */
  settled(messageId: number): number {
    const line = this.#lines[messageId]!
    this.#lines[messageId] = 0
    return line
  }

  /** The lowest line in flight, if any. Searches the whole table; called once, at the end of a run. */
  oldest(): number | undefined {
    let oldest = Number.POSITIVE_INFINITY
    for (const line of this.#lines) if (line > 0 && line < oldest) oldest = line
    return oldest === Number.POSITIVE_INFINITY ? undefined : oldest
  }
}
