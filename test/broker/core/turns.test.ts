// Work that takes long is done in turns, so that other clients are served meanwhile.
import { expect, test } from 'vitest'
import { CoreRig, publish, type TestClient } from './rig.js'

const filters = Array.from({ length: 5000 }, (_, i) => `t/${i}`)

function subscribeAll(client: TestClient, topics: readonly string[]): void {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) })
}

/** Ticks as long as the core wants to be called at once; returns how often. */
function finish(rig: CoreRig): number {
  let ticks = 0
  for (; rig.broker.deadline() <= rig.now; ticks++) rig.broker.tick(rig.now)
  return ticks
}

/** True if `client` is answered at once. */
function served(client: TestClient): boolean {
  client.received()
  client.send({ cmd: 'pingreq' })
  return client.received('pingresp').length === 1
}

test.each([4, 5] as const)('thousands of Topic Filters in one packet, version %i', (protocolVersion) => {
  const rig = new CoreRig()
  const [client, other] = [rig.join('c', { protocolVersion }), rig.join('other')]
  subscribeAll(client, filters)
  client.send({ cmd: 'pingreq' })
  expect(client.packets).toEqual([])
  expect(served(other)).toBe(true)
  expect(client.packets).toEqual([])
  expect(client.paused).toBe(true)
  expect(finish(rig)).toBeGreaterThan(5)
  expect(client.paused).toBe(false)
  expect(client.received().map(({ cmd }) => cmd)).toEqual(['suback', 'pingresp'])
  expect(rig.broker.subscriptions.size).toBe(filters.length)
  other.send(publish('t/4999', 'x'))
  expect(client.messages()).toEqual(['t/4999 x'])

  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: filters })
  expect(served(other)).toBe(true)
  expect(finish(rig)).toBeGreaterThan(5)
  expect(client.received().map(({ cmd }) => cmd)).toEqual(['unsuback'])
  expect(rig.broker.subscriptions.size).toBe(0)
})

test('a bad Topic Filter after thousands of good ones: nothing is subscribed', () => {
  const rig = new CoreRig()
  const client = rig.join('c')
  subscribeAll(client, [...filters, 'a#'])
  finish(rig)
  expect(client.last('disconnect')).toMatchObject({ reasonCode: 0x8f })
  expect(rig.broker.subscriptions.size).toBe(0)
})

test.each(['lose', 'take over', 'DISCONNECT'])('a client goes while it subscribes: %s', (way) => {
  const rig = new CoreRig()
  const client = rig.join('c')
  subscribeAll(client, filters)
  rig.broker.tick(rig.now)
  if (way === 'lose') client.lose()
  else if (way === 'take over') rig.join('c')
  else client.send({ cmd: 'disconnect', reasonCode: 0 })
  finish(rig)
  expect(rig.broker.subscriptions.size).toBe(0)
  expect(rig.broker.deadline()).toBeGreaterThan(rig.now)
})

test('a session with thousands of subscriptions ends', () => {
  const rig = new CoreRig()
  const [client, other] = [rig.join('c'), rig.join('other')]
  subscribeAll(client, filters)
  finish(rig)
  client.lose()
  expect(rig.broker.subscriptions.size).toBeGreaterThan(0)
  expect(served(other)).toBe(true)
  other.send(publish('t/4999', 'x', { qos: 1, messageId: 1 }))
  expect(other.last('puback')).toMatchObject({ reasonCode: 0x10 })
  const heir = rig.join('c')
  heir.subscribe('t/4999')
  expect(finish(rig)).toBeGreaterThan(5)
  expect(rig.broker.subscriptions.size).toBe(1)
  other.send(publish('t/4999', 'x'))
  expect(heir.messages()).toEqual(['t/4999 x'])
})

test('work that is left goes on by itself, not with each packet of another client', () => {
  const rig = new CoreRig()
  const [client, other] = [rig.join('c'), rig.join('other')]
  subscribeAll(client, filters)
  const begun = rig.broker.subscriptions.size
  for (let i = 0; i < 100; i++) other.send({ cmd: 'pingreq' })
  expect(rig.broker.subscriptions.size).toBe(begun)
  finish(rig)
  expect(rig.broker.subscriptions.size).toBe(filters.length)
})

test.each(['subscribe', 'unsubscribe'])('%s with more than a client may subscribe to is too large', (cmd) => {
  const rig = new CoreRig({ limits: { filterBytes: 70_000 } })
  const client = rig.join('c')
  const long = filters.map((filter) => `${filter}/and/more`)
  const subscriptions = long.map((topic) => ({ topic, qos: 0 }))
  client.send({ cmd, messageId: 1, subscriptions, unsubscriptions: long })
  expect(client.last('disconnect')).toMatchObject({ reasonCode: 0x95 })
})
