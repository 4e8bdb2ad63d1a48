// Packet Identifiers in use, compared with a Map.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InFlight, type Stage, stage } from '../../src/session/in-flight.js'

interface Entry {
  stage: Stage
  sequence: number
  kept: string | undefined
}

const step = fc.record({
  kind: fc.constantFrom(
    'publish',
    'publish',
    'publish',
    'request',
    'pass',
    'release',
    'settle',
    'settle',
    'settle',
  ),
  times: fc.nat({ max: 300 }),
  which: fc.nat(),
})

test('behaves like a map from Packet Identifier to stage', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const flight = new InFlight<string>()
      const model = new Map<number, Entry>()
      let sequence = 0
      const take = (waitsFor: Stage) => {
        const kept = waitsFor < stage.suback ? `m${++sequence}` : undefined
        const id = flight.take(waitsFor, sequence, kept)
        expect(model.has(id)).toBe(false)
        model.set(id, { stage: waitsFor, sequence, kept })
      }
      for (const { kind, times, which } of steps) {
        const known = [...model.keys()]
        for (let i = 0; i < times; i++) {
          if (kind === 'publish') take(i % 2 ? stage.puback : stage.pubrec)
          else if (kind === 'request') take(i % 2 ? stage.suback : stage.unsuback)
          else if (kind === 'pass') flight.pass()
          else {
            const id = known[(which + i * 7) % Math.max(1, known.length)]
            const entry = id === undefined ? undefined : model.get(id)
            if (id === undefined || entry === undefined) continue
            if (kind === 'release' && entry.stage === stage.pubrec) {
              flight.release(id)
              Object.assign(entry, { stage: stage.pubcomp, kept: undefined })
            } else if (kind === 'settle') {
              flight.settle(id)
              model.delete(id)
            }
          }
        }
      }
      const publishes = [...model].filter(([, entry]) => entry.stage < stage.suback)
      expect(flight.publishes).toBe(publishes.length)
      expect(flight.requests).toBe(model.size - publishes.length)
      const ordered = publishes.sort(([, a], [, b]) => a.sequence - b.sequence)
      expect(flight.ordered()).toEqual(ordered.map(([id]) => id))
      for (let id = 1; id < 65_536; id += 7) {
        const entry = model.get(id)
        const same = flight.stage(id) === (entry?.stage ?? stage.free) && flight.kept(id) === entry?.kept
        if (!same) throw new Error(`Packet Identifier ${id}`)
      }
    }),
    { numRuns: 25 },
  )
})

test('assigns each of the 65,535 Packet Identifiers once, then throws', () => {
  const flight = new InFlight<string>()
  const taken = new Set<number>()
  for (let count = 0; count < 65_535; count++) taken.add(flight.take(stage.puback, count, 'x'))
  expect(taken.size).toBe(65_535)
  expect(taken.has(0)).toBe(false)
  expect(() => flight.take(stage.puback, 0, 'x')).toThrow(RangeError)
  flight.settle(40_000)
  expect(flight.take(stage.suback, 0, undefined)).toBe(40_000)
})
