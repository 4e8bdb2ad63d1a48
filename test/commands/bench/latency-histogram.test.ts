// Recording into the histogram, compared with the library's recordValue().
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { randomNumbers } from '../../../src/commands/bench/random.js'
import { LatencyHistogram } from '../../../src/commands/latency-histogram.js'

const hourInUs = 3_600_000_000

test.each([2, 3] as const)('values are recorded at the same index as by the library, %i digits', (digits) => {
  const library = build({
    ...{ lowestDiscernibleValue: 1, highestTrackableValue: hourInUs, bitBucketSize: 64 },
    ...{ numberOfSignificantValueDigits: digits, autoResize: false },
  })
  const ours = new LatencyHistogram(undefined, digits)
  const next = randomNumbers(1)
  const powers = Array.from({ length: 32 }, (_, power) => [2 ** power - 1, 2 ** power, 2 ** power + 1]).flat()
  const random = Array.from({ length: 20_000 }, () => Math.floor(Math.exp(next() * Math.log(hourInUs))))
  for (const us of [...powers.filter((value) => value > 0), ...random, hourInUs]) {
    library.recordValue(us)
    ours.record(us / 1000)
  }
  expect(ours.count).toBe(library.totalCount)
  expect(ours.encode()).toBe(encodeIntoCompressedBase64(library))
  expect(ours.distribution()).toBe(library.outputPercentileDistribution(5, 1000))
  expect([...ours.recorded()].reduce((sum, [, count]) => sum + count, 0)).toBe(ours.count)
  for (const percentile of [0, 50, 99, 99.9, 100])
    expect(ours.at(percentile)).toBe(library.getValueAtPercentile(percentile) / 1000)
})

test('values out of range are clamped', () => {
  const times = new LatencyHistogram()
  for (const ms of [-5, 0, 0.0004, 4e6, Number.MAX_SAFE_INTEGER]) times.record(ms)
  expect([...times.recorded()].map(([, count]) => count)).toEqual([3, 2])
  expect(times.at(0)).toBe(0.001)
})
