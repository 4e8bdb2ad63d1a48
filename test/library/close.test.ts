// close() waits for messages in flight and always ends, and so do all pending calls.
import { describe, expect, test } from 'vitest'
import {
  type Client,
  ConnectionError,
  type ConnectOptions,
  type MqttxError,
  type Subscription,
} from '../../src/library/index.js'
import { answerTo, bytes, failureOf, publishBytes } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { tap } from '../helpers/tap.js'
import { once } from '../helpers/wait.js'
import { client, kinds, server } from './rig.js'

/** A client whose connection is lost, and whose server refuses connections until released. */
async function lost(port: number, options: ConnectOptions = {}, before?: (ours: Client) => Promise<void>) {
  const relay = await tap(port)
  let retries = 0
  const ours = await client(relay, { ...options, onRetry: () => retries++ })
  await before?.(ours)
  relay.admit(false)
  relay.cut()
  await once(() => retries > 0)
  return { ours, relay }
}

const failure = (promise: Promise<unknown>) => failureOf(promise) as Promise<MqttxError>

describe('the server is gone', () => {
  test('with nothing in flight it resolves at once', async () => {
    const subscriptions: Subscription[] = []
    const { ours } = await lost((await server(4)).port, {}, async (made) => {
      subscriptions.push(await made.subscribe('a'), await made.subscribe('b'))
    })
    const [next, gone] = [subscriptions[0]!.next(), subscriptions[1]!.unsubscribe()]
    await ours.close()
    await ours.closed
    await ours.close()
    await gone
    expect((await next).done).toBe(true)
  })

  test.each([0, 1, 2] as const)('calls that wait for it are told, at QoS %i', async (qos) => {
    const { ours } = await lost((await server(5)).port, { protocolVersion: 5 })
    const waiting = [
      ours.publish('t', 'x', { qos }),
      ours.subscribe('t', { qos }),
      ours.request('t', 'x', { qos }),
      ours.publish('u', 'y', { qos }),
    ]
    const told = Promise.all(waiting.map(failure))
    await ours.close()
    for (const { message } of await told) expect(message).toBe('The client is closed')
    expect((await failure(ours.publish('t', 'x'))).message).toBe('The client is closed')
    expect((await failure(ours.request('t', 'x'))).message).toBe('The client is closed')
  })

  test.each([1, 2] as const)('with a message in flight at QoS %i it says so in the end', async (qos) => {
    const broker = await server(4, ({ cmd }) => cmd === 'publish')
    let sent: Promise<MqttxError> | undefined
    const { ours } = await lost(broker.port, { connectTimeout: 1 }, async (made) => {
      sent = failure(made.publish('t', 'x', { qos }))
      await once(() => kinds(broker).includes('publish'))
    })
    const waiting = failure(ours.publish('t', 'y', { qos }))
    const error = await failure(ours.close())
    expect(error).toMatchObject({ message: '1 message was not acknowledged', exitCode: 7 })
    expect(error.cause).toBeInstanceOf(ConnectionError)
    expect(error.hint).toContain((error.cause as Error).message)
    expect(await sent).toBe(error)
    expect((await waiting).message).toBe('The client is closed')
    expect(await failure(ours.closed)).toBe(error)
    expect(await failure(ours.close())).toBe(error)
  })

  test('with a message in flight it ends after the last attempt of `reconnects`', async () => {
    const broker = await server(4, ({ cmd }) => cmd === 'publish')
    let sent: Promise<MqttxError> | undefined
    const { ours } = await lost(broker.port, { reconnects: 2 }, async (made) => {
      sent = failure(made.publish('t', 'x', { qos: 1 }))
      await once(() => kinds(broker).includes('publish'))
    })
    const error = await failure(ours.close())
    expect(error).toBeInstanceOf(ConnectionError)
    expect(await sent).toBe(error)
  })

  test('and comes back: messages in flight are delivered first', async () => {
    let ignoresPublish = true
    const broker = await server(4, ({ cmd }) => ignoresPublish && cmd === 'publish')
    let sent: Promise<void> | undefined
    const { ours, relay } = await lost(broker.port, {}, async (made) => {
      sent = made.publish('t', 'x', { qos: 1 })
      await once(() => kinds(broker).includes('publish'))
    })
    const closing = ours.close()
    ignoresPublish = false
    relay.admit(true)
    await closing
    await sent
    expect(kinds(broker)).toEqual(['connect', 'publish', 'connect', 'publish', 'disconnect'])
  })
})

describe('the server is there', () => {
  test('but acknowledges nothing', async () => {
    const broker = await server(4, ({ cmd }) => cmd === 'publish')
    const ours = await client(broker, { connectTimeout: 1 })
    const sent = [1, 2].map(() => failure(ours.publish('t', 'x', { qos: 1 })))
    const error = await failure(ours.close())
    expect(error).toMatchObject({
      message: '2 messages were not acknowledged',
      hint: 'no acknowledgement for 1 s',
      exitCode: 19,
    })
    expect(await Promise.all(sent)).toEqual([error, error])
  })

  test.each([0, 1, 2] as const)('all that was published before is sent first, at QoS %i', async (qos) => {
    const broker = await server(4)
    const ours = await client(broker, { maxInFlight: 3 })
    const payload = Buffer.alloc(20_000, 'x') // more than the socket takes at once
    const sent = Array.from({ length: 500 }, () => ours.publish('t', payload, { qos }))
    const closing = ours.close()
    const late = failure(ours.publish('t', 'late', { qos }))
    await Promise.all([closing, ...sent])
    expect((await late).message).toBe('The client is closed')
    expect(kinds(broker).filter((kind) => kind === 'publish')).toHaveLength(500)
    expect(kinds(broker).at(-1)).toBe('disconnect')
  })

  test('two calls return the same promise', async () => {
    const broker = await server(4)
    const ours = await client(broker)
    const sent = ours.publish('t', 'x', { qos: 1 })
    await Promise.all([ours.close(), ours.close(), sent, ours.closed])
    expect(kinds(broker)).toEqual(['connect', 'publish', 'disconnect'])
  })

  test('an unread subscription does not delay it', async () => {
    const broker = await scriptedServer({
      packet(packet, socket) {
        const answer = answerTo(packet)
        const more = Array.from({ length: 1500 }, () => publishBytes(0, 0, packet.cmd))
        const full = packet.cmd === 'subscribe' || packet.cmd === 'publish'
        // In one write, so that the client exceeds its bound with the first chunk.
        if (answer) socket.write(Buffer.concat([...(full ? more : []), bytes(answer)]))
      },
    })
    const ours = await client(broker, { connectTimeout: 5 })
    const unread = await ours.subscribe('t')
    const sent = ours.publish('u', 'x', { qos: 1 })
    await ours.close()
    await sent
    const waiting: string[] = []
    for await (const { payload } of unread) waiting.push(`${payload}`)
    expect(waiting).toEqual(Array.from({ length: 1500 }, () => 'subscribe'))
  })
})
