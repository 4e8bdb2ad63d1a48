// What CONNECT does to sessions, and the limits that a client sets in it (3.1 in both versions).
import { lasting, messages, publish, retainedFor, subscriber, textOf } from '../delivery.js'
import { leftSession } from '../exchanges.js'
import { demand, type Lab } from '../lab.js'
import { type Answer, described } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'

/** A subscription of a left session is there again, and what was published since comes. `since`: while it was left. */
async function resumes(lab: Lab, since: boolean): Promise<void> {
  const topic = lab.topic('a')
  const settings = await leftSession(lab, topic)
  const publisher = await lab.connect()
  if (since) await publish(lab, publisher, { topic, qos: 1 })
  const client = await lab.connect(settings)
  if (!since) {
    await client.sync()
    await publish(lab, publisher, { topic, qos: 1 })
  }
  await client.expect('publish')
}

/** A left session is gone after a CONNECT that wants a new one. */
async function discards(lab: Lab): Promise<void> {
  const topic = lab.topic('a')
  const settings = await leftSession(lab, topic)
  const publisher = await lab.connect()
  await publish(lab, publisher, { topic, qos: 1 })
  const client = await lab.connect({ ...settings, clean: true })
  await publish(lab, publisher, { topic, qos: 1 })
  await client.quiet('the session that had to be discarded goes on')
}

/** The Topic Aliases of two messages on each of three topics, to a client that takes `topicAliasMaximum`. */
async function aliases(lab: Lab, topicAliasMaximum: number | undefined): Promise<number[]> {
  const properties = topicAliasMaximum === undefined ? {} : { topicAliasMaximum }
  const client = await lab.connect({ properties })
  const topics = ['a', 'b', 'c'].map((name) => lab.topic(name))
  for (const topic of topics) await lab.subscribe(client, topic)
  client.send(...[...topics, ...topics].map((topic) => lab.publishPacket(topic)))
  const answers = await client.sync()
  return answers.flatMap((one) => (one.cmd === 'publish' ? (one.properties?.topicAlias ?? []) : []))
}

/** Answers of all kinds, some of them to requests that cannot be met. */
async function answersWithoutReasons(lab: Lab): Promise<Answer[]> {
  const client = await lab.connect({ properties: { requestProblemInformation: false } })
  const topic = lab.topic('a')
  client.send(
    lab.publishPacket(topic, { qos: 1, messageId: 1 }),
    lab.publishPacket(topic, { qos: 2, messageId: 2 }),
    { cmd: 'pubrel', messageId: 2 },
    { cmd: 'pubrel', messageId: 3 },
    { cmd: 'subscribe', messageId: 4, subscriptions: [{ topic, qos: 0 }] },
    { cmd: 'unsubscribe', messageId: 5, unsubscriptions: [topic, lab.topic('b')] },
  )
  return client.sync()
}

