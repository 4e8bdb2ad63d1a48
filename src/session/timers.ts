// Deadlines in a binary heap: setting, moving and clearing one costs O(log n), reading the next one nothing.

/** Runs once at a time. It may be set again, also while it runs. */
export class Timer {
  readonly run: (now: number) => void
  /** When it is due, in milliseconds; Infinity once it has been cleared. */
  at = Number.POSITIVE_INFINITY
  /** Its place in the heap; -1 while it is not set. */
  index = -1

  constructor(run: (now: number) => void) {
    this.run = run
  }
}

export class Timers {
  readonly #heap: Timer[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When `run` is to be called next; Infinity if no timer is set. */
  deadline(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Sets `timer`, or moves it. */
  set(timer: Timer, at: number): void {
    timer.at = at
    if (timer.index < 0) {
      timer.index = this.#heap.length
      this.#heap.push(timer)
    }
    this.#up(timer)
    this.#down(timer)
  }

  clear(timer: Timer): void {
    timer.at = Number.POSITIVE_INFINITY
    this.#remove(timer)
  }

  #remove(timer: Timer): void {
    const { index } = timer
    if (index < 0) return
    timer.index = -1
    const last = this.#heap.pop()!
    if (last === timer) return
    this.#heap[index] = last
    last.index = index
    this.#up(last)
    this.#down(last)
  }

  /** Runs all timers that are due at `now`, the earliest first. A timer that is set meanwhile waits for the next call. */
  run(now: number): void {
    const due: Timer[] = []
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#remove(first)
      due.push(first)
    }
    // One that an earlier one has set again or cleared is not run.
    for (const timer of due) if (timer.index < 0 && timer.at <= now) timer.run(now)
  }

  #up(timer: Timer): void {
    const heap = this.#heap
    let { index } = timer
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]!
      if (parent.at <= timer.at) break
      heap[index] = parent
      parent.index = index
      index = above
    }
    heap[index] = timer
    timer.index = index
  }

  #down(timer: Timer): void {
    const heap = this.#heap
    let { index } = timer
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && heap[below + 1]!.at < heap[below]!.at) below++
      const child = heap[below]!
      if (child.at >= timer.at) break
      heap[index] = child
      child.index = index
      index = below
    }
    heap[index] = timer
    timer.index = index
  }
}
