// What the clients of a run do: publish, subscribe, request or respond. Each role is a connection with its events.
import type { Publish, PublishTemplate } from '../../codec/publish.js'
import type { ConnectionEvents } from '../../connection/events.js'
import { type Clock, codeText, type Dial } from './client.js'
import { Correlated, correlationOf } from './correlation.js'
import { Member } from './member.js'
import { textsOf } from './payload.js'
import { fillIn, filterOf, has } from './placeholders.js'
import type { EnginePlan } from './plan.js'
import { Publisher, type PublisherSettings } from './publisher.js'
import { Responder } from './responder.js'
import { readStamp } from './stamp.js'
import { Subscriber } from './subscriber.js'
import type { Tally } from './tally.js'
import { type Topics, templatesOf } from './templates.js'
import type { Waiter } from './waiter.js'
import type { Workload } from './workload.js'

export interface Cast {
  readonly plan: EnginePlan
  readonly workload: Workload
  readonly tally: Tally
  readonly clock: Clock
  readonly dial: Dial
  readonly waiter: Waiter
  readonly topics: Topics
}

/** Topic Filters of one SUBSCRIBE: more of them make a packet that servers refuse. */
const atOnce = 100

export function idleClient(cast: Cast, index: number): Member {
  return member(cast, 'c', index, {})
}

export function publisher(cast: Cast, index: number): Member {
  const client = member(cast, 'p', index, {
    settled: (code, { messageId }) => client.publisher?.settled(messageId, code),
    chunkEnd: () => void client.publisher?.pump(),
  })
  const { template } = publishing(cast, index)
  client.publisher = publisherOn(cast, client, { template, toSubscribers: cast.plan.mode === 'pubsub' })
  return client
}

export function subscriber(cast: Cast, index: number): Member {
  const { mode, topic, run, shard } = cast.plan
  const own = mode === 'pubsub' ? { run, shard } : undefined
  const place = own === undefined ? index : index * shard.of + shard.index
  const clientId = cast.plan.clientId('s', place)
  const facts = { index, clientId, message: 0, topic: cast.topics.choice?.of(index, 0) ?? 0 }
  const filters = [own === undefined ? fillIn(topic, facts) : filterOf(topic)]
  const client = subscribing(cast, { kind: 's', index: place, filters }, (publish) =>
    client.subscriber?.message(publish),
  )
  client.subscriber = subscriberOf(cast, own)
  return client
}

/** A publisher whose messages are answered on a topic of its own. */
export function requester(cast: Cast, index: number): Member {
  const { plan, tally } = cast
  const { run, shard, responseTopic, version, window = Number.POSITIVE_INFINITY } = plan
  const filters = [responseTopicOf(cast, index)]
  const heard = (publish: Publish) => {
    const stamp = readStamp(publish.bytes, publish.payloadStart, publish.payloadEnd)
    if (stamp?.run !== run) return
    if (stamp.client !== index) return tally.fail('response to the request of another client')
    const { correlationData } = publish.properties ?? {}
    if (version === 5 && correlationData?.equals(correlationOf(publish.payload)) !== true)
      return tally.fail('response with the wrong Correlation Data')
    if (client.subscriber?.message(publish)) client.publisher?.answered()
  }
  const client = subscribing(cast, { kind: 'p', index, filters }, heard, {
    settled: (code, { messageId }) => client.publisher?.settled(messageId, code),
    chunkEnd: () => void client.publisher?.pump(),
  })
  const { template } = publishing(cast, index, fillIn(responseTopic, factsOf(cast, index)))
  client.publisher = publisherOn(cast, client, { template, toSubscribers: true, window })
  client.subscriber = subscriberOf(cast, { run, shard }, index)
  return client
}

/** Response Topics whose template is kept, and their characters. */
const mostKept = 65_536
const longestKept = 512

