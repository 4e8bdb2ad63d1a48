// Held events are bounded: consecutive gaps are merged (H23).
import { expect, test } from 'vitest'
import { ByteBudget } from '../../src/capture/byte-budget.js'
import { RecordOrigin } from '../../src/capture/frame.js'
import { HeldEvents } from '../../src/capture/held.js'
import { Segment } from '../../src/capture/segment.js'

function output() {
  const events: string[] = []
  return {
    events,
    data: (key: string, { bytes }: Segment) => void events.push(`${key} ${Buffer.from(bytes).toString()}`),
    gap: (key: string, offset: number, length: number | undefined, why: string) =>
      void events.push(`${key} ${offset}+${length} ${why}`),
  }
}

test('a million headers without data are two gaps', () => {
  const held = new HeldEvents<string>(new ByteBudget())
  for (let i = 0; i < 500_000; i++) {
    held.gap('a', i * 1000, 1000, 'cut')
    held.gap('b', i * 10, 10, 'cut')
  }
  expect(held.count).toBe(2)
  const out = output()
  held.release(out)
  expect(out.events).toEqual(['a 0+500000000 cut', 'b 0+5000000 cut'])
})

test('gaps are not merged across data, nor if they are not adjacent', () => {
  const held = new HeldEvents<string>(new ByteBudget())
  const origin = new RecordOrigin({ record: 1, second: 0, nanos: 0 }, 0)
  held.gap('a', 0, undefined, 'joined')
  held.gap('a', 0, undefined, 'joined')
  held.data('a', new Segment(Buffer.from('x'), 0, origin))
  held.gap('a', 1, 5, 'cut')
  held.gap('a', 8, 2, 'cut')
  const out = output()
  held.release(out)
  expect(out.events).toEqual(['a 0+undefined joined', 'a x', 'a 1+5 cut', 'a 8+2 cut'])
  expect([held.count, held.bytes]).toEqual([0, 0])
})
