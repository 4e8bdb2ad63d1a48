// The clock of a run, which processes of a host share.
import { expect, test, vi } from 'vitest'

test('a pause while the clock is initialized does not shift it', async () => {
  const now = performance.now.bind(performance)
  const slow = vi.spyOn(performance, 'now').mockImplementationOnce(() => {
    const start = now()
    while (now() < start + 5);
    return now()
  })
  const { systemClock } = await import('../../../src/commands/clock.js')
  expect(slow).toHaveBeenCalled()
  slow.mockRestore()
  const errors = Array.from({ length: 100 }, () => {
    const time = Number(process.hrtime.bigint()) / 1e6
    return Math.abs(systemClock.now() - time)
  })
  expect(Math.min(...errors)).toBeLessThan(1)
})
