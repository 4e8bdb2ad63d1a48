// Calls queued for a connection: in order, with a single wait, and always settled.
import { expect, test } from 'vitest'
import { Calls } from '../../src/library/calls.js'

/** A connection with room for a given number of calls. */
function connection() {
  let room = 0
  let drained = () => {}
  let failed = (_: Error) => {}
  const state = {
    drains: 0,
    get ready() {
      return room > 0
    },
    drain(): Promise<void> {
      state.drains++
      return new Promise((resolve, reject) => {
        drained = resolve
        failed = reject
      })
    },
    take: () => void room--,
    give(more: number) {
      room += more
      drained()
    },
    fail: (error: Error) => failed(error),
  }
  return state
}

test('wait together and run in order while there is room', async () => {
  const server = connection()
  const calls = new Calls(server, () => {})
  const taken: number[] = []
  const call = (number: number) =>
    calls.take(async () => {
      server.take()
      taken.push(number)
    })
  const all = Array.from({ length: 1000 }, (_, number) => call(number))
  expect([server.drains, calls.waiting]).toEqual([1, 1000])
  server.give(3)
  await all[2]
  expect(taken).toEqual([0, 1, 2])
  expect([server.drains, calls.waiting]).toEqual([2, 997])
  server.give(998)
  await Promise.all(all)
  expect(taken).toEqual(Array.from({ length: 1000 }, (_, number) => number))
  const late = call(1000)
  expect([taken.at(-1), server.drains]).toEqual([1000, 2])
  await late
})

test('a new call queues after waiting ones even if there is room', async () => {
  const server = connection()
  const calls = new Calls(server, () => {})
  const taken: string[] = []
  const first = calls.take(async () => void taken.push('first'))
  server.give(2)
  const second = calls.take(async () => void taken.push('second'))
  await Promise.all([first, second])
  expect(taken).toEqual(['first', 'second'])
})

test('a failing call does not delay others', async () => {
  const server = connection()
  const calls = new Calls(server, () => {})
  const bad = calls.take(() => {
    throw new Error('not this one')
  })
  const good = calls.take(async () => 'good')
  server.give(1)
  await expect(bad).rejects.toThrow('not this one')
  expect(await good).toBe('good')
})

test('refuse() rejects new calls, end() all calls', async () => {
  const server = connection()
  const calls = new Calls(server, () => {})
  const waiting = calls.take(async () => 'taken')
  calls.refuse(new Error('closing'))
  await expect(calls.take(async () => 'late')).rejects.toThrow('closing')
  calls.end(new Error('closed'))
  await expect(waiting).rejects.toThrow('closed')
  await expect(calls.take(async () => 'late')).rejects.toThrow('closed')
  expect(calls.waiting).toBe(0)
})

test('a failing connection rejects them', async () => {
  const server = connection()
  const calls = new Calls(server, () => {})
  const waiting = calls.take(async () => 'taken')
  server.fail(new Error('lost'))
  await expect(waiting).rejects.toThrow('lost')
  await expect(calls.take(async () => 'late')).rejects.toThrow('lost')
})

test('report when queued calls have run', async () => {
  const server = connection()
  let told = 0
  const calls = new Calls(server, () => told++)
  const waiting = calls.take(async () => {})
  expect(told).toBe(0)
  server.give(1)
  await waiting
  expect(told).toBe(1)
})
