// A list of line numbers for a message: the first ten and a count of the others.

const most = 10

export class LineList {
  readonly #first: number[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(line: number): void {
    if (this.#count++ < most) this.#first.push(line)
  }

  /** `3, 5, 9 and 7 more` */
  get text(): string {
    const more = this.#count > most ? ` and ${this.#count - most} more` : ''
    return `${this.#first.join(', ')}${more}`
  }
}
