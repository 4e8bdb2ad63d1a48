// respond(): requests, answers, and requests that cannot be answered.
import { expect, onTestFinished, test } from 'vitest'
import type { Client, Message } from '../../src/library/index.js'
import { failureOf } from '../connection/rig.js'
import { peerTest, startMosquitto } from '../helpers/peers.js'
import { once } from '../helpers/wait.js'
import { client, server } from './rig.js'

const five = { protocolVersion: 5 } as const

async function pair(): Promise<[service: Client, ours: Client]> {
  const broker = await startMosquitto()
  onTestFinished(() => broker.stop())
  return [await client(broker, five), await client(broker, five)]
}

for (const qos of [0, 1, 2] as const)
  peerTest(`E52 requests of two filters are answered at QoS ${qos}`, ['mosquitto'], async () => {
    const [service, ours] = await pair()
    const responder = await service.respond(
      ['upper', 'say/+'],
      ({ topic, payload }) => {
        if (topic === 'upper') return `${payload}`.toUpperCase()
        return { payload: topic, properties: { contentType: 'text/plain' } }
      },
      { qos: 2 },
    )
    expect(`${(await ours.request('upper', 'abc', { qos })).payload}`).toBe('ABC')
    const { payload, qos: answered, properties } = await ours.request('say/hello', '', { qos })
    expect([`${payload}`, answered, properties?.contentType]).toEqual(['say/hello', qos, 'text/plain'])
    await responder.unsubscribe()
    await responder.closed
    expect(await failureOf(ours.request('upper', 'x', { timeout: 0.05 }))).toMatchObject({ exitCode: 27 })
  })

peerTest('E52 concurrency: so many requests are worked on at the same time', ['mosquitto'], async () => {
  const [service, ours] = await pair()
  let under = 0
  let most = 0
  const handler = async () => {
    most = Math.max(most, ++under)
    await new Promise((done) => setTimeout(done, 20))
    under--
    return 'done'
  }
  const responder = await service.respond('slow', handler, { concurrency: 3 })
  await Promise.all(Array.from({ length: 9 }, () => ours.request('slow', '')))
  expect(most).toBe(3)
  await responder[Symbol.asyncDispose]()
})

peerTest(
  'E52 onError: the handler throws, there is no Response Topic, or a wrong one; the rest is answered',
  ['mosquitto'],
  async () => {
    const [service, ours] = await pair()
    const told: string[] = []
    const onError = (error: Error, { payload }: Message) => told.push(`${payload}: ${error.message}`)
    await service.respond(
      'do',
      ({ payload }) => {
        if (`${payload}` === 'throw') throw new Error('no such thing')
        if (`${payload}` === 'wrong') return 5 as never
        return payload
      },
      { onError },
    )
    await ours.publish('do', 'plain')
    const properties = { responseTopic: 'answers' }
    await ours.publish('do', 'throw', { properties })
    await ours.publish('do', 'wrong', { properties })
    expect(`${(await ours.request('do', 'good')).payload}`).toBe('good')
    await once(() => told.length === 3)
    expect(told).toEqual([
      "plain: A request to 'do' has no valid Response Topic",
      'throw: no such thing',
      'wrong: answer is 5',
    ])
  },
)

peerTest('E52 without onError what the handler throws ends the responder', ['mosquitto'], async () => {
  const [service, ours] = await pair()
  const fault = new Error('broken')
  const responder = await service.respond('broken', () => {
    throw fault
  })
  const failed = failureOf(responder.closed)
  expect(await failureOf(ours.request('broken', '', { timeout: 0.2 }))).toMatchObject({ exitCode: 27 })
  expect(await failed).toBe(fault)
})

test('E52 respond() needs MQTT 5, a function and a number', async () => {
  const ours = await client(await server(4))
  expect((await failureOf(ours.respond('t', () => 'x'))).message).toBe('respond() needs MQTT 5')
  const newer = await client(await server(5), five)
  expect((await failureOf(newer.respond('t', 'x' as never))).message).toBe("handler is 'x'")
  expect((await failureOf(newer.respond('t', () => 'x', { concurrency: 0 }))).message).toBe(
    'concurrency is 0',
  )
})
