// AbortSignals of connect, publish, request and subscribe.
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { connect } from '../../src/library/index.js'
import { failureOf } from '../connection/rig.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { tap } from '../helpers/tap.js'
import { once } from '../helpers/wait.js'
import { client, kinds, server } from './rig.js'

const reason = new Error('enough')

test('E52 connect() rejects with the reason before, during and between attempts', async () => {
  const silent = await scriptedServer({})
  const url = `mqtt://127.0.0.1:${silent.port}`
  await expect(connect(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(silent.connections()).toBe(0)

  const during = new AbortController()
  const made = failureOf(connect(url, { signal: during.signal }))
  await once(() => kinds(silent).includes('connect'))
  during.abort(reason)
  expect(await made).toBe(reason)

  const between = new AbortController()
  const closing = await scriptedServer({ accept: (socket) => void socket.destroy() })
  const options = {
    ...{ signal: between.signal, retries: Number.POSITIVE_INFINITY },
    onRetry: () => between.abort(reason),
  }
  expect(await failureOf(connect(`mqtt://127.0.0.1:${closing.port}`, options))).toBe(reason)
  expect(closing.connections()).toBe(1)
})

test('E52 the signal of connect() has no effect after it resolves', async () => {
  const broker = await server(4)
  const abort = new AbortController()
  const ours = await client(broker, { signal: abort.signal })
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  abort.abort(reason)
  await ours.publish('t', 'x', { qos: 1 })
})

test('E52 a queued publish is withdrawn', async () => {
  const broker = await server(4)
  const relay = await tap(broker.port)
  let losses = 0
  const ours = await client(relay, { onRetry: () => losses++ })
  relay.admit(false)
  relay.cut()
  await once(() => losses > 0)
  const abort = new AbortController()
  const waiting = failureOf(ours.publish('t', 'never', { qos: 1, signal: abort.signal }))
  abort.abort(reason)
  expect(await waiting).toBe(reason)
  relay.admit(true)
  await ours.publish('t', 'sent', { qos: 1 })
  const payloads = broker.received.flatMap((packet) =>
    packet.cmd === 'publish' ? [`${packet.payload}`] : [],
  )
  expect(payloads).toEqual(['sent'])
})

test('E52 a publish in flight and a request reject with the reason', async () => {
  const broker = await server(5, ({ cmd }) => cmd === 'publish')
  const ours = await client(broker, { protocolVersion: 5, connectTimeout: 1 })
  const abort = new AbortController()
  const { signal } = abort
  const calls = [ours.publish('t', 'x', { qos: 1, signal }), ours.request('t', 'x', { signal })].map(
    failureOf,
  )
  await once(() => kinds(broker).filter((kind) => kind === 'publish').length === 2)
  abort.abort(reason)
  expect(await Promise.all(calls)).toEqual([reason, reason])
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await expect(ours.request('t', 'x', { signal })).rejects.toBe(reason)
})

test('E52 a subscription ends before it is granted and in its loop', async () => {
  const slow = await server(4, ({ cmd }) => cmd === 'subscribe')
  const waiting = await client(slow)
  const early = new AbortController()
  const made = failureOf(waiting.subscribe('t', { signal: early.signal }))
  await once(() => kinds(slow).includes('subscribe'))
  early.abort(reason)
  expect(await made).toBe(reason)
  await once(() => kinds(slow).includes('unsubscribe'))

  const broker = await server(4)
  const ours = await client(broker)
  const late = new AbortController()
  const subscription = await ours.subscribe('t', { signal: late.signal })
  const next = failureOf(subscription.next())
  late.abort(reason)
  expect(await next).toBe(reason)
  await once(() => kinds(broker).includes('unsubscribe'))
  const other = new AbortController()
  await (await ours.subscribe('u', { signal: other.signal })).unsubscribe()
  expect(getEventListeners(other.signal, 'abort')).toHaveLength(0)
})
