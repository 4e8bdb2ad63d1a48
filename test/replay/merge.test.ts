// Several recordings in order of time, with few of them open at once.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Merged, type Messages, type Recording } from '../../src/replay/merge.js'

interface Message {
  readonly time: number | undefined
  readonly name: string
}

/** A recording whose every third message has to be waited for. */
function recording(name: string, times: readonly (number | undefined)[], isKnown = true) {
  const state = { open: 0, closed: 0 }
  const made: Recording<Message> = {
    first: isKnown ? times[0] : undefined,
    open(): Messages<Message> {
      state.open++
      let at = 0
      return {
        next() {
          if (at >= times.length) return undefined
          const message = { time: times[at], name: `${name}${at}` }
          at++
          return at % 3 === 1 ? Promise.resolve(message) : message
        },
        close: () => void state.closed++,
      }
    },
  }
  return { made, state }
}

async function all(merged: Messages<Message>): Promise<Message[]> {
  const messages: Message[] = []
  for (let next = await merged.next(); next !== undefined; next = await merged.next()) messages.push(next)
  return messages
}

const names = async (...recordings: readonly Recording<Message>[]): Promise<string> =>
  (await all(new Merged(recordings))).map(({ name }) => name).join(' ')

test.each<[string, Recording<Message>[], string]>([
  ['none', [], ''],
  ['an empty one', [recording('a', []).made], ''],
  ['one', [recording('a', [1, 2, 3]).made], 'a0 a1 a2'],
  ['interleaved', [recording('a', [1, 4]).made, recording('b', [2, 3, 5]).made], 'a0 b0 b1 a1 b2'],
  [
    'one after another, given in reverse',
    [recording('b', [5, 6]).made, recording('a', [1, 2]).made],
    'a0 a1 b0 b1',
  ],
  ['of equal time in the order given', [recording('a', [1]).made, recording('b', [1]).made], 'a0 b0'],
  ['with unknown begin', [recording('a', [2, 3], false).made, recording('b', [1]).made], 'b0 a0 a1'],
  [
    'times that run backwards',
    [recording('a', [5, 1, 9]).made, recording('b', [2, 6]).made],
    'b0 a0 a1 b1 a2',
  ],
  ['without times', [recording('a', [5, undefined, 9]).made, recording('b', [6]).made], 'a0 a1 b0 a2'],
])('%s', async (_, recordings, expected) => {
  expect(await names(...recordings)).toBe(expected)
})

test('recordings that do not overlap are open one at a time', async () => {
  const many = Array.from({ length: 1000 }, (_, index) =>
    recording(`r${index}-`, [index * 10, index * 10 + 5]),
  )
  const merged = new Merged(many.map(({ made }) => made))
  let most = 0
  for (let next = await merged.next(); next !== undefined; next = await merged.next()) {
    most = Math.max(most, merged.open)
  }
  expect(most).toBe(1)
  expect(many.every(({ state }) => state.open === 1 && state.closed === 1)).toBe(true)
})

test('closing closes those that are open and opens no other', async () => {
  const [first, second] = [recording('a', [1, 2]), recording('b', [5])]
  const merged = new Merged([first.made, second.made])
  await merged.next()
  merged.close()
  expect(await merged.next()).toBeUndefined()
  expect([first.state, second.state]).toEqual([
    { open: 1, closed: 1 },
    { open: 0, closed: 0 },
  ])
})

test('sorted recordings give all messages, sorted; each keeps its order', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 })).map((list) => list.sort((a, b) => a - b))
  await fc.assert(
    fc.asyncProperty(fc.array(times, { maxLength: 5 }), async (lists) => {
      const messages = await all(new Merged(lists.map((list, index) => recording(`${index}:`, list).made)))
      const got = messages.map(({ time }) => time!)
      expect(got).toEqual(lists.flat().sort((a, b) => a - b))
      for (const [index, list] of lists.entries()) {
        const own = messages.filter(({ name }) => name.startsWith(`${index}:`)).map(({ name }) => name)
        expect(own).toEqual(list.map((_, at) => `${index}:${at}`))
      }
    }),
  )
})
