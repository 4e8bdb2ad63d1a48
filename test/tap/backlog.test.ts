// The queue between forwarding and decoding.
import { expect, test } from 'vitest'
import type { LiveConnections } from '../../src/inspect/live.js'
import { Backlog } from '../../src/tap/backlog.js'
import { once } from '../helpers/wait.js'

function fakeLive() {
  const seen = { bytes: 0, missed: 0, calls: [] as string[] }
  const live = {
    opened: (id: number) => void seen.calls.push(`opened ${id}`),
    passed: (_id: number, _direction: string, bytes: Uint8Array) => void (seen.bytes += bytes.length),
    missed: (_id: number, _direction: string, length: number) => void (seen.missed += length),
    doubt: (id: number) => void seen.calls.push(`doubt ${id}`),
    closed: (id: number, how: string) => void seen.calls.push(`closed ${id} ${how}`),
  }
  return { seen, live: live as unknown as LiveConnections }
}

test('nothing is decoded in the call that forwards, and all of it soon after', async () => {
  const { seen, live } = fakeLive()
  const backlog = new Backlog(live, async () => {})
  backlog.opened(1, 'a', 'b')
  backlog.passed(1, 'c2s', Buffer.alloc(100_000))
  backlog.doubt(1)
  backlog.closed(1, 'fin')
  expect(seen.bytes).toBe(0)
  await once(() => seen.calls.length === 3)
  expect(seen).toMatchObject({ bytes: 100_000, calls: ['opened 1', 'doubt 1', 'closed 1 fin'] })
})

test('what does not fit is left out and counted, and the rest is decoded', async () => {
  const { seen, live } = fakeLive()
  const backlog = new Backlog(live, async () => {})
  const chunk = Buffer.alloc(1024 * 1024)
  for (let round = 0; round < 100; round++) backlog.passed(1, 'c2s', chunk)
  await backlog.end()
  expect(seen.bytes).toBe(64 * chunk.length)
  expect(seen.missed).toBe(36 * chunk.length)
  expect(backlog.missed).toBe(seen.missed)
})

test('an output that fails ends the decoding, not the forwarding', async () => {
  const { seen, live } = fakeLive()
  const backlog = new Backlog(live, async () => {
    throw new Error('disk full')
  })
  backlog.passed(1, 'c2s', Buffer.alloc(10))
  await once(() => seen.bytes === 10)
  await expect(backlog.end()).rejects.toThrow('disk full')
  backlog.passed(1, 'c2s', Buffer.alloc(10))
  await expect(backlog.end()).rejects.toThrow('disk full')
  expect(seen.bytes).toBe(10)
})
