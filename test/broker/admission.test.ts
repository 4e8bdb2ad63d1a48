// The first bytes of a connection, and what becomes of it.

import mqtt from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { once } from '../helpers/wait.js'
import { everyCut } from './cuts.js'
import { connectPacket, testBroker } from './rig.js'

/** Between two chunks, so that they arrive as two. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

test.each([
  ['a MQTT 5 client', { protocolVersion: 5 }, [0x20, 6, 0, 0, 3, 0x22, 0, 10], undefined],
  ['a MQTT 3.1.1 client', {}, [0x20, 2, 0, 0], undefined],
] as const)('%s gets its CONNACK, wherever its CONNECT was cut', async (_, settings, connack, why) => {
  const broker = await testBroker()
  const bytes = mqtt.generate(connectPacket('client', settings))

  for (const chunks of everyCut(bytes)) {
    const client = broker.dial()
    for (const chunk of chunks) {
      client.write(chunk)
      await turn()
    }
    await once(() => client.bytes().length >= connack.length)
    expect([...client.bytes()]).toEqual(connack)
    if (why !== undefined) {
      await once(client.closed)
      expect(broker.lines.at(-1)).toContain(`Client from this process refused: ${why}`)
    }
  }
})

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'its first byte is 0x47, not a CONNECT'],
  ['another protocol', Buffer.from([0x10, 12, 0, 4, 65, 77, 81, 80, 4]), 'does not name the protocol MQTT'],
])('%s is closed without a word, wherever it was cut', async (_, bytes, why) => {
  const broker = await testBroker()

  for (const chunks of everyCut(bytes)) {
    const client = broker.dial()
    for (const chunk of chunks) {
      client.write(chunk)
      await turn()
    }
    await once(client.closed)
    expect(client.bytes()).toHaveLength(0)
    expect(broker.lines.at(-1)).toContain(why)
  }
})

describe('a client that takes its time', () => {
  const limits = { connectMs: 100 }

  test.each([
    ['nothing', 0],
    ['half of the first bytes', 6],
    ['half of its CONNECT', 13],
  ])('and has sent %s is closed', async (_, length) => {
    const broker = await testBroker({ limits })
    const client = broker.dial()

    client.write(mqtt.generate(connectPacket('client')).subarray(0, length))

    await once(client.closed)
    expect(broker.lines.join()).toMatch(/sent no CONNECT within 0\.1 s|connect did not arrive in time/)
  })

  test('but has connected is left in peace', async () => {
    const broker = await testBroker({ limits })
    const client = await broker.join('client')

    await new Promise((resolve) => setTimeout(resolve, 250))

    await client.sync()
  })
})

test('a connection that closes before its CONNECT is noticed', async () => {
  const broker = await testBroker()
  const client = broker.dial()

  client.stream.end()

  await once(client.closed)
  expect(broker.lines).toEqual([
    'Client from this process refused: it closed the connection before a CONNECT.',
  ])
})

test('no bytes behind a good CONNECT make the broker fall', async () => {
  const broker = await testBroker()
  const connect = mqtt.generate(connectPacket('client'))
  let seed = 1
  const random = () => (seed = (seed * 48_271) % 2_147_483_647)

  for (let round = 0; round < 300; round++) {
    const client = broker.dial()
    const garbage = Buffer.from(Array.from({ length: random() % 40 }, () => random() % 256))
    client.write(Buffer.concat([connect, garbage]))
    if (round % 3 === 0) await turn()
    client.stream.end()
  }

  await (await broker.join('other')).sync()
})
