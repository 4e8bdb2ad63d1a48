// When messages are due: tables, and properties with random recordings. No clock: an hour takes milliseconds.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Schedule } from '../../src/replay/schedule.js'

const start = Date.UTC(2026, 10, 27)

const dues = (speed: number, times: readonly (number | undefined)[]): number[] => {
  const schedule = new Schedule(speed)
  return times.map((time) => schedule.due(time === undefined ? undefined : start + time))
}

describe('a message is due', () => {
  test.each([
    ['at its distance from the first', 1, [0, 500, 1500], [0, 500, 1500]],
    ['sooner with a higher speed', 10, [0, 500, 1500], [0, 50, 150]],
    ['later with a lower speed', 0.5, [0, 500], [0, 1000]],
    ['at once with --speed max', Number.POSITIVE_INFINITY, [0, 500, 1e9], [0, 0, 0]],
    ['at once if it is older than one before', 1, [0, 1000, 400, 900, 1100], [0, 1000, 1000, 1000, 1100]],
    ['with the one before if it has no time', 1, [0, 700, undefined, 800], [0, 700, 700, 800]],
    ['at 0 if it is the first without a time', 1, [undefined], [0]],
  ])('%s', (_, speed, times, expected) => {
    expect(dues(speed, times)).toEqual(expected)
  })
})

test('messages older than one before are counted', () => {
  const schedule = new Schedule(1)
  for (const time of [0, 1000, 400, 900, 1000, 1100]) schedule.due(start + time)
  expect(schedule.backwards).toBe(2)
})

describe('a round begins', () => {
  test.each([
    ['after the mean spacing', [0, 100, 400, 600], 800],
    ['after a second if the recording has no length', [0], 1000],
    ['after a second if all messages have one time', [0, 0, 0], 1000],
  ])('%s', (_, times, begins) => {
    const schedule = new Schedule(1)
    for (const time of times) schedule.due(start + time)
    schedule.again()
    expect(schedule.due(start)).toBe(begins)
  })
})

test('a steady rate has no drift in an hour, at any speed', () => {
  for (const speed of [1, 10, 0.3, 7.7]) {
    const schedule = new Schedule(speed)
    let worst = 0
    for (let message = 0; message < 3_600_000; message += 7) {
      // Microseconds, as lines have them.
      worst = Math.max(worst, Math.abs(schedule.due(start + message + 0.001) - message / speed))
    }
    expect(worst).toBeLessThan(0.001)
  }
})

const recordings = fc.array(fc.integer({ min: -1000, max: 10_000 }), { minLength: 1, maxLength: 50 })
const speeds = fc.double({ min: 0.001, max: 1e6, noNaN: true })

test('whatever the times, messages are due in their order, and distances between records are kept', () => {
  fc.assert(
    fc.property(recordings, speeds, (steps, speed) => {
      let time = 0
      const times = steps.map((step) => (time += step))
      const due = dues(speed, times)
      for (let at = 1; at < due.length; at++) expect(due[at]).toBeGreaterThanOrEqual(due[at - 1]!)
      let latest = times[0]!
      for (const [at, recorded] of times.entries()) {
        latest = Math.max(latest, recorded)
        expect(due[at]).toBeCloseTo((latest - times[0]!) / speed, 3)
      }
    }),
  )
})
