// The queue of the commands of --exec: places, order by key, pauses.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Jobs } from '../../src/commands/jobs.js'

test('jobs of a key run one after another in their order, and never more at once than there are places', async () => {
  const rows = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'c'), pauses: fc.nat(2), turns: fc.nat(3) }),
  )
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 4 }), async (all, places) => {
      const jobs = new Jobs(places)
      const ended: number[] = []
      const running = new Set<string>()
      let most = 0
      let wrong = 0
      all.forEach(({ key, pauses, turns }, index) => {
        let left = pauses
        jobs.add(async () => {
          if (running.has(key)) wrong++
          running.add(key)
          most = Math.max(most, running.size)
          for (let i = 0; i < turns; i++) await Promise.resolve()
          running.delete(key)
          if (left-- > 0) return 0
          ended.push(index)
          return undefined
        }, key)
      })
      await jobs.done()
      expect([wrong, jobs.queued]).toEqual([0, 0])
      expect(most).toBeLessThanOrEqual(places)
      for (const key of ['a', 'b', 'c']) {
        const ofKey = (index: number) => all[index]!.key === key
        expect(ended.filter(ofKey)).toEqual([...all.keys()].filter(ofKey))
      }
    }),
    { numRuns: 50 },
  )
})

test('a job that pauses leaves its place to others, and those of its key wait', async () => {
  const jobs = new Jobs(1)
  const log: string[] = []
  let tries = 0
  jobs.add(async () => {
    log.push('a1')
    return tries++ === 0 ? 20 : undefined
  }, 'a')
  jobs.add(async () => void log.push('a2'), 'a')
  jobs.add(async () => void log.push('b'), 'b')
  await jobs.done()
  expect(log).toEqual(['a1', 'b', 'a1', 'a2'])
})

test('those that wait for a place, for their key or for their time can be dropped', async () => {
  const jobs = new Jobs(1)
  const log: string[] = []
  let end = () => {}
  jobs.add(async () => 100_000, 'paused')
  await new Promise(setImmediate)
  jobs.add(() => new Promise<void>((done) => (end = done)), 'runs')
  jobs.add(async () => void log.push('same key'), 'runs')
  jobs.add(async () => void log.push('other'), 'other')
  expect(jobs.queued).toBe(2)
  jobs.drop()
  end()
  await jobs.done()
  expect([log, jobs.queued]).toEqual([[], 0])
})
