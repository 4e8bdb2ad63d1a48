// What all exchanges stand on: bounds of the raw client and of the record, and what is removed from the server.
import { duplexPair } from 'node:stream'
import mqtt from 'mqtt-packet'
import { expect, test } from 'vitest'
import { Lab } from '../../src/check/lab.js'
import { RawClient } from '../../src/check/raw-client.js'
import { Record } from '../../src/check/record.js'
import { Violation } from '../../src/check/violation.js'
import { embedded } from './rig.js'

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
  const target = await embedded()
  const lab = new Lab(target, 4, 'clean')
  const clientId = lab.clientId()
  const topic = lab.topic('kept')
  const client = await lab.connect({ clientId, clean: false })
  client.send(lab.publishPacket(topic, { payload: 'x', retain: true }))
  await client.sync()

  const left = async (): Promise<[present: boolean, messages: number]> => {
    const look = new Lab(target, 4, 'look')
    const raw = await look.open()
    raw.send({ ...look.connectPacket({ clientId, clean: false }) })
    const { sessionPresent } = await raw.expect('connack')
    await look.subscribe(raw, topic)
    const messages = (await raw.sync()).length
    await raw.leave()
    return [sessionPresent, messages]
  }
  client.drop()
  expect(await left()).toEqual([true, 1])
  await lab.clean()
  expect(await left()).toEqual([false, 0])
})
