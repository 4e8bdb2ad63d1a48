// The queue of one session, without a broker.
import { expect, test } from 'vitest'
import { type Message, StoredSession } from '../../src/broker/session.js'

const connection = {}

const message = (brokerCounter: number, size = 1): Message => ({
  cmd: 'publish',
  topic: 't',
  payload: Buffer.alloc(size),
  qos: 1,
  retain: false,
  dup: false,
  brokerId: 'b',
  brokerCounter,
})

/** A session whose client is connected, with nothing that waited for it. */
async function live(): Promise<StoredSession> {
  const session = new StoredSession('a')
  await session.resend(connection).next()
  return session
}

test('holds 100,000 messages, and no more', async () => {
  const session = await live()
  let refused = 0
  for (let counter = 1; counter <= 100_000; counter++) if (!session.enqueue(message(counter), 1)) refused++
  expect(refused).toBe(0)

  expect(session.enqueue(message(100_001), 1)).toBe(false)

  session.sending(connection, { brokerCounter: 1, messageId: 1 })
  session.acknowledge(1)
  expect(session.enqueue(message(100_002), 1)).toBe(true)
})

test('holds 64 MiB, and forgets the payload of a message that was received', async () => {
  const session = await live()
  const large = 40 * 1024 * 1024
  expect(session.enqueue(message(1, large), 2)).toBe(true)
  expect(session.enqueue(message(2, large), 2)).toBe(false)

  session.sending(connection, { brokerCounter: 1, messageId: 1 })
  session.release(connection, 1)

  expect(session.enqueue(message(3, large), 2)).toBe(true)
  expect(session.queued).toBe(2)
})

test('gives no Packet Identifier twice', async () => {
  const session = await live()
  const sent = [65_534, 65_534, 65_535, 65_534].map((messageId, index) => {
    session.enqueue(message(index + 1), 1)
    const packet = { brokerCounter: index + 1, messageId }
    session.sending(connection, packet)
    return packet.messageId
  })

  expect(sent).toEqual([65_534, 65_535, 1, 2])
})

test('an acknowledgement of nothing is ignored', () => {
  const session = new StoredSession('a')
  session.enqueue(message(1), 1)

  session.acknowledge(7)
  session.release(connection, 7)

  expect(session.queued).toBe(1)
})

test('a round ends what an earlier connection began', async () => {
  const session = new StoredSession('a')
  session.enqueue(message(1), 1)
  session.enqueue(message(2), 1)
  const earlier = session.resend({})
  await earlier.next()

  const later = session.resend(connection)
  expect((await later.next()).value).toMatchObject({ brokerCounter: 1 })

  expect((await earlier.next()).done).toBe(true)
  expect((await later.next()).value).toMatchObject({ brokerCounter: 2 })
})

test('what an earlier connection still wants to send is not taken from the later one', async () => {
  const session = new StoredSession('a')
  session.enqueue(message(1), 1)
  const former = {}
  await session.resend(former).next()
  const round = session.resend(connection)
  await round.next()

  session.sending(former, { brokerCounter: 1, messageId: 1 })
  expect([former, connection].map((each) => session.maySend(each, 1))).toEqual([false, false])

  session.sending(connection, { brokerCounter: 1, messageId: 1 })
  expect([former, connection].map((each) => session.maySend(each, 1))).toEqual([false, true])
  expect((await round.next()).done).toBe(true)
})

test('a message may be sent when those before it are on their way, and only if it is in the queue', async () => {
  const session = new StoredSession('a')
  session.enqueue(message(1), 1)
  expect(session.maySend(connection, 1)).toBe(false)

  const round = session.resend(connection)
  await round.next()
  session.enqueue(message(2), 1)
  session.sending(connection, { brokerCounter: 1, messageId: 1 })
  expect([1, 2, 3].map((counter) => session.maySend(connection, counter))).toEqual([true, false, false])

  await round.next()
  session.sending(connection, { brokerCounter: 2, messageId: 1 })
  await round.next()
  session.enqueue(message(3), 1)
  expect([2, 3, 4].map((counter) => session.maySend(connection, counter))).toEqual([true, true, false])
})
