// A subscriber that does not read: what it costs, and whom.
import { expect, test } from 'vitest'
import { once, sleep } from '../helpers/wait.js'
import { publish, type TestClient, testBroker } from './rig.js'

/** Writes messages until the broker stops taking them; how many bytes it took. */
async function flood(
  client: TestClient,
  message: Parameters<TestClient['send']>[0],
  most: number,
): Promise<number> {
  let taken = 0
  while (taken < most) {
    const room = client.stream.writableNeedDrain
    if (room) {
      const drained = new Promise<boolean>((resolve) => client.stream.once('drain', () => resolve(true)))
      if (!(await Promise.race([drained, sleep(200).then(() => false)]))) return taken
    }
    const before = client.stream.writableLength
    client.send(message)
    taken += client.stream.writableLength - before
    if (!client.stream.writableNeedDrain) taken += 1
  }
  return taken
}

test.each([
  ['large', 100_000],
  ['small', 100],
])('a publisher of %s messages waits for it, others go on', async (_, size) => {
  const broker = await testBroker()
  const stuck = await broker.join('stuck')
  await stuck.subscribe('t')
  const writer = await broker.join('writer')
  const other = await broker.join('other')
  await other.subscribe('other')
  stuck.stream.pause()

  const taken = await flood(writer, publish('t', 'x'.repeat(size)), 20_000_000)

  expect(taken).toBeLessThan(1_000_000)
  other.send(publish('other', 'x'))
  await other.messages(1)
  stuck.stream.resume()
  await writer.sync()
})

test('one that acknowledges nothing gets 1,000 messages, and the others when it acknowledges', async () => {
  const broker = await testBroker()
  const silent = await broker.join('silent')
  await silent.subscribe('t', 2)
  const writer = await broker.join('writer')

  writer.send(...Array.from({ length: 20_000 }, (_, id) => publish('t', 'x', { qos: 1, messageId: id + 1 })))
  await silent.messages(1000)
  await sleep(200)

  const received = silent.packets.filter(({ cmd }) => cmd === 'publish')
  expect(received.length).toBe(1000)
  await once(() => writer.words.length === 20_001)

  let answered = 0
  const answer = () => {
    const all = silent.packets.filter(({ cmd }) => cmd === 'publish')
    silent.send(...all.slice(answered).map(({ messageId = 0 }) => ({ cmd: 'puback', messageId }) as const))
    answered = all.length
  }
  await once(() => {
    answer()
    return answered === 20_000
  }, 90_000)
  const ids = new Set(silent.packets.filter(({ cmd }) => cmd === 'publish').map(({ messageId }) => messageId))
  expect(ids.size).toBe(20_000)
}, 120_000)

test('a client that publishes to itself more than it acknowledges is not stopped for good', async () => {
  const broker = await testBroker()
  const self = await broker.join('self')
  await self.subscribe('t', 1)

  self.send(...Array.from({ length: 20_000 }, (_, id) => publish('t', 'x', { qos: 1, messageId: id + 1 })))

  await once(() => self.words.filter((line) => line.startsWith('puback')).length === 20_000)
})

test('one that takes nothing at all is disconnected, and publishers go on', async () => {
  const broker = await testBroker({ limits: { stallMs: 500 } })
  const stuck = await broker.join('stuck')
  await stuck.subscribe('t')
  const writer = await broker.join('writer', { keepalive: 1 })
  stuck.stream.pause()
  await flood(writer, publish('t', 'x'.repeat(10_000)), 2_000_000)

  await once(() => broker.lines.some((line) => line.startsWith('Client stuck disconnected')))

  expect(broker.lines.at(-1)).toMatch(/took nothing for \d s/)
  await writer.sync()
})

test('one that owes nothing is left in peace', async () => {
  const broker = await testBroker({ limits: { stallMs: 300 } })
  const idle = await broker.join('idle')
  await idle.subscribe('t')

  await sleep(1500)

  await idle.sync()
})
