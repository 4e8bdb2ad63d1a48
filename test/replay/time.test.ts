// The time of a recorded line.
import { expect, test } from 'vitest'
import { LineTimes } from '../../src/recording/time.js'

const base = Date.UTC(2026, 10, 27, 8, 0, 1)

test.each<[Record<string, unknown>, number | undefined]>([
  [{ time: '2026-11-27T08:00:01Z' }, base],
  [{ time: '2026-11-27T08:00:01.5Z' }, base + 500],
  [{ time: '2026-11-27T08:00:01.000250Z' }, base + 0.25],
  [{ time: '2026-11-27T08:00:01.123456789Z' }, base + 123.456789],
  [{ time: '2026-11-27T09:30:01+01:30' }, base],
  [{ time: '2026-11-27 08:00:01Z' }, base],
  [{ tst: '2026-11-27T09:00:01.250000+0100' }, base + 250],
  [{ tst: '2026-11-27T03:00:01.250000-0500' }, base + 250],
  [{ tst: '2026-11-27T09:00:01.250000Z+0100' }, base + 250],
  [{ tst: base / 1000 }, base],
  [{ time: base / 1000 + 0.5 }, base + 500],
  [{}, undefined],
])('%j', (members, expected) => {
  const times = new LineTimes()
  for (let again = 0; again < 2; again++) expect(times.of(members)).toBe(expected)
})

test.each([
  [{ time: 'yesterday' }, '"time" is "yesterday", not a time'],
  [{ time: '2026-11-27T08:00:01' }, 'not a time'],
  [{ time: '2026-11-27T25:00:01Z' }, 'not a time'],
  [{ time: '2026-13-27T08:00:01Z' }, 'not a time'],
  [{ time: null }, '"time" is null'],
  [{ time: '' }, 'not a time'],
  [{ time: 1e13 }, '"time" is 10000000000000, not a time'],
  [{ time: -1e308 }, 'not a time'],
  [{ tst: {} }, '"tst" is an object'],
])('%j is refused', (members, message) => {
  expect(() => new LineTimes().of(members)).toThrow(message)
})

test('every second is parsed by itself, whatever came before', () => {
  const times = new LineTimes()
  for (const second of [0, 1, 1, 0, 59, 0]) {
    const text = `2026-11-27T08:00:${String(second).padStart(2, '0')}.75Z`
    expect(times.of({ time: text })).toBe(Date.UTC(2026, 10, 27, 8, 0, second) + 750)
  }
})
