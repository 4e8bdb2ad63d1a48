// Loss, duplicates and reordering from sequence numbers.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PublisherSequence, SequenceTracker } from '../../../src/commands/bench/sequence-tracker.js'

function noted(numbers: readonly number[]): PublisherSequence {
  const sequence = new PublisherSequence(0)
  for (const number of numbers) sequence.note(number)
  return sequence
}

describe('the sequence tracker', () => {
  test('counts loss, duplicates and reordering', () => {
    const sequence = noted([0, 1, 3, 3, 2, 6])
    expect(sequence).toMatchObject({ received: 5, duplicated: 1, reordered: 1 })
    expect(sequence.lost()).toBe(2)
    expect(sequence.lost(10)).toBe(5)
  })

  test('agrees with a set for any order, loss and duplicates', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (numbers) => {
        const distinct = new Set(numbers)
        const sequence = noted(numbers)
        expect(sequence.received).toBe(distinct.size)
        expect(sequence.duplicated).toBe(numbers.length - distinct.size)
        expect(sequence.lost(31)).toBe(31 - distinct.size)
        const late = [...distinct].filter((number) => {
          const before = numbers.slice(0, numbers.indexOf(number))
          return before.some((other) => other > number)
        })
        expect(sequence.reordered).toBe(late.length)
      }),
    )
  })

  test('all messages of a publisher from which nothing arrived are lost', () => {
    const sequences = new SequenceTracker()
    sequences.note(1, 0, 0)
    const sent = new Map([
      [1, 1],
      [2, 5],
    ])
    expect(sequences.totals(sent)).toEqual({ received: 1, lost: 5, duplicated: 0, reordered: 0 })
  })

  test('messages before the first one of a late subscriber are not lost', () => {
    const sequences = new SequenceTracker()
    for (const number of [100, 101, 103]) sequences.note('a', number)
    expect(sequences.totals().lost).toBe(1)
  })

  test('stores 100,000 gaps; beyond that, the oldest counts as lost', () => {
    const sequences = new SequenceTracker()
    const most = 100_000
    for (let i = 0; i < most + 50; i++) sequences.note(1, 2 * i + 1, 0) // each leaves out one
    expect(sequences.totals().lost).toBe(most + 50)
    sequences.note(1, 0, 0)
    expect(sequences.totals()).toMatchObject({ lost: most + 50, duplicated: 1 })
    sequences.note(1, 2 * most, 0)
    expect(sequences.totals()).toMatchObject({ lost: most + 49, reordered: 1 })
  })

  test('tracks 100,000 publishers', () => {
    const sequences = new SequenceTracker()
    for (let publisher = 0; publisher < 100_010; publisher++) expect(sequences.note(publisher, 0)).toBe(true)
    expect(sequences.note(5, 0)).toBe(false)
    expect(sequences.note(100_005, 0)).toBe(true)
    expect(sequences.totals().received).toBe(100_000)
  })
})
