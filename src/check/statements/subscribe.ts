// SUBSCRIBE and SUBACK (3.8, 3.9 in both versions).
import type { QoS } from '../../codec/publish.js'
import { publish } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import type { RawClient } from '../raw-client.js'
import { field } from '../raw-packets.js'
import { type Row, statementsOf } from '../statement.js'
import { closes, request, Subscriber, smallAnswer } from '../subscriber.js'

const header = 0x82

/** Topic Filters with their Subscription Options, as bytes. */
const payload = (filter: string | Uint8Array, ...options: number[]): Uint8Array[] =>
  options.flatMap((one) => [field(filter), Uint8Array.of(one)])

/** A SUBSCRIBE for each of `options`. */
const withOptions = (lab: Lab, ...options: number[]): Buffer[] =>
  options.map((one) => request(lab, header, payload(lab.topic('a'), one)))

const withProperties = (lab: Lab, ...bytes: number[]): Buffer =>
  request(lab, header, payload(lab.topic('a'), 0), Uint8Array.of(bytes.length, ...bytes))

type Wish = readonly [topic: string, qos: QoS]

/** Subscribes with one packet. @returns the codes */
async function subscribeAll(client: RawClient, wishes: readonly Wish[]): Promise<readonly number[]> {
  const subscriptions = wishes.map(([topic, qos]) => ({ topic, qos }))
  client.send({ cmd: 'subscribe', messageId: client.nextIdentifier(), subscriptions })
  return (await client.expect('suback')).granted as number[]
}

/** Three topics with another QoS each, not in order. */
const three = (lab: Lab): Wish[] => [
  [lab.topic('2'), 2],
  [lab.topic('0'), 0],
  [lab.topic('1'), 1],
]

/** Publishes at QoS 2 on each of the topics. @throws Violation unless each message comes once, with the QoS of its code */
async function checkGranted(
  lab: Lab,
  subscriber: Subscriber,
  subscriptions: readonly (readonly [topic: string, code: number])[],
): Promise<void> {
  const publisher = await lab.connect()
  const granted = subscriptions.filter(([, code]) => code <= 2)
  for (const [topic] of granted) await publish(lab, publisher, { topic, qos: 2, payload: topic })
  const topics = granted.map(([topic]) => topic)
  const messages = await subscriber.expect(publisher, topics, 'a subscription was granted')
  for (const [topic, code] of granted) {
    const { qos } = messages.find((message) => message.topic === topic)!
    demand(qos === code, `QoS ${code} was granted, and a message of QoS 2 came with QoS ${qos}`)
  }
}

async function codeForEach(lab: Lab): Promise<void> {
  const wishes = [...three(lab), [lab.topic('b'), 1], [lab.topic('c'), 0]] as Wish[]
  const { length } = await subscribeAll(await lab.connect(), wishes)
  demand(length === wishes.length, `${wishes.length} Topic Filters, ${length} codes`)
}

async function codesOfQoS(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  const wishes = three(lab)
  const codes = await subscribeAll(subscriber.client, wishes)
  for (const [index, [, qos]] of wishes.entries()) {
    const code = codes[index]!
    demand(code <= qos || code >= 0x80, `QoS ${qos} was requested, and ${code} granted`)
  }
  const topics = wishes.map(([topic], index) => [topic, codes[index]!] as const)
  await checkGranted(lab, subscriber, topics)
}

async function replaced(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  const topic = lab.topic('a')
  const never = lab.version === 5 ? { rh: 2 } : {}
  await subscriber.granted(topic, never)
  const code = await subscriber.granted(topic, { qos: 1, ...never })
  await checkGranted(lab, subscriber, [[topic, code]])
}

