// The circular block bootstrap: how much a figure of a run varies by chance. Intervals of the run are drawn with
// replacement, in blocks of neighbours because these are correlated, and the figure is calculated for each draw.
import type { LatencyHistogram } from '../latency-histogram.js'
import { randomNumbers } from './random.js'

const draws = 2000
/** With fewer intervals there is no estimate. */
export const minParts = 8

/** Yields `draws` samples: the indexes of the drawn parts. */
function* resample(parts: number, seed: number): Generator<Uint32Array> {
  const next = randomNumbers(seed)
  const block = Math.ceil(2 * parts ** (1 / 3)) // twice the usual length, as stalls span many intervals
  const draw = new Uint32Array(parts)
  for (let turn = 0; turn < draws; turn++) {
    for (let at = 0; at < parts; ) {
      const start = Math.floor(next() * parts)
      for (let step = 0; step < block && at < parts; step++) draw[at++] = (start + step) % parts
    }
    yield draw
  }
}

/** The mean of `counts` in each draw; undefined for fewer than `minParts`. */
export function resampledMeans(counts: readonly number[], seed: number): number[] | undefined {
  if (counts.length < minParts) return undefined
  const means: number[] = []
  for (const draw of resample(counts.length, seed)) {
    let sum = 0
    for (const part of draw) sum += counts[part]!
    means.push(sum / counts.length)
  }
  return means
}

/** For each of `percentiles` a list with its value in each draw; undefined for fewer than `minParts`. */
export function resampledPercentiles(
  parts: readonly (LatencyHistogram | undefined)[],
  percentiles: readonly number[],
  seed: number,
): number[][] | undefined {
  if (parts.filter((part) => part !== undefined).length < minParts) return undefined
  const lists = parts.map((part) => (part === undefined ? [] : [...part.recorded()]))
  const values = [...new Set(lists.flat().map(([ms]) => ms))].sort((a, b) => a - b)
  const places = new Map(values.map((value, place) => [value, place]))
  // typed arrays: the inner loop runs some 100,000 times
  const placeLists = lists.map((list) => Int32Array.from(list, ([ms]) => places.get(ms)!))
  const countLists = lists.map((list) => Float64Array.from(list, ([, count]) => count))
  const found = percentiles.map((): number[] => [])
  const sums = new Float64Array(values.length)
  for (const draw of resample(parts.length, seed)) {
    sums.fill(0)
    let total = 0
    for (const part of draw) {
      const [placesOf, countsOf] = [placeLists[part]!, countLists[part]!]
      for (let index = 0; index < placesOf.length; index++) {
        sums[placesOf[index]!]! += countsOf[index]!
        total += countsOf[index]!
      }
    }
    if (total === 0) continue // only empty intervals
    let below = 0
    let place = -1
    for (const [index, percentile] of percentiles.entries()) {
      const wanted = Math.max(1, Math.ceil((percentile / 100) * total - 1e-9))
      while (below < wanted) below += sums[++place]!
      found[index]!.push(values[Math.max(0, place)]!)
    }
  }
  return found
}

export interface Range {
  readonly low: number
  readonly high: number
}

/** The central interval with `share` of the quotients over / under of independent draws. */
export function quotientRange(over: readonly number[], under: readonly number[], share: number): Range {
  const count = Math.min(over.length, under.length)
  const quotients = Array.from({ length: count }, (_, draw) => over[draw]! / under[draw]!).sort(
    (a, b) => a - b,
  )
  const beyond = (1 - share) / 2
  const at = (part: number) => quotients[Math.min(count - 1, Math.max(0, Math.round(part * (count - 1))))]!
  return { low: at(beyond), high: at(1 - beyond) }
}
