// The clock of a run. Tests pass one that jumps from event to event.

export interface Clock {
  /** Milliseconds, monotonic, the same for all processes of a host. */
  now(): number
  /** Like setTimeout, but returns a cancel function. */
  after(ms: number, action: () => void): () => void
  /** Like setImmediate: runs `action` after pending I/O events. */
  soon(action: () => void): void
}

/**
 * performance.now() starts at 0 in each thread; hrtime is the same for the whole host. A pause between the two calls makes
 * a sample too small (by several milliseconds at the first call of performance.now()), so the largest one counts.
 */
const samples = Array.from({ length: 10 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now())
const offset = Math.max(...samples)

export const systemClock: Clock = {
  now: () => performance.now() + offset,
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
  soon: (action) => void setImmediate(action),
}
