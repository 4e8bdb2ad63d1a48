import { expect, test } from 'vitest'
import { plain } from '../../src/format/plain.js'
import { format, message } from './rig.js'

test.each([
  [{ verbose: false, newline: true }, 'x\0\xff\n\n', ''],
  [{ verbose: true, newline: true }, 'f/t x\0\xff\n\n', 'f/t (null)\n'],
  [{ verbose: false, newline: false }, 'x\0\xff\n', ''],
  [{ verbose: true, newline: false }, 'f/t x\0\xff\n', ''],
])('%j', (options, full, empty) => {
  const show = plain(options)
  expect(format(show, message({ payload: Buffer.from('x\0\xff\n', 'latin1') }))).toBe(full)
  expect(format(show, message({ payload: '' }))).toBe(empty)
})
