// Frames of one file up to a time pass, later ones are held.
import { expect, test } from 'vitest'
import { Frame } from '../../src/capture/frame.js'
import { unknownSecond } from '../../src/capture/stream.js'
import { beforeAllFrames, isLater, TimeGate } from '../../src/capture/time-gate.js'

/** A gate, and the records of the frames that it passed on. */
function gateOf(limit: TimeGate['limit']) {
  const passed: number[] = []
  const gate = new TimeGate({ push: ({ record }) => void passed.push(record) }, limit)
  // One object for all frames, as the readers of files have.
  const frame = new Frame()
  const push = (record: number, second: number, nanos = 0) =>
    gate.push(Object.assign(frame, { record, second, nanos }))
  return { gate, push, passed }
}

test('frames up to the limit pass at once, later ones when the limit has moved', () => {
  const { gate, push, passed } = gateOf({ second: 5, nanos: 7 })
  push(1, 4, 9)
  push(2, 5, 7)
  expect(passed).toEqual([1, 2])
  push(3, 5, 8)
  push(4, 6)
  expect(passed).toEqual([1, 2])
  expect(gate.next).toMatchObject({ record: 3, second: 5, nanos: 8 })
  gate.limit = { second: 5, nanos: 8 }
  gate.release()
  expect(passed).toEqual([1, 2, 3])
  expect(gate.next).toMatchObject({ record: 4 })
  gate.limit = undefined
  gate.release()
  expect(passed).toEqual([1, 2, 3, 4])
  expect(gate.next).toBeUndefined()
  push(5, 9)
  expect(passed).toEqual([1, 2, 3, 4, 5])
})

test('an earlier frame does not pass one that is held', () => {
  const { gate, push, passed } = gateOf({ second: 5, nanos: 0 })
  push(1, 6)
  push(2, 4)
  expect(passed).toEqual([])
  gate.limit = { second: 6, nanos: 0 }
  gate.release()
  expect(passed).toEqual([1, 2])
})

test('a frame without a time follows the one before it, and none passes a gate that is shut', () => {
  const { push, passed } = gateOf({ second: 5, nanos: 0 })
  push(1, 4)
  push(2, unknownSecond)
  expect(passed).toEqual([1, 2])
  const shut = gateOf(beforeAllFrames)
  shut.push(1, unknownSecond)
  shut.push(2, 0)
  expect(shut.passed).toEqual([])
})

test.each([
  [1, 0, 0, 9, true],
  [0, 9, 1, 0, false],
  [1, 2, 1, 1, true],
  [1, 1, 1, 1, false],
  [1, 1, 1, 2, false],
])('%i s %i ns is later than %i s %i ns: %s', (second, nanos, otherSecond, otherNanos, later) => {
  expect(isLater({ second, nanos }, { second: otherSecond, nanos: otherNanos })).toBe(later)
})
