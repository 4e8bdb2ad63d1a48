// What replay says while it runs and at its end.
import { expect, test } from 'vitest'
import { LatencyHistogram } from '../../src/commands/latency-histogram.js'
import { progressOf, summaryOf } from '../../src/commands/replay/summary.js'

const figures = { published: 1204, elapsedMs: 83_100, held: 0, backwards: 0, repeated: 0, ofSensors: 0 }

function latenessOf(...ms: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const late of ms) histogram.record(late)
  return histogram
}

test.each([
  ['without a schedule', {}, [], ['Published 1,204 messages in 83.1 s.']],
  ['one message', { published: 1 }, [], ['Published 1 message in 83.1 s.']],
  [
    'on time',
    {},
    [0.5, 1, 99.9],
    ['Published 1,204 messages in 83.1 s. Schedule error: p50 1.0 ms, p99 99.9 ms, max 99.9 ms.'],
  ],
  [
    'behind a slow server',
    { held: 3 },
    [2300],
    [expect.anything(), 'The schedule fell behind by up to 2.3 s: the server held up 3 messages.'],
  ],
  [
    'behind by itself',
    {},
    [200],
    [expect.anything(), 'The schedule fell behind by up to 0.2 s: this machine was too slow.'],
  ],
  [
    'what was out of order or left out',
    { backwards: 1, repeated: 2, ofSensors: 3 },
    [],
    [
      expect.anything(),
      'Out of order: 1 message older than one before, published at once.',
      'Left out: 2 messages that the capture has again, with DUP.',
      'Left out: 3 messages of MQTT-SN.',
    ],
  ],
])('%s', (_, more, late, expected) => {
  expect(summaryOf({ ...figures, ...more, lateness: latenessOf(...late) })).toEqual(expected)
})

test.each([
  [1, 0, undefined, 'Replaying: 1,204 messages, 1:23'],
  [1, 3000, 600_000, 'Replaying: 1,204 messages, 1:23, 9:57 left'],
  [3, 3000, 7_300_000, 'Replaying: 1,204 messages, round 2 of 3, 1:23, 2:01:37 left of this round'],
  [Number.POSITIVE_INFINITY, 9000, 8000, 'Replaying: 1,204 messages, round 2, 1:23, 0:00 left of this round'],
])('%d rounds, %d of %j ms: %s', (rounds, elapsedMs, lengthMs, expected) => {
  const round = { number: 2, elapsedMs, lengthMs }
  expect(progressOf({ published: 1204, elapsedMs: 83_100, rounds, round })).toBe(expected)
})
