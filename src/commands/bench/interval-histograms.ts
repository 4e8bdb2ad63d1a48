// Latency histograms of consecutive intervals of a run. Messages within an interval are correlated, so `bench compare`
// resamples intervals instead of messages.
import { LatencyHistogram } from '../latency-histogram.js'

const shortestMs = 250
const maxIntervals = 128 // in a longer run, pairs of intervals are merged
const digits = 2 // 27 KB of memory each

export interface EncodedIntervals {
  /** Length of an interval in milliseconds. */
  readonly ms: number
  /** HdrHistograms in base64; null for an empty interval. */
  readonly latency: readonly (string | null)[]
}

export class IntervalHistograms {
  #ms = shortestMs
  readonly #histograms: (LatencyHistogram | undefined)[] = []

  constructor(encoded?: EncodedIntervals) {
    if (encoded === undefined) return
    this.#ms = encoded.ms
    this.#histograms = encoded.latency.map((text) =>
      text === null ? undefined : new LatencyHistogram(text, digits),
    )
  }

  /** Length of an interval in milliseconds. */
  get ms(): number {
    return this.#ms
  }

  /** In order; undefined for an empty interval. */
  get histograms(): readonly (LatencyHistogram | undefined)[] {
    return this.#histograms
  }

  /** Records a latency of a message that completed `at` milliseconds after the start of the measurement. */
  record(at: number, latency: number): void {
    let index = Math.max(0, Math.floor(at / this.#ms))
    while (index >= maxIntervals) {
      this.#mergePairs()
      index = Math.floor(at / this.#ms)
    }
    this.#at(index).record(latency)
  }

  /** Adds the histograms of a run at the same time (a thread or shard). */
  add(other: IntervalHistograms): void {
    while (this.#ms < other.#ms) this.#mergePairs()
    while (other.#ms < this.#ms) other.#mergePairs()
    for (const [index, times] of other.#histograms.entries())
      if (times !== undefined) this.#at(index).add(times)
  }

  encode(): EncodedIntervals {
    return { ms: this.#ms, latency: Array.from(this.#histograms, (times) => times?.encode() ?? null) }
  }

  #at(index: number): LatencyHistogram {
    while (this.#histograms.length <= index) this.#histograms.push(undefined)
    return (this.#histograms[index] ??= new LatencyHistogram(undefined, digits))
  }

  #mergePairs(): void {
    this.#ms *= 2
    const before = this.#histograms.splice(0)
    for (const [index, times] of before.entries()) {
      if (times === undefined) continue
      const place = index >> 1
      while (this.#histograms.length <= place) this.#histograms.push(undefined)
      const first = this.#histograms[place]
      if (first === undefined) this.#histograms[place] = times
      else first.add(times)
    }
  }
}
