// --remove-retained with a server that does not acknowledge the removals.
import { expect, test } from 'vitest'
import { RemovalQueue } from '../../src/commands/sub/removal.js'
import type { Connection } from '../../src/connection/connection.js'

test('queued topics are limited in bytes; the others are an error with their number', async () => {
  const published: string[] = []
  const connection = {
    ready: false,
    inFlight: 0,
    publish: ({ topic }: { topic: string }) => void published.push(topic),
    drain: async () => {
      connection.ready = true
    },
  }
  const removal = new RemovalQueue(connection as unknown as Connection, 4, () => {})
  for (let i = 0; i < 1100; i++) removal.remove(`${i}/`.padEnd(65_000, 'x'))

  await expect(removal.finished()).rejects.toThrow(
    /^\d+ retained messages were not removed: too many waiting/,
  )
  expect(published.length).toBeGreaterThan(1000)
  expect(published.length).toBeLessThan(1050)
  for (let i = 0; i < 10; i++) removal.remove(`later/${i}`)
  expect(published.at(-1)).toBe('later/9')
})
