// Times as a HdrHistogram: three significant digits from a microsecond to an hour, joined without loss.
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type JsHistogram,
} from 'hdr-histogram-js'

const plainDigits = 3
const hourInUs = 3_600_000_000

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly p9999: number
  readonly p99999: number
  readonly max: number
}

export class Histogram {
  readonly #counts: JsHistogram
  /** Bits of a value that are kept. */
  readonly #bits: number

  /** @param digits significant ones: 3 take 200 KB of memory, 2 take 27 KB */
  constructor(encoded?: string, digits: 2 | 3 = plainDigits) {
    const whole = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: hourInUs,
      numberOfSignificantValueDigits: digits,
      autoResize: false,
      bitBucketSize: 64,
    })
    if (encoded !== undefined) whole.add(decodeFromCompressedBase64(encoded, 64))
    this.#counts = whole as JsHistogram // it is one wherever WebAssembly is not asked for
    this.#bits = this.#counts.subBucketHalfCountMagnitude + 1
  }

  get count(): number {
    return this.#counts.totalCount
  }

  /** Times below a microsecond count as one, above an hour as an hour. */
  record(ms: number): void {
    const us = Math.min(hourInUs, Math.max(1, Math.round(ms * 1000)))
    // The library's own way finds the same place by powers and logarithms, which was a tenth of a bench at full speed.
    const counts = this.#counts
    const bits = this.#bits
    const shift = 32 - bits - Math.clz32(us | ((1 << bits) - 1))
    counts.incrementCountAtIndex((shift << (bits - 1)) + (us >>> shift))
    counts.incrementTotalCount()
    if (us > counts.maxValue) counts.maxValue = us
    if (us < counts.minNonZeroValue) counts.minNonZeroValue = us
  }

  add(other: Histogram): void {
    this.#counts.add(other.#counts)
  }

  /** Milliseconds; 0 where nothing was recorded. */
  at(percentile: number): number {
    return this.count === 0 ? 0 : this.#counts.getValueAtPercentile(percentile) / 1000
  }

  /** Undefined where nothing was recorded: no figure is not a figure of 0. */
  percentiles(): Percentiles | undefined {
    if (this.count === 0) return undefined
    return {
      p50: this.at(50),
      p90: this.at(90),
      p99: this.at(99),
      p999: this.at(99.9),
      p9999: this.at(99.99),
      p99999: this.at(99.999),
      max: this.at(100),
    }
  }

  /** Each time that was recorded, in milliseconds, and how often; in order. */
  *recorded(): Generator<readonly [ms: number, count: number]> {
    const counts = this.#counts
    let left = counts.totalCount
    for (let index = 0; left > 0; index++) {
      const count = counts.getCountAtIndex(index)
      if (count === 0) continue
      left -= count
      yield [counts.highestEquivalentValue(counts.valueFromIndex(index)) / 1000, count]
    }
  }

  /** HdrHistogram's own form, V2 compressed, in base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#counts)
  }

  /** The percentile distribution that HdrHistogram's plotters read, in milliseconds. */
  distribution(): string {
    return this.#counts.outputPercentileDistribution(5, 1000)
  }
}
