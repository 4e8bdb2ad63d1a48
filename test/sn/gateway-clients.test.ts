// What a client of a gateway sends at the wrong time, again, or from another address.
import { describe, expect, test } from 'vitest'
import type { SnMessage } from '../../src/codec/mqtt-sn-messages.js'
import { messageBytes, Rig } from './gateway-rig.js'

const short = (name: string) => ({ kind: 'short', name }) as const
const normal = (id: number) => ({ kind: 'normal', id }) as const
const types = (messages: readonly SnMessage[]): string[] => messages.map(({ type }) => type)
const publish = { type: 'publish', topic: short('ab'), qos: 1, messageId: 1 } as const

describe('before CONNACK', () => {
  test('while the will is asked for, other messages do nothing', () => {
    const rig = new Rig()
    rig.ask({ type: 'connect', clientId: 'c', will: true })
    for (const type of ['register', 'subscribe', 'pingreq', 'willmsg'] as const)
      expect(rig.ask({ type, topic: short('ab'), name: 'a', messageId: 2 })).toEqual([])
    expect(rig.ask(publish)).toEqual([])
    rig.ask({ type: 'willtopic', willTopic: 'gone' })
    expect(rig.ask(publish)).toEqual([])
    expect(rig.links).toEqual([])
  })

  test('while the server has not answered, messages do nothing', () => {
    const rig = new Rig({ accepting: false })
    rig.ask({ type: 'connect', clientId: 'c' })
    expect(rig.ask(publish)).toEqual([])
    expect(rig.link.published).toEqual([])
    rig.link.accept()
    expect(types(rig.take())).toEqual(['connack'])
    rig.ask(publish)
    expect(rig.link.published).toHaveLength(1)
  })

  test('DISCONNECT ends it', () => {
    const rig = new Rig({ accepting: false })
    rig.ask({ type: 'connect', clientId: 'c' })
    expect(types(rig.ask({ type: 'disconnect' }))).toEqual(['disconnect'])
    expect([rig.link.calls, rig.gateway.clients]).toEqual([['close'], 0])
  })
})

describe('a CONNECT that follows another one at once', () => {
  test.each([
    ['the same: it was sent again', {}, ['connack'], 1],
    ['with a will: a new connection', { will: true }, ['willtopicreq'], 1],
    ['without a clean session: goes on with the connection', { cleanSession: false }, ['connack'], 1],
    ['with another Keep Alive', { cleanSession: false, duration: 9 }, ['connack'], 1],
    ['with a clean session and another Keep Alive: a new connection', { duration: 9 }, [], 2],
  ])('%s', async (_, more, answers, links) => {
    const rig = new Rig()
    await rig.connect('c')
    expect(types(rig.ask({ type: 'connect', clientId: 'c', ...more }))).toEqual(answers)
    expect(rig.links).toHaveLength(links)
  })

  test('with a clean session: a message at QoS 2 of the old one is forgotten, and its identifier is free', async () => {
    const rig = new Rig()
    const first = await rig.connect('c')
    rig.ask({ ...publish, qos: 2 })
    first.events.settled(first.token, true)
    expect(types(rig.take())).toEqual(['pubrec'])
    expect(types(rig.ask({ ...publish, qos: 2, dup: true }))).toEqual(['pubrec'])
    expect(first.published).toHaveLength(1)
    const second = await rig.connect('c', { duration: 9 })
    rig.ask({ ...publish, qos: 2, data: Buffer.from('other') })
    expect(second.published).toMatchObject([{ payload: 'other', qos: 2 }])
  })
})

test('an address that publishes to topic identifiers that it was not given is given up, with DISCONNECT', async () => {
  const rig = new Rig()
  const link = await rig.connect('c')
  for (let id = 1; id < 100 && rig.gateway.clients > 0; id++)
    rig.ask({ type: 'publish', topic: normal(id), qos: 1, messageId: id })
  expect([link.calls, rig.gateway.clients]).toEqual([['cut'], 0])
})

test('the client at its new address is not found at the old one', async () => {
  const rig = new Rig()
  await rig.connect('c', { cleanSession: false })
  await rig.connect('c', { cleanSession: false }, 'b')
  expect(types(rig.take('a'))).toEqual(['disconnect'])
  expect(types(rig.ask({ type: 'pingreq' }, 'a'))).toEqual(['disconnect'])
  expect(types(rig.ask({ type: 'pingreq' }, 'b'))).toEqual(['pingresp'])
  rig.raw(messageBytes({ type: 'disconnect' }), 'a')
  expect(rig.gateway.clients).toBe(1)
})

test('a gateway that stops tells its clients', async () => {
  const rig = new Rig()
  const link = await rig.connect('c')
  await rig.prove()
  rig.take()
  rig.gateway.stop()
  expect(types(rig.take())).toEqual(['disconnect'])
  expect(link.calls).toEqual(['close'])
})
