import { expect, test } from 'vitest'
import { Session } from '../../src/session/session.js'

const puback = 4
const pubrec = 5

/** A Session whose connection breaks whenever `bad` has been sent; one answer for each other PUBLISH. */
function session(tries: number | undefined, maxInFlight = 5) {
  const log: string[] = []
  const kept = new Session<string, never>(
    {
      republish: (payload) => {
        log.push(payload)
        return 0
      },
      acknowledge: () => {},
      deliver: () => {},
      settle: (messageId, code) => void log.push(`settled ${messageId} ${code}`),
      drop: (payload) => void log.push(`dropped ${payload}`),
    },
    { version: 5, maxInFlight, tries },
  )
  return { session: kept, log }
}

test('H34: after a loss what is in flight is sent one by one, and what breaks two connections is dropped', () => {
  const { session: one, log } = session(2)
  const ids = ['a', 'bad', 'c'].map((payload) => one.publish(1, payload))
  one.disconnected()
  one.resume()
  expect(log).toEqual(['a'])
  expect(one.open).toBe(false)
  one.acknowledged(puback, ids[0]!, 0)
  expect(log).toEqual(['a', 'settled 1 0', 'bad'])
  one.disconnected()
  one.resume()
  expect(log.slice(3)).toEqual(['dropped bad', 'c'])
  one.acknowledged(puback, ids[2]!, 0)
  expect([one.inFlight, one.open]).toEqual([0, true])
})

test('a Packet Identifier that is used again has no losses; without `tries` nothing is dropped', () => {
  const { session: one, log } = session(2, 1)
  for (let round = 0; round < 3; round++) {
    const id = one.publish(1, `m${round}`)
    one.disconnected()
    one.resume()
    one.acknowledged(puback, id, 0)
  }
  expect(log.some((line) => line.startsWith('dropped'))).toBe(false)

  const { session: other, log: sent } = session(undefined)
  for (const payload of ['a', 'b']) other.publish(1, payload)
  for (let round = 0; round < 3; round++) {
    other.disconnected()
    other.resume()
  }
  expect(sent).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
})

test('what the server has taken at QoS 2 is not dropped', () => {
  const { session: one, log } = session(2)
  const id = one.publish(2, 'a')
  one.acknowledged(pubrec, id, 0)
  for (let round = 0; round < 3; round++) {
    one.disconnected()
    one.resume()
  }
  expect([one.inFlight, log]).toEqual([1, []])
})
