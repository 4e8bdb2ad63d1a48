// The line of the input that each message in flight came from, by Packet Identifier.

const identifiers = 65_536

export class LinesInFlight {
  /** 0: nothing is in flight under this Packet Identifier. */
  readonly #lines = new Float64Array(identifiers)

  /** The message of `line` (from 1) has been sent under `messageId`. */
  sent(messageId: number, line: number): void {
    this.#lines[messageId] = line
  }

  /** The server has answered it. Returns its line. */
  settled(messageId: number): number {
    const line = this.#lines[messageId]!
    this.#lines[messageId] = 0
    return line
  }

  /** The lowest line in flight; undefined when there is none. Searches the whole table: for the end of a run. */
  oldest(): number | undefined {
    let oldest = Number.POSITIVE_INFINITY
    for (const line of this.#lines) if (line > 0 && line < oldest) oldest = line
    return oldest === Number.POSITIVE_INFINITY ? undefined : oldest
  }
}
