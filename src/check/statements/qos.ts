// The flows of QoS 0, 1 and 2 (4.3 in both versions). What MQTT 5.0 numbers one by one, MQTT 3.1.1 has in one statement.
import {
  back,
  lasting,
  messages,
  messagesOf,
  publish,
  received,
  subscriber,
  takenAgain,
  textOf,
} from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import { type Answer, described } from '../raw-client.js'
import { type Row, statementsOf } from '../statement.js'
import { NotOffered } from '../violation.js'

type Exchange = (lab: Lab) => Promise<void>

/** Also those whose bytes are not symmetrical, and the largest. */
const identifiers = [1, 258, 65_535]

const unusedIdentifiers =
  (qos: 1 | 2): Exchange =>
  async (lab) => {
    const to = await subscriber(lab, lab.topic('a'), { qos })
    const from = await lab.connect()
    for (let i = 0; i < 5; i++) await publish(lab, from, { topic: lab.topic('a'), qos })
    const used = (await messages(lab, from, to)).map(({ messageId }) => messageId)
    demand(used.length > 0, 'no message came')
    demand(new Set(used).size === used.length, `Packet Identifiers of messages in flight: ${used.join(', ')}`)
  }

const firstSending =
  (qos: 1 | 2): Exchange =>
  async (lab) => {
    const to = await subscriber(lab, lab.topic('a'), { qos })
    await publish(lab, await lab.connect(), { topic: lab.topic('a'), qos })
    const message = await to.expect('publish')
    demand(message.qos === qos && !message.dup, `QoS ${message.qos} with DUP ${Number(message.dup)}`)
  }

/** At QoS 1 the first of two messages is acknowledged. */
const unacknowledged =
  (qos: 1 | 2): Exchange =>
  async (lab) => {
    const settings = lasting(lab)
    const first = await subscriber(lab, lab.topic('a'), { qos }, settings)
    const from = await lab.connect()
    for (const payload of ['one', 'two'].slice(qos - 1))
      await publish(lab, from, { topic: lab.topic('a'), payload, qos })
    const { messageId = 0 } = await first.expect('publish')
    if (qos === 1) {
      first.send({ cmd: 'puback', messageId })
      await first.expect('publish')
      await first.sync()
    }
    first.drop()
    const again = await takenAgain(lab, from, await back(lab, settings), 1)
    const came = messagesOf(again).map(textOf)
    demand(came.includes('two'), 'a message without an acknowledgement is not sent again')
    demand(!came.includes('one'), 'an acknowledged message is sent again')
  }

const pubrelFollows: Exchange = async (lab) => {
  const to = await subscriber(lab, lab.topic('a'), { qos: 2 })
  const from = await lab.connect()
  for (let i = 0; i < 2; i++) {
    await publish(lab, from, { topic: lab.topic('a'), qos: 2 })
    const { messageId = 0 } = await to.expect('publish')
    to.send({ cmd: 'pubrec', messageId })
    const pubrel = await to.expect('pubrel')
    demand(pubrel.messageId === messageId, `PUBREL ${pubrel.messageId} follows PUBREC ${messageId}`)
    to.send({ cmd: 'pubcomp', messageId })
  }
}

/** What comes when a client returns that has sent PUBREC and got PUBREL, and the Packet Identifier. */
async function afterPubrel(lab: Lab): Promise<{ answers: Answer[]; messageId: number }> {
  const settings = lasting(lab)
  const first = await subscriber(lab, lab.topic('a'), { qos: 2 }, settings)
  const from = await lab.connect()
  await publish(lab, from, { topic: lab.topic('a'), qos: 2 })
  const { messageId = 0 } = await first.expect('publish')
  first.send({ cmd: 'pubrec', messageId })
  await first.expect('pubrel')
  first.drop()
  return { answers: await takenAgain(lab, from, await back(lab, settings), 1), messageId }
}

