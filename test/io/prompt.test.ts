// Limits on secrets that are read or typed.
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { askSecret, readLine } from '../../src/io/prompt.js'

test('an endless line is read up to the limit', async () => {
  const stream = new PassThrough()
  let given = 0
  const more = setInterval(() => {
    given += 10_000
    stream.write(Buffer.alloc(10_000, 'x'))
  }, 1)
  const line = await readLine(stream, 65_537)
  clearInterval(more)
  expect(line.length).toBeGreaterThanOrEqual(65_537)
  expect(line.length).toBeLessThan(100_000)
  expect(given).toBeLessThan(1_000_000)
})

test('at most 65,536 bytes of input are kept', async () => {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  const secret = askSecret('Password: ', { input: keyboard, output: new PassThrough() })
  keyboard.write(Buffer.alloc(70_000, 'x'))
  keyboard.write('\n')
  expect(await secret).toHaveLength(65_536)
})
