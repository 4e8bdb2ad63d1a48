// Callbacks and properties of a client: attempts, connections, Session Present, Reason Codes, the end.
import { createServer, connect as dial } from 'node:net'
import type { Packet } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectRefused, connect, type MqttxError } from '../../src/library/index.js'
import { answerTo, bytes, failureOf } from '../connection/rig.js'
import { startOwnBroker } from '../helpers/peers.js'
import { connack, scriptedServer } from '../helpers/scripted-server.js'
import { tap } from '../helpers/tap.js'
import { once } from '../helpers/wait.js'
import { client } from './rig.js'

test('E52 retries: the first connection is retried, and onRetry gets the error', async () => {
  let refusals = 2
  const broker = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect' && refusals-- > 0) socket.end(connack(3))
      else if (packet.cmd === 'connect') socket.write(connack())
    },
  })
  const told: number[] = []
  const ours = await client(broker, {
    retries: 2,
    onRetry: (error) => told.push((error as MqttxError).reasonCode!),
  })
  expect([told, broker.connections(), ours.connected]).toEqual([[3, 3], 3, true])
})

test('E52 without retries connect() rejects at the first failure', async () => {
  const broker = await scriptedServer({ packet: (_packet, socket) => void socket.end(connack(3)) })
  const error = await failureOf(client(broker))
  expect(error).toBeInstanceOf(ConnectRefused)
  expect([broker.connections(), error]).toMatchObject([1, { reasonCode: 3 }])
})

test('E52 onConnect, connected and sessionPresent across a reconnect', async () => {
  const broker = await startOwnBroker()
  onTestFinished(() => broker.stop())
  const relay = await tap(broker.port)
  const seen: unknown[] = []
  const ours = await client(relay, {
    ...{ clientId: 'e52', cleanStart: false },
    onConnect: (connected) => seen.push(connected),
    onRetry: () => seen.push(ours.connected),
  })
  expect([ours.connected, ours.sessionPresent]).toEqual([true, false])
  relay.cut()
  await once(() => seen.length === 3)
  expect(seen).toEqual([
    { sessionPresent: false, first: true },
    false,
    { sessionPresent: true, first: false },
  ])
  expect([ours.connected, ours.sessionPresent]).toEqual([true, true])
  await ours.close()
  expect(ours.connected).toBe(false)
})

test('E52 await using closes the client and ends the subscription', async () => {
  const broker = await startOwnBroker()
  onTestFinished(() => broker.stop())
  const closed = await (async () => {
    await using ours = await client(broker)
    await using subscription = await ours.subscribe('t')
    void subscription
    return ours.closed
  })
  await expect(closed()).resolves.toBeUndefined()
})

const refusing = (version: 4 | 5) =>
  scriptedServer({
    packet(packet, socket) {
      const { messageId = 0 } = packet
      const answer = { ...answerTo(packet), reasonCode: 0 } as Packet
      if (packet.cmd === 'subscribe') Object.assign(answer, { granted: packet.subscriptions.map(() => 0x87) })
      if (packet.cmd === 'publish') Object.assign(answer, { messageId, reasonCode: 0x97 })
      if (answer.cmd !== undefined) socket.write(bytes(answer, version))
    },
  })

test('E52 reasonCode is the Reason Code of the refusal', async () => {
  const broker = await refusing(5)
  const ours = await client(broker, { protocolVersion: 5 })
  const failures = [ours.publish('t', 'x', { qos: 1 }), ours.subscribe('t')].map(failureOf)
  expect(await Promise.all(failures)).toMatchObject([{ reasonCode: 0x97 }, { reasonCode: 0x87 }])
})

test('E52 reasonCode of a DISCONNECT', async () => {
  const broker = await scriptedServer({
    packet(_packet, socket) {
      socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false } as Packet, 5))
      socket.end(bytes({ cmd: 'disconnect', reasonCode: 0x8e } as Packet, 5))
    },
  })
  const ours = await client(broker, { protocolVersion: 5 })
  expect(await failureOf(ours.closed)).toMatchObject({ reasonCode: 0x8e })
})

test('E52 Will properties reach the server', async () => {
  const broker = await scriptedServer({
    packet: (_packet, socket) =>
      void socket.write(bytes({ cmd: 'connack', reasonCode: 0, sessionPresent: false } as Packet, 5)),
  })
  const properties = {
    willDelayInterval: 7,
    contentType: 'text/plain',
    responseTopic: 'r',
    correlationData: new Uint8Array([1, 2]),
    messageExpiryInterval: 9,
    payloadFormatIndicator: true,
    userProperties: { a: ['1', '2'] },
  }
  await client(broker, { protocolVersion: 5, will: { topic: 'w', payload: 'gone', qos: 1, properties } })
  expect(broker.received[0]).toMatchObject({
    will: { topic: 'w', properties: { ...properties, correlationData: Buffer.from([1, 2]) } },
  })
})

test('E52 an unreachable server: retries are counted, then connect() rejects', async () => {
  const port = await freePort()
  let attempts = 0
  const made = connect(`mqtt://127.0.0.1:${port}`, { retries: 1, onRetry: () => attempts++ })
  expect(await failureOf(made)).toMatchObject({ code: 'ECONNREFUSED', reasonCode: undefined })
  expect(attempts).toBe(1)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  dial(port, '127.0.0.1').destroy()
  await new Promise((done) => server.close(done))
  return port
}
