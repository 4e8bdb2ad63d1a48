import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AcknowledgeType, encodeAcknowledge } from '../../src/codec/acknowledge.js'
import { copy } from '../../src/codec/batch.js'
import { encodePublish, publishTemplate } from '../../src/codec/publish.js'
import { keepingBatch } from './messages.js'

const kibibyte = 1024

/** Bytes that differ between seeds. */
function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (seed * 37 + i) % 256
  return bytes
}

test('nothing is written before flush, then everything at once', () => {
  const { batch, kept } = keepingBatch()
  for (let i = 0; i < 10; i++) batch.append(bytesOf(i, 100), 0, 100)
  expect(kept).toEqual([])
  expect(batch.pending).toBe(1000)

  batch.flush()
  expect(kept).toHaveLength(1)
  expect(kept[0]).toHaveLength(1000)
  expect(batch.pending).toBe(0)
})

test('flush of an empty batch writes nothing', () => {
  const { batch, kept } = keepingBatch()
  batch.flush()
  batch.append(bytesOf(1, 1), 0, 1)
  batch.flush()
  batch.flush()
  expect(kept).toHaveLength(1)
})

test('a full batch is written automatically, in writes of about 64 KiB', () => {
  const { batch, kept } = keepingBatch()
  for (let i = 0; i < 200; i++) batch.append(bytesOf(i, kibibyte), 0, kibibyte)
  expect(kept.map(({ length }) => length)).toEqual([64 * kibibyte, 64 * kibibyte, 64 * kibibyte])
})

test('a large payload is written without a copy, after earlier bytes', () => {
  const { batch, kept } = keepingBatch()
  const large = bytesOf(2, 100 * kibibyte)
  batch.append(bytesOf(1, 10), 0, 10)
  batch.append(large, 5, large.length)
  batch.append(bytesOf(3, 10), 0, 10)
  batch.flush()

  expect(kept.map(({ length }) => length)).toEqual([10, large.length - 5, 10])
  expect(kept[1]!.buffer).toBe(large.buffer)
})

test('more than 64 KiB can be reserved', () => {
  const { batch, kept } = keepingBatch()
  batch.append(bytesOf(1, 10), 0, 10)
  batch.reserve(100 * kibibyte)
  batch.buffer.fill(7, batch.offset, batch.offset + 100 * kibibyte)
  batch.offset += 100 * kibibyte
  batch.flush()
  expect(Buffer.concat(kept)).toEqual(Buffer.concat([bytesOf(1, 10), Buffer.alloc(100 * kibibyte, 7)]))
})

test('discarded bytes are not written', () => {
  const { batch, kept } = keepingBatch()
  batch.append(Buffer.from('one'), 0, 3)
  batch.flush()
  batch.append(Buffer.from('two'), 0, 3)
  batch.discard()
  batch.append(Buffer.from('three'), 0, 5)
  batch.flush()
  expect(Buffer.concat(kept).toString()).toBe('onethree')
})

describe('when the sink returns false', () => {
  test('writable stays false until the owner sets it', () => {
    let room = true
    const { batch, kept } = keepingBatch(() => room)
    batch.append(Buffer.from('a'), 0, 1)
    batch.flush()
    expect(batch.writable).toBe(true)

    room = false
    batch.append(Buffer.from('b'), 0, 1)
    batch.flush()
    room = true
    batch.append(Buffer.from('c'), 0, 1)
    batch.flush()
    expect(batch.writable).toBe(false)
    expect(Buffer.concat(kept).toString()).toBe('abc') // not enforced: the owner waits

    batch.writable = true
    batch.append(Buffer.from('d'), 0, 1)
    batch.flush()
    expect(batch.writable).toBe(true)
  })

  test('also for a full batch and a large payload', () => {
    const full = keepingBatch(() => false).batch
    for (let i = 0; i < 65; i++) full.append(bytesOf(i, kibibyte), 0, kibibyte)
    expect(full.writable).toBe(false)

    const large = keepingBatch(() => false).batch
    large.append(bytesOf(1, 20 * kibibyte), 0, 20 * kibibyte)
    expect(large.writable).toBe(false)
  })
})

test('order is kept, and bytes that the sink still uses are not changed', () => {
  const template = publishTemplate('some/topic', { qos: 1, retain: false, properties: Buffer.alloc(0) })
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), size: fc.nat(3000) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('append'), size: fc.integer({ min: 15_000, max: 70_000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish'), size: fc.nat(20_000) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('acknowledge'), size: fc.integer({ min: 1, max: 65_535 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush'), size: fc.constant(0) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.infiniteStream(fc.boolean()), (steps, answers) => {
      const { batch, kept } = keepingBatch(() => answers.next().value)
      const expected: Buffer[] = []
      steps.forEach(({ kind, size }, index) => {
        const bytes = bytesOf(index, size)
        if (kind === 'append') {
          batch.append(bytes, 0, size)
          expected.push(bytes)
        } else if (kind === 'publish') {
          const alone = keepingBatch()
          encodePublish(batch, template, index + 1, false, bytes, 0, size)
          encodePublish(alone.batch, template, index + 1, false, bytes, 0, size)
          alone.batch.flush()
          expected.push(Buffer.concat(alone.kept))
        } else if (kind === 'acknowledge') {
          encodeAcknowledge(batch, (4 + (index % 4)) as AcknowledgeType, size, 0)
          expected.push(Buffer.from([[0x40, 0x50, 0x62, 0x70][index % 4]!, 2, size >> 8, size & 0xff]))
        } else batch.flush()
      })
      batch.flush()
      expect(Buffer.concat(kept).equals(Buffer.concat(expected))).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('copy by a loop and by the runtime give the same result', () => {
  for (const length of [0, 1, 47, 48, 49, 100]) {
    const from = bytesOf(length, length + 10)
    const to = Buffer.alloc(length + 20)
    copy(from, 3, 3 + length, to, 7)
    expect(to.subarray(7, 7 + length)).toEqual(from.subarray(3, 3 + length))
    expect(to.subarray(0, 7)).toEqual(Buffer.alloc(7))
    expect(to.subarray(7 + length)).toEqual(Buffer.alloc(13))
  }
})
