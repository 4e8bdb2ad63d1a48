// The latency stretch by stretch of a run: times of one stretch have much in common, those of two far apart have not, so
// that chance is judged by stretches and not by single messages.
import { Histogram } from './histogram.js'

const finestMs = 250
const most = 128 // stretches; where a run is longer, two of them become one
const digits = 2 // memory: 27 KB each

export interface EncodedStretches {
  /** Milliseconds of each. */
  readonly ms: number
  /** HdrHistograms in base64; null where nothing came. */
  readonly latency: readonly (string | null)[]
}

export class Stretches {
  #ms = finestMs
  readonly #times: (Histogram | undefined)[] = []

  constructor(encoded?: EncodedStretches) {
    if (encoded === undefined) return
    this.#ms = encoded.ms
    this.#times = encoded.latency.map((text) => (text === null ? undefined : new Histogram(text, digits)))
  }

  /** Milliseconds of each. */
  get ms(): number {
    return this.#ms
  }

  /** In order; undefined where nothing came. */
  get times(): readonly (Histogram | undefined)[] {
    return this.#times
  }

  /** A latency, and when it was over: milliseconds from the start of what counts. */
  record(at: number, latency: number): void {
    let index = Math.max(0, Math.floor(at / this.#ms))
    while (index >= most) {
      this.#widen()
      index = Math.floor(at / this.#ms)
    }
    this.#at(index).record(latency)
  }

  /** Those of a run at the same time. */
  add(other: Stretches): void {
    while (this.#ms < other.#ms) this.#widen()
    while (other.#ms < this.#ms) other.#widen()
    for (const [index, times] of other.#times.entries()) if (times !== undefined) this.#at(index).add(times)
  }

  encode(): EncodedStretches {
    return { ms: this.#ms, latency: Array.from(this.#times, (times) => times?.encode() ?? null) }
  }

  #at(index: number): Histogram {
    while (this.#times.length <= index) this.#times.push(undefined)
    return (this.#times[index] ??= new Histogram(undefined, digits))
  }

  #widen(): void {
    this.#ms *= 2
    const before = this.#times.splice(0)
    for (const [index, times] of before.entries()) {
      if (times === undefined) continue
      const place = index >> 1
      while (this.#times.length <= place) this.#times.push(undefined)
      const first = this.#times[place]
      if (first === undefined) this.#times[place] = times
      else first.add(times)
    }
  }
}