const pubrelAgain: Exchange = async (lab) => {
  const { answers, messageId } = await afterPubrel(lab)
  const isThere = answers.some((answer) => answer.cmd === 'pubrel' && answer.messageId === messageId)
  demand(isThere, 'PUBREL without PUBCOMP is not sent again')
}

const noPublishAgain: Exchange = async (lab) => {
  const { answers } = await afterPubrel(lab)
  const message = answers.find(({ cmd }) => cmd === 'publish')
  demand(message === undefined, `${described(message)} is sent again after PUBREL`)
}

const acknowledged =
  (qos: 1 | 2): Exchange =>
  async (lab) => {
    const client = await lab.connect()
    for (const messageId of identifiers) {
      const answer = await publish(lab, client, { topic: lab.topic('a'), qos, messageId })
      demand(answer?.messageId === messageId, `the answer to ${messageId} has ${answer?.messageId}`)
    }
  }

/** The same Packet Identifier after PUBACK or PUBCOMP. */
const usedAgain =
  (qos: 1 | 2): Exchange =>
  async (lab) => {
    const to = await subscriber(lab, lab.topic('a'), { qos })
    const from = await lab.connect()
    for (const payload of ['one', 'two']) {
      await publish(lab, from, {
        topic: lab.topic('a'),
        payload,
        qos,
        messageId: 1000,
        dup: payload === 'two',
      })
    }
    const came = (await received(lab, from, to, 2)).map(textOf)
    demand(came.join() === 'one,two', `${came.join(' and ') || 'nothing'} came instead of one and two`)
  }

/** A client may send a PUBLISH again only on a new network connection [MQTT-4.4.0-1]. */
const notTwice: Exchange = async (lab) => {
  const to = await subscriber(lab, lab.topic('a'), { qos: 2 })
  const settings = lasting(lab)
  let from = await lab.connect(settings)
  for (const dup of [false, true]) {
    from.send(lab.publishPacket(lab.topic('a'), { payload: 'x', qos: 2, messageId: 1, dup }))
    const { messageId } = await from.expect('pubrec')
    demand(messageId === 1, `PUBREC has Packet Identifier ${messageId} instead of 1`)
    if (!dup) from.drop()
    if (!dup) from = await back(lab, settings)
  }
  from.send({ cmd: 'pubrel', messageId: 1 })
  await from.expect('pubcomp')
  const { length } = await messages(lab, from, to)
  demand(length === 1, `a message that was sent twice is delivered ${length} times`)
}

const pubcompFollows: Exchange = async (lab) => {
  const client = await lab.connect()
  for (const messageId of identifiers) {
    client.send(lab.publishPacket(lab.topic('a'), { qos: 2, messageId }))
    await client.expect('pubrec')
    client.send({ cmd: 'pubrel', messageId })
    const pubcomp = await client.expect('pubcomp')
    demand(pubcomp.messageId === messageId, `PUBCOMP ${pubcomp.messageId} follows PUBREL ${messageId}`)
  }
}

/** The same Packet Identifier after a PUBREC that refuses. */
const usedAfterRefusal: Exchange = async (lab) => {
  const to = await subscriber(lab, lab.topic('a'), { qos: 2 })
  const from = await lab.connect()
  from.send(lab.publishPacket(`$SYS/${lab.topic('a')}`, { qos: 2, messageId: 1 }))
  const { reasonCode = 0 } = await from.expect('pubrec')
  if (reasonCode < 0x80) throw new NotOffered('the server refuses no message')
  await publish(lab, from, { topic: lab.topic('a'), qos: 2, messageId: 1 })
  const { length } = await messages(lab, from, to)
  demand(length === 1, 'the message is not delivered')
}

const each =
  (...exchanges: Exchange[]): Exchange =>
  async (lab) => {
    for (const exchange of exchanges) await exchange(lab)
  }

