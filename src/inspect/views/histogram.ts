// Percentiles of durations in constant memory: 32 buckets for each power of two, so values are exact to about 2 %.

const perOctave = 32
const octaves = 64

export class Histogram {
  readonly #buckets = new Uint32Array(perOctave * octaves)
  #count = 0
  #longest = 0

  get count(): number {
    return this.#count
  }

  add(nanoseconds: number): void {
    this.#count++
    if (nanoseconds > this.#longest) this.#longest = nanoseconds
    const bucket = Math.min(perOctave * octaves - 1, Math.floor(Math.log2(nanoseconds + 1) * perOctave))
    this.#buckets[bucket]!++
  }

  /** The `percent`th percentile in nanoseconds: the middle of its bucket. */
  percentile(percent: number): number {
    if (percent >= 100) return this.#longest
    const wanted = (this.#count * percent) / 100
    let seen = 0
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      seen += this.#buckets[bucket]!
      if (seen >= wanted && seen > 0) return Math.min(2 ** ((bucket + 0.5) / perOctave) - 1, this.#longest)
    }
    return this.#longest
  }
}
