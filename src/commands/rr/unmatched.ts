// Messages on the Response Topic that were not taken for an answer: counted, to explain an answer that never came.

export class UnmatchedMessages {
  #retained = 0
  #foreign = 0
  #bare = 0

  retained(): void {
    this.#retained++
  }

  /** With Correlation Data of no waiting request. */
  foreign(): void {
    this.#foreign++
  }

  /** Without Correlation Data, while several requests waited. */
  bare(): void {
    this.#bare++
  }

  /** For a hint; undefined where there were none. */
  get text(): string | undefined {
    const parts: string[] = []
    if (this.#retained > 0) parts.push(`${this.#retained} retained`)
    if (this.#foreign > 0) parts.push(`${this.#foreign} with other Correlation Data`)
    if (this.#bare > 0) parts.push(`${this.#bare} without Correlation Data (-M 1 takes them)`)
    if (parts.length === 0) return undefined
    return `messages on the response topic that were not taken for an answer: ${parts.join(', ')}`
  }
}
