// Properties of PUBLISH that the server passes on, and those that it does not accept (MQTT 5.0, 3.3.2.3 and 3.3.4).
import type { IPublishPacket } from 'mqtt-packet'
import { addUserProperty, noUserProperties, pairsOf } from '../../codec/user-properties.js'
import { type Message, messages, publish, publishBytes, subscribe, subscriber } from '../delivery.js'
import { demand, type Lab } from '../lab.js'
import { type Row, statementsOf } from '../statement.js'

type Properties = NonNullable<IPublishPacket['properties']>

/** What arrives of a message with `properties`. */
async function passedOn(lab: Lab, properties: Properties): Promise<Properties> {
  const to = await subscriber(lab, lab.topic('a'))
  await publish(lab, await lab.connect(), { topic: lab.topic('a'), payload: 'x', properties })
  return (await to.expect('publish')).properties ?? {}
}

const passing = (v5: string, name: string, properties: Properties): Row => ({
  v5,
  text: `the ${name} is passed on unchanged`,
  async check(lab) {
    const [key, value] = Object.entries(properties)[0] as [keyof Properties, unknown]
    const came: unknown = (await passedOn(lab, properties))[key]
    demand(came !== undefined, `the ${name} is missing`)
    demand(Buffer.compare(bytesOf(came), bytesOf(value)) === 0, `the ${name} has changed`)
  },
})

const bytesOf = (value: unknown): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(String(value === true ? 1 : value))

/** Names that come twice, and an order that is not that of the alphabet. */
const pairs = [
  ['b', '1'],
  ['a', 'é'],
  ['b', '2'],
  ['', ''],
  ['a', 'é'],
] as const

async function userPropertiesOf(lab: Lab): Promise<string[]> {
  const userProperties = noUserProperties()
  for (const [name, value] of pairs) addUserProperty(userProperties, name, value)
  const came = await passedOn(lab, { userProperties })
  return pairsOf(came.userProperties ?? {}).map(String)
}

const refusing = (v5: string, text: string, properties: Buffer): Row => ({
  v5,
  text: `a PUBLISH with ${text} ends the connection`,
  async check(lab) {
    const client = await lab.connect()
    await client.ends(
      `a PUBLISH with ${text}`,
      publishBytes(lab, Buffer.from(lab.topic('a')), { properties }),
    )
  },
})

/** The standard forbids only to send it: a server may ignore it, but must not send it on. */
const keepingBack = (v5: string, text: string, properties: Properties): Row => ({
  v5,
  text: `${text} is refused, or not passed on`,
  async check(lab) {
    const to = await subscriber(lab, lab.topic('a'))
    const from = await lab.connect()
    from.send(lab.publishPacket(lab.topic('a'), { properties }), { cmd: 'pingreq' })
    if ((await from.next())?.cmd !== 'pingresp') return
    const came = (await messages(lab, from, to)).some((message) =>
      Object.keys(properties).some((key) => key in (message.properties ?? {})),
    )
    demand(!came, 'it is passed on')
  },
})

const responseTopic = 8
const contentType = 3
const illFormed = [0, 2, 0xc3, 0x28]

/** Copies of a message that matches two subscriptions of a client with these Subscription Identifiers. */
async function copies(lab: Lab, identifiers: readonly (number | undefined)[]): Promise<Message[]> {
  const to = await subscriber(lab, lab.topic('other'))
  for (const [index, subscriptionIdentifier] of identifiers.entries()) {
    const filter = lab.topic(index === 0 ? 'a/+' : 'a/b')
    await subscribe(
      to,
      filter,
      {},
      subscriptionIdentifier === undefined ? undefined : { subscriptionIdentifier },
    )
  }
  const from = await lab.connect()
  await publish(lab, from, { topic: lab.topic('a/b') })
  return messages(lab, from, to)
}

