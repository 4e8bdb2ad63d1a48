// Persistent sessions: what waits for a client, and how it comes.
import { setImmediate } from 'node:timers/promises'
import type { IConnackPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { once } from '../helpers/wait.js'
import { connectPacket, publish, type TestClient, testBroker } from './rig.js'

const keep = { clean: false }
const count = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
const payloads = (messages: { payload: string | Buffer }[]) =>
  messages.map(({ payload }) => payload.toString())
const leave = async (client: TestClient) => {
  client.send({ cmd: 'disconnect' })
  await once(client.closed)
}

/** Acknowledges every QoS 1 message, as a client should. */
function acknowledging(client: TestClient): TestClient {
  let seen = 0
  const answer = () => {
    for (; seen < client.packets.length; seen++) {
      const packet = client.packets[seen]
      if (packet?.cmd === 'publish' && packet.qos === 1)
        client.send({ cmd: 'puback', messageId: packet.messageId! })
    }
  }
  client.stream.on('data', answer)
  answer()
  return client
}

test('what was published with QoS 1 and 2 in between comes after CONNACK, in order, and only once', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  const reader = await broker.join('reader', keep)
  await reader.subscribe('t/#', 2)
  await leave(reader)

  writer.send(...count(1, 100).map((text, id) => publish('t/1', text, { qos: 1, messageId: id + 1 })))
  writer.send(publish('t/1', 'lost', { qos: 0 }))
  await writer.sync()

  const back = acknowledging(await broker.join('reader', keep))
  await once(() => back.words.filter((line) => line.startsWith('publish')).length >= 100)
  expect(back.words).toEqual(['connack', ...count(1, 100).map((text) => `publish t/1 ${text} q1`)])
  await back.sync()
  await leave(back)
  const again = await broker.join('reader', keep)
  await again.sync()
  expect(again.words).toEqual(['connack', 'pingresp'])
})

test('a session is present even if it has no subscriptions', async () => {
  const broker = await testBroker()
  const present = async (settings: object) => {
    const client = await broker.join('a', settings)
    const { sessionPresent } = client.packets[0] as IConnackPacket
    await leave(client)
    return sessionPresent
  }

  expect(await present(keep)).toBe(false)
  expect(await present(keep)).toBe(true)
  expect(await present({ clean: true })).toBe(false)
  expect(await present(keep)).toBe(false)
})

test('a message without an acknowledgement is sent again with DUP, a received one is released again', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  const reader = await broker.join('reader', keep)
  await reader.subscribe('t', 2)
  writer.send(
    publish('t', 'first', { qos: 2, messageId: 1 }),
    publish('t', 'second', { qos: 1, messageId: 2 }),
  )
  const [first, second] = await reader.messages(2)
  reader.send({ cmd: 'pubrec', messageId: first!.messageId! })
  await reader.take('pubrel')
  reader.stream.end()
  await once(() => broker.lines.includes('Client reader closed its connection.'))

  const back = await broker.join('reader', keep)

  await once(() => back.words.length === 3)
  expect(back.words).toEqual(['connack', `pubrel ${first!.messageId}`, 'publish t second q1 dup'])
  expect(await back.messages(1)).toMatchObject([{ messageId: second!.messageId }])
})

test('new messages do not overtake those that waited', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  const reader = await broker.join('reader', keep)
  await reader.subscribe('t', 1)
  await leave(reader)
  const send = (from: number, to: number) => {
    writer.send(...count(from, to).map((text, id) => publish('t', text, { qos: 1, messageId: id + 1 })))
  }
  send(1, 2000)
  await writer.sync()

  const back = broker.dial()
  acknowledging(back)
  back.send(connectPacket('reader', keep))
  for (let from = 2001; from < 4000; from += 100) {
    send(from, from + 99)
    await writer.sync()
  }

  await once(() => back.words.length >= 4001)
  expect(back.words).toEqual(['connack', ...count(1, 4000).map((text) => `publish t ${text} q1`)])
})

