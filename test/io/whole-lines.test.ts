import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WholeLines } from '../../src/io/whole-lines.js'

test('however the bytes are cut, they are passed on in whole lines', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ab\n]{0,5}$/)), (chunks) => {
      const passed: string[] = []
      const lines = new WholeLines((bytes) => void passed.push(bytes.toString()))
      for (const chunk of chunks) lines.add(Buffer.from(chunk))
      for (const text of passed) expect(text.endsWith('\n')).toBe(true)
      lines.end()
      expect(passed.join('')).toBe(chunks.join(''))
    }),
  )
})

test('a line of more than 64 KiB is not kept', () => {
  let passed = 0
  const lines = new WholeLines((bytes) => void (passed += bytes.length))
  for (let sent = 1; sent <= 1000; sent++) {
    lines.add(Buffer.alloc(1000))
    expect(sent * 1000 - passed).toBeLessThanOrEqual(65 * 1024)
  }
  lines.end()
  expect(passed).toBe(1_000_000)
})
