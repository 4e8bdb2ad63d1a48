import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Messages } from '../../src/library/messages.js'
import type { Message } from '../../src/library/types.js'

const message = (number: number): Message => ({
  ...{ topic: `${number}`, payload: Buffer.alloc(0), qos: 0, retain: false, properties: undefined },
})

const topic = (result: IteratorResult<Message, undefined>) => (result.done ? 'end' : result.value.topic)

test('come out in the order in which they went in, whoever is first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (pushes) => {
      const messages = new Messages(() => {})
      const taken: Promise<string>[] = []
      let pushed = 0
      for (const push of pushes) {
        if (push) messages.push(message(pushed++))
        else taken.push(messages.next().then(topic))
      }
      messages.end()
      const expected = taken.map((_, index) => (index < pushed ? `${index}` : 'end'))
      expect(await Promise.all(taken)).toEqual(expected)
    }),
  )
})

test('are full at 1,000, and say when there is room again', async () => {
  let told = 0
  const messages = new Messages(() => told++)
  for (let number = 0; number < 2500; number++) messages.push(message(number))
  for (let number = 0; number < 2500; number++) {
    expect(messages.full).toBe(2500 - number >= 1000)
    expect(topic(await messages.next())).toBe(`${number}`)
  }
  expect(told).toBe(1)
})

test('end with the error once, behind what waits', async () => {
  const messages = new Messages(() => {})
  messages.push(message(1))
  messages.end(new Error('lost'))
  messages.push(message(2))
  expect(topic(await messages.next())).toBe('1')
  await expect(messages.next()).rejects.toThrow('lost')
  expect(topic(await messages.next())).toBe('end')
})

test('whoever waits is told of the end', async () => {
  const messages = new Messages(() => {})
  const waiting = [messages.next(), messages.next()]
  messages.end(new Error('lost'))
  await expect(waiting[0]).rejects.toThrow('lost')
  expect(topic((await waiting[1])!)).toBe('end')
})
