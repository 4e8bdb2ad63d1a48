// Signals of the process: which handlers they call, and when they end it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Signals, taken } from '../../src/io/signals.js'

type Name = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

function rig() {
  const calls: string[] = []
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const before = new Map(names.map((name) => [name, process.listeners(name)]))
  const own = (name: Name) =>
    process.listeners(name).filter((listener) => !before.get(name)!.includes(listener))
  const signals = new Signals<Name>((name) => calls.push(`ended by ${name}`))
  return {
    signals,
    calls,
    /** How many listeners of the process it has. */
    listening: (name: Name) => own(name).length,
    /** The system delivers a signal. Without a listener it would end the process. */
    deliver(name: Name) {
      if (own(name).length === 0) calls.push(`killed by ${name}`)
      for (const listener of own(name)) listener(name)
    },
  }
}

test('the first is handled, a duplicate is not, the second ends the process', () => {
  const { signals, calls, deliver } = rig()
  const off = signals.on(['SIGTERM'], () => calls.push('handled'))
  deliver('SIGTERM')
  vi.advanceTimersByTime(99)
  deliver('SIGTERM')
  expect(calls).toEqual(['handled'])
  vi.advanceTimersByTime(2)
  deliver('SIGTERM')
  expect(calls).toEqual(['handled', 'handled', 'ended by SIGTERM'])
  off()
})

test('a handler that takes every repetition', () => {
  const { signals, calls, deliver } = rig()
  const off = signals.on(['SIGINT'], () => {
    calls.push('handled')
    return taken
  })
  deliver('SIGINT')
  vi.advanceTimersByTime(1000)
  deliver('SIGINT')
  expect(calls).toEqual(['handled', 'handled'])
  off()
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a duplicate of %s that comes when nothing handles it any more',
  (name) => {
    const { signals, calls, deliver, listening } = rig()
    const handle = () => calls.push('handled')
    const off = signals.on([name], handle)
    deliver(name)
    off()
    vi.advanceTimersByTime(99)
    deliver(name)
    expect(calls).toEqual(['handled'])
    const again = signals.on([name], handle)
    expect(listening(name)).toBe(1)
    again()
    vi.advanceTimersByTime(2)
    deliver(name)
    expect(calls).toEqual(['handled', `ended by ${name}`])
  },
)

test('what was never received has its default action when nothing handles it', () => {
  const { signals, calls, deliver } = rig()
  signals.on(['SIGTERM', 'SIGHUP'], () => calls.push('handled'))()
  deliver('SIGTERM')
  deliver('SIGHUP')
  expect(calls).toEqual(['killed by SIGTERM', 'killed by SIGHUP'])
})

test('SIGHUP has its default action again, also after it was received', () => {
  const { signals, calls, deliver } = rig()
  const off = signals.on(['SIGHUP'], () => calls.push('handled'))
  deliver('SIGHUP')
  off()
  deliver('SIGHUP')
  expect(calls).toEqual(['handled', 'killed by SIGHUP'])
})
