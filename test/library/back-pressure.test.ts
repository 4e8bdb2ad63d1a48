// A slow or unread subscription delays only its own messages.
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client } from '../../src/library/index.js'
import { answerTo, bytes, publishBytes } from '../connection/rig.js'
import { choose } from '../helpers/amount.js'
import { peerTest, startMosquitto, startOwnBroker } from '../helpers/peers.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { once } from '../helpers/wait.js'
import { client } from './rig.js'

const unlimited = () => startMosquitto(['allow_anonymous true', 'max_queued_messages 0'])
const brokers = [
  { name: 'mosquitto', versions: [4, 5] as const, needs: ['mosquitto'] as const, launch: unlimited },
  { name: 'our broker', versions: [4] as const, needs: [] as const, launch: startOwnBroker },
]

async function send(publisher: Client, topic: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, number) => publisher.publish(topic, `${number}`, { qos: 1 })),
  )
}

describe.each(brokers)('with $name', ({ name, versions, needs, launch }) => {
  for (const protocolVersion of versions) {
    for (const count of choose([1500, 3000], protocolVersion)) {
      peerTest(
        `E47 a loop that publishes what it gets, ${count} waiting, MQTT ${protocolVersion}`,
        [...needs],
        async () => {
          const broker = await launch()
          onTestFinished(() => broker.stop())
          const ours = await client(broker, { protocolVersion })
          const other = await client(broker, { protocolVersion })
          const results = await other.subscribe('out', { qos: 1 })
          const subscription = await ours.subscribe('in', { qos: 1 })
          // Our broker makes the publisher wait until the subscriber has room.
          const sending = send(other, 'in', count)
          if (name === 'mosquitto') await sending
          const forwarding = (async () => {
            let done = 0
            for await (const { payload } of subscription) {
              await ours.publish('out', payload, { qos: 1 })
              if (++done === count) break
            }
          })()
          for (let number = 0; number < count; number++) {
            expect(`${(await results.next()).value?.payload}`).toBe(`${number}`)
          }
          await Promise.all([forwarding, sending])
          expect([subscription.dropped, results.dropped]).toEqual([0, 0])
        },
        90_000,
      )
    }
  }

  peerTest(
    'E49 a subscription that nobody iterates does not hold back a publish',
    [...needs],
    async () => {
      const broker = await launch()
      onTestFinished(() => broker.stop())
      const ours = await client(broker)
      const other = await client(broker)
      const unread = await ours.subscribe('in', { qos: 1 })
      const read = await ours.subscribe('other')
      await send(other, 'in', 1500)
      for (const qos of [1, 2, 0] as const) await ours.publish('other', `${qos}`, { qos })
      for (const qos of [1, 2, 0]) expect(`${(await read.next()).value?.payload}`).toBe(`${qos}`)
      let number = 0
      for await (const { payload } of unread) {
        expect(`${payload}`).toBe(`${number}`)
        if (++number === 1500) break
      }
    },
    90_000,
  )
})

peerTest(
  'E48 a responder at QoS 1 serves 3,000 requests',
  ['mosquitto'],
  async () => {
    const broker = await unlimited()
    onTestFinished(() => broker.stop())
    const service = await client(broker, { protocolVersion: 5 })
    const questions = await service.subscribe('ask', { qos: 1 })
    void (async () => {
      for await (const { payload, properties } of questions) {
        const { responseTopic, correlationData } = properties!
        await service.publish(responseTopic!, payload, {
          qos: 1,
          properties: { correlationData: correlationData! },
        })
      }
    })()
    const ours = await client(broker, { protocolVersion: 5 })
    const asked = Array.from({ length: 3000 }, (_, number) =>
      ours.request('ask', `${number}`, { qos: 1, timeout: 80 }),
    )
    const answers = await Promise.all(asked)
    expect(answers.map(({ payload }) => `${payload}`)).toEqual(answers.map((_, number) => `${number}`))
  },
  90_000,
)

describe('QoS 0, without acknowledgements to withhold', () => {
  /** Sends `burst` messages of 100 bytes with each SUBACK and PUBACK. */
  function flood(burst: number) {
    const piece = Buffer.concat(Array.from({ length: burst }, () => publishBytes(0, 0, 'x'.repeat(100))))
    return scriptedServer({
      packet(packet, socket) {
        const answer = answerTo(packet)
        if (answer === undefined) return
        socket.write(bytes(answer))
        if (packet.cmd === 'subscribe') socket.write(piece)
      },
    })
  }

  test('the only subscription of an otherwise idle client gets all messages', async () => {
    const ours = await client(await flood(20_000))
    const subscription = await ours.subscribe('t')
    let count = 0
    for await (const _ of subscription) {
      if (count++ % 100 === 0) await new Promise((done) => setImmediate(done))
      if (count === 20_000) break
    }
    expect(subscription.dropped).toBe(0)
  })

  test('messages beyond the bound while a call waits are dropped, counted and announced', async () => {
    const told = new Map<string, number>()
    const ours = await client(await flood(20_000), {
      onDrop: ({ filter, dropped }) => void told.set(filter, dropped),
    })
    const subscription = await ours.subscribe('t')
    await ours.publish('u', 'x', { qos: 1 })
    await once(() => subscription.dropped > 0)
    await ours.publish('u', 'x', { qos: 1 })
    expect(told.get('t')).toBe(subscription.dropped)
    await ours.close()
    let count = 0
    for await (const _ of subscription) count++
    expect(count).toBeGreaterThanOrEqual(1000)
    expect(count + subscription.dropped).toBe(20_000)
  })
})
