// The queue between forwarding and decoding.
import { expect, onTestFinished, test, vi } from 'vitest'
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

test('many small pieces, many connections and long waits are bounded too', async () => {
  const { seen, live } = fakeLive()
  let release = (): void => {}
  const blocked = new Promise<void>((resolve) => (release = resolve))
  const backlog = new Backlog(live, () => blocked)
  backlog.opened(1, 'a', 'b')
  await once(() => seen.calls.length === 1) // its turn waits for the output
  const before = process.memoryUsage().heapUsed
  for (let round = 0; round < 2_000_000; round++)
    backlog.passed(1, round % 2 === 0 ? 'c2s' : 's2c', Buffer.of(0))
  for (let id = 2; id < 100_000; id++) {
    backlog.opened(id, 'a', 'b')
    backlog.passed(id, 'c2s', Buffer.of(0))
    backlog.closed(id, 'fin')
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * 1024 * 1024)
  release()
  await backlog.end()
  expect(seen.bytes + seen.missed).toBe(2_000_000)
  expect(backlog.missed).toBeGreaterThan(seen.missed)
  expect(seen.calls).toEqual(['opened 1'])
})

test.each([
  ['small packets, 1 ms for 1,000 bytes', 1e-3, 0.25 + 0.512, 100],
  ['a large payload, 1 ms for 1,000,000 bytes', 1e-6, 0.25 + 0.2, 8000],
])('forwarding has its turn in time: %s', async (_, msOfByte, longest, kibibytes) => {
  let [time, pieces] = [0, 0]
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => time)
  onTestFinished(() => clock.mockRestore())
  const { seen, live } = fakeLive()
  Object.assign(live, {
    passed(_id: number, _direction: string, bytes: Uint8Array) {
      time += bytes.length * msOfByte
      seen.bytes += bytes.length
      pieces++
    },
  })
  const backlog = new Backlog(live, () => undefined)
  const size = kibibytes * 1024
  for (let at = 0; at < size; at += 50 * 1024) backlog.passed(1, 'c2s', Buffer.alloc(50 * 1024))
  while (seen.bytes < size) {
    const before = time
    await new Promise((resolve) => setImmediate(resolve))
    expect(time - before).toBeLessThanOrEqual(longest)
  }
  expect(seen.bytes).toBe(size)
  expect(pieces).toBeLessThan(size / 400)
  if (msOfByte === 1e-6) expect(pieces).toBeLessThan(size / (50 * 1024) + 20)
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