const rows: readonly Row[] = [
  {
    ...{ v3: '4.3.1-1', v5: '4.3.1-1', needs: ['qos 1'] },
    text: 'a message of QoS 0 is sent with QoS 0 and DUP 0',
    async check(lab) {
      const to = await subscriber(lab, lab.topic('a'), { qos: 1 })
      await publish(lab, await lab.connect(), { topic: lab.topic('a') })
      const message = await to.expect('publish')
      demand(message.qos === 0 && !message.dup, `QoS ${message.qos} with DUP ${Number(message.dup)}`)
    },
  },
  ...[
    {
      v3: '4.3.2-1',
      text: 'the sender of QoS 1 uses an unused Packet Identifier, DUP 0, and waits for PUBACK',
      check: each(unusedIdentifiers(1), firstSending(1), unacknowledged(1)),
    },
    { v5: '4.3.2-1', text: 'QoS 1 has an unused Packet Identifier', check: unusedIdentifiers(1) },
    { v5: '4.3.2-2', text: 'a message of QoS 1 is first sent with QoS 1 and DUP 0', check: firstSending(1) },
    { v5: '4.3.2-3', text: 'a message of QoS 1 is unacknowledged until PUBACK', check: unacknowledged(1) },
    {
      v3: '4.3.2-2',
      text: 'the receiver of QoS 1 answers with the Packet Identifier, which can be used again then',
      check: each(acknowledged(1), usedAgain(1)),
    },
    { v5: '4.3.2-4', text: 'PUBACK has the Packet Identifier of the PUBLISH', check: acknowledged(1) },
    {
      v5: '4.3.2-5',
      text: 'after PUBACK a PUBLISH with the same Packet Identifier is a new message, also with DUP',
      check: usedAgain(1),
    },
  ].map((row) => ({ ...row, needs: ['qos 1'] as const })),
  ...[
    {
      v3: '4.3.3-1',
      text: 'the sender of QoS 2 uses an unused Packet Identifier, waits for PUBREC, sends PUBREL, and no PUBLISH then',
      check: each(
        unusedIdentifiers(2),
        firstSending(2),
        unacknowledged(2),
        pubrelFollows,
        pubrelAgain,
        noPublishAgain,
      ),
    },
    { v5: '4.3.3-1', text: 'QoS 2 has an unused Packet Identifier', check: unusedIdentifiers(2) },
    { v5: '4.3.3-2', text: 'a message of QoS 2 is first sent with QoS 2 and DUP 0', check: firstSending(2) },
    { v5: '4.3.3-3', text: 'a message of QoS 2 is unacknowledged until PUBREC', check: unacknowledged(2) },
    {
      v5: '4.3.3-4',
      text: 'PUBREC is answered with PUBREL with its Packet Identifier',
      check: pubrelFollows,
    },
    { v5: '4.3.3-5', text: 'PUBREL is unacknowledged until PUBCOMP', check: pubrelAgain },
    { v5: '4.3.3-6', text: 'after PUBREL the PUBLISH is not sent again', check: noPublishAgain },
    {
      v3: '4.3.3-2',
      text: 'the receiver of QoS 2 answers with PUBREC and PUBCOMP, and delivers a message once',
      check: each(acknowledged(2), notTwice, pubcompFollows, usedAgain(2)),
    },
    { v5: '4.3.3-8', text: 'PUBREC has the Packet Identifier of the PUBLISH', check: acknowledged(2) },
    {
      v5: '4.3.3-9',
      text: 'after a PUBREC that refuses a PUBLISH with its Packet Identifier is a new message',
      check: usedAfterRefusal,
    },
    {
      v5: '4.3.3-10',
      text: 'until PUBREL a repeated PUBLISH is answered with PUBREC, and is not delivered again',
      check: notTwice,
    },
    {
      v5: '4.3.3-11',
      text: 'PUBREL is answered with PUBCOMP with its Packet Identifier',
      check: pubcompFollows,
    },
    {
      v5: '4.3.3-12',
      text: 'after PUBCOMP a PUBLISH with its Packet Identifier is a new message',
      check: usedAgain(2),
    },
  ].map((row) => ({ ...row, needs: ['qos 2'] as const })),
]

export const qosFlows = statementsOf(rows)