const identifiersOf = ({ properties }: Message): number[] =>
  [properties?.subscriptionIdentifier ?? []].flat().sort((a, b) => a - b)

/** Section, name, and bytes of properties that a PUBLISH must not have twice. */
const onlyOnce: readonly (readonly [string, string, number, number[]])[] = [
  ['3.3.2.3.2-a', 'Payload Format Indicator', 1, [0]],
  ['3.3.2.3.3-a', 'Message Expiry Interval', 2, [0, 0, 0, 60]],
  ['3.3.2.3.5-a', 'Response Topic', responseTopic, [0, 1, 97]],
  ['3.3.2.3.6-a', 'Correlation Data', 9, [0, 1, 97]],
  ['3.3.2.3.9-a', 'Content Type', contentType, [0, 1, 97]],
]

const needs = ['wildcards', 'subscription identifiers'] as const

const rows: readonly Row[] = [
  passing('3.3.2-4', 'Payload Format Indicator', { payloadFormatIndicator: true }),
  refusing('3.3.2-13', 'a Response Topic that is not UTF-8', Buffer.of(responseTopic, ...illFormed)),
  keepingBack('3.3.2-14', 'a wildcard in a Response Topic', { responseTopic: 'a/#' }),
  passing('3.3.2-15', 'Response Topic', { responseTopic: 'some/é/topic' }),
  passing('3.3.2-16', 'Correlation Data', { correlationData: Buffer.of(0, 255, 0xc3, 0x28, 10) }),
  {
    v5: '3.3.2-17',
    text: 'all User Properties are passed on unchanged',
    async check(lab) {
      const came = (await userPropertiesOf(lab)).sort()
      const sent = pairs.map(String).sort()
      demand(
        came.join('\n') === sent.join('\n'),
        `${came.length} of ${sent.length} came, or they have changed`,
      )
    },
  },
  {
    v5: '3.3.2-18',
    text: 'User Properties keep their order',
    async check(lab) {
      const came = await userPropertiesOf(lab)
      demand(came.join('\n') === pairs.map(String).join('\n'), 'their order has changed')
    },
  },
  refusing('3.3.2-19', 'a Content Type that is not UTF-8', Buffer.of(contentType, ...illFormed)),
  passing('3.3.2-20', 'Content Type', { contentType: 'text/é; charset=utf-8' }),
  {
    ...{ v5: '3.3.4-3', needs },
    text: 'a message for overlapping subscriptions has their Subscription Identifiers',
    async check(lab) {
      const came = (await copies(lab, [11, undefined])).flatMap(identifiersOf)
      demand(came.join() === '11', `Subscription Identifiers: ${came.join(', ') || 'none'}; 11 was expected`)
    },
  },
  {
    ...{ v5: '3.3.4-4', needs },
    text: 'a single copy of a message has the Subscription Identifiers of all matching subscriptions',
    async check(lab) {
      const [first, ...more] = await copies(lab, [11, 12])
      demand(first !== undefined, 'no message came')
      const came = identifiersOf(first).join()
      demand(more.length > 0 || came === '11,12', `it has ${came || 'none'} instead of 11 and 12`)
    },
  },
  {
    ...{ v5: '3.3.4-5', needs },
    text: 'each of several copies of a message has the Subscription Identifier of its subscription',
    async check(lab) {
      const came = (await copies(lab, [11, 12])).map((message) => identifiersOf(message).join())
      demand(came.length > 0, 'no message came')
      demand(
        came.length === 1 || came.sort().join(' and ') === '11 and 12',
        `they have ${came.join(' and ')}`,
      )
    },
  },
  keepingBack('3.3.4-6', 'a Subscription Identifier from a client', { subscriptionIdentifier: 1 }),
  ...onlyOnce.map(([v5, name, id, value]) =>
    refusing(v5, `two ${name} properties`, Buffer.of(id, ...value, id, ...value)),
  ),
]

export const publishProperties = statementsOf(rows)
