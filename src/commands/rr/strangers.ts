// Messages on the Response Topic that are no answer to us: counted, because they explain an answer that never came.

export class Strangers {
  #retained = 0
  #foreign = 0

  retained(): void {
    this.#retained++
  }

  foreign(): void {
    this.#foreign++
  }

  /** For a hint; undefined where there were none. */
  get text(): string | undefined {
    const parts: string[] = []
    if (this.#retained > 0) parts.push(`${this.#retained} retained`)
    if (this.#foreign > 0) parts.push(`${this.#foreign} without the Correlation Data of a waiting request`)
    return parts.length === 0
      ? undefined
      : `messages on the response topic that count for none: ${parts.join(', ')}`
  }
}