/** Retained messages come again, and no other message is lost. */
async function replacedWithoutLoss(lab: Lab): Promise<void> {
  const publisher = await lab.connect()
  const topic = lab.topic('a')
  await publish(lab, publisher, { topic, payload: 'retained', qos: 1, retain: true })
  const subscriber = await Subscriber.connect(lab)
  await subscriber.granted(topic, { qos: 1 })
  await subscriber.expect(publisher, ['retained'], 'a new subscription')
  const numbers = Array.from({ length: 10 }, (_, index) => String(index))
  for (const text of numbers)
    publisher.send(lab.publishPacket(topic, { payload: text, qos: 1, messageId: publisher.nextIdentifier() }))
  await subscriber.granted(topic, { qos: 1 })
  await subscriber.expect(publisher, [...numbers, 'retained'], 'the subscription is replaced')
}

async function several(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  const [a, b] = [lab.topic('a'), lab.topic('b')]
  const codes = await subscribeAll(subscriber.client, [
    [a, 0],
    [b, 1],
    [a, 2],
  ])
  // As after three packets, the last of which replaces the first subscription.
  await checkGranted(lab, subscriber, [
    [b, codes[1]!],
    [a, codes[2]!],
  ])
}

async function lowerQoS(lab: Lab): Promise<void> {
  const subscriber = await Subscriber.connect(lab)
  const publisher = await lab.connect()
  const granted = new Map<string, number>()
  for (const [topic, qos] of three(lab)) granted.set(topic, await subscriber.granted(topic, { qos }))
  for (const topic of granted.keys())
    for (const qos of [0, 1, 2] as const)
      await publish(lab, publisher, { topic, qos, payload: `${topic} ${qos}` })
  for (const { topic, qos, payload } of await subscriber.arrived(publisher)) {
    const published = Number(payload.toString().at(-1))
    const lower = Math.min(published, granted.get(topic)!)
    demand(qos === lower, `published with QoS ${published}, granted ${granted.get(topic)}, sent with ${qos}`)
  }
}

async function identifiers(lab: Lab): Promise<void> {
  const client = await lab.connect()
  for (const messageId of [1, 256, 65_535]) {
    const subscriptions = [{ topic: lab.topic('a'), qos: 0 as const }]
    client.send({ cmd: 'subscribe', messageId, subscriptions })
    const { messageId: answered } = await client.expect('suback')
    demand(answered === messageId, `Packet Identifier ${messageId} was answered with ${answered}`)
  }
}

async function allowedCodes(lab: Lab): Promise<void> {
  const client = await lab.connect()
  for (const qos of [0, 1, 2] as const) await lab.subscribe(client, lab.topic(String(qos)), { qos })
}

const smallSuback = (lab: Lab, property: 'reasonString' | 'userProperties'): Promise<void> =>
  smallAnswer(lab, property, (client) => {
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: lab.topic('a'), qos: 0 }] })
    return client.expect('suback')
  })

/** The Subscription Identifiers of a message on `topic`. */
async function identifiersOf(lab: Lab, subscriber: Subscriber, topic: string): Promise<unknown> {
  const publisher = await lab.connect()
  publisher.send(lab.publishPacket(topic, { payload: 'a' }))
  const [message] = await subscriber.expect(publisher, ['a'], 'a subscription was granted')
  return [message!.properties?.subscriptionIdentifier ?? []].flat().join()
}