const rows: readonly Row[] = [
  {
    ...{ v3: '3.1.2-4', v5: '3.1.2-5', needs: ['sessions', 'qos 1'] },
    text: 'a client that wants to go on with its session gets it, with its subscriptions',
    check: (lab) => resumes(lab, false),
  },
  {
    ...{ v3: '3.1.2-5', needs: ['sessions', 'qos 1'] },
    text: 'messages of QoS 1 for a session whose client is absent are kept for it',
    check: (lab) => resumes(lab, true),
  },
  {
    ...{ v5: '3.1.2-4', needs: ['sessions', 'qos 1'] },
    text: 'Clean Start discards the session that is there',
    check: discards,
  },
  {
    ...{ v3: '3.1.2-6', needs: ['sessions', 'qos 1'] },
    text: 'Clean Session discards the session that is there, and leaves none',
    async check(lab) {
      const settings = await leftSession(lab, lab.topic('a'))
      await (await lab.connect({ ...settings, clean: true })).leave()
      await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos: 1 })
      const client = await lab.connect(settings)
      demand(client.connack?.sessionPresent === false, 'the session is there again')
      await client.quiet('messages for the discarded session are sent')
    },
  },
  {
    ...{ v5: '3.1.2-6', needs: ['sessions'] },
    text: 'without Clean Start, a client that has no session gets a new one',
    async check(lab) {
      const settings = lasting(lab)
      await (await lab.connect(settings)).leave()
      const { connack } = await lab.connect(settings)
      demand(connack?.sessionPresent === true, 'there is no session after the first connection')
    },
  },
  {
    ...{ v3: '3.1.2-7', needs: ['retain'] },
    text: 'retained messages stay when the session of their publisher ends',
    async check(lab) {
      const publisher = await lab.connect()
      publisher.send(lab.publishPacket(lab.topic('a'), { retain: true, payload: 'kept' }))
      await publisher.sync()
      await publisher.leave()
      const [message] = await retainedFor(lab, await subscriber(lab, lab.topic('b')), lab.topic('a'))
      demand(message !== undefined, 'the retained message is gone')
    },
  },
  {
    ...{ v5: '3.1.2-23', needs: ['sessions'] },
    text: 'a session with a Session Expiry Interval is kept when the connection is lost',
    async check(lab) {
      const settings = lasting(lab)
      ;(await lab.connect(settings)).drop()
      const { connack } = await lab.connect(settings)
      demand(connack?.sessionPresent === true, 'the session is gone')
    },
  },
  {
    v5: '3.1.2-24',
    text: 'no packet that is larger than the Maximum Packet Size of the client is sent to it',
    async check(lab) {
      const topic = lab.topic('a')
      const client = await subscriber(lab, topic, {}, { properties: { maximumPacketSize: 150 } })
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic, payload: 'x'.repeat(150) })
      for (const { bytes } of await messages(lab, publisher, client))
        demand(bytes.length <= 150, `a packet of ${bytes.length} bytes is sent, 150 are allowed`)
    },
  },
  {
    ...{ v5: '3.1.2-25', needs: ['qos 1'] },
    text: 'a message that is too large for a client counts as delivered, and others follow',
    async check(lab) {
      const topic = lab.topic('a')
      const properties = { maximumPacketSize: 150, receiveMaximum: 1 }
      const client = await subscriber(lab, topic, { qos: 1 }, { properties })
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic, qos: 1, payload: 'x'.repeat(150) })
      await publish(lab, publisher, { topic, qos: 1, payload: 'small' })
      demand(textOf(await client.expect('publish')) === 'small', 'the message that is too large is sent')
    },
  },
  {
    v5: '3.1.2-26',
    text: 'no Topic Alias is higher than the Topic Alias Maximum of the client',
    async check(lab) {
      for (const alias of await aliases(lab, 1))
        demand(alias <= 1, `a Topic Alias is ${alias}, the maximum is 1`)
    },
  },
  {
    v5: '3.1.2-27',
    text: 'a client without Topic Alias Maximum, or with 0, gets no Topic Alias',
    async check(lab) {
      for (const maximum of [undefined, 0])
        demand((await aliases(lab, maximum)).length === 0, 'a PUBLISH has a Topic Alias')
    },
  },
  {
    v5: '3.1.2-28',
    text: 'Response Information is sent only if Request Response Information is 1',
    async check(lab) {
      for (const properties of [{}, { requestResponseInformation: false }]) {
        const { connack } = await lab.connect({ properties })
        demand(connack?.properties?.responseInformation === undefined, 'CONNACK has Response Information')
      }
    },
  },
  {
    ...{ v5: '3.1.2-29', needs: ['qos 2'] },
    text: 'without Request Problem Information, answers have no Reason String and no User Properties',
    async check(lab) {
      for (const answer of await answersWithoutReasons(lab)) {
        const { reasonString, userProperties } =
          ('properties' in answer && (answer.properties as Record<string, unknown>)) || {}
        const isPlain = reasonString === undefined && userProperties === undefined
        demand(isPlain || answer.cmd === 'disconnect', `${answer.cmd.toUpperCase()} has them`)
      }
    },
  },
  {
    ...{ v3: '3.1.3-2', v5: '3.1.3-2', needs: ['sessions', 'qos 1'] },
    text: 'sessions are told apart by their Client Identifiers',
    async check(lab) {
      const settings = await leftSession(lab, lab.topic('a'))
      const other = await lab.connect({ ...lasting(lab) })
      demand(other.connack?.sessionPresent === false, 'a client gets the session of another')
      const same = await lab.connect(settings)
      demand(same.connack?.sessionPresent === true, 'a client does not get its session')
    },
  },
  {
    ...{ v3: '3.1.4-2', v5: '3.1.4-3' },
    text: 'a client that connects with the Client Identifier of another ends the connection of that one',
    async check(lab) {
      const clientId = lab.clientId()
      const first = await lab.connect({ clientId })
      await lab.connect({ clientId })
      const disconnect = await first.closed()
      const isRight = lab.version === 4 || disconnect?.reasonCode === 0x8e
      demand(isRight, `DISCONNECT with 0x8e was expected, ${described(disconnect)}`)
    },
  },
  {
    ...{ v3: '3.1.4-3', v5: '3.1.4-4', needs: ['sessions', 'qos 1'] },
    text: 'Clean Session or Clean Start decides whether a session goes on',
    async check(lab) {
      await discards(lab)
      const { connack } = await lab.connect(await leftSession(lab, lab.topic('b')))
      demand(connack?.sessionPresent === true, 'a session was discarded without being asked for')
    },
  },
  {
    ...{ v3: '3.1.4-4', v5: '3.1.4-5' },
    text: 'a valid CONNECT is answered with CONNACK',
    async check(lab) {
      const client = await lab.open()
      client.send(lab.connectPacket())
      await client.expect('connack')
    },
  },
  {
    ...{ v3: '3.1.4-5', v5: '3.1.4-6' },
    text: 'what follows a CONNECT that is rejected is not processed',
    async check(lab) {
      const watcher = await subscriber(lab, lab.topic('a'))
      const client = await lab.open()
      const settings =
        lab.version === 5
          ? { properties: { authenticationMethod: 'mqttx-check' } }
          : { clientId: '', clean: false }
      client.send(lab.connectPacket(settings), lab.publishPacket(lab.topic('a')))
      const outcome = await client.refusal()
      demand(outcome !== 'accepted', 'a CONNECT is accepted that had to be rejected')
      const seen = await messages(lab, await lab.connect(), watcher)
      demand(seen.length === 0, 'a PUBLISH after the rejected CONNECT is processed')
    },
  },
]

export const sessionStart = statementsOf(rows)