test('a connection that is taken over while it resumes loses nothing of what it had before it', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  for (let turns = 0; turns < 30; turns++) {
    const clientId = `reader-${turns}`
    const reader = await broker.join(clientId, keep)
    await reader.subscribe('t', 1)
    await leave(reader)
    writer.send(...count(1, 100).map((text, id) => publish('t', text, { qos: 1, messageId: id + 1 })))
    await writer.sync()

    const resuming = broker.dial()
    resuming.send(connectPacket(clientId, keep))
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    const back = acknowledging(await broker.join(clientId, keep))

    expect(payloads(await back.messages(100)), `after ${turns} turns`).toEqual(count(1, 100))
    await back.sync()
    expect(back.words).toHaveLength(102)
    back.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['t'] })
    await back.take('unsuback')
  }
})

test('two subscriptions that match make one message wait, in the higher QoS', async () => {
  const broker = await testBroker()
  const writer = await broker.join('writer')
  const reader = await broker.join('reader', keep)
  await reader.subscribe('t', 1)
  await reader.subscribe('#', 2)
  await leave(reader)
  writer.send(publish('t', 'x', { qos: 2, messageId: 1 }))
  await writer.sync()

  const back = await broker.join('reader', keep)

  expect(payloads(await back.messages(1))).toEqual(['x'])
  await back.sync()
  expect(back.words).toEqual(['connack', 'publish t x q2', 'pingresp'])
})

test('the subscriptions of a session live on, those that were given up do not', async () => {
  const broker = await testBroker()
  const reader = await broker.join('reader', keep)
  await reader.subscribe('kept', 1)
  await reader.subscribe('given-up', 1)
  reader.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['given-up'] })
  await reader.take('unsuback')
  await leave(reader)
  const back = await broker.join('reader', keep)

  back.send(publish('given-up', 'x'), publish('kept', 'y'))

  expect(payloads(await back.messages(1))).toEqual(['y'])
})

/** Receives as the specification says, and may be cut off at any time: what it has delivered and owes survives. */
class Receiver {
  readonly delivered: string[] = []
  readonly #unreleased = new Set<number>()

  attach(client: TestClient): void {
    let seen = 0
    client.stream.on('data', () => {
      for (; seen < client.packets.length; seen++) {
        const packet = client.packets[seen]!
        const messageId = packet.messageId ?? 0
        if (packet.cmd === 'publish') {
          if (packet.qos < 2 || !this.#unreleased.has(messageId))
            this.delivered.push(packet.payload.toString())
          if (packet.qos === 2) this.#unreleased.add(messageId)
          client.send({ cmd: packet.qos === 2 ? 'pubrec' : 'puback', messageId })
        } else if (packet.cmd === 'pubrel') {
          this.#unreleased.delete(messageId)
          client.send({ cmd: 'pubcomp', messageId })
        }
      }
    })
  }
}

test.each([1, 2] as const)(
  'nothing of QoS %i is lost or out of order when the connection breaks often',
  async (qos) => {
    const total = 3000
    const broker = await testBroker()
    const writer = await broker.join('writer')
    const receiver = new Receiver()
    const connect = async () => {
      const client = broker.dial()
      receiver.attach(client)
      client.send(connectPacket('reader', keep))
      await client.take('connack')
      return client
    }
    let reader = await connect()
    await reader.subscribe('t', qos)

    for (let sent = 0; sent < total; sent += 100) {
      const ids = count(sent + 1, sent + 100)
      writer.send(...ids.map((text) => publish('t', text, { qos, messageId: Number(text) })))
      if (qos === 2) writer.send(...ids.map((text) => ({ cmd: 'pubrel', messageId: Number(text) }) as const))
      await new Promise((resolve) => setTimeout(resolve, sent % 7))
      if (sent % 300 === 0) {
        reader.stream.end()
        await once(reader.closed)
        reader = await connect()
      }
    }
    await once(() => new Set(receiver.delivered).size === total)

    const first = [...new Set(receiver.delivered)]
    expect(first).toEqual(count(1, total))
    if (qos === 2) expect(receiver.delivered).toEqual(first)
  },
)