const rows: readonly Row[] = [
  {
    v3: '3.8.1-1',
    v5: '3.8.1-1',
    text: 'SUBSCRIBE with flags other than 0010 is malformed, and the server closes the connection',
    check: (lab) =>
      closes(lab, ...[0x80, 0x83].map((first) => request(lab, first, payload(lab.topic('a'), 0)))),
  },
  {
    v3: '3.8.3-1',
    v5: '3.8.3-1',
    text: 'a Topic Filter that is not UTF-8 is refused by closing the connection',
    check: (lab) => closes(lab, request(lab, header, payload(Buffer.of(0x61, 0xff), 0))),
  },
  {
    v3: '3.8.3-2',
    text: 'a Topic Filter with wildcards works or is refused in SUBACK',
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      if ((await subscriber.subscribe(lab.topic('+'))) === 0x80) return
      const publisher = await lab.connect()
      publisher.send(lab.publishPacket(lab.topic('a'), { payload: 'a' }))
      await subscriber.expect(publisher, ['a'], 'the Topic Filter with a wildcard was granted')
    },
  },
  {
    v3: '3.8.3-3',
    v5: '3.8.3-2',
    text: 'SUBSCRIBE without a Topic Filter is refused by closing the connection',
    check: (lab) => closes(lab, request(lab, header, [])),
  },
  {
    v3: '3.8.3-4',
    text: 'reserved bits in SUBSCRIBE or QoS 3 are refused by closing the connection',
    check: (lab) => closes(lab, ...withOptions(lab, 3, 4, 0x80)),
  },
  {
    v5: '3.8.3-3',
    text: 'No Local: a message is not forwarded to the connection that publishes it',
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      const topic = lab.topic('a')
      await subscriber.granted(topic, { nl: true })
      subscriber.client.send(lab.publishPacket(topic, { payload: 'own' }))
      await subscriber.sync()
      const publisher = await lab.connect()
      publisher.send(lab.publishPacket(topic, { payload: 'other' }))
      await subscriber.expect(publisher, ['other'], 'No Local is set')
    },
  },
  {
    v5: '3.8.3-4',
    text: 'No Local on a Shared Subscription is refused by closing the connection',
    needs: ['shared subscriptions'],
    check: (lab) => closes(lab, request(lab, header, payload(`$share/g/${lab.topic('a')}`, 4))),
  },
  {
    v5: '3.8.3-5',
    text: 'reserved bits in Subscription Options are refused by closing the connection',
    check: (lab) => closes(lab, ...withOptions(lab, 0x40, 0x80)),
  },
  {
    v5: '3.8.3.1-a',
    text: 'Maximum QoS 3 is refused by closing the connection',
    check: (lab) => closes(lab, ...withOptions(lab, 3)),
  },
  {
    v5: '3.8.3.1-b',
    text: 'Retain Handling 3 is refused by closing the connection',
    check: (lab) => closes(lab, ...withOptions(lab, 0x30)),
  },
  {
    v5: '3.8.2.1.2-a',
    text: 'Subscription Identifier 0 is refused by closing the connection',
    check: (lab) => closes(lab, withProperties(lab, 11, 0)),
  },
  {
    v5: '3.8.2.1.2-b',
    text: 'two Subscription Identifiers in SUBSCRIBE are refused by closing the connection',
    check: (lab) => closes(lab, withProperties(lab, 11, 1, 11, 2)),
  },
  {
    v5: '3.8.2.1.2-c',
    text: 'a Subscription Identifier of up to 268,435,455 comes with the messages of the subscription',
    needs: ['subscription identifiers'],
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      for (const subscriptionIdentifier of [1, 268_435_455]) {
        const topic = lab.topic(String(subscriptionIdentifier))
        await subscriber.granted(topic, {}, { subscriptionIdentifier })
        const came = await identifiersOf(lab, subscriber, topic)
        demand(
          came === String(subscriptionIdentifier),
          `${came || 'none'}, not ${subscriptionIdentifier} came`,
        )
      }
    },
  },
  {
    v5: '3.8.2.1.2-d',
    text: 'SUBSCRIBE without a Subscription Identifier removes that of the same subscription',
    needs: ['subscription identifiers'],
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      const topic = lab.topic('a')
      await subscriber.granted(topic, {}, { subscriptionIdentifier: 5 })
      await subscriber.granted(topic)
      const came = await identifiersOf(lab, subscriber, topic)
      demand(came === '', `Subscription Identifier ${came} came, after a SUBSCRIBE without one`)
    },
  },
  {
    v3: '3.8.4-1',
    v5: '3.8.4-1',
    text: 'the server answers SUBSCRIBE with SUBACK',
    check: async (lab) => void (await lab.subscribe(await lab.connect(), lab.topic('a'))),
  },
  {
    v3: '3.8.4-2',
    v5: '3.8.4-2',
    text: 'SUBACK has the Packet Identifier of its SUBSCRIBE',
    check: identifiers,
  },
  {
    v3: '3.8.4-3',
    text: 'SUBSCRIBE with the same Topic Filter replaces the subscription; retained messages come again, no other is lost',
    needs: ['retain', 'qos 1', 'qos 2'],
    async check(lab) {
      await replaced(lab)
      await replacedWithoutLoss(lab)
    },
  },
  {
    v5: '3.8.4-3',
    text: 'SUBSCRIBE with the same Topic Filter replaces the subscription',
    needs: ['qos 2'],
    check: replaced,
  },
  {
    v5: '3.8.4-4',
    text: 'with Retain Handling 0 a replaced subscription gets the retained messages again, and no message is lost',
    needs: ['retain', 'qos 1'],
    check: replacedWithoutLoss,
  },
  {
    v3: '3.8.4-4',
    v5: '3.8.4-5',
    text: 'several Topic Filters in one SUBSCRIBE are like several SUBSCRIBE, with one SUBACK',
    needs: ['qos 2'],
    check: several,
  },
  {
    v3: '3.8.4-5',
    text: 'SUBACK has a code for each Topic Filter: the granted QoS or a failure',
    needs: ['qos 2'],
    async check(lab) {
      await codeForEach(lab)
      await codesOfQoS(lab)
    },
  },
  { v5: '3.8.4-6', text: 'SUBACK has a Reason Code for each Topic Filter', check: codeForEach },
  {
    v5: '3.8.4-7',
    text: 'a Reason Code of SUBACK is the granted QoS, at most the requested one, or a failure',
    needs: ['qos 2'],
    check: codesOfQoS,
  },
  {
    v3: '3.8.4-6',
    v5: '3.8.4-8',
    text: 'a message is sent with the lower one of its QoS and the granted QoS',
    needs: ['qos 1', 'qos 2'],
    check: lowerQoS,
  },
  {
    v5: '3.8.4-a',
    text: 'no retained message is sent for a new Shared Subscription',
    needs: ['retain', 'shared subscriptions', 'qos 1'],
    async check(lab) {
      const topic = lab.topic('a')
      const publisher = await lab.connect()
      await publish(lab, publisher, { topic, payload: 'retained', qos: 1, retain: true })
      const subscriber = await Subscriber.connect(lab)
      await subscriber.granted(`$share/g/${topic}`)
      await subscriber.expect(publisher, [], 'a Shared Subscription')
    },
  },
  {
    v3: '3.9.3-1',
    v5: '3.9.3-1',
    text: 'the codes of SUBACK are in the order of the Topic Filters',
    needs: ['qos 2'],
    async check(lab) {
      const subscriber = await Subscriber.connect(lab)
      const wishes = three(lab)
      const codes = await subscribeAll(subscriber.client, wishes)
      await checkGranted(
        lab,
        subscriber,
        wishes.map(([topic], index) => [topic, codes[index]!]),
      )
    },
  },
  {
    v3: '3.9.3-2',
    v5: '3.9.3-2',
    text: 'SUBACK has no other codes than those that the standard lists for it',
    check: allowedCodes,
  },
  {
    v5: '3.9.2-1',
    text: 'SUBACK has no Reason String that makes it larger than the Maximum Packet Size of the client',
    check: (lab) => smallSuback(lab, 'reasonString'),
  },
  {
    v5: '3.9.2-2',
    text: 'SUBACK has no User Properties that make it larger than the Maximum Packet Size of the client',
    check: (lab) => smallSuback(lab, 'userProperties'),
  },
]

export const subscribe = statementsOf(rows)
