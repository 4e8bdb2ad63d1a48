import { expect, test } from 'vitest'
import { SnInbox } from '../../src/connection/sn-inbox.js'
import { withResolvers } from '../../src/io/promises.js'
import { once } from '../helpers/wait.js'

test('more than 16 MiB are dropped while standard output waits; the others are taken in order', async () => {
  const taken: number[] = []
  let acknowledged = 0
  const gates = [withResolvers(), undefined]
  const inbox = new SnInbox({
    take: (datagram) => void taken.push(datagram.readUInt32BE()),
    batchEnd: () => gates.shift()?.promise,
    printed: () => void acknowledged++,
  })
  const numbered = (number: number): Buffer => {
    const datagram = Buffer.alloc(64 * 1024)
    datagram.writeUInt32BE(number)
    return datagram
  }
  const [gate] = gates
  inbox.push(numbered(0))
  await once(() => gates.length === 1)
  for (let number = 1; number <= 300; number++) inbox.push(numbered(number))
  expect([taken, acknowledged]).toEqual([[0], 0])
  gate!.resolve()
  await once(() => acknowledged === 2)
  expect(taken).toEqual(Array.from({ length: 257 }, (_, index) => index))
  inbox.push(numbered(7))
  await once(() => acknowledged === 3)
  expect(taken.at(-1)).toBe(7)
})
