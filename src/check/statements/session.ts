// Session state (4.1 in both versions).
import { lasting, publish } from '../delivery.js'
import { type ConnectSettings, demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { Subscriber } from '../subscriber.js'

/** Subscribes at QoS 2 with a session that is kept, and leaves. */
async function left(lab: Lab, settings: ConnectSettings, identifier?: number): Promise<string> {
  const topic = lab.topic('a')
  const subscriber = await Subscriber.connect(lab, settings)
  const properties = identifier === undefined ? undefined : { subscriptionIdentifier: identifier }
  await subscriber.granted(topic, { qos: 2 }, properties)
  await subscriber.client.leave()
  return topic
}

/** Connects again. @throws Violation if the session is not there */
async function resumed(lab: Lab, settings: ConnectSettings): Promise<RawClient> {
  const client = await lab.connect(settings)
  demand(client.connack?.sessionPresent === true, 'Session Present is 0 in CONNACK')
  return client
}

async function messagesSurvive(lab: Lab): Promise<void> {
  const settings = lasting(lab)
  const topic = await left(lab, settings)
  const publisher = await lab.connect()
  for (const qos of [1, 2] as const) await publish(lab, publisher, { topic, qos, payload: `QoS ${qos}` })
  const subscriber = await Subscriber.of(lab, await resumed(lab, settings))
  await subscriber.expect(
    publisher,
    ['QoS 1', 'QoS 2'],
    'messages were published while the client was absent',
  )
}

async function subscriptionsSurvive(lab: Lab): Promise<void> {
  const settings = lasting(lab)
  const topic = await left(lab, settings)
  const subscriber = await Subscriber.of(lab, await resumed(lab, settings))
  const publisher = await lab.connect()
  await publish(lab, publisher, { topic, payload: 'a' })
  await subscriber.expect(publisher, ['a'], 'the session has a subscription')
}

/** A message of QoS 2 whose PUBREL is sent after the connection has changed. */
async function receivedSurvives(lab: Lab): Promise<void> {
  const settings = lasting(lab)
  const subscriber = await Subscriber.connect(lab)
  const topic = lab.topic('a')
  await subscriber.granted(topic)
  const before = await lab.connect(settings)
  const message = lab.publishPacket(topic, { qos: 2, messageId: 5, payload: 'once' })
  before.send(message)
  await before.expect('pubrec')
  before.drop()
  const after = await resumed(lab, settings)
  after.send({ ...message, dup: true })
  await after.expect('pubrec')
  after.send({ cmd: 'pubrel', messageId: 5 })
  await after.expect('pubcomp')
  await subscriber.expect(after, ['once'], 'PUBLISH of QoS 2 was sent before and after a new connection')
}

/** `waitMs`: how long the connection is open before the message. */
async function lastsWithConnection(lab: Lab, settings: ConnectSettings, waitMs: number): Promise<void> {
  const subscriber = await Subscriber.connect(lab, settings)
  await subscriber.granted(lab.topic('a'))
  await lab.pause(waitMs)
  await subscriber.sync()
  const publisher = await lab.connect()
  await publish(lab, publisher, { topic: lab.topic('a'), payload: 'a' })
  await subscriber.expect(publisher, ['a'], 'the connection is open')
}

const oneSecond = (lab: Lab): ConnectSettings => ({
  clientId: lab.clientId(),
  clean: false,
  properties: { sessionExpiryInterval: 1 },
})

const rows: readonly Row[] = [
  {
    v3: '4.1.0-1',
    text: 'session state is stored for as long as the session lasts',
    needs: ['sessions', 'qos 1', 'qos 2'],
    async check(lab) {
      await subscriptionsSurvive(lab)
      await messagesSurvive(lab)
    },
  },
  {
    v3: '4.1.0-2',
    text: 'a session lasts at least as long as its network connection',
    check: (lab) => lastsWithConnection(lab, {}, 0),
  },
  {
    v5: '4.1.0-1',
    text: 'session state is not discarded while the network connection is open, whatever the Session Expiry Interval',
    check: (lab) => lastsWithConnection(lab, oneSecond(lab), 1200),
  },
  {
    v5: '4.1.0-2',
    text: 'session state is discarded when the Session Expiry Interval has passed after the connection',
    needs: ['sessions'],
    async check(lab) {
      const settings = oneSecond(lab)
      await left(lab, settings)
      await lab.pause(2500)
      const { connack } = await lab.connect(settings)
      demand(connack?.sessionPresent === false, 'after 2.5 s a session that expires after 1 s is still there')
    },
  },
  {
    v5: '4.1.0-a',
    text: 'session state has the subscriptions',
    needs: ['sessions'],
    check: subscriptionsSurvive,
  },
  {
    v5: '4.1.0-b',
    text: 'session state has the messages of QoS 1 and 2 that wait for the client',
    needs: ['sessions', 'qos 1', 'qos 2'],
    check: messagesSurvive,
  },
  {
    v3: '4.1.0-c',
    v5: '4.1.0-c',
    text: 'session state has the messages of QoS 2 that came from the client and are not released',
    needs: ['sessions', 'qos 2'],
    check: receivedSurvives,
  },
  {
    v5: '4.1.0-d',
    text: 'session state has the Subscription Identifiers',
    needs: ['sessions', 'subscription identifiers'],
    async check(lab) {
      const settings = lasting(lab)
      const topic = await left(lab, settings, 7)
      const subscriber = await Subscriber.of(lab, await resumed(lab, settings))
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic, payload: 'a' })
      const [message] = await subscriber.expect(publisher, ['a'], 'the session has a subscription')
      const identifier = [message!.properties?.subscriptionIdentifier].flat().join()
      demand(identifier === '7', `Subscription Identifier ${identifier || 'none'}, not 7, came`)
    },
  },
  {
    v5: '4.1.0-e',
    text: 'retained messages are not deleted when a session ends',
    needs: ['retain', 'qos 1'],
    async check(lab) {
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic: lab.topic('a'), retain: true, qos: 1, payload: 'retained' })
      await publisher.leave()
      const subscriber = await Subscriber.connect(lab)
      await subscriber.granted(lab.topic('a'))
      await subscriber.expect(await lab.connect(), ['retained'], 'the session of the publisher has ended')
    },
  },
]

export const session = statementsOf(rows)
