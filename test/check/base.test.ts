// What all exchanges stand on: bounds of the raw client and of the record, and what is removed from the server.
import { duplexPair } from 'node:stream'
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { Lab } from '../../src/check/lab.js'
import { RawClient } from '../../src/check/raw-client.js'
import { Record } from '../../src/check/record.js'
import { Violation } from '../../src/check/violation.js'
import { once } from '../helpers/wait.js'
import { brokerTarget } from './rig.js'

function rawClient() {
  const [ours, server] = duplexPair()
  const record = new Record()
  const client = new RawClient(ours, { version: 4, number: 1, record, patienceMs: 100 })
  return { client, server, record }
}

const publish = (payload: Buffer): Buffer =>
  mqtt.generate({ cmd: 'publish', topic: 't', payload, qos: 0, retain: false, dup: false })

test('a record is bounded', () => {
  const record = new Record()
  for (let n = 0; n < 10; n++) record.add(1, 's2c', Buffer.alloc(100_000))
  const kept = record.events.reduce((sum, { bytes }) => sum + bytes.length, 0)
  expect([kept, record.left]).toEqual([200_000, 800_000])
})

test('a server that floods is not read', async () => {
  const { client, server } = rawClient()
  let sent = 0
  const packet = publish(Buffer.alloc(500_000))
  while (server.write(packet) && sent < 100) sent++
  for (; sent < 100; sent++) server.write(packet)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(server.writableLength).toBeGreaterThan(80 * packet.length)
  for (let n = 0; n < 100; n++) await client.expect('publish')
})

test('a packet of more than 1 MiB ends the exchange', async () => {
  const { client, server } = rawClient()
  server.write(publish(Buffer.alloc(2_000_000)))
  await expect(client.next()).rejects.toThrow(/invalid packet: .*too large/i)
})

test.each([
  ['nothing', undefined, 'nothing came within 100 ms'],
  ['another packet', Buffer.of(0xd0, 0), 'CONNACK was expected, PINGRESP came'],
  ['the end', 'end', 'CONNACK was expected, the connection ended came'],
  ['bytes that are no packet', Buffer.of(0xff, 0), 'the server sent an invalid packet'],
] as const)('%s is a violation if a packet is expected', async (_, bytes, says) => {
  const { client, server } = rawClient()
  if (bytes === 'end') server.end()
  else if (bytes !== undefined) server.write(bytes)
  const error = await client.expect('connack').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Violation)
  expect((error as Error).message).toContain(says)
})

test('what an exchange leaves on the server is removed', async () => {
  const { target, retained, sessions } = await brokerTarget()
  const lab = new Lab(target, 4, 'clean')
  const client = await lab.connect({ clean: false })
  client.send(lab.publishPacket(lab.topic('kept'), { payload: 'x', retain: true }))
  await client.sync()
  expect([(await retained()).length, await sessions()]).toEqual([1, 1])
  await lab.clean()
  await once(async () => (await retained()).length === 0)
  expect(await sessions()).toBe(0)
})