/** Answers the requests of `clients`. */
export function responder(cast: Cast, index: number, clients: readonly number[]): Member {
  const { plan, tally } = cast
  const { run, shard, topic } = plan
  const answering = new Map<string, PublishTemplate>()
  const correlated =
    plan.version < 5 ? undefined : new Correlated((properties) => plan.template('', properties))
  const filters =
    has(topic, 'nt') || clients.length === plan.clients
      ? [filterOf(topic)]
      : [...new Set(clients.map((client) => fillIn(topic, factsOf(cast, client))))]
  const kept = (responseTopic: string) => {
    const template = answering.get(responseTopic) ?? plan.template(responseTopic)
    if (answering.size < mostKept && responseTopic.length <= longestKept)
      answering.set(responseTopic, template)
    return template
  }
  const template = ({ properties = {} }: Publish, client: number) => {
    if (correlated === undefined) return kept(responseTopicOf(cast, client))
    const { responseTopic, correlationData } = properties
    if (responseTopic === undefined) return 'request without Response Topic'
    if (correlationData?.length !== correlated.size) return 'request with the wrong Correlation Data'
    return correlated.with(kept(responseTopic), correlationData)
  }
  const place = index * shard.of + shard.index
  const client = subscribing(
    cast,
    { kind: 's', index: place, filters },
    (publish) => answers.message(publish),
    {
      settled: (code) => void (code >= 0x80 && tally.fail(`PUBLISH ${codeText(code)}`)),
      chunkEnd: () => void answers.answer(),
    },
  )
  const answers = new Responder(client.connection, {
    ...{ tally, run, shard, template },
    failed: (error) => cast.waiter.fail(error),
  })
  return client
}

function member(cast: Cast, kind: 'p' | 's' | 'c', index: number, events: ConnectionEvents): Member {
  const { dial, tally, plan } = cast
  const renewable = plan.churn !== undefined
  return new Member({ dial, tally, renewable }, { clientId: plan.clientId(kind, index), index }, events)
}

/** A client with subscriptions, which it makes on each connection that has none of an earlier one. */
function subscribing(
  cast: Cast,
  { kind, index, filters }: { kind: 'p' | 's'; index: number; filters: readonly string[] },
  message: (publish: Publish) => void,
  events: ConnectionEvents = {},
): Member {
  const { plan, tally } = cast
  let unanswered = 0
  let granted = () => {}
  let known = false
  const client = member(cast, kind, index, {
    ...events,
    message,
    connected: (sessionPresent) => {
      if (sessionPresent && known) return granted()
      unanswered = 0
      for (let from = 0; from < filters.length; from += atOnce) {
        client.connection.subscribe(filters.slice(from, from + atOnce), { qos: plan.qos })
        unanswered++
      }
    },
    suback: (codes) => {
      for (const code of codes) if (code >= 0x80) tally.fail(`SUBSCRIBE ${codeText(code)}`)
      known = true
      if (--unanswered === 0) granted()
    },
  })
  client.answered = () =>
    new Promise((resolve) => {
      granted = resolve
    })
  return client
}

/** The templates of a client's messages; with a Response Topic they are requests. */
function publishing(cast: Cast, index: number, responseTopic?: string): Pick<PublisherSettings, 'template'> {
  const { plan, topics } = cast
  const plain = templatesOf(plan, topics, factsOf(cast, index))
  if (responseTopic === undefined || plan.version < 5) return { template: plain }
  const correlated = new Correlated((properties) => plan.template('', { ...properties, responseTopic }))
  return {
    template: (message, payload) => correlated.with(plain(message), correlationOf(payload)),
  }
}

function publisherOn(
  cast: Cast,
  client: Member,
  ways: Pick<PublisherSettings, 'template' | 'toSubscribers' | 'window'>,
): Publisher {
  const { plan, workload, tally, clock, topics, waiter } = cast
  const { index } = client
  const { host, run, stamped, qos, payload } = plan
  return new Publisher(client.connection, {
    ...{ index, workload, tally, clock, host, run, stamped, qos },
    payload: stamped ? Buffer.from(payload) : payload,
    text: textsOf(plan, topics.choice, factsOf(cast, index)),
    ...ways,
    changed: () => waiter.wake(),
    failed: (error) => waiter.fail(error),
  })
}

function subscriberOf(
  { plan: { host }, tally, clock, waiter }: Cast,
  own: ConstructorParameters<typeof Subscriber>[0]['own'],
  publisher?: number,
): Subscriber {
  const changed = () => waiter.wake()
  return new Subscriber({ tally, clock, host, own, changed, ...(publisher !== undefined && { publisher }) })
}

function factsOf({ plan }: Cast, index: number) {
  return { index, clientId: plan.clientId('p', index), message: 0, topic: 0 }
}

function responseTopicOf(cast: Cast, client: number): string {
  return fillIn(cast.plan.responseTopic, factsOf(cast, client))
}
