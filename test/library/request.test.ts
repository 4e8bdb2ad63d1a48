// request(): answers at the QoS of the responder, and a timeout for every cause of delay.
import type { Packet } from 'mqtt-packet'
import { expect, onTestFinished, test } from 'vitest'
import { answerTo, bytes, failureOf } from '../connection/rig.js'
import { peerTest, startMosquitto } from '../helpers/peers.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { tap } from '../helpers/tap.js'
import { once } from '../helpers/wait.js'
import { client, kinds, server } from './rig.js'

const five = { protocolVersion: 5 } as const

peerTest('the QoS of the first request does not bound the answers to others', ['mosquitto'], async () => {
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  const service = await client(broker, five)
  const questions = await service.subscribe('ask', { qos: 2 })
  void (async () => {
    for await (const { properties, qos } of questions) {
      const { responseTopic, correlationData } = properties!
      const answer = { qos, properties: { correlationData: correlationData! } } as const
      await service.publish(responseTopic!, 'answer', answer)
    }
  })()
  const ours = await client(broker, five)
  const answers = []
  for (const qos of [0, 1, 2, 0] as const) answers.push(await ours.request('ask', '?', { qos }))
  expect(answers.map(({ qos }) => qos)).toEqual([0, 1, 2, 0])
})

test('all requests share one SUBSCRIBE at QoS 2', async () => {
  const broker = await server(5)
  const ours = await client(broker, five)
  const late = [0, 1].map(() => failureOf(ours.request('ask', '?', { timeout: 3 })))
  await Promise.all(late)
  expect(kinds(broker)).toEqual(['connect', 'subscribe', 'publish', 'publish'])
  expect(broker.received[1]).toMatchObject({ subscriptions: [{ qos: 2 }] })
})

test('an invalid topic is an error before anything is sent', async () => {
  const broker = await server(5)
  const ours = await client(broker, five)
  expect((await failureOf(ours.request('ask/#', '?'))).message).toContain("'+' or '#'")
  await ours.close()
  expect(kinds(broker)).toEqual(['connect', 'disconnect'])
})

test('the timeout includes time without a connection, and a late request is not sent', async () => {
  const broker = await server(5)
  const relay = await tap(broker.port)
  let retries = 0
  const ours = await client(relay, { ...five, onRetry: () => retries++ })
  relay.admit(false)
  relay.cut()
  await once(() => retries > 0)
  const error = await failureOf(ours.request('ask', '?', { timeout: 0.05 }))
  expect(error).toMatchObject({ message: 'no answer within 0.05 s', exitCode: 27 })
  relay.admit(true)
  await ours.publish('after', 'x', { qos: 1 })
  await ours.close()
  const topics = broker.received.map((packet) => (packet.cmd === 'publish' ? packet.topic : packet.cmd))
  expect(topics).toEqual(['connect', 'connect', 'subscribe', 'after', 'disconnect'])
})

test('after a refused resubscription the next request subscribes again', async () => {
  let subscribed = 0
  const broker = await scriptedServer({
    packet(packet, socket) {
      const refused = packet.cmd === 'subscribe' && ++subscribed === 2
      const answer = { reasonCode: 0, ...answerTo(packet), ...(refused && { granted: [0x87] }) }
      if ('cmd' in answer) socket.write(bytes(answer as Packet, 5))
    },
  })
  const relay = await tap(broker.port)
  const ours = await client(relay, five)
  const ask = (timeout: number) => failureOf(ours.request('ask', '?', { timeout }))
  void ask(60)
  await once(() => subscribed === 1)
  relay.cut()
  await once(() => subscribed === 2)
  await ours.publish('t', 'x', { qos: 1 })
  expect((await ask(0.5)).message).toBe('no answer within 0.5 s')
  await once(() => subscribed === 3)
})
