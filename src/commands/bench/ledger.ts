// What one subscriber has received of each publisher: which sequence numbers are missing, came twice, or came late.

/** Sequence numbers from `from` to before `to`. */
interface Gap {
  from: number
  to: number
}

/** One publisher's messages. Exact however much is missing: gaps are kept, not numbers. */
export class Sequence {
  /** The number after the largest that has come. */
  #next: number
  /** In order, not touching. */
  readonly #gaps: Gap[] = []
  received = 0
  duplicated = 0
  /** Came after a larger number. */
  reordered = 0

  constructor(first: number) {
    this.#next = first
  }

  /** False: it has come before. */
  note(number: number): boolean {
    if (number >= this.#next) {
      if (number > this.#next) this.#gaps.push({ from: this.#next, to: number })
      this.#next = number + 1
      this.received++
      return true
    }
    const index = this.#gapOf(number)
    if (index < 0) {
      this.duplicated++
      return false
    }
    this.#fill(index, number)
    this.received++
    this.reordered++
    return true
  }

  /** Numbers that have not come, up to before `end` or else up to the largest that has come. */
  lost(end = this.#next): number {
    let sum = Math.max(0, end - this.#next)
    for (const { from, to } of this.#gaps) sum += to - from
    return sum
  }

  #gapOf(number: number): number {
    let low = 0
    let high = this.#gaps.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const { from, to } = this.#gaps[middle]!
      if (number < from) high = middle - 1
      else if (number >= to) low = middle + 1
      else return middle
    }
    return -1
  }

  #fill(index: number, number: number): void {
    const gap = this.#gaps[index]!
    if (gap.to - gap.from === 1) this.#gaps.splice(index, 1)
    else if (number === gap.from) gap.from++
    else if (number === gap.to - 1) gap.to--
    else {
      this.#gaps.splice(index + 1, 0, { from: number + 1, to: gap.to })
      gap.to = number
    }
  }
}

export interface Findings {
  readonly received: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
}

/** All publishers as one subscriber has heard them. */
export class Ledger {
  readonly #publishers = new Map<string | number, Sequence>()

  /**
   * @param first the smallest number that can come; without it, the first that does
   * @returns false where it has come before
   */
  note(publisher: string | number, number: number, first = number): boolean {
    let sequence = this.#publishers.get(publisher)
    if (sequence === undefined) {
      sequence = new Sequence(first)
      this.#publishers.set(publisher, sequence)
    }
    return sequence.note(number)
  }

  /** `sent` tells how many messages, numbered from 0, each publisher has sent; undefined where nobody knows. */
  findings(sent?: ReadonlyMap<string | number, number>): Findings {
    const sum = { received: 0, lost: 0, duplicated: 0, reordered: 0 }
    for (const [publisher, sequence] of this.#publishers) {
      sum.received += sequence.received
      sum.duplicated += sequence.duplicated
      sum.reordered += sequence.reordered
      sum.lost += sequence.lost(sent?.get(publisher))
    }
    for (const [publisher, count] of sent ?? []) if (!this.#publishers.has(publisher)) sum.lost += count
    return sum
  }
}
