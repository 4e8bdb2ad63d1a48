// How far two figures of two runs have to differ before chance does not explain it: the circular block bootstrap. Stretches
// of a run are drawn again, some neighbours at a time because what happens in one goes on in the next, and each figure is
// worked out from the draw; the range in which it falls is that of chance.
import type { Histogram } from './histogram.js'
import { randomNumbers } from './random.js'

const draws = 2000
/** Fewer stretches than this say too little about chance. */
export const fewest = 8

/** The parts of a run drawn again, `draws` times: each draw is the numbers of the parts. */
function* drawn(parts: number, seed: number): Generator<Uint32Array> {
  const next = randomNumbers(seed)
  const together = Math.ceil(2 * parts ** (1 / 3)) // twice the usual length: stalls go on
  const draw = new Uint32Array(parts)
  for (let turn = 0; turn < draws; turn++) {
    for (let at = 0; at < parts; ) {
      const start = Math.floor(next() * parts)
      for (let step = 0; step < together && at < parts; step++) draw[at++] = (start + step) % parts
    }
    yield draw
  }
}

/** The mean of `counts` in each draw; undefined where there are too few. */
export function meansOf(counts: readonly number[], seed: number): number[] | undefined {
  if (counts.length < fewest) return undefined
  const means: number[] = []
  for (const draw of drawn(counts.length, seed)) {
    let sum = 0
    for (const part of draw) sum += counts[part]!
    means.push(sum / counts.length)
  }
  return means
}

/** The percentiles of the latency in each draw, one list for each of `percentiles`; undefined where there are too few. */
export function percentilesOf(
  parts: readonly (Histogram | undefined)[],
  percentiles: readonly number[],
  seed: number,
): number[][] | undefined {
  if (parts.filter((part) => part !== undefined).length < fewest) return undefined
  const lists = parts.map((part) => (part === undefined ? [] : [...part.recorded()]))
  const values = [...new Set(lists.flat().map(([ms]) => ms))].sort((a, b) => a - b)
  const places = new Map(values.map((value, place) => [value, place]))
  // flat arrays: this is gone through some hundred thousand times
  const where = lists.map((list) => Int32Array.from(list, ([ms]) => places.get(ms)!))
  const often = lists.map((list) => Float64Array.from(list, ([, count]) => count))
  const found = percentiles.map((): number[] => [])
  const sums = new Float64Array(values.length)
  for (const draw of drawn(parts.length, seed)) {
    sums.fill(0)
    let total = 0
    for (const part of draw) {
      const [whereOf, oftenOf] = [where[part]!, often[part]!]
      for (let index = 0; index < whereOf.length; index++) {
        sums[whereOf[index]!]! += oftenOf[index]!
        total += oftenOf[index]!
      }
    }
    if (total === 0) continue // stretches in which nothing came
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

/** Where `share` of the quotients of independent draws lie. */
export function rangeOfQuotients(over: readonly number[], under: readonly number[], share: number): Range {
  const count = Math.min(over.length, under.length)
  const quotients = Array.from({ length: count }, (_, draw) => over[draw]! / under[draw]!).sort(
    (a, b) => a - b,
  )
  const beyond = (1 - share) / 2
  const at = (part: number) => quotients[Math.min(count - 1, Math.max(0, Math.round(part * (count - 1))))]!
  return { low: at(beyond), high: at(1 - beyond) }
}
