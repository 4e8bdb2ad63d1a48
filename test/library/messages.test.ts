import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Messages } from '../../src/library/messages.js'
import type { Message } from '../../src/library/types.js'

const message = (number: number): Message => ({
  ...{ topic: `${number}`, payload: Buffer.alloc(0), qos: 0, retain: false, properties: undefined },
})

/** Does not acknowledge by itself: `released` counts released acknowledgements. */
function acknowledging() {
  const count = { withheld: 0, released: 0 }
  return Object.assign(count, {
    withhold() {
      count.withheld++
      return () => void count.released++
    },
  })
}

const topic = (result: IteratorResult<Message, undefined>) => (result.done ? 'end' : result.value.topic)

test('are returned in order, whether reader or message is first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (pushes) => {
      const messages = new Messages(() => {})
      const taken: Promise<string>[] = []
      let pushed = 0
      for (const push of pushes) {
        if (push) messages.push(message(pushed++), acknowledging())
        else taken.push(messages.next().then(topic))
      }
      messages.end()
      const expected = taken.map((_, index) => (index < pushed ? `${index}` : 'end'))
      expect(await Promise.all(taken)).toEqual(expected)
    }),
  )
})

test.each([1, 2] as const)(
  'beyond 1,000 at QoS %i acknowledgements are withheld, oldest first',
  async (qos) => {
    let relieved = 0
    const held = acknowledging()
    const messages = new Messages(() => relieved++)
    for (let number = 0; number < 2500; number++) messages.push({ ...message(number), qos }, held)
    expect(held.withheld).toBe(1500)
    for (let number = 0; number < 2500; number++) {
      expect(messages.full).toBe(2500 - number >= 1000)
      expect(held.released).toBe(Math.min(number, 1500))
      expect(topic(await messages.next())).toBe(`${number}`)
    }
    expect([relieved, messages.dropped]).toEqual([1501, 0])
  },
)

test('at QoS 0 a chunk is kept whole, and later messages are dropped until there is room', async () => {
  const none = acknowledging()
  const messages = new Messages(() => {})
  let number = 0
  const chunk = (count: number) => {
    for (let i = 0; i < count; i++) messages.push(message(number++), none)
    messages.chunkEnd()
  }
  chunk(1200)
  chunk(5)
  expect(messages.dropped).toBe(5)
  for (let i = 0; i < 200; i++) expect(topic(await messages.next())).toBe(`${i}`)
  chunk(5)
  expect(messages.dropped).toBe(10)
  await messages.next()
  chunk(5)
  expect([messages.dropped, none.withheld]).toEqual([10, 0])
})

test.each([
  [1, true, 1000],
  [2, true, 1002],
  [1, false, 1002],
] as const)(
  'after a reconnect what is sent again waits once (QoS %i, Session kept: %s)',
  async (qos, kept, left) => {
    const messages = new Messages(() => {})
    for (let i = 0; i < 1002; i++) messages.push({ ...message(i), qos }, acknowledging())
    messages.renewed(kept)
    messages.end()
    const taken: string[] = []
    for (let found = topic(await messages.next()); found !== 'end'; found = topic(await messages.next()))
      taken.push(found)
    expect(taken).toEqual(Array.from({ length: left }, (_, index) => `${index}`))
  },
)

test('leaving the loop acknowledges all', () => {
  const held = acknowledging()
  const messages = new Messages(() => {})
  for (let i = 0; i < 1010; i++) messages.push({ ...message(i), qos: 1 }, held)
  messages.abandon()
  expect(held).toMatchObject({ withheld: 10, released: 10 })
})

test('end with the error once, after the queued messages', async () => {
  const messages = new Messages(() => {})
  messages.push(message(1), acknowledging())
  messages.end(new Error('lost'))
  messages.push(message(2), acknowledging())
  expect(topic(await messages.next())).toBe('1')
  await expect(messages.next()).rejects.toThrow('lost')
  expect(topic(await messages.next())).toBe('end')
})

test('a waiting reader gets the end', async () => {
  const messages = new Messages(() => {})
  const waiting = [messages.next(), messages.next()]
  messages.end(new Error('lost'))
  await expect(waiting[0]).rejects.toThrow('lost')
  expect(topic((await waiting[1])!)).toBe('end')
})
