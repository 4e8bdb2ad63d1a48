import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Ledger, Sequence } from '../../../src/commands/bench/ledger.js'

function noted(numbers: readonly number[]): Sequence {
  const sequence = new Sequence(0)
  for (const number of numbers) sequence.note(number)
  return sequence
}

describe('the ledger', () => {
  test('tells loss, duplicates and a late one apart', () => {
    const sequence = noted([0, 1, 3, 3, 2, 6])
    expect(sequence).toMatchObject({ received: 5, duplicated: 1, reordered: 1 })
    expect(sequence.lost()).toBe(2)
    expect(sequence.lost(10)).toBe(5)
  })

  test('agrees with a set, whatever is lost, doubled and mixed', () => {
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

  test('a publisher of whom nothing came has lost everything', () => {
    const ledger = new Ledger()
    ledger.note(1, 0, 0)
    const sent = new Map([
      [1, 1],
      [2, 5],
    ])
    expect(ledger.findings(sent)).toEqual({ received: 1, lost: 5, duplicated: 0, reordered: 0 })
  })

  test('a subscriber that came later has lost nothing before its first message', () => {
    const ledger = new Ledger()
    for (const number of [100, 101, 103]) ledger.note('a', number)
    expect(ledger.findings().lost).toBe(1)
  })

  test('keeps 100,000 gaps; of more, the oldest counts as lost', () => {
    const ledger = new Ledger()
    const most = 100_000
    for (let i = 0; i < most + 50; i++) ledger.note(1, 2 * i + 1, 0) // each leaves out one
    expect(ledger.findings().lost).toBe(most + 50)
    ledger.note(1, 0, 0)
    expect(ledger.findings()).toMatchObject({ lost: most + 50, duplicated: 1 })
    ledger.note(1, 2 * most, 0)
    expect(ledger.findings()).toMatchObject({ lost: most + 49, reordered: 1 })
  })

  test('follows 100,000 publishers', () => {
    const ledger = new Ledger()
    for (let publisher = 0; publisher < 100_010; publisher++) expect(ledger.note(publisher, 0)).toBe(true)
    expect(ledger.note(5, 0)).toBe(false)
    expect(ledger.note(100_005, 0)).toBe(true)
    expect(ledger.findings().received).toBe(100_000)
  })
})
