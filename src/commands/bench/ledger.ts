// What one subscriber has received of each publisher: which sequence numbers are missing, came twice, or came late.

/** Sequence numbers from `from` to before `to`. */
interface Gap {
  from: number
  to: number
}

/** Gaps of all publishers, and publishers, that one subscriber tells apart: beyond these a result is not exact. */
const mostGaps = 100_000
const mostPublishers = 100_000

/** How many more gaps may be kept. */
interface Room {
  left: number
}

/** One publisher's messages. Gaps are kept, not numbers; without room for another one, the oldest counts as lost. */
export class Sequence {
  /** The number after the largest that has come. */
  #next: number
  /** In order, not touching. */
  readonly #gaps: Gap[] = []
  readonly #room: Room
  /** Numbers of gaps that there was no room for. */
  #forgotten = 0
  received = 0
  duplicated = 0
  /** Came after a larger number. */
  reordered = 0

  constructor(first: number, room: Room = { left: mostGaps }) {
    this.#next = first
    this.#room = room
  }

  /** False: it has come before. */
  note(number: number): boolean {
    if (number >= this.#next) {
      if (number > this.#next) this.#open({ from: this.#next, to: number }, this.#gaps.length)
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
    let sum = this.#forgotten + Math.max(0, end - this.#next)
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
      this.#room.left++
    } else if (number === gap.from) gap.from++
    else if (number === gap.to - 1) gap.to--
    else {
      const rest = { from: number + 1, to: gap.to }
      gap.to = number
      this.#open(rest, index + 1)
    }
  }

  #open(gap: Gap, at: number): void {
    this.#gaps.splice(at, 0, gap)
    if (this.#room.left > 0) return void this.#room.left--
    const { from, to } = this.#gaps.shift()!
    this.#forgotten += to - from
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
  readonly #room: Room = { left: mostGaps }

  /**
   * @param first the smallest number that can come; without it, the first that does
   * @returns false where it has come before
   */
  note(publisher: string | number, number: number, first = number): boolean {
    let sequence = this.#publishers.get(publisher)
    if (sequence === undefined) {
      if (this.#publishers.size >= mostPublishers) return true
      sequence = new Sequence(first, this.#room)
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
