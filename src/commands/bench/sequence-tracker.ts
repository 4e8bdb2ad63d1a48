// Tracks the sequence numbers that one subscriber receives: which are missing, duplicated or out of order.

/** Missing sequence numbers: `from` to `to` - 1. */
interface Gap {
  from: number
  to: number
}

/** Limits of one subscriber; beyond them a result is not exact. */
const maxGaps = 100_000
const maxPublishers = 100_000

/** How many more gaps may be stored; shared by all publishers of a subscriber. */
interface GapBudget {
  left: number
}

/** The messages of one publisher. Stores gaps, not numbers; when the budget is used up, the oldest gap counts as lost. */
export class PublisherSequence {
  /** One more than the largest number received. */
  #next: number
  /** Ascending, not adjacent. */
  readonly #gaps: Gap[] = []
  readonly #budget: GapBudget
  /** Numbers in gaps that were discarded. */
  #discarded = 0
  received = 0
  duplicated = 0
  /** Received after a larger number. */
  reordered = 0

  constructor(first: number, budget: GapBudget = { left: maxGaps }) {
    this.#next = first
    this.#budget = budget
  }

  /** False: a duplicate. */
  note(number: number): boolean {
    if (number >= this.#next) {
      if (number > this.#next) this.#insert({ from: this.#next, to: number }, this.#gaps.length)
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

  /** Missing numbers below `end`, by default below the largest received. */
  lost(end = this.#next): number {
    let sum = this.#discarded + Math.max(0, end - this.#next)
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
    if (gap.to - gap.from === 1) {
      this.#gaps.splice(index, 1)
      this.#budget.left++
    } else if (number === gap.from) gap.from++
    else if (number === gap.to - 1) gap.to--
    else {
      const rest = { from: number + 1, to: gap.to }
      gap.to = number
      this.#insert(rest, index + 1)
    }
  }

  #insert(gap: Gap, at: number): void {
    this.#gaps.splice(at, 0, gap)
    if (this.#budget.left > 0) return void this.#budget.left--
    const { from, to } = this.#gaps.shift()!
    this.#discarded += to - from
  }
}

export interface DeliveryCounts {
  readonly received: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
}

/** All publishers that one subscriber receives from. */
export class SequenceTracker {
  readonly #publishers = new Map<string | number, PublisherSequence>()
  readonly #budget: GapBudget = { left: maxGaps }

  /**
   * @param first the smallest number that can arrive; by default that of the first message
   * @returns false for a duplicate
   */
  note(publisher: string | number, number: number, first = number): boolean {
    let sequence = this.#publishers.get(publisher)
    if (sequence === undefined) {
      if (this.#publishers.size >= maxPublishers) return true
      sequence = new PublisherSequence(first, this.#budget)
      this.#publishers.set(publisher, sequence)
    }
    return sequence.note(number)
  }

  /** `sent`: how many messages, numbered from 0, each publisher has sent; undefined if not known. */
  totals(sent?: ReadonlyMap<string | number, number>): DeliveryCounts {
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
