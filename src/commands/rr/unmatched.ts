// Counts messages on the Response Topic that matched no request, for the hint of a missing answer.

export class UnmatchedMessages {
  #retained = 0
  #foreign = 0
  #bare = 0

  retained(): void {
    this.#retained++
  }

  /** Its Correlation Data matches no waiting request. */
  foreign(): void {
    this.#foreign++
  }

  /** No Correlation Data, while several requests were waiting. */
  bare(): void {
    this.#bare++
  }

  /** The hint; undefined if there were none. */
  get text(): string | undefined {
    const parts: string[] = []
    if (this.#retained > 0) parts.push(`${this.#retained} retained`)
    if (this.#foreign > 0) parts.push(`${this.#foreign} with other Correlation Data`)
    if (this.#bare > 0) parts.push(`${this.#bare} without Correlation Data (-M 1 accepts them)`)
    if (parts.length === 0) return undefined
    return `ignored messages on the response topic: ${parts.join(', ')}`
  }
}
