import { expect, test } from 'vitest'
import { SnInbox } from '../../src/connection/sn-inbox.js'
import { withResolvers } from '../../src/io/promises.js'
import { once } from '../helpers/wait.js'

const publish = Buffer.from([1, 0, 0, 0x0c])
const pingresp = Buffer.from([2, 0x17])

test('while standard output waits, PINGRESP does not; what waits when the connection is lost is dropped', async () => {
  const taken: number[] = []
  let hasEnded = false
  const gate = withResolvers()
  const inbox = new SnInbox({
    take: (datagram) => void taken.push(datagram.length),
    batchEnd() {
      hasEnded = true
      return gate.promise
    },
    printed: () => {},
  })
  inbox.push(publish)
  await once(() => hasEnded)
  inbox.push(publish)
  inbox.push(pingresp)
  expect(taken).toEqual([4, 2])
  inbox.clear()
  gate.resolve()
  await gate.promise
  inbox.push(pingresp)
  expect(taken).toEqual([4, 2, 2])
})

test('more than 16 MiB are dropped while standard output waits; the others are taken in order', async () => {
  const taken: number[] = []
  let acknowledged = 0
  const gates = [withResolvers(), undefined]
  const inbox = new SnInbox({
    take: (datagram) => void taken.push(datagram.readUInt32BE(4)),
    batchEnd: () => gates.shift()?.promise,
    printed: () => void acknowledged++,
  })
  const numbered = (number: number): Buffer => {
    const datagram = Buffer.alloc(64 * 1024, publish)
    datagram.writeUInt32BE(number, 4)
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
